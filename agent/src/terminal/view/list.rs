//! The conversations, at the left.

use holdfast_agent::model::Thread;
use holdfast_agent::sanitise::clean_line;
use holdfast_protocol::client::Status;
use holdfast_protocol::event::{Author, Body};
use holdfast_protocol::limits::BEST_SCORE;
use holdfast_protocol::time::Millis;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

use super::{Look, spread};
use crate::terminal::app::App;
use crate::terminal::order::{self, Section};
use crate::terminal::person::{mark, title};
use crate::terminal::theme::Theme;
use crate::terminal::words;

/// A visitor who waits so long should be answered soon, and one who waits so much longer at once.
const WAITS: Millis = Millis(60_000);
const WAITS_LONG: Millis = Millis(300_000);

pub(super) fn draw(app: &App, look: &Look, frame: &mut Frame<'_>, area: Rect, has_neighbour: bool) {
    let border = if has_neighbour {
        Borders::RIGHT
    } else {
        Borders::NONE
    };
    let block = Block::new().borders(border).border_style(look.theme.dim());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let (lines, chosen_at) = lines(app, look, usize::from(inner.width));
    if lines.is_empty() {
        // Before the first welcome nobody knows whether there are any.
        let text = if app.model.me.is_some() {
            "No conversations yet."
        } else {
            ""
        };
        let empty = vec![
            Line::default(),
            Line::styled(format!("  {text}"), look.theme.dim()),
        ];
        return frame.render_widget(Paragraph::new(empty), inner);
    }
    let height = usize::from(inner.height);
    // The chosen conversation stays in sight, with its heading where it is the first.
    let above = (chosen_at + 3).saturating_sub(height);
    let above = u16::try_from(above).unwrap_or(u16::MAX);
    frame.render_widget(Paragraph::new(lines).scroll((above, 0)), inner);
}

fn lines(app: &App, look: &Look, width: usize) -> (Vec<Line<'static>>, usize) {
    let theme = look.theme;
    let mut lines = Vec::new();
    let mut chosen_at = 0;
    for section in Section::ALL {
        let threads = order::section(&app.model, section);
        if threads.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let heading = Span::styled(format!(" {}", section.heading()), theme.strong());
        let count = Span::styled(format!("{} ", threads.len()), theme.dim());
        lines.push(spread(vec![heading], vec![count], width));
        for thread in threads {
            let is_chosen = app
                .model
                .chosen()
                .is_some_and(|chosen| chosen.id == thread.id);
            if is_chosen {
                chosen_at = lines.len();
            }
            let style = if is_chosen {
                theme.chosen()
            } else {
                Style::new()
            };
            lines.push(first_line(app, thread, look, width, is_chosen).style(style));
            lines.push(second_line(app, thread, theme, width, is_chosen).style(style));
        }
    }
    (lines, chosen_at)
}

/// On the chosen row its own colours hold, so that everything on it can be read.
fn unless(is_chosen: bool, style: Style) -> Style {
    if is_chosen { Style::new() } else { style }
}

fn first_line(
    app: &App,
    thread: &Thread,
    look: &Look,
    width: usize,
    is_chosen: bool,
) -> Line<'static> {
    let theme = look.theme;
    let unread = app.model.unread(thread);
    let line = &app.model.connection.status;
    let is_known = matches!(line, Status::Online | Status::Doubtful);
    let dot = if thread.status.present && is_known {
        Span::styled(" ● ", unless(is_chosen, theme.good()))
    } else {
        Span::styled(" ○ ", unless(is_chosen, theme.dim()))
    };
    let name = if unread > 0 || is_chosen {
        theme.strong()
    } else {
        Style::new()
    };
    let mut left = vec![dot];
    if let Some(mark) = mark(thread) {
        let mark = format!("{mark} ");
        left.push(Span::styled(mark, unless(is_chosen, theme.good())));
    }
    left.push(Span::styled(title(thread), name));
    if let Some(page) = thread.status.page.as_ref().or(thread.facts.page.as_ref()) {
        let page = format!("  {}", clean_line(&page.title));
        left.push(Span::styled(page, unless(is_chosen, theme.dim())));
    }
    let mut right = vec![time(app, thread, look, is_chosen)];
    if unread > 0 {
        right.push(Span::raw(" "));
        right.push(Span::styled(format!(" {unread} "), theme.badge()));
    }
    right.push(Span::raw(" "));
    spread(left, right, width)
}

fn time(app: &App, thread: &Thread, look: &Look, is_chosen: bool) -> Span<'static> {
    let theme = look.theme;
    let waits = thread.waits_since.filter(|_| thread.is_open);
    match (waits, thread.last_at()) {
        (Some(since), _) => {
            let waits = app.now.since(since);
            let style = match waits {
                long if long >= WAITS_LONG => theme.bad(),
                long if long >= WAITS => theme.uneasy(),
                _ => theme.dim(),
            };
            let text = format!("waits {}", words::span(waits));
            Span::styled(text, unless(is_chosen, style))
        }
        (None, Some(at)) => {
            let is_old = app.now.since(at) >= Millis::from_secs(12 * 3600);
            let text = if is_old {
                words::span(app.now.since(at))
            } else {
                words::clock(at, &look.zone)
            };
            Span::styled(text, unless(is_chosen, theme.dim()))
        }
        (None, None) => Span::raw(""),
    }
}

fn second_line(
    app: &App,
    thread: &Thread,
    theme: Theme,
    width: usize,
    is_chosen: bool,
) -> Line<'static> {
    let dim = unless(is_chosen, theme.dim());
    let (text, style) = if app
        .model
        .pending(thread.id)
        .any(|entry| entry.failed.is_some())
    {
        (
            "✗ a message was not accepted".to_owned(),
            unless(is_chosen, theme.bad()),
        )
    } else if thread.typing_at(app.now).any(|name| name.is_none()) {
        let text = match thread.unsent.as_deref() {
            Some(unsent) => format!("… {}", clean_line(unsent)),
            None => "is typing…".to_owned(),
        };
        (text, unless(is_chosen, theme.live()))
    } else if app.has_draft(thread.id) && !is_chosen {
        ("✎ draft".to_owned(), theme.uneasy())
    } else {
        (preview(app, thread), dim)
    };
    let left = vec![Span::raw("   "), Span::styled(text, style)];
    spread(left, vec![Span::raw(" ")], width)
}

fn preview(app: &App, thread: &Thread) -> String {
    let Some(newest) = &thread.newest else {
        return String::new();
    };
    let text = match &newest.body {
        Body::Message { text } | Body::Note { text } => clean_line(text),
        Body::Closed {} => "closed".to_owned(),
        Body::Rated { score, .. } => format!("rated it {score} of {BEST_SCORE}"),
        Body::Opened { .. } | Body::Facts { .. } | Body::Assigned { .. } => String::new(),
    };
    match &newest.author {
        Author::Agent { id, .. } if app.model.is_me(*id) => format!("You: {text}"),
        Author::Agent { name, .. } => format!("{}: {text}", clean_line(name)),
        Author::Visitor {} | Author::System {} => text,
    }
}
