//! Notices when the page has thrown the widget out: some frameworks own the whole document, and old pages empty
//! it and write another one.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, HtmlElement, MutationObserver, MutationObserverInit};

/// So long after it was thrown out the widget comes back: a page that does so again and again is not fought with
/// at the speed of the processor, and one that is being written has its root by then.
const PAUSE_MS: u32 = 100;

/// Watches whether an element is on the page; dropped, it watches no more.
pub(crate) struct Stay {
    observer: MutationObserver,
    _changed: Closure<dyn FnMut()>,
}

impl Stay {
    /// Watches `host`, a child of the document's root; `on_removed` is told, with a pause, that it is gone.
    ///
    /// # Errors
    /// When the document is empty.
    pub(crate) fn watch(
        document: &Document,
        host: &HtmlElement,
        on_removed: Rc<dyn Fn()>,
    ) -> Result<Self, JsValue> {
        let (page, element) = (document.clone(), host.clone());
        let pause = Rc::new(RefCell::new(None));
        let changed = Closure::<dyn FnMut()>::new(move || {
            let is_gone = !element.is_connected() && page.document_element().is_some();
            if is_gone && pause.borrow().is_none() {
                let on_removed = on_removed.clone();
                let told = Timeout::new(PAUSE_MS, move || on_removed());
                *pause.borrow_mut() = Some(told);
            }
        });
        let observer = MutationObserver::new(changed.as_ref().unchecked_ref())?;
        let children = MutationObserverInit::new();
        children.set_child_list(true);
        let root = document.document_element().ok_or("the document is empty")?;
        observer.observe_with_options(document, &children)?;
        observer.observe_with_options(&root, &children)?;
        Ok(Self {
            observer,
            _changed: changed,
        })
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
