//! One request that asks whether the server can be reached.

use wasm_bindgen::closure::Closure;
use web_sys::AbortController;

use crate::sdk::Page;

/// A request under way; dropped, it is given up.
pub(crate) struct Reach {
    request: AbortController,
}

impl Reach {
    /// Sends the request; `on_end` is told once whether it was answered, also after a drop. Nothing where
    /// the page lets nobody ask.
    pub(crate) fn begin(
        page: &Page,
        url: &str,
        on_end: impl FnOnce(bool) + 'static,
    ) -> Option<Self> {
        let on_end = Closure::once_into_js(on_end);
        let request = page.reach(url, &on_end).ok()?;
        Some(Self { request })
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        self.request.abort();
    }
}
