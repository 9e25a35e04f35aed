//! The list of messages: keyed, so that a message's element lives as long as the message is shown.

use holdfast_protocol::compact::decimal;
use holdfast_protocol::frame::RejectionCode;
use web_sys::HtmlElement;

use super::clock::day_number;
use super::dom::{Dom, append, fill, find, insert, put, set_attribute, set_text, take_away};
use crate::app::{Key, Line, Rating, Row, State};
use crate::sdk::{Page, number};
use crate::texts::Text;

/// The list and what it shows.
pub(super) struct List {
    pub(super) log: HtmlElement,
    page: Page,
    shown: Vec<Shown>,
}

struct Shown {
    key: Key,
    element: HtmlElement,
    /// What of a message may change: its number, its state, its place in the group.
    looks: Option<(Option<u64>, State, bool, bool)>,
}

impl List {
    pub(super) fn new(dom: &Dom, page: Page) -> Self {
        let log = dom.element("div", "log", "messages");
        put(&log, "role", "log");
        // New messages are read out by a region of their own: a list that is loaded again is no news.
        put(&log, "aria-live", "off");
        put(&log, "aria-label", &page.say(Text::List));
        Self {
            log,
            page,
            shown: Vec::new(),
        }
    }

    /// A message that stays where the visitor sees it, and how far down the list it stands. Nothing where the first
    /// message stays the first, and so none moves.
    pub(super) fn anchor(&self, rows: &[Row<'_>]) -> Option<(HtmlElement, i32)> {
        let message = |row: &&Row<'_>| matches!(row, Row::Message(_));
        let next = rows.iter().find(message).map(|row| row.key(day_number));
        if next == self.first() {
            return None;
        }
        // Not one at an end: those leave, or stand otherwise beside others.
        let middle = &self.shown.get(self.shown.len() / 2)?.element;
        Some((middle.clone(), middle.offset_top()))
    }

    /// Shows these lines.
    pub(super) fn show(&mut self, dom: &Dom, rows: &[Row<'_>]) {
        let mut old = std::mem::take(&mut self.shown);
        // The next one is mostly the first of the old ones: at the end, it is taken out at no cost.
        old.reverse();
        for row in rows {
            let key = row.key(day_number);
            // What is gone leaves first, or all that stay would be moved before it.
            while let Some(gone) = old.pop_if(|next| next.key != key && !is_among(next, rows)) {
                take_away(&gone.element);
            }
            let mut shown = match old.pop_if(|next| next.key == key) {
                Some(next) => next,
                None => self.insert(dom, row, key, &mut old),
            };
            if let Row::Message(line) = row {
                update(dom, &self.page, &mut shown, line);
            }
            self.shown.push(shown);
        }
        for gone in old {
            take_away(&gone.element);
        }
    }

    /// The first message: a day's heading stays the first line when more of that day is put in below it.
    fn first(&self) -> Option<Key> {
        let mut messages = self.shown.iter().filter(|shown| shown.looks.is_some());
        messages.next().map(|shown| shown.key)
    }

    /// A line that is new, or has moved, becomes the next one in the list.
    fn insert(&self, dom: &Dom, row: &Row<'_>, key: Key, old: &mut Vec<Shown>) -> Shown {
        let shown = match old.iter().position(|shown| shown.key == key) {
            Some(at) => old.remove(at),
            None => Shown {
                key,
                element: self.make(dom, row),
                looks: None,
            },
        };
        let next = match self.shown.last() {
            Some(above) => above.element.next_element_sibling(),
            None => self.log.first_element_child(),
        };
        insert(&self.log, &shown.element, next.as_ref());
        shown
    }

    fn make_rated(&self, dom: &Dom, rating: &Rating<'_>) -> HtmlElement {
        let score = usize::try_from(rating.score).unwrap_or_default();
        let rated = dom.element("div", "closed", "rated");
        set_text(&rated, &self.page.say_count(Text::Rated, score));
        if !rating.comment.is_empty() {
            append(&rated, &dom.text("q", "", rating.comment));
        }
        rated
    }

    fn make(&self, dom: &Dom, row: &Row<'_>) -> HtmlElement {
        match row {
            Row::Day(at) => dom.text("div", "day", &self.page.day(number(at.0))),
            Row::New => dom.text("div", "divider", &self.page.say(Text::NewMessages)),
            Row::Closed(_) => {
                let closed = dom.element("div", "closed", "closed");
                set_text(&closed, &self.page.say(Text::Closed));
                closed
            }
            Row::Rated(rating) => self.make_rated(dom, rating),
            Row::Message(line) => make_message(dom, &self.page, line),
        }
    }
}

fn is_among(shown: &Shown, rows: &[Row<'_>]) -> bool {
    rows.iter().any(|row| row.key(day_number) == shown.key)
}

fn make_message(dom: &Dom, page: &Page, line: &Line<'_>) -> HtmlElement {
    let item = dom.element("div", "", "message");
    put(&item, "data-id", &line.id.text());
    let author = if line.is_mine { "visitor" } else { "agent" };
    put(&item, "data-author", author);
    let name = match line.name {
        _ if line.is_mine => page.say(Text::You),
        "" => page.say(Text::Agent),
        name => name.to_owned(),
    };
    let name = dom.text("div", "name", &name);
    let text = dom.element("div", "text", "text");
    text.set_text_content(Some(line.text));
    put(&text, "dir", "auto");
    let meta = dom.element("div", "meta", "");
    let (time, state) = (
        dom.text("time", "", &page.time(number(line.at.0))),
        dom.element("span", "", "state"),
    );
    fill(&meta, &[&time, &state]);
    fill(&item, &[&name, &text, &meta]);
    item
}

fn update(dom: &Dom, page: &Page, shown: &mut Shown, line: &Line<'_>) {
    let looks = (line.seq, line.state, line.is_first, line.is_last);
    if shown.looks.replace(looks) == Some(looks) {
        return;
    }
    let item = &shown.element;
    let class = [
        "message",
        if line.is_mine { " mine" } else { "" },
        if line.is_first { " first" } else { "" },
        if line.is_last { " last" } else { "" },
    ];
    item.set_class_name(&class.concat());
    if let Some(seq) = line.seq {
        set_attribute(item, "data-seq", &decimal(seq));
    }
    if line.is_mine {
        set_attribute(item, "data-state", line.state.word());
        if let Some(state) = find(item, "[data-hf=state]") {
            set_text(
                &state,
                &words(line.state).map_or_else(String::new, |text| page.say(text)),
            );
        }
    }
    show_failure(dom, page, item, line);
}

fn show_failure(dom: &Dom, page: &Page, item: &HtmlElement, line: &Line<'_>) {
    if let Some(old) = find(item, ".failure") {
        take_away(&old);
    }
    let Some(failure) = line.failure else {
        return;
    };
    let reason = match failure.code {
        RejectionCode::Blank => page.say(Text::Blank),
        RejectionCode::TooLong => page.say(Text::TooLong),
        RejectionCode::BadScore
        | RejectionCode::UnknownConversation
        | RejectionCode::UnknownAgent => failure.message.clone(),
    };
    let reason = page.say_name(Text::Failed, &reason);
    let block = dom.text("div", "failure", &reason);
    put(&block, "role", "alert");
    for (hook, label) in [
        ("retry", Text::Retry),
        ("edit", Text::Edit),
        ("discard", Text::Discard),
    ] {
        append(&block, &dom.button("", hook, &page.say(label)));
    }
    append(item, &block);
}

fn words(state: State) -> Option<Text> {
    match state {
        State::Waiting => Some(Text::Waiting),
        State::Sent => Some(Text::Sent),
        State::Delivered => Some(Text::Delivered),
        State::Read => Some(Text::Read),
        State::Failed => None,
    }
}
