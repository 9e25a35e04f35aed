//! What was said, as rows of a given width.

use holdfast_agent::model::{Delivery, Thread};
use holdfast_agent::sanitise::{clean, clean_line};
use holdfast_protocol::client::{Agent, AgentCommand, Entry, Status};
use holdfast_protocol::event::{AgentEvent, Author, Body};
use holdfast_protocol::limits::BEST_SCORE;
use holdfast_protocol::time::Millis;
use jiff::tz::TimeZone;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Look, fit};
use crate::terminal::app::App;
use crate::terminal::person::{mark, summary, title};
use crate::terminal::theme::Theme;
use crate::terminal::words;

/// The column of times and states, at the right.
const META_COLUMNS: usize = 9;

/// Messages of one writer that are nearer than this stand under one name.
const TOGETHER: Millis = Millis(300_000);

/// All rows of the loaded part of a conversation. Without a look only their number is right.
pub(super) fn rows(
    app: &App,
    thread: &Thread,
    look: Option<&Look>,
    width: usize,
) -> Vec<Line<'static>> {
    let mut page = Page {
        app,
        theme: look.map_or(Theme::new(false), |look| look.theme),
        zone: look.map_or(TimeZone::UTC, |look| look.zone.clone()),
        width,
        rows: Vec::new(),
        day: None,
        last: None,
    };
    page.write_beginning(thread);
    for event in thread.events() {
        page.write_event(thread, event);
    }
    for entry in app.model.pending(thread.id) {
        page.write_pending(entry);
    }
    page.rows
}

struct Page<'a> {
    app: &'a App,
    theme: Theme,
    zone: TimeZone,
    width: usize,
    rows: Vec<Line<'static>>,
    day: Option<String>,
    /// The name above the last message, and when that was written.
    last: Option<(String, Millis)>,
}

/// A message, whether the log has it or the outbox.
struct Message<'a> {
    name: String,
    style: Style,
    at: Millis,
    text: &'a str,
    is_note: bool,
    meta: Vec<Span<'static>>,
}

impl Page<'_> {
    fn write_beginning(&mut self, thread: &Thread) {
        if !thread.has_older() {
            return;
        }
        let text = if thread.is_loading() {
            "loading…"
        } else {
            "PgUp: earlier messages"
        };
        self.write_middle(text, self.theme.dim());
    }

    fn write_event(&mut self, thread: &Thread, event: &AgentEvent) {
        self.write_day(event.at);
        let time = words::clock(event.at, &self.zone);
        let (name, style) = self.writer(thread, &event.author);
        match &event.body {
            Body::Message { text } => {
                let mut meta = vec![Span::styled(time, self.theme.dim())];
                if let (Author::Agent { .. }, Some(seq)) = (&event.author, event.seq) {
                    meta.push(self.delivery(thread.delivery(seq)));
                }
                self.write_message(Message {
                    name,
                    style,
                    at: event.at,
                    text,
                    is_note: false,
                    meta,
                });
            }
            Body::Note { text } => self.write_message(Message {
                name: note_name(&name),
                style: self.theme.note_name(),
                at: event.at,
                text,
                is_note: true,
                meta: vec![Span::styled(time, self.theme.dim())],
            }),
            Body::Closed {} => self.write_thin(&format!("{name} closed the conversation · {time}")),
            Body::Opened { .. } => self.write_thin(&format!("the conversation began · {time}")),
            Body::Rated { score, comment } => {
                self.write_thin(&format!("{name} rated {} · {time}", stars(*score)));
                if let Some(comment) = comment {
                    self.write_message(Message {
                        name,
                        style,
                        at: event.at,
                        text: comment,
                        is_note: false,
                        meta: Vec::new(),
                    });
                }
            }
            Body::Facts { visitor } => {
                let mut known = Thread::new(thread.id);
                known.facts = visitor.as_ref().clone();
                let mark = mark(&known).map_or_else(String::new, |mark| format!("{mark} "));
                let facts = [title(&known), summary(&known)];
                let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
                let text = format!("{mark}{} · {time}", facts.join(" · "));
                self.write_thin(&fit(&text, self.width.saturating_sub(4)));
            }
            Body::Assigned { to } => {
                let is_own = matches!(&event.author, Author::Agent { id, .. } if id == to);
                let to = if self.app.model.is_me(*to) {
                    "you".to_owned()
                } else {
                    clean_line(&self.app.model.name_of(*to))
                };
                let text = if is_own {
                    format!("{name} took the conversation · {time}")
                } else {
                    format!("{name} handed the conversation to {to} · {time}")
                };
                self.write_thin(&text);
            }
        }
    }

    fn write_pending(&mut self, entry: &Entry<Agent>) {
        let theme = self.theme;
        self.write_day(entry.written);
        let is_online = self.app.model.connection.status == Status::Online;
        let meta = match (&entry.failed, is_online) {
            (Some(_), _) => Span::styled("✗ failed", theme.bad()),
            (None, true) => Span::styled("◌ sending", theme.dim()),
            (None, false) => Span::styled("◌ waiting", theme.uneasy()),
        };
        let note = matches!(entry.command, AgentCommand::Note { .. });
        match entry.command.text() {
            Some(text) => self.write_message(Message {
                name: if note {
                    "Note by You".to_owned()
                } else {
                    "You".to_owned()
                },
                style: if note { theme.note() } else { theme.mine() },
                at: entry.written,
                text,
                is_note: note,
                meta: vec![meta],
            }),
            None => {
                let text = format!("{}: {}", describe(&entry.command), meta.content);
                self.write_thin(&text);
            }
        }
        if let Some(failure) = &entry.failed {
            let why = format!("✗ {}", clean_line(&failure.message));
            let what_to_do = "  F5 sends it again · F6 takes the text back";
            for text in [why.as_str(), what_to_do] {
                for row in textwrap::wrap(text, self.width.saturating_sub(2).max(1)) {
                    self.rows
                        .push(Line::styled(format!("  {row}"), theme.bad()));
                }
            }
            self.last = None;
        }
    }

    fn write_message(&mut self, message: Message<'_>) {
        let is_together = self
            .last
            .as_ref()
            .is_some_and(|(name, at)| *name == message.name && message.at.since(*at) < TOGETHER);
        if !is_together {
            if !self.rows.is_empty() {
                self.rows.push(Line::default());
            }
            let name = Span::styled(
                message.name.clone(),
                message.style.patch(self.theme.strong()),
            );
            self.rows.push(Line::from(name));
        }
        self.last = Some((message.name, message.at));
        let room = self.width.saturating_sub(META_COLUMNS + 3).max(1);
        let text = clean(message.text.trim_end());
        let wrapped = textwrap::wrap(&text, room);
        let count = wrapped.len();
        for (at, row) in wrapped.into_iter().enumerate() {
            let gap = " ".repeat(room.saturating_sub(row.width()));
            let mut spans = vec![Span::styled("▎", message.style)];
            if message.is_note {
                let paper = format!(" {row}{gap}");
                spans.push(Span::styled(paper, self.theme.note()));
            } else {
                spans.push(Span::raw(format!(" {row}{gap}")));
            }
            if at + 1 == count {
                let meta_width: usize = message.meta.iter().map(Span::width).sum();
                let gap = 1 + META_COLUMNS.saturating_sub(meta_width);
                spans.push(Span::raw(" ".repeat(gap)));
                spans.extend(message.meta.iter().cloned());
            }
            self.rows.push(Line::from(spans));
        }
    }

    fn write_day(&mut self, at: Millis) {
        let day = words::day(at, self.app.now, &self.zone);
        if self.day.as_ref() == Some(&day) {
            return;
        }
        if !self.rows.is_empty() {
            self.rows.push(Line::default());
        }
        let sides = self.width.saturating_sub(day.width() + 2);
        let (left, right) = ("─".repeat(sides / 2), "─".repeat(sides - sides / 2));
        self.write_middle(&format!("{left} {day} {right}"), self.theme.dim());
        self.day = Some(day);
        self.last = None;
    }

    fn write_thin(&mut self, text: &str) {
        if self.last.is_some() {
            self.rows.push(Line::default());
        }
        self.write_middle(&format!("· {text} ·"), self.theme.dim());
        self.last = None;
    }

    fn write_middle(&mut self, text: &str, style: Style) {
        let text = fit(text, self.width);
        self.rows.push(Line::styled(text, style).centered());
    }

    fn writer(&self, thread: &Thread, author: &Author) -> (String, Style) {
        match author {
            Author::Visitor {} => (title(thread), self.theme.visitor()),
            Author::Agent { id, .. } if self.app.model.is_me(*id) => {
                ("You".to_owned(), self.theme.mine())
            }
            Author::Agent { name, .. } => (clean_line(name), self.theme.colleague()),
            Author::System {} => ("Holdfast".to_owned(), self.theme.dim()),
        }
    }

    fn delivery(&self, delivery: Delivery) -> Span<'static> {
        match delivery {
            Delivery::Sent => Span::styled(" ✓ ", self.theme.dim()),
            Delivery::Delivered => Span::styled(" ✓✓", self.theme.dim()),
            Delivery::Read => Span::styled(" ✓✓", self.theme.live()),
        }
    }
}

fn note_name(writer: &str) -> String {
    if writer == "You" {
        return "Your note".to_owned();
    }
    format!("Note by {writer}")
}

fn describe(command: &AgentCommand) -> &'static str {
    match command {
        AgentCommand::Send { .. } => "message",
        AgentCommand::Note { .. } => "note",
        AgentCommand::Claim { .. } => "taking the conversation",
        AgentCommand::Transfer { .. } => "handing the conversation over",
        AgentCommand::Close { .. } => "closing the conversation",
    }
}

/// A rating for the eye: `★★★★☆`.
fn stars(score: u32) -> String {
    let stars = (1..=BEST_SCORE).map(|star| if star <= score { '★' } else { '☆' });
    stars.collect()
}
