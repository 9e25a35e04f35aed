//! What the widget begins with: what was kept, and what the page is.

use holdfast_protocol::client::{Client, Visitor, VisitorGreeting};
use holdfast_protocol::event::{Page, cut};
use holdfast_protocol::limits;
use web_sys::{Document, Window};

use crate::app::Model;
use crate::clock;
use crate::keep::Keep;
use crate::options::Options;

/// The model and the client as they were when the tab's state was saved, or new ones.
pub(crate) fn restore(
    keep: &mut Keep,
    options: &Options,
    window: &Window,
    document: &Document,
) -> (Model, Client<Visitor>) {
    let (state, token) = keep.load();
    let person = keep.person();
    let (mut model, saved) = state.restore(token.as_deref(), person.who.as_deref());
    model.is_visible = !document.hidden();
    let mut greeting = greeting(options, window, document);
    greeting.token = token;
    person.greet(&mut greeting);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "half of the random bits are plenty"
    )]
    let seed = clock::random(window) as u64;
    (
        model,
        Client::new(greeting, saved, seed, clock::monotonic(window)),
    )
}

/// What the server is told of the page.
fn greeting(options: &Options, window: &Window, document: &Document) -> VisitorGreeting {
    let address = window.location().href().unwrap_or_default();
    VisitorGreeting {
        site: options.site.clone(),
        token: None,
        page: Some(Page::new(&address, &document.title())),
        locale: window
            .navigator()
            .language()
            .map(|tag| cut(&tag, limits::LOCALE_BYTES).to_owned()),
        ..VisitorGreeting::default()
    }
}
