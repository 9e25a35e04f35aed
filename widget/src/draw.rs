//! Puts the view onto the page.

use std::rc::Rc;

use web_sys::{Document, HtmlElement};

use crate::page::PageEvent;
use crate::post::{Input, Post};
use crate::sdk::Page as Host;
use crate::view::View;
use crate::watch::Watch;

/// Puts what is visible beside its launcher, and watches that it stays there.
pub(crate) fn draw(
    post: &Rc<Post>,
    document: &Document,
    host: &Host,
    launcher: HtmlElement,
) -> (View, Watch) {
    let view = View::new(
        document.clone(),
        host,
        launcher,
        Post::door(post, Input::Msg),
    );
    let removed = Post::door(post, Input::Page);
    let stay = Watch::removal(host, view.host(), move || removed(PageEvent::Removed));
    (view, stay)
}
