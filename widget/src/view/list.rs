//! The list of messages: keyed, so that a message's element lives as long as the message is shown.

use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement};

use super::clock::{Clock, day_number};
use super::dom::{Dom, fill, set_attribute, set_text};
use crate::app::{Key, Line, Row, State};
use crate::texts;

/// The list and what it shows.
pub(super) struct List {
    pub(super) log: HtmlElement,
    clock: Clock,
    shown: Vec<Shown>,
}

struct Shown {
    key: Key,
    element: HtmlElement,
    /// What of a message may change: its number, its state, its place in the group.
    looks: Option<(Option<u64>, State, bool, bool)>,
}

impl List {
    pub(super) fn new(dom: &Dom) -> Result<Self, JsValue> {
        let log = dom.element("div", "log", "messages")?;
        log.set_attribute("role", "log")?;
        // New messages are read out by a region of their own: a list that is loaded again is no news.
        log.set_attribute("aria-live", "off")?;
        log.set_attribute("aria-label", texts::LIST)?;
        Ok(Self {
            log,
            clock: Clock::new(),
            shown: Vec::new(),
        })
    }

    /// Shows these lines. Returns whether some were put in before the first that was shown.
    pub(super) fn show(&mut self, dom: &Dom, rows: &[Row<'_>]) -> Result<bool, JsValue> {
        let first = self.first();
        let mut old = std::mem::take(&mut self.shown);
        for row in rows {
            let key = row.key(day_number);
            let mut shown = match old.iter().position(|shown| shown.key == key) {
                // What stands before it in the old list is gone, or has moved and is found later.
                Some(at) => old.remove(at),
                None => Shown {
                    key,
                    element: self.make(dom, row)?,
                    looks: None,
                },
            };
            self.place(&shown.element)?;
            if let Row::Message(line) = row {
                update(dom, &mut shown, line)?;
            }
            self.shown.push(shown);
        }
        for gone in old {
            gone.element.remove();
        }
        let is_there = self.shown.iter().any(|shown| Some(shown.key) == first);
        Ok(is_there && self.first() != first)
    }

    /// The first message: a day's heading stays the first line when more of that day is put in below it.
    fn first(&self) -> Option<Key> {
        let mut messages = self.shown.iter().filter(|shown| shown.looks.is_some());
        messages.next().map(|shown| shown.key)
    }

    /// Makes an element the next one in the list, without touching it where it is that already.
    fn place(&self, element: &HtmlElement) -> Result<(), JsValue> {
        let next = match self.shown.last() {
            Some(above) => above.element.next_element_sibling(),
            None => self.log.first_element_child(),
        };
        if next.as_ref() != Some::<&Element>(element) {
            self.log.insert_before(element, next.as_deref())?;
        }
        Ok(())
    }

    fn make(&self, dom: &Dom, row: &Row<'_>) -> Result<HtmlElement, JsValue> {
        match row {
            Row::Day(at) => dom.text("div", "day", &self.clock.day(*at)),
            Row::Closed(_) => dom.text("div", "closed", texts::CLOSED),
            Row::Message(line) => make_message(dom, line, &self.clock.time(line.at)),
        }
    }
}

fn make_message(dom: &Dom, line: &Line<'_>, time: &str) -> Result<HtmlElement, JsValue> {
    let item = dom.element("div", "", "message")?;
    item.set_attribute("data-id", &line.id.to_string())?;
    item.set_attribute(
        "data-author",
        if line.is_mine { "visitor" } else { "agent" },
    )?;
    let name = match line.name {
        _ if line.is_mine => texts::YOU,
        "" => texts::AGENT,
        name => name,
    };
    let name = dom.text("div", "name", name)?;
    let text = dom.element("div", "text", "text")?;
    text.set_text_content(Some(line.text));
    text.set_attribute("dir", "auto")?;
    let meta = dom.element("div", "meta", "")?;
    let (time, state) = (
        dom.text("time", "", time)?,
        dom.element("span", "", "state")?,
    );
    fill(&meta, &[&time, &state])?;
    fill(&item, &[&name, &text, &meta])?;
    Ok(item)
}

fn update(dom: &Dom, shown: &mut Shown, line: &Line<'_>) -> Result<(), JsValue> {
    let looks = (line.seq, line.state, line.is_first, line.is_last);
    if shown.looks.replace(looks) == Some(looks) {
        return Ok(());
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
        set_attribute(item, "data-seq", &seq.to_string());
    }
    if line.is_mine {
        set_attribute(item, "data-state", line.state.word());
        if let Some(state) = item.query_selector("[data-hf=state]")? {
            set_text(&state, words(line.state));
        }
    }
    show_failure(dom, item, line)
}

fn show_failure(dom: &Dom, item: &HtmlElement, line: &Line<'_>) -> Result<(), JsValue> {
    if let Some(old) = item.query_selector(".failure")? {
        old.remove();
    }
    let Some(failure) = line.failure else {
        return Ok(());
    };
    let reason = [texts::FAILED, " ", &failure.message].concat();
    let block = dom.text("div", "failure", &reason)?;
    block.set_attribute("role", "alert")?;
    for (hook, label) in [
        ("retry", texts::RETRY),
        ("edit", texts::EDIT),
        ("discard", texts::DISCARD),
    ] {
        block.append_child(&*dom.button("", hook, label)?)?;
    }
    item.append_child(&block)?;
    Ok(())
}

fn words(state: State) -> &'static str {
    match state {
        State::Waiting => texts::WAITING,
        State::Sent => texts::SENT,
        State::Delivered => texts::DELIVERED,
        State::Read => texts::READ,
        State::Failed => "",
    }
}
