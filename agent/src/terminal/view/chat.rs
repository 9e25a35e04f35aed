//! The chosen conversation, at the right.

use holdfast_agent::model::Thread;
use holdfast_agent::sanitise::{clean, clean_line};
use holdfast_protocol::client::Status;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::{Areas, Look, fit, fit_end, spread, transcript};
use crate::terminal::app::App;
use crate::terminal::person::{self, addressee, mark, title};
use crate::terminal::theme::Theme;
use crate::terminal::words;

struct Parts {
    header: Rect,
    transcript: Rect,
    typing: Rect,
    composer: Rect,
}

/// The composer grows with its text up to so many rows; a longer text scrolls.
const COMPOSER_ROWS: usize = 6;

pub(super) fn draw(app: &App, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let Some(thread) = app.model.chosen() else {
        return draw_nothing(app, look, frame, area);
    };
    let parts = parts(app, area);
    draw_header(app, thread, look, frame, parts.header);
    draw_transcript(app, thread, look, frame, parts.transcript);
    draw_typing(app, thread, look.theme, frame, parts.typing);
    draw_composer(app, thread, look.theme, frame, parts.composer);
}

/// How many rows the chosen conversation has, and how many of them are in sight.
pub(crate) fn extent(app: &App) -> (usize, usize) {
    let (Some(thread), Some(area)) = (app.model.chosen(), Areas::of(app).chat) else {
        return (0, 0);
    };
    let area = parts(app, area).transcript;
    let rows = transcript::rows(app, thread, None, usize::from(area.width));
    (rows.len(), usize::from(area.height))
}

/// The columns of the composer's text.
pub(crate) fn composer_width(app: &App) -> usize {
    let area = Areas::of(app).chat.unwrap_or_default();
    usize::from(area.width.saturating_sub(4))
}

fn parts(app: &App, area: Rect) -> Parts {
    let rows = app.draft().map_or(1, |draft| {
        draft.composer.layout(composer_width(app)).rows.len()
    });
    let composer = u16::try_from(rows.clamp(1, COMPOSER_ROWS) + 2).unwrap_or(3);
    let [header, transcript, typing, composer] = Layout::vertical([
        Constraint::Length(header_rows(app)),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(composer),
    ])
    .areas(area);
    let side = |area: Rect| Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    Parts {
        header: side(header),
        transcript: side(transcript),
        typing: side(typing),
        composer,
    }
}

/// Name, page and rule, and a line each for what the site tells and tracks, where it does.
fn header_rows(app: &App) -> u16 {
    let has = |words: String| u16::from(!words.is_empty());
    let more = app.model.chosen().map_or(0, |thread| {
        has(person::summary(thread)) + has(person::trail(thread))
    });
    3 + more
}

fn draw_nothing(app: &App, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let theme = look.theme;
    let (_, state) = words::connection(&app.model, app.now);
    let mut lines = vec![Line::default(), Line::default()];
    if app.model.me.is_some() && app.model.connection.status == Status::Online {
        lines.push(Line::styled("All quiet.", theme.strong()).centered());
        let hint = "The next visitor who writes appears at the left.";
        lines.push(Line::styled(hint, theme.dim()).centered());
    } else {
        lines.push(Line::styled(state, theme.strong()).centered());
        let trouble = app.model.connection.trouble.as_deref().unwrap_or_default();
        lines.push(Line::default());
        lines.push(Line::styled(clean_line(trouble), theme.dim()).centered());
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), area);
}

fn draw_header(app: &App, thread: &Thread, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let theme = look.theme;
    let width = usize::from(area.width);
    let status = &thread.status;
    let is_known = matches!(
        app.model.connection.status,
        Status::Online | Status::Doubtful
    );
    let presence = if !is_known {
        Span::styled("  ◌ presence unknown", theme.dim())
    } else if status.present {
        Span::styled("  ● here now", theme.good())
    } else {
        let ago = status.last_seen.map_or_else(
            || "away".to_owned(),
            |at| format!("last here {} ago", words::span(app.now.since(at))),
        );
        Span::styled(format!("  ○ {ago}"), theme.dim())
    };
    let whose = match thread.assigned {
        _ if !thread.is_open => Span::styled("closed", theme.dim()),
        None => Span::styled("unassigned – F2 claims it", theme.uneasy()),
        Some(agent) if app.model.is_me(agent) => Span::styled("yours", theme.mine()),
        Some(agent) => {
            let name = clean_line(&app.model.name_of(agent));
            Span::styled(format!("with {name}"), theme.colleague())
        }
    };
    let mut name = vec![Span::styled(title(thread), theme.strong())];
    if let Some(mark) = mark(thread) {
        name.insert(0, Span::styled(format!("{mark} "), theme.good()));
    }
    name.push(presence);
    let first = spread(name, vec![whose], width);
    let mut facts = Vec::new();
    if let Some(page) = status.page.as_ref().or(thread.facts.page.as_ref()) {
        facts.push(clean_line(&page.title));
        facts.push(clean_line(&page.url));
    }
    facts.extend(thread.facts.locale.as_deref().map(clean_line));
    facts.retain(|fact| !fact.is_empty());
    let second = Line::styled(fit(&facts.join("  ·  "), width), theme.dim());
    let mut lines = vec![first, second];
    for more in [person::summary(thread), person::trail(thread)] {
        if !more.is_empty() {
            lines.push(Line::styled(fit(&more, width), theme.dim()));
        }
    }
    lines.push(Line::styled("─".repeat(width), theme.dim()));
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_transcript(app: &App, thread: &Thread, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let rows = transcript::rows(app, thread, Some(look), usize::from(area.width));
    let height = usize::from(area.height);
    let end = rows
        .len()
        .saturating_sub(app.scroll)
        .max(height.min(rows.len()));
    let start = end.saturating_sub(height);
    let shown: Vec<Line<'_>> = rows.into_iter().take(end).skip(start).collect();
    // A short conversation stands right above the composer, where the eye is.
    let gap = area
        .height
        .saturating_sub(u16::try_from(shown.len()).unwrap_or(u16::MAX));
    let area = Rect {
        y: area.y + gap,
        height: area.height - gap,
        ..area
    };
    frame.render_widget(Paragraph::new(shown), area);
}

fn draw_typing(app: &App, thread: &Thread, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut who: Vec<String> = Vec::new();
    for name in thread.typing_at(app.now) {
        who.push(name.map_or_else(|| title(thread), clean_line));
    }
    let is_typing = thread.typing_at(app.now).any(|name| name.is_none());
    let unsent = thread.unsent.as_deref().filter(|_| is_typing);
    let missed = thread
        .events()
        .filter(|event| event.offset > app.left_at)
        .count();
    let line = if app.scroll > 0 && missed > 0 {
        Line::styled(
            format!("↓ {missed} new below – Esc goes there"),
            theme.uneasy(),
        )
    } else if app.scroll > 0 {
        Line::styled("↓ earlier messages – Esc goes back to the end", theme.dim())
    } else if who.is_empty() {
        Line::default()
    } else {
        let verb = if who.len() == 1 { "is" } else { "are" };
        let text = match unsent.map(clean_line) {
            Some(unsent) if !unsent.is_empty() => {
                let who = format!("{} {verb} typing: ", who.join(" and "));
                let room = usize::from(area.width).saturating_sub(who.width());
                format!("{who}{}", fit_end(&unsent, room))
            }
            Some(_) | None => format!("{} {verb} typing…", who.join(" and ")),
        };
        Line::styled(fit(&text, usize::from(area.width)), theme.live())
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn draw_composer(app: &App, thread: &Thread, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let draft = app.draft();
    let is_note = draft.is_some_and(|draft| draft.is_note);
    let (heading, style) = if is_note {
        (
            " Note for colleagues – the visitor does not see it ".to_owned(),
            theme.uneasy(),
        )
    } else {
        (format!(" To {} ", addressee(thread)), theme.mine())
    };
    let hint = " Enter sends · Alt-Enter new line ";
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(style)
        .title(Span::styled(heading.clone(), style.patch(theme.strong())));
    if heading.width() + hint.width() + 4 <= usize::from(area.width) {
        block = block.title_bottom(Line::styled(hint, theme.dim()).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let text = draft.map_or("", |draft| draft.composer.text());
    if text.is_empty() {
        let placeholder = if is_note {
            "Write a note…"
        } else {
            "Write an answer…"
        };
        frame.render_widget(
            Paragraph::new(Line::styled(placeholder, theme.dim())),
            inner,
        );
    }
    let Some(draft) = draft else {
        return place_cursor(app, frame, inner, (0, 0));
    };
    let layout = draft.composer.layout(usize::from(inner.width));
    let above = (layout.cursor.0 + 1).saturating_sub(usize::from(inner.height));
    let rows = layout
        .rows
        .iter()
        .skip(above)
        .take(usize::from(inner.height));
    let lines: Vec<Line<'_>> = rows
        .map(|row| Line::raw(clean(&text[row.clone()])))
        .collect();
    if !text.is_empty() {
        frame.render_widget(Paragraph::new(lines), inner);
    }
    place_cursor(
        app,
        frame,
        inner,
        (layout.cursor.0.saturating_sub(above), layout.cursor.1),
    );
}

fn place_cursor(app: &App, frame: &mut Frame<'_>, area: Rect, (row, column): (usize, usize)) {
    let (Ok(row), Ok(column)) = (u16::try_from(row), u16::try_from(column)) else {
        return;
    };
    if app.popup.is_none() && row < area.height && column < area.width {
        frame.set_cursor_position((area.x + column, area.y + row));
    }
}
