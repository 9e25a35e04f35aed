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
    /// The widget was thrown out of the document, and possibly all listeners with it.
    Removed,
}

/// The listeners on the page; dropped, they are taken away.
pub(crate) struct Listeners(Vec<Listener>);

struct Listener {
    target: EventTarget,
    name: &'static str,
    react: Closure<dyn FnMut(Event)>,
}

impl Listeners {
    /// Listens again where the document has lost its listeners; elsewhere nothing changes.
    pub(crate) fn renew(&self) {
        for listener in &self.0 {
            // Fails for no target that took it before.
            let _ = listener.add();
        }
    }
}

impl Listener {
    fn add(&self) -> Result<(), JsValue> {
        let react = self.react.as_ref().unchecked_ref();
        self.target
            .add_event_listener_with_callback(self.name, react)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let react = self.react.as_ref().unchecked_ref();
        // Fails for no target that took it.
        let _ = self
            .target
            .remove_event_listener_with_callback(self.name, react);
    }
}

/// Listens to what happens to the page.
pub(crate) fn listen(
    window: &Window,
    document: &Document,
    say: &Rc<dyn Fn(PageEvent)>,
) -> Result<Listeners, JsValue> {
    let page = document.clone();
    Ok(Listeners(vec![
        on(document, "visibilitychange", say, move |_| {
            PageEvent::Visible(!page.hidden())
        })?,
        on(document, "freeze", say, |_| PageEvent::Frozen)?,
        on(document, "resume", say, |_| PageEvent::Hint)?,
        on(window, "online", say, |_| PageEvent::Hint)?,
        on(window, "pagehide", say, |_| PageEvent::Left)?,
        on(window, "pageshow", say, |event| PageEvent::Back {
            is_restored: event.unchecked_ref::<PageTransitionEvent>().persisted(),
        })?,
        on(window, "storage", say, |event| {
            PageEvent::Stored(event.unchecked_ref::<StorageEvent>().key())
        })?,
    ]))
}

fn on(
    target: &EventTarget,
    name: &'static str,
    say: &Rc<dyn Fn(PageEvent)>,
    read: impl Fn(Event) -> PageEvent + 'static,
) -> Result<Listener, JsValue> {
    let say = say.clone();
    let react = Closure::<dyn FnMut(Event)>::new(move |event| say(read(event)));
    let target = target.clone();
    let listener = Listener {
        target,
        name,
        react,
    };
    listener.add()?;
    Ok(listener)
}
