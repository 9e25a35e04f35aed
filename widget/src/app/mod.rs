//! What the widget knows and how it changes: pure, so that every behaviour can be tested without a browser.

#[cfg(test)]
pub(crate) mod fixture;
mod model;
mod rows;
mod saved;
#[cfg(test)]
mod tests;
mod transcript;

use holdfast_protocol::client::{ClientEvent, SendError, Status, Visitor, VisitorNews};
use holdfast_protocol::event::{Author, VisitorEvent, check_text};
use holdfast_protocol::frame::{Typing, VisitorUp, VisitorWelcome};
use holdfast_protocol::id::EventId;
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

pub use model::{Model, Place};
pub use rows::{Key, Line, Row, State, rows};
pub use saved::{SavedTab, SavedTabRef};
pub use transcript::Transcript;

/// What happened.
#[derive(Debug)]
pub enum Msg {
    /// The launcher was pressed.
    Toggle,
    /// The panel's close button, or Escape.
    Close,
    /// The composer's text changed.
    Drafted(String),
    /// Enter, or the send button.
    Submit,
    /// The draft is in the outbox.
    Accepted,
    /// The outbox did not take the draft.
    NotTaken(SendError),
    /// A rejected message's text comes back to be edited.
    Returned(String),
    /// A button of a rejected message.
    Retry(EventId),
    /// A button of a rejected message.
    Edit(EventId),
    /// A button of a rejected message.
    Discard(EventId),
    /// The list was scrolled.
    Scrolled(Place),
    /// The list has another size; what is in sight follows from the place that is known.
    Resized,
    /// The button that leads to the newest message.
    Jump,
    /// The page was shown or hidden.
    Visible(bool),
    /// An agent's "is typing" has not been said again in time.
    TypingOver,
    /// The connection has something to say.
    Client(ClientEvent<Visitor>),
}

/// What is to be done, in this order.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Put a message into the outbox; answered by [`Msg::Accepted`] or [`Msg::NotTaken`].
    Send(String),
    /// Send a rejected message again.
    Retry(EventId),
    /// Take a rejected message out; answered by [`Msg::Returned`].
    Edit(EventId),
    /// Forget a rejected message.
    Discard(EventId),
    /// Send a frame that may be lost.
    Transmit(VisitorUp),
    /// Tell the connection whether a person looks at the conversation.
    Look(bool),
    /// Change something of the view that is not part of the model, once it shows the model.
    Show(Show),
    /// Save the tab's state now.
    Save,
    /// Save the tab's state before long.
    SaveSoon,
    /// Say [`Msg::TypingOver`] after this span.
    AwaitTyping(Millis),
    /// Tell the site's owner, in the console.
    TellOwner(String),
}

/// What the view is to do beside showing the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Move the focus into the composer.
    FocusComposer,
    /// Move the focus to the launcher.
    FocusLauncher,
    /// Show the newest message.
    End,
}

/// Changes the model, and says what is to be done about it. `now` is of a clock that never runs
/// backwards.
#[must_use]
pub fn update(model: &mut Model, msg: Msg, now: Millis) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Toggle => set_open(model, !model.is_open, &mut effects),
        Msg::Close => set_open(model, false, &mut effects),
        Msg::Drafted(text) => draft(model, text, now, &mut effects),
        Msg::Submit => submit(model, &mut effects),
        Msg::Accepted => {
            model.draft.clear();
            stop_typing(model, &mut effects);
            model.place = Place::End;
            effects.push(Effect::Show(Show::End));
        }
        Msg::NotTaken(error) => model.is_outbox_full = error == SendError::Full,
        Msg::Returned(text) => {
            let separator = if model.draft.is_empty() { "" } else { "\n" };
            model.draft = [text.as_str(), separator, &model.draft].concat();
            effects.extend([Effect::Show(Show::FocusComposer), Effect::Save]);
        }
        Msg::Retry(id) => effects.push(Effect::Retry(id)),
        Msg::Edit(id) => effects.push(Effect::Edit(id)),
        Msg::Discard(id) => effects.push(Effect::Discard(id)),
        Msg::Scrolled(place) => scroll(model, place, &mut effects),
        Msg::Resized => {}
        Msg::Jump => {
            model.place = Place::End;
            effects.extend([Show::End, Show::FocusComposer].map(Effect::Show));
        }
        Msg::Visible(is_visible) => {
            model.is_visible = is_visible;
            if !is_visible {
                effects.push(Effect::Save);
            }
        }
        Msg::TypingOver => model.typing = None,
        Msg::Client(event) => hear(model, event, &mut effects),
    }
    report_progress(model, &mut effects);
    effects
}

fn set_open(model: &mut Model, is_open: bool, effects: &mut Vec<Effect>) {
    if model.is_open == is_open {
        return;
    }
    model.is_open = is_open;
    effects.push(Effect::Show(if is_open {
        Show::FocusComposer
    } else {
        Show::FocusLauncher
    }));
    effects.push(Effect::Save);
}

fn draft(model: &mut Model, text: String, now: Millis, effects: &mut Vec<Effect>) {
    model.draft = text;
    model.is_outbox_full = false;
    effects.push(Effect::SaveSoon);
    if model.draft.trim().is_empty() {
        stop_typing(model, effects);
    } else if model
        .said_typing
        .is_none_or(|said| now.since(said) >= limits::TYPING_PAUSE)
    {
        model.said_typing = Some(now);
        effects.push(typing(true));
    }
}

fn stop_typing(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.said_typing.take().is_some() {
        effects.push(typing(false));
    }
}

fn typing(active: bool) -> Effect {
    Effect::Transmit(VisitorUp::Typing(Typing {
        conversation: None,
        active,
        name: None,
    }))
}

fn submit(model: &mut Model, effects: &mut Vec<Effect>) {
    // A draft that is too long stays where it is; the counter under it says by how much.
    if check_text(&model.draft).is_ok() {
        effects.push(Effect::Send(model.draft.trim_end().to_owned()));
    }
}

fn scroll(model: &mut Model, place: Place, effects: &mut Vec<Effect>) {
    if model.place == place {
        return;
    }
    model.place = place;
    effects.push(Effect::SaveSoon);
    let is_near_top = matches!(
        place,
        Place::At {
            is_near_top: true,
            ..
        }
    );
    if is_near_top
        && !model.is_loading
        && model.status == Status::Online
        && let Some(before) = model.transcript.older()
    {
        model.is_loading = true;
        effects.push(Effect::Transmit(VisitorUp::History { before }));
    }
}

fn hear(model: &mut Model, event: ClientEvent<Visitor>, effects: &mut Vec<Effect>) {
    match event {
        ClientEvent::Status(status) => {
            if let Status::Refused(refusal) = &status {
                effects.push(Effect::TellOwner(refusal.message.clone()));
            }
            if !matches!(status, Status::Online | Status::Doubtful) {
                // Who was there when the line broke says nothing about who is there now.
                model.typing = None;
                model.staff = None;
            }
            model.status = status;
        }
        ClientEvent::Welcomed { welcome, restart } => welcomed(model, welcome, restart),
        ClientEvent::Events { events, .. } => {
            if events.iter().any(is_from_agent) {
                model.typing = None;
            }
            model.transcript.append(events);
        }
        // The outbox, which the view reads, says all about it.
        ClientEvent::Rejected(_) => {}
        ClientEvent::News(news) => hear_news(model, news, effects),
    }
}

fn welcomed(model: &mut Model, welcome: VisitorWelcome, restart: bool) {
    if restart {
        model.transcript = Transcript::default();
        model.place = Place::End;
        model.read = 0;
        model.agents = welcome.receipt;
    }
    model.is_loading = false;
    model.typing = None;
    model.staff = Some(welcome.staff);
    model.read = model.read.max(welcome.seen.read);
    model.agents = model.agents.max(welcome.receipt);
    // Receipts are lossy: what was said on the line before may not have arrived.
    model.reported = None;
}

fn hear_news(model: &mut Model, news: VisitorNews, effects: &mut Vec<Effect>) {
    match news {
        VisitorNews::History { events, more } => {
            model.is_loading = false;
            model.transcript.prepend(events, more);
        }
        VisitorNews::Receipt(receipt) => model.agents = model.agents.max(receipt),
        VisitorNews::Typing(said) => {
            model.typing = said.active.then(|| said.name.unwrap_or_default());
            if said.active {
                effects.push(Effect::AwaitTyping(limits::TYPING_LIFE));
            }
        }
        VisitorNews::Staff(staff) => model.staff = Some(staff),
    }
}

/// What follows from every change: what is in sight is read, and the server and the connection hear
/// what has changed.
fn report_progress(model: &mut Model, effects: &mut Vec<Effect>) {
    let is_looking = model.is_open && model.is_visible;
    if model.is_looking != is_looking {
        model.is_looking = is_looking;
        effects.push(Effect::Look(is_looking));
    }
    if is_looking && model.place == Place::End {
        model.read = model.read.max(model.transcript.last());
    }
    let seen = model.seen();
    if model.status == Status::Online && seen.delivered > 0 && model.reported != Some(seen) {
        model.reported = Some(seen);
        effects.push(Effect::Transmit(VisitorUp::Seen(seen)));
    }
}

fn is_from_agent(event: &VisitorEvent) -> bool {
    matches!(event.author, Author::Agent { .. })
}
