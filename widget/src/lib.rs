//! The widget: what a visitor sees of Holdfast, in one shadow root on the site's page.
//!
//! * [`app`]: what the widget knows and how it changes. Pure.
//! * `view`: the DOM. `socket`, `storage`, `page`, `clock`: the browser, as narrow as possible.
//! * [`person`]: who the visitor is to the site. Pure.
//! * `sdk`: the page's own scripts, with `www/sdk.js` as its other half. `post`: the ways in.
//! * `shell`: moves messages between them and drives [`holdfast_protocol::client::Client`], which holds
//!   every rule about losing nothing; the widget has none of its own.
//!
//! # Names that tests and site owners may rely on
//!
//! The host is `<div id="holdfast-chat">`, a child of the document's root element, with an open shadow
//! root. Inside it, by the attribute `data-hf`:
//!
//! | `data-hf` | what | further attributes |
//! | --- | --- | --- |
//! | `root` | everything | `data-position`, `data-theme`, `lang`, `dir`; class `open` while the panel is |
//! | `launcher` | the round button | `aria-expanded` |
//! | `unread` | the count on it; hidden at 0, and while the panel is open | |
//! | `panel` | the panel; `hidden` while closed | `aria-modal` where it fills the screen |
//! | `title`, `subtitle`, `close` | its header | |
//! | `connection` | how the connection stands; hidden while all is well | `data-state`: `connecting`, `online`, `offline`, `restarting`, `refused`, `paused` |
//! | `list` | what scrolls | |
//! | `messages` | the list itself, a live region | |
//! | `message` | one message | `data-author`: `visitor`, `agent`; `data-state` of the visitor's: `waiting`, `sent`, `delivered`, `read`, `failed`; `data-seq` once it is in the log; `data-id` |
//! | `text`, `state` | its text and its state in words | |
//! | `retry`, `edit`, `discard` | buttons of a failed message | |
//! | `news` | the newest message of an agent, for those who hear the page | |
//! | `greeting` | what stands in an empty conversation | |
//! | `typing` | hidden while no agent is typing | |
//! | `jump` | leads to the newest message; hidden there | |
//! | `composer`, `send`, `counter` | where one writes | |
//! | `closed`, `rated` | the marks of a closed conversation and of a rating | |
//!
//! Once the panel was opened, `www/later/extras` adds these, and the panel works without them:
//!
//! | `data-hf` | what |
//! | --- | --- |
//! | `menu`, `menu-list`, `notify`, `popout`, `copy` | the header's menu, and what is in it |
//! | `said` | what came of it |
//! | `emoji`, `choice` | the button beside the composer, and what it opens |
//! | `prechat` | the questions before the first message |
//! | `rating`, `comment`, `rate` | the rating of a closed conversation |
//! | `privacy` | says that agents see what is typed; hidden where they do not | |
//!
//! Messages are in the document while the panel is open; a closed panel costs the page nothing.

pub mod app;
mod clock;
mod draw;
mod gate;
mod keep;
mod lines;
mod listen;
mod options;
mod page;
pub mod person;
mod post;
mod reach;
mod restore;
mod sdk;
mod shell;
mod socket;
mod storage;
pub mod texts;
mod view;
mod watch;

use wasm_bindgen::prelude::wasm_bindgen;

pub use post::{call, restore};
pub use sdk::Page;

/// Smaller than the standard library's allocator, by 2 KB of what a visitor downloads.
#[cfg(target_family = "wasm")]
#[global_allocator]
static HEAP: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Puts the widget onto the page. Called by `sdk.js`, for one widget at a time.
#[wasm_bindgen]
pub fn start(page: Page) {
    post::start(page);
}

/// Forgets the visitor of a site while no widget is on the page.
#[wasm_bindgen]
pub fn forget(window: &web_sys::Window, site: &str, is_tab_only: bool) {
    let exit = clock::new_id(window).text();
    keep::Keep::new(window, site, is_tab_only).forget(&exit);
}
