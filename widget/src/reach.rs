//! One request that asks whether the server can be reached.

use wasm_bindgen::closure::Closure;
use web_sys::AbortController;

use crate::sdk::Page;

/// A request under way; dropped, it is given up.
pub(crate) struct Reach {
    request: AbortController,
    _ended: Closure<dyn FnMut(bool)>,
}

impl Reach {
    /// Sends the request; `on_end` is told once whether it was answered, but not after a drop. Nothing where
    /// the page lets nobody ask.
    pub(crate) fn begin(page: &Page, url: &str, on_end: impl Fn(bool) + 'static) -> Option<Self> {
        let ended = Closure::<dyn FnMut(bool)>::new(on_end);
        let request = page.reach(url, ended.as_ref()).ok()?;
        Some(Self {
            request,
            _ended: ended,
        })
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        self.request.abort();
    }
}
