//! What lies over the screen: help and questions.

use holdfast_agent::sanitise::clean_line;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Padding, Paragraph, Wrap};

use super::Look;
use crate::terminal::app::{App, Popup};
use crate::terminal::person::{self, addressee};
use crate::terminal::theme::Theme;

const KEYS: [(&str, &str); 18] = [
    ("↑ ↓, Ctrl-P, Ctrl-N", "choose a conversation"),
    ("Tab", "the next one with unread messages"),
    ("PgUp, PgDn", "earlier and later messages"),
    ("Enter", "send"),
    (
        "Alt-Enter, Ctrl-J",
        "new line (Shift-Enter where the terminal tells it)",
    ),
    ("F2, Ctrl-G", "claim: the conversation becomes yours"),
    ("F3, Ctrl-O", "write a note that only colleagues see"),
    ("F4, Ctrl-T", "hand the conversation to a colleague"),
    ("F5, Ctrl-R", "send what was not accepted again"),
    (
        "F6, Ctrl-Y",
        "take what was not accepted back, to change it",
    ),
    ("F7, Ctrl-F", "all that is known of the visitor"),
    ("F8, Ctrl-X", "close the conversation"),
    ("Esc", "back: to the end, out of a note, to the list"),
    (
        "Ctrl-A, E, W, U, K",
        "start, end, delete word, to start, to end",
    ),
    (
        "F10, Ctrl-Q, Ctrl-C",
        "quit; what waits is sent the next time",
    ),
    ("", ""),
    (
        "◌ waiting   ✓ sent",
        "saved on this disk; on the server's disk",
    ),
    (
        "✓✓ delivered, read",
        "on the visitor's screen; in colour: seen",
    ),
];

pub(super) fn draw(app: &App, popup: &Popup, look: &Look, frame: &mut Frame<'_>) {
    let theme = look.theme;
    let (heading, lines) = match popup {
        Popup::Help => (" Keys ", help(theme)),
        Popup::Transfer(at) => (" Hand over to ", targets(app, *at, theme)),
        Popup::Visitor(from) => {
            let chosen = app.model.chosen();
            let lines = chosen.map(|thread| person::details(thread, theme, &look.zone));
            let lines = lines.unwrap_or_default();
            // The last row stays in sight, however often somebody goes down.
            let from = (*from).min(lines.len().saturating_sub(1));
            (" Visitor ", lines.into_iter().skip(from).collect())
        }
        Popup::Close => {
            let name = app.model.chosen().map_or_else(String::new, addressee);
            let text = format!("Close the conversation with {name}?");
            (" Close ", question(&text, "closes it", theme))
        }
        Popup::Quit => {
            let text = "There is text that you have not sent. It is lost when you quit.";
            (" Quit ", question(text, "quits", theme))
        }
    };
    let screen = frame.area();
    let widest = lines.iter().map(Line::width).max().unwrap_or(0);
    let width = u16::try_from(widest + 6)
        .unwrap_or(u16::MAX)
        .min(screen.width);
    let rows = if widest + 6 > usize::from(screen.width) {
        lines.len() * 2
    } else {
        lines.len()
    };
    let height = u16::try_from(rows + 4)
        .unwrap_or(u16::MAX)
        .min(screen.height);
    let area = Rect {
        x: (screen.width - width) / 2,
        y: (screen.height - height) / 2,
        width,
        height,
    };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.mine())
        .title(Span::styled(heading, theme.strong()))
        .padding(Padding::new(2, 2, 1, 1));
    frame.render_widget(Clear, area);
    let text = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .block(block);
    frame.render_widget(text, area);
}

fn help(theme: Theme) -> Vec<Line<'static>> {
    let line = |(key, what): (&'static str, &'static str)| {
        Line::from(vec![
            Span::styled(format!("{key:<22}"), theme.strong()),
            Span::raw(what),
        ])
    };
    KEYS.into_iter().map(line).collect()
}

fn targets(app: &App, chosen: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (at, id) in app.transfer_targets().into_iter().enumerate() {
        let is_here = app
            .model
            .colleagues
            .iter()
            .any(|one| one.id == id && one.online);
        let (dot, style) = if is_here {
            ("●", theme.good())
        } else {
            ("○", theme.dim())
        };
        let name = format!(" {:<24}", clean_line(&app.model.name_of(id)));
        let line = Line::from(vec![
            Span::styled(format!(" {dot}"), style),
            Span::raw(name),
        ]);
        let style = if at == chosen {
            theme.chosen()
        } else {
            ratatui::style::Style::new()
        };
        lines.push(line.style(style));
    }
    lines.push(Line::default());
    lines.push(Line::styled("Enter hands over · Esc does not", theme.dim()));
    lines
}

fn question(text: &str, yes: &str, theme: Theme) -> Vec<Line<'static>> {
    vec![
        Line::raw(text.to_owned()),
        Line::default(),
        Line::styled(format!("Enter {yes} · Esc does not"), theme.dim()),
    ]
}
