//! What the widget begins with: what was kept, and what the page is.

use holdfast_protocol::client::{Client, Visitor, VisitorGreeting};
use holdfast_protocol::event::{Page, cut};
use holdfast_protocol::limits;
use web_sys::{Document, Window};

use crate::app::Model;
use crate::clock;
use crate::keep::Keep;
use crate::options::Options;
use crate::sdk::Page as Host;

/// The model and the client as they were when the tab's state was saved, or new ones.
pub(crate) fn restore(
    keep: &mut Keep,
    options: &Options,
    host: &Host,
    window: &Window,
    document: &Document,
) -> (Model, Client<Visitor>) {
    let (state, token) = keep.load();
    let person = keep.person();
    let (mut model, saved) = state.restore(token.as_deref(), person.who.as_deref());
    model.is_visible = !document.hidden();
    let mut greeting = greeting(options, host);
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
fn greeting(options: &Options, host: &Host) -> VisitorGreeting {
    let locale = host.option("language");
    VisitorGreeting {
        site: options.site.clone(),
        token: None,
        page: Some(Page::new(&host.option("address"), &host.option("title"))),
        locale: Some(cut(&locale, limits::LOCALE_BYTES).to_owned())
            .filter(|locale| !locale.is_empty()),
        ..VisitorGreeting::default()
    }
}
