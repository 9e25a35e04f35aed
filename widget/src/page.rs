//! What happens to the page around the widget.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Document, Event, EventTarget, PageTransitionEvent, StorageEvent, Window};

use crate::listen::Listener;

/// What happened to the page.
#[derive(Debug)]
pub(crate) enum PageEvent {
    /// It was shown or hidden.
    Visible(bool),
    /// The line may be there again.
    Hint,
    /// The browser is about to stop its timers.
    Frozen,
    /// It is left; it may come back from the back/forward cache.
    Left,
    /// It is back; from the back/forward cache, where another page of this tab may have written on.
    Back {
        /// Whether it comes from the cache.
        is_restored: bool,
    },
    /// Another tab stored something under this key.
    Stored(Option<String>),
    /// The widget was thrown out of the document, and possibly all listeners with it.
    Removed,
}

/// Listens to what happens to the page.
pub(crate) fn listen(
    window: &Window,
    document: &Document,
    say: &Rc<dyn Fn(PageEvent)>,
) -> Vec<Listener> {
    let page = document.clone();
    vec![
        on(document, "visibilitychange", say, move |_| {
            PageEvent::Visible(!page.hidden())
        }),
        on(document, "freeze", say, |_| PageEvent::Frozen),
        on(document, "resume", say, |_| PageEvent::Hint),
        on(window, "online", say, |_| PageEvent::Hint),
        on(window, "pagehide", say, |_| PageEvent::Left),
        on(window, "pageshow", say, |event| PageEvent::Back {
            is_restored: event.unchecked_ref::<PageTransitionEvent>().persisted(),
        }),
        on(window, "storage", say, |event| {
            PageEvent::Stored(event.unchecked_ref::<StorageEvent>().key())
        }),
    ]
}

fn on(
    target: &EventTarget,
    name: &'static str,
    say: &Rc<dyn Fn(PageEvent)>,
    read: impl Fn(Event) -> PageEvent + 'static,
) -> Listener {
    let say = say.clone();
    Listener::new(target, name, move |event| say(read(event)))
}
