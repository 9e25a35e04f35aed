//! Everything visible: one shadow root, made once, then changed where the model differs from it.
//!
//! Texts become text nodes and styles a constructed sheet: nothing that a strict
//! Content-Security-Policy forbids, and nothing that a person writes can become markup.

mod clock;
mod dom;
mod frame;
mod input;
mod list;

use std::cell::RefCell;
use std::rc::Rc;

use holdfast_protocol::client::{Entry, Visitor};
use holdfast_protocol::compact::decimal;
use holdfast_protocol::limits;
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlElement};

use crate::app::{Model, Msg, Note, Place, Show, rows};
use crate::sdk::{Page, number};
use crate::texts::Text;
use clock::day_number;
use dom::{Dom, append, set_attribute, set_text, take_away};
use frame::Frame;
use input::Input;
use list::List;

/// Bytes left at which the composer begins to say so.
const ROOM_SHOWN: usize = 500;

/// Messages that are read out where many come at once: the newest, as nobody listens to fifty of them.
const HEARD: u32 = 5;

/// The widget on its page.
pub(crate) struct View {
    dom: Dom,
    page: Page,
    frame: Frame,
    list: List,
    was_open: bool,
    is_drawn: bool,
    /// Whether the panel had the focus when it was closed.
    had_focus: bool,
    /// The draft for which the composer has its height.
    fitted: Option<String>,
    /// How far down the list could be scrolled when it was last kept at its end.
    end: i32,
    /// Where the focus was before the panel took it.
    was_focused: RefCell<Option<HtmlElement>>,
    input: Input,
}

impl Drop for View {
    fn drop(&mut self) {
        take_away(&self.frame.host);
    }
}

impl View {
    /// Puts the widget beside the launcher, closed and empty. `on_msg` hears what the visitor does.
    pub(crate) fn new(
        document: Document,
        page: &Page,
        launcher: HtmlElement,
        on_msg: Rc<dyn Fn(Msg)>,
    ) -> Self {
        let dom = Dom(document);
        let list = List::new(&dom, page.clone());
        let frame = Frame::new(&dom, page, launcher, &list.log);
        let input = Input::listen(page, &frame, on_msg);
        frame.show_on_page(&dom, page);
        page.dress(&frame.host, &frame.root);
        Self {
            dom,
            page: page.clone(),
            frame,
            list,
            was_open: false,
            is_drawn: false,
            had_focus: false,
            fitted: None,
            end: 0,
            was_focused: RefCell::default(),
            input,
        }
    }

    /// Whether the page still has the widget is to be seen by this element.
    pub(crate) fn host(&self) -> &HtmlElement {
        &self.frame.host
    }

    /// Makes the page show the model.
    pub(crate) fn render(&mut self, model: &Model, outbox: &[Entry<Visitor>]) {
        self.had_focus = self.was_open && self.frame.has_focus();
        self.render_launcher(model);
        // A closed panel costs the page nothing, however long the conversation is.
        if model.is_open {
            self.render_head(model);
            self.render_composer(model);
            self.render_list(model, outbox);
        }
        if model.is_open && !self.is_drawn {
            self.input.restored.set(js_sys::Date::now());
        }
        self.is_drawn = true;
        self.was_open = model.is_open;
    }

    /// Does what is not part of showing the model.
    pub(crate) fn perform(&self, show: Show) {
        match show {
            // An element that can't take the focus leaves it where it is.
            Show::FocusComposer => self.focus_composer(),
            Show::FocusList => drop(self.frame.list.focus()),
            Show::FocusBack => self.focus_back(),
            Show::End => self.scroll_to_end(),
        }
    }

    /// Has a new message read out, once: it stays where it is, and is not read again.
    pub(crate) fn announce(&self, note: &Note) {
        let name = self.name_of(&note.name);
        let news = if self.was_open {
            &self.frame.open_news
        } else {
            &self.frame.news
        };
        // An element each: of several that come at once, and of one that says the same again, a changed text would tell nothing.
        append(
            news,
            &self.dom.text("p", "", &[&name, ": ", &note.text].concat()),
        );
        if news.child_element_count() > HEARD
            && let Some(oldest) = news.first_element_child()
        {
            take_away(&oldest);
        }
    }

    fn name_of(&self, name: &str) -> String {
        if name.is_empty() {
            self.page.say(Text::Agent)
        } else {
            name.to_owned()
        }
    }

    /// Whether the focus is in the widget.
    pub(crate) fn has_focus(&self) -> bool {
        self.frame.has_focus()
    }

    /// Takes the place of a view that showed the same: the focus goes back to where it would have gone.
    pub(crate) fn succeed(&mut self, old: &Self) {
        self.was_focused.swap(&old.was_focused);
        // What it opens was open.
        self.is_drawn = old.is_drawn;
    }

    fn focus_composer(&self) {
        let page = &self.dom.0;
        let focused = page
            .active_element()
            .and_then(|element| element.dyn_into().ok());
        let outside = focused.filter(|focused| *focused != self.frame.host);
        if outside.is_some() || !self.frame.has_focus() {
            self.was_focused.replace(outside);
        }
        let _ = self.frame.composer.focus();
    }

    /// To whatever opened the panel: the launcher, or a button of the page.
    fn focus_back(&self) {
        if !self.had_focus {
            return;
        }
        let before = self.was_focused.take();
        let before = before.filter(|element| {
            let is_body = self.dom.0.body().is_some_and(|body| body == *element);
            element.is_connected() && !is_body
        });
        let _ = before.as_ref().unwrap_or(&self.frame.launcher).focus();
    }

    fn scroll_to_end(&self) {
        let list = &self.frame.list;
        list.set_scroll_top(list.scroll_height());
    }

    fn render_launcher(&self, model: &Model) {
        let frame = &self.frame;
        set_attribute(
            &frame.root,
            "class",
            if model.is_open { "hf open" } else { "hf" },
        );
        frame.panel.set_hidden(!model.is_open);
        frame.launcher.set_hidden(model.is_launcher_hidden);
        let unread = if model.is_open { 0 } else { model.unread() };
        let label = match (model.is_open, unread) {
            (true, _) => self.page.say(Text::Close),
            (false, 0) => self.page.say(Text::Open),
            (false, count) => self.page.say_count(Text::OpenUnread, count),
        };
        set_attribute(&frame.launcher, "aria-label", &label);
        set_attribute(
            &frame.launcher,
            "aria-expanded",
            if model.is_open { "true" } else { "false" },
        );
        set_text(
            &frame.unread,
            &if unread > 0 {
                decimal(unread as u64)
            } else {
                String::new()
            },
        );
        frame.unread.set_hidden(unread == 0);
        let (word, sentence) = model.connection();
        set_attribute(&frame.connection, "data-state", word);
        frame.connection.set_hidden(sentence.is_none());
        let sentence = sentence.map_or_else(String::new, |text| self.page.say(text));
        set_text(&frame.connection, &sentence);
    }

    fn render_head(&self, model: &Model) {
        let frame = &self.frame;
        let name = model.name();
        let initial = name.and_then(|name| name.chars().next());
        let initial = initial.map_or_else(String::new, String::from);
        set_text(&frame.initial, &initial);
        let title = name.map_or_else(|| self.page.say(Text::Title), str::to_owned);
        set_text(&frame.title, &title);
        let subtitle = match model.opens_at() {
            Some(at) => {
                let at = number(at.0);
                let back = [&self.page.day(at), ", ", &self.page.time(at)];
                self.page.say_name(Text::StaffBack, &back.concat())
            }
            None => self.page.say(model.subtitle()),
        };
        set_text(&frame.subtitle, &subtitle);
        let class = [
            "head",
            if name.is_some() { " named" } else { "" },
            if model.is_staffed() { " staffed" } else { "" },
        ];
        set_attribute(&frame.head, "class", &class.concat());
    }

    fn render_composer(&mut self, model: &Model) {
        let frame = &self.frame;
        if frame.composer.value() != model.draft {
            frame.composer.set_value(&model.draft);
        }
        if !self.was_open || self.fitted.as_ref() != Some(&model.draft) {
            frame.fit_composer(&model.draft);
            self.fitted = Some(model.draft.clone());
        }
        let is_blank = model.draft.trim().is_empty();
        set_attribute(
            &frame.send,
            "aria-disabled",
            if is_blank { "true" } else { "false" },
        );
        frame.privacy.set_hidden(!model.site.preview);
        let used = model.draft.len();
        let is_shown = model.is_outbox_full || used + ROOM_SHOWN > limits::TEXT_BYTES;
        // Counting in the visitor's language is dear to begin with, and mostly there is nothing to count.
        let note = if !is_shown {
            String::new()
        } else if model.is_outbox_full {
            self.page.say(Text::OutboxFull)
        } else if let Some(left) = limits::TEXT_BYTES.checked_sub(used) {
            self.page.say_count(Text::RoomLeft, left)
        } else {
            self.page
                .say_count(Text::RoomOver, used - limits::TEXT_BYTES)
        };
        set_text(&frame.counter, &note);
        let is_over = model.is_outbox_full || used > limits::TEXT_BYTES;
        set_attribute(
            &frame.counter,
            "class",
            if is_over { "counter over" } else { "counter" },
        );
        frame.counter.set_hidden(!is_shown);
    }

    fn render_list(&mut self, model: &Model, outbox: &[Entry<Visitor>]) {
        let frame = &self.frame;
        let rows = rows(model, outbox, day_number);
        // To ask where something stands makes the browser lay out the page, which at the end is done once, at last.
        let is_kept = self.was_open && model.place != Place::End;
        let anchor = is_kept.then(|| self.list.anchor(&rows)).flatten();
        self.list.show(&self.dom, &rows);
        frame.greeting.set_hidden(!rows.is_empty());
        let is_waiting = model.is_loading && model.transcript.shown().start == 0;
        frame.loading.set_hidden(!is_waiting);
        frame.typing.set_hidden(model.typing.is_none());
        if let Some(name) = &model.typing {
            let typing = self.page.say_name(Text::Typing, &self.name_of(name));
            set_text(&frame.typist, &typing);
        }
        let has_news = model.unread() > 0;
        frame.jump.set_hidden(model.place == Place::End);
        set_attribute(
            &frame.jump,
            "class",
            if has_news { "jump new" } else { "jump" },
        );
        set_text(
            &frame.jump_label,
            &self.page.say(if has_news {
                Text::NewMessages
            } else {
                Text::Newest
            }),
        );
        // What is asked before the first message is read from its beginning.
        if rows.is_empty() {
            return;
        }
        match model.place {
            Place::End => {
                let end = frame.list.scroll_height() - frame.list.client_height();
                // Who has just begun to scroll is not called back.
                if self.end != end || !self.was_open {
                    frame.list.set_scroll_top(end);
                }
                self.end = end;
            }
            Place::At { from_end, .. } if !self.was_open => {
                frame
                    .list
                    .set_scroll_top(frame.list.scroll_height() - from_end);
            }
            Place::At { .. } => {
                if let Some((element, before)) = anchor {
                    let moved = element.offset_top() - before;
                    frame.list.set_scroll_top(frame.list.scroll_top() + moved);
                }
            }
        }
    }
}
