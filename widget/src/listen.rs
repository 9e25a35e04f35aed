//! Listeners of the browser's events. As in web-sys, but without a way to fail: a target that does not take a listener is none.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget};

#[wasm_bindgen]
extern "C" {
    type Target;
    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add(this: &Target, name: &str, react: &JsValue);
    #[wasm_bindgen(method, js_name = removeEventListener)]
    fn remove(this: &Target, name: &str, react: &JsValue);
}

/// A listener; dropped, it is taken away.
pub(crate) struct Listener {
    target: EventTarget,
    name: &'static str,
    react: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Listens.
    pub(crate) fn new(
        target: &EventTarget,
        name: &'static str,
        react: impl FnMut(Event) + 'static,
    ) -> Self {
        let listener = Self {
            target: target.clone(),
            name,
            react: Closure::new(react),
        };
        listener.renew();
        listener
    }

    /// Listens again where the target has lost its listeners; elsewhere nothing changes.
    pub(crate) fn renew(&self) {
        self.target().add(self.name, self.react.as_ref());
    }

    fn target(&self) -> &Target {
        self.target.unchecked_ref()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.target().remove(self.name, self.react.as_ref());
    }
}
