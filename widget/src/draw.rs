//! Puts the view onto the page.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::{Document, HtmlElement};

use crate::page::PageEvent;
use crate::post::{Input, Post};
use crate::sdk::Page as Host;
use crate::stay::Stay;
use crate::view::View;

/// Puts what is visible beside its launcher, and watches that it stays there.
pub(crate) fn draw(
    post: &Rc<Post>,
    document: &Document,
    host: &Host,
    launcher: HtmlElement,
) -> Result<(View, Stay), JsValue> {
    let view = View::new(
        document.clone(),
        host,
        launcher,
        Post::door(post, Input::Msg),
    )?;
    let removed = Post::door(post, Input::Page);
    let on_removed = Rc::new(move || removed(PageEvent::Removed));
    let stay = Stay::watch(document, view.host(), on_removed)?;
    Ok((view, stay))
}
