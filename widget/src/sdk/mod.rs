//! The page's own scripts: what they call becomes a message, what happens becomes an event of theirs.
//!
//! `www/sdk.js` is the other half: it keeps calls until the widget is there, knows names and options, and hands
//! events to those who listen.

mod calls;

use holdfast_protocol::id::EventId;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{AbortController, Document, HtmlElement, ShadowRoot, Window};

use crate::app::{News, Note};
use crate::texts::Text;

pub(crate) use calls::Call;

#[wasm_bindgen]
extern "C" {
    /// The page, as `www/sdk.js` shows it to the widget.
    #[derive(Clone)]
    pub type Page;

    /// What the site's owner wished, the `server` that the script comes from, or what is known of the page: its `address` and
    /// `title`, and the `language` of its visitor. Empty where nothing was said.
    #[wasm_bindgen(method)]
    pub fn option(this: &Page, name: &str) -> String;

    /// The page's window, whatever libraries have put in the place of its class.
    #[wasm_bindgen(method)]
    pub fn window(this: &Page) -> Window;

    /// The page's document.
    #[wasm_bindgen(method)]
    pub fn document(this: &Page) -> Document;

    /// A launcher on the page, in a root of its own: the one that stands there since before the widget was loaded,
    /// or a new one.
    #[wasm_bindgen(method)]
    pub fn launcher(this: &Page) -> HtmlElement;

    /// Puts the styles of all but the launcher into a shadow root.
    #[wasm_bindgen(method)]
    pub fn adorn(this: &Page, shadow: &ShadowRoot, style: &str);

    /// Gives the widget its looks: `host` is its element on the page, `root` the one inside.
    #[wasm_bindgen(method)]
    pub fn dress(this: &Page, host: &HtmlElement, root: &HtmlElement);

    /// The hour and minute, in milliseconds since the Unix epoch, as the visitor writes it.
    #[wasm_bindgen(method)]
    pub fn time(this: &Page, at: f64) -> String;

    /// The heading of a day.
    #[wasm_bindgen(method)]
    pub fn day(this: &Page, at: f64) -> String;

    /// Sends a request that asks whether the server can be reached; `on_end` is told once whether it was answered,
    /// unless it was given up before.
    ///
    /// # Errors
    /// When the page lets nobody ask.
    #[wasm_bindgen(method, catch)]
    pub fn reach(this: &Page, url: &str, on_end: &JsValue) -> Result<AbortController, JsValue>;

    /// Tells, with a pause, when `host` is no longer on the page.
    #[wasm_bindgen(method)]
    pub fn stays(this: &Page, host: &HtmlElement, on_removed: &JsValue) -> Observer;

    /// Tells when `element` has another size.
    #[wasm_bindgen(method)]
    pub fn resizes(this: &Page, element: &HtmlElement, on_resized: &JsValue) -> Observer;

    /// What `stays` and `resizes` make.
    pub type Observer;

    /// Nothing more is told.
    #[wasm_bindgen(method)]
    pub fn disconnect(this: &Observer);

    #[wasm_bindgen(method)]
    fn text(this: &Page, key: &str, count: f64, name: &str) -> String;

    #[wasm_bindgen(method)]
    fn tell(this: &Page, event: &str, id: &str, text: &str, name: &str, number: f64);
}

impl Page {
    /// What the visitor reads, in their language.
    pub(crate) fn say(&self, text: Text) -> String {
        self.text(text.key(), 0.0, "")
    }

    /// The same about so many.
    pub(crate) fn say_count(&self, text: Text, count: usize) -> String {
        self.text(text.key(), number(count as u64), "")
    }

    /// The same about somebody or something by name.
    pub(crate) fn say_name(&self, text: Text, name: &str) -> String {
        self.text(text.key(), 0.0, name)
    }

    /// Tells the page's scripts.
    pub(crate) fn news(&self, news: &News) {
        match news {
            News::Open => self.tell("open", "", "", "", 0.0),
            News::Close => self.tell("close", "", "", "", 0.0),
            News::Sent(note) => self.message("message:sent", note),
            News::Delivered(note) => self.message("message:delivered", note),
            News::Read(note) => self.message("message:read", note),
            News::Received(note) => self.message("message:received", note),
            News::Failed(note, reason) => {
                self.tell("message:failed", &id(note), &note.text, reason, 0.0);
            }
            News::NotSaid(text, reason) => {
                self.tell("message:failed", "", text, &self.say(*reason), 0.0);
            }
            News::Unread(count) => self.tell("unread", "", "", "", number(*count as u64)),
            News::Started(at) => self.tell("chat:started", "", "", "", number(at.0)),
            News::Ended(at) => self.tell("chat:ended", "", "", "", number(at.0)),
            News::Rated(score, words) => {
                self.tell("csat", "", words, "", f64::from(*score));
            }
            News::Connection(word) => self.tell("connection", "", word, "", 0.0),
            News::Availability(is_staffed) => {
                self.tell("availability", "", "", "", f64::from(*is_staffed));
            }
            News::Site(site, last) => {
                self.tell("site", "", site, "", number(*last));
            }
            News::Refused(reason) => self.tell("error", "", reason, "", 0.0),
        }
    }

    fn message(&self, event: &str, note: &Note) {
        let at = note.at.map_or(0.0, |at| number(at.0));
        self.tell(event, &id(note), &note.text, &note.name, at);
    }
}

fn id(note: &Note) -> String {
    note.id.map(EventId::text).unwrap_or_default()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times and counts are far below 2^53"
)]
pub(crate) fn number(number: u64) -> f64 {
    number as f64
}
