//! Who a visitor is, in words for the screen. Names and values are strangers' texts.

use holdfast_agent::model::Thread;
use holdfast_agent::sanitise::clean_line;
use jiff::tz::TimeZone;
use ratatui::text::{Line, Span};

use super::theme::Theme;
use super::words;

/// What stands for a proven identity. Strangers' texts are shown without it.
const MARK: &str = "✓";

/// The name of a conversation's visitor, or what tells it from the others.
pub(crate) fn title(thread: &Thread) -> String {
    given_name(thread).unwrap_or_else(|| format!("Visitor {}", thread.id.0))
}

/// The same in the middle of a sentence.
pub(crate) fn addressee(thread: &Thread) -> String {
    given_name(thread).unwrap_or_else(|| format!("visitor {}", thread.id.0))
}

/// The mark of a visitor for whom the site's server vouches; nothing for others.
pub(crate) fn mark(thread: &Thread) -> Option<&'static str> {
    let identity = thread.facts.identity.as_ref()?;
    identity.verified.then_some(MARK)
}

/// What is worth a line above the conversation: who they are, and what the site tells of them.
pub(crate) fn summary(thread: &Thread) -> String {
    let facts = &thread.facts;
    let mut parts = Vec::new();
    if facts.name.is_some() {
        parts.extend(facts.email.as_deref().map(plain));
    }
    parts.extend(facts.identity.as_ref().map(|identity| {
        let id = plain(&identity.id);
        if identity.verified {
            format!("{MARK} {id}")
        } else {
            format!("says to be {id}")
        }
    }));
    let fields = facts.fields.iter();
    parts.extend(fields.map(|(name, value)| format!("{}: {}", plain(name), plain(value))));
    parts.retain(|part| !part.is_empty());
    parts.join("  ·  ")
}

/// What their page has tracked, newest first.
pub(crate) fn trail(thread: &Thread) -> String {
    let steps = thread.status.trail.iter().rev();
    let steps: Vec<String> = steps
        .map(|step| match &step.detail {
            Some(detail) => format!("{} ({})", plain(&step.name), plain(detail)),
            None => plain(&step.name),
        })
        .collect();
    steps.join("  ←  ")
}

/// All that is known of them, a line for each thing.
pub(crate) fn details(thread: &Thread, theme: Theme, zone: &TimeZone) -> Vec<Line<'static>> {
    let facts = &thread.facts;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let name = format!("{:<14} ", plain(name));
            rows.push(Line::from(vec![
                Span::styled(name, theme.dim()),
                Span::raw(value),
            ]));
        }
    };
    let text = |text: &Option<String>| text.as_deref().map(plain).unwrap_or_default();
    row("name", text(&facts.name));
    row("e-mail", text(&facts.email));
    if let Some(identity) = &facts.identity {
        let word = if identity.verified {
            "proven by the site"
        } else {
            "not proven"
        };
        row("identity", format!("{}, {word}", plain(&identity.id)));
    }
    row("language", text(&facts.locale));
    if let Some(page) = &facts.page {
        row("came by", plain(&page.url));
    }
    if let Some(page) = &thread.status.page {
        row("looks at", plain(&page.url));
    }
    for (name, value) in facts.fields.iter() {
        row(name, plain(value));
    }
    for step in thread.status.trail.iter().rev() {
        let detail = step.detail.as_deref().map(plain).unwrap_or_default();
        let time = words::clock(step.at, zone);
        row(&time, format!("{}  {detail}", plain(&step.name)));
    }
    if rows.is_empty() {
        let text = "Nothing is known of this visitor.";
        rows.push(Line::styled(text, theme.dim()));
    }
    rows
}

fn given_name(thread: &Thread) -> Option<String> {
    let facts = &thread.facts;
    let identity = facts.identity.as_ref().map(|identity| &identity.id);
    let names = [facts.name.as_ref(), facts.email.as_ref(), identity];
    let mut names = names.into_iter().flatten().map(|name| plain(name));
    names.find(|name| !name.is_empty())
}

/// One line, and nothing that looks like our own mark.
fn plain(text: &str) -> String {
    let is_mark = |char| matches!(char, '✓' | '✔' | '✅' | '☑' | '🗸');
    clean_line(&text.replace(is_mark, " "))
}
