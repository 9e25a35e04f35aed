//! The browser's observers, which `www/browser.js` makes: there they take fewer words.

use wasm_bindgen::closure::Closure;
use web_sys::HtmlElement;

use crate::sdk::{Observer, Page};

/// What is observed; dropped, it is observed no more.
pub(crate) struct Watch {
    observer: Observer,
    _react: Closure<dyn FnMut()>,
}

impl Watch {
    /// Whether the page has thrown out `host`, a child of the document's root: `react` is called, with a pause, when it is
    /// gone.
    pub(crate) fn removal(page: &Page, host: &HtmlElement, react: impl FnMut() + 'static) -> Self {
        let react = Closure::<dyn FnMut()>::new(react);
        Self {
            observer: page.stays(host, react.as_ref()),
            _react: react,
        }
    }

    /// The size of an element: `react` is called when it is another one, and at the beginning.
    pub(crate) fn size(page: &Page, element: &HtmlElement, react: impl FnMut() + 'static) -> Self {
        let react = Closure::<dyn FnMut()>::new(react);
        Self {
            observer: page.resizes(element, react.as_ref()),
            _react: react,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
