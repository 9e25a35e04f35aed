//! The screen, drawn from the state alone.

pub(crate) mod chat;
mod list;
mod popup;
mod transcript;

use holdfast_agent::sanitise::clean_line;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::app::{App, Pane};
use super::theme::Theme;
use super::words;

/// What the screen depends on beside the state.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    pub(crate) zone: TimeZone,
}

/// Where things stand.
pub(super) struct Areas {
    top: Rect,
    list: Option<Rect>,
    chat: Option<Rect>,
    keys: Rect,
}

/// The list of conversations gets a third of the screen, within these bounds.
const LIST_COLUMNS: (u16, u16) = (28, 40);

impl Areas {
    pub(super) fn of(app: &App) -> Self {
        let screen = Rect::new(0, 0, app.size.0, app.size.1);
        let rows = [
            Constraint::Length(1),
            Constraint::Min(0),
            Constraint::Length(1),
        ];
        let [top, middle, keys] = Layout::vertical(rows).areas(screen);
        let (list, chat) = if app.is_narrow() {
            match app.pane {
                Pane::List => (Some(middle), None),
                Pane::Chat => (None, Some(middle)),
            }
        } else {
            let columns = (app.size.0 / 3).clamp(LIST_COLUMNS.0, LIST_COLUMNS.1);
            let columns = [Constraint::Length(columns), Constraint::Min(0)];
            let [list, chat] = Layout::horizontal(columns).areas(middle);
            (Some(list), Some(chat))
        };
        Self {
            top,
            list,
            chat,
            keys,
        }
    }
}

/// Draws the whole screen.
pub(crate) fn draw(app: &App, look: &Look, frame: &mut Frame<'_>) {
    // The terminal may have changed its size a moment ago; the next screen knows it.
    if frame.area().as_size() != app.size.into() {
        return;
    }
    let areas = Areas::of(app);
    draw_top(app, look, frame, areas.top);
    if let Some(area) = areas.list {
        list::draw(app, look, frame, area, areas.chat.is_some());
    }
    if let Some(area) = areas.chat {
        chat::draw(app, look, frame, area);
    }
    draw_keys(app, look, frame, areas.keys);
    if let Some(popup) = &app.popup {
        popup::draw(app, popup, look, frame);
    }
}

fn draw_top(app: &App, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let theme = look.theme;
    let (mood, state) = words::connection(&app.model, app.now);
    let width = usize::from(area.width);
    let brand = " Holdfast ".len();
    let state = fit(&format!(" ● {state} "), width.saturating_sub(brand + 1));
    let who = app.model.me.as_ref().map_or_else(String::new, |me| {
        format!("{} · {}", clean_line(&me.site), clean_line(&me.name))
    });
    let left = fit(
        &format!(" Holdfast  {who}"),
        width.saturating_sub(state.width() + 1),
    );
    let gap = width.saturating_sub(left.width() + state.width());
    let line = Line::from(vec![
        Span::styled(left, theme.bar().patch(theme.strong())),
        Span::styled(" ".repeat(gap), theme.bar()),
        Span::styled(state, theme.mood(mood)),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}

/// Either a word to the person, or why there is no line, or the keys.
fn draw_keys(app: &App, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let theme = look.theme;
    let width = usize::from(area.width);
    let connection = &app.model.connection;
    let trouble = connection.storage.as_ref().or(connection.trouble.as_ref());
    let said = app.notice().map(|notice| (notice, theme.uneasy()));
    let said = said.or(trouble.map(|trouble| (trouble.as_str(), theme.bad())));
    let line = match said {
        Some((text, style)) => Line::styled(fit(&format!(" {}", clean_line(text)), width), style),
        None => key_line(app, theme, width),
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn key_line(app: &App, theme: Theme, width: usize) -> Line<'static> {
    let in_chat = !app.is_narrow() || app.pane == Pane::Chat;
    let keys: &[(&str, &str)] = match (app.is_narrow(), in_chat) {
        (true, false) => &[
            ("↑↓", "choose"),
            ("Enter", "open"),
            ("Tab", "unread"),
            ("?", "keys"),
            ("^Q", "quit"),
        ],
        (true, true) => &[
            ("Esc", "list"),
            ("F1", "keys"),
            ("F2", "claim"),
            ("F3", "note"),
            ("F8", "close"),
        ],
        (false, _) => &[
            ("F1", "keys"),
            ("↑↓", "choose"),
            ("Tab", "next unread"),
            ("F2", "claim"),
            ("F3", "note"),
            ("F4", "hand over"),
            ("F7", "visitor"),
            ("F8", "close"),
            ("^Q", "quit"),
        ],
    };
    let mut spans = Vec::new();
    let mut used = 0;
    for (key, what) in keys {
        let size = key.width() + what.width() + 4;
        if used + size > width {
            break;
        }
        used += size;
        spans.push(Span::styled(format!(" {key}"), theme.strong()));
        spans.push(Span::styled(format!(" {what}  "), theme.dim()));
    }
    Line::from(spans)
}

/// The text, cut to `width` columns, with an ellipsis where something is missing.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut fitting = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used + 1 > width {
            break;
        }
        fitting.push_str(grapheme);
    }
    if width > 0 {
        fitting.push('…');
    }
    fitting
}

/// The end of the text in `width` columns, with an ellipsis where something is missing before it.
pub(super) fn fit_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let mut kept = Vec::new();
    for grapheme in text.graphemes(true).rev() {
        used += grapheme.width();
        if used > width {
            break;
        }
        kept.push(grapheme);
    }
    kept.push("…");
    kept.into_iter().rev().collect()
}

/// A line with `left` at its beginning and `right` at its end; `left` gives way.
pub(super) fn spread<'a>(left: Vec<Span<'a>>, right: Vec<Span<'a>>, width: usize) -> Line<'a> {
    let right_width: usize = right.iter().map(Span::width).sum();
    let mut room = width.saturating_sub(right_width + 1);
    let mut spans = Vec::new();
    for span in left {
        let text = fit(&span.content, room);
        room -= text.width().min(room);
        spans.push(Span::styled(text, span.style));
    }
    spans.push(Span::raw(" ".repeat(room + 1)));
    spans.extend(right);
    Line::from(spans)
}
