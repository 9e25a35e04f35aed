//! One request that asks whether the server can be reached.

use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::{AbortController, RequestCache, RequestCredentials, RequestInit, Response, Window};

/// A request under way; dropped, it is given up.
pub(crate) struct Reach {
    request: AbortController,
}

impl Reach {
    /// Sends the request; `on_end` is told once whether it was answered, also after a drop. Nothing where
    /// the browser has no such requests.
    pub(crate) fn begin(
        window: &Window,
        url: &str,
        on_end: impl FnOnce(bool) + 'static,
    ) -> Option<Self> {
        let request = AbortController::new().ok()?;
        let options = RequestInit::new();
        options.set_signal(Some(&request.signal()));
        options.set_cache(RequestCache::NoStore);
        // Without credentials it shares no connection with the page, some of which may be dead.
        options.set_credentials(RequestCredentials::Omit);
        let on_end = Closure::once_into_js(move |end: JsValue| {
            // An error has no such field.
            on_end(end.unchecked_ref::<Response>().ok());
        });
        let on_end = on_end.unchecked_ref();
        let end = window.fetch_with_str_and_init(url, &options);
        // Either way the same function is called, once.
        let then = js_sys::Reflect::get(&end, &"then".into()).ok()?;
        let then: js_sys::Function = then.dyn_into().ok()?;
        then.call2(&end, on_end, on_end).ok()?;
        Some(Self { request })
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        self.request.abort();
    }
}
