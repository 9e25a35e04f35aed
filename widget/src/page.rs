//! What happens to the page around the widget.

use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Event, EventTarget, PageTransitionEvent, StorageEvent, Window};

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
}

/// Listens for as long as the page lives.
pub(crate) fn listen(
    window: &Window,
    document: &Document,
    say: &Rc<dyn Fn(PageEvent)>,
) -> Result<(), JsValue> {
    let page = document.clone();
    on(document, "visibilitychange", say, move |_| {
        PageEvent::Visible(!page.hidden())
    })?;
    on(document, "freeze", say, |_| PageEvent::Frozen)?;
    on(document, "resume", say, |_| PageEvent::Hint)?;
    on(window, "online", say, |_| PageEvent::Hint)?;
    on(window, "pagehide", say, |_| PageEvent::Left)?;
    on(window, "pageshow", say, |event| PageEvent::Back {
        is_restored: event.unchecked_ref::<PageTransitionEvent>().persisted(),
    })?;
    on(window, "storage", say, |event| {
        PageEvent::Stored(event.unchecked_ref::<StorageEvent>().key())
    })
}

fn on(
    target: &EventTarget,
    name: &str,
    say: &Rc<dyn Fn(PageEvent)>,
    read: impl Fn(Event) -> PageEvent + 'static,
) -> Result<(), JsValue> {
    let say = say.clone();
    let listener = Closure::<dyn FnMut(Event)>::new(move |event| say(read(event)));
    target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref())?;
    listener.forget();
    Ok(())
}
