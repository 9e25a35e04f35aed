//! What the widget knows and how it changes: pure, so that every behaviour can be tested without a browser.

#[cfg(test)]
pub(crate) mod fixture;
mod hear;
mod model;
mod news;
#[cfg(test)]
mod news_tests;
mod rest;
mod rows;
mod saved;
#[cfg(test)]
mod tests;
mod transcript;
mod typing;

use holdfast_protocol::client::{ClientEvent, SendError, Status, Visitor};
use holdfast_protocol::event::{TextError, check_text, cut};
use holdfast_protocol::frame::VisitorUp;
use holdfast_protocol::id::EventId;
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;

use crate::texts::Text;

pub use model::{Model, Place};
pub use news::{News, Note};
pub use rows::{Key, Line, Rating, Row, State, rows};
pub use saved::{SavedTab, SavedTabRef};
pub use transcript::Transcript;

/// What happened.
#[cfg_attr(
    not(target_family = "wasm"),
    expect(
        clippy::large_enum_variant,
        reason = "there is one at a time, a box would be more to download, and it is small where it runs"
    )
)]
#[derive(Debug)]
pub enum Msg {
    /// The launcher was pressed, and this is whether the visitor saw an open panel when the press began: between
    /// press and click the widget may take the launcher over, and restore an open panel.
    Press(bool),
    /// A script of the page asks for the panel's other state.
    Toggle {
        /// Whether the visitor has just done something, and the focus may follow.
        is_by_person: bool,
    },
    /// A script of the page opens the panel.
    Open {
        /// As in [`Msg::Toggle`].
        is_by_person: bool,
    },
    /// The panel's close button, Escape, or a script of the page.
    Close,
    /// A script of the page shows the launcher, or puts it and the panel away.
    Launcher(bool),
    /// A script of the page writes into the composer.
    Prefill(String),
    /// A script of the page sends a message of the visitor's.
    Say(String),
    /// The outbox did not take what a script sent.
    NotSaid(String, SendError),
    /// The composer's text changed.
    Drafted(String),
    /// Enter, or the send button.
    Submit,
    /// The visitor says how content they were: a score, and their own words, which may be none.
    Rate(u32, String),
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
    /// The pointer or the focus has come to the launcher.
    Reached,
    /// The page was shown or hidden.
    Visible(bool),
    /// It is time to show what was typed since it was shown last.
    PreviewDue,
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
    /// Put a script's message into the outbox; answered by [`Msg::NotSaid`] where it is not taken.
    Say(String),
    /// Put a rating into the outbox.
    Rate(u32, Option<String>),
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
    /// Say [`Msg::PreviewDue`] after this span.
    AwaitPreview(Millis),
    /// The server does not take the visitor's identity: do not keep it for the next page.
    Distrust,
    /// Tell the site's owner, in the console.
    TellOwner(String),
    /// Tell the page's scripts.
    Tell(News),
    /// Tell them of a rejected message, which is in the outbox.
    TellFailed(EventId),
    /// Have a new message read out to those who hear the page.
    Announce(Note),
}

/// What the view is to do beside showing the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Move the focus into the composer.
    FocusComposer,
    /// Move the focus to the list, as what had it leaves the page. It opens no phone's keyboard.
    FocusList,
    /// Move the focus, if the panel has it, to where it was before.
    FocusBack,
    /// Show the newest message.
    End,
}

/// Changes the model, and says what is to be done about it. `now` is of a clock that never runs
/// backwards.
#[must_use]
pub fn update(model: &mut Model, msg: Msg, now: Millis) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Press(was_open) => press(model, was_open, &mut effects),
        Msg::Toggle { is_by_person } => set_open(model, !model.is_open, is_by_person, &mut effects),
        Msg::Open { is_by_person } => set_open(model, true, is_by_person, &mut effects),
        Msg::Close => set_open(model, false, true, &mut effects),
        Msg::Launcher(is_shown) => {
            model.is_launcher_hidden = !is_shown;
            if !is_shown {
                set_open(model, false, true, &mut effects);
            }
        }
        Msg::Prefill(text) => prefill(model, text, &mut effects),
        Msg::Say(text) => effects.push(Effect::Say(text.trim_end().to_owned())),
        Msg::NotSaid(text, error) => {
            effects.push(Effect::Tell(News::NotSaid(text, reason(error))));
        }
        Msg::Drafted(text) => {
            model.draft = text;
            model.is_outbox_full = false;
            effects.push(Effect::SaveSoon);
            typing::drafted(model, now, &mut effects);
        }
        Msg::Submit => submit(model, &mut effects),
        Msg::Rate(score, words) => {
            let words = words.trim();
            let words = (!words.is_empty()).then(|| cut(words, limits::TEXT_BYTES).to_owned());
            effects.push(Effect::Rate(score, words));
        }
        Msg::Accepted => {
            model.draft.clear();
            typing::stop(model, &mut effects);
            model.place = Place::End;
            effects.push(Effect::Show(Show::End));
        }
        Msg::NotTaken(error) => model.is_outbox_full = error == SendError::Full,
        Msg::Returned(text) => {
            let separator = if model.draft.is_empty() { "" } else { "\n" };
            model.draft = [text.as_str(), separator, &model.draft].concat();
            effects.push(Effect::Show(Show::FocusComposer));
            effects.push(Effect::Save);
        }
        Msg::Retry(id) => effects.extend([Effect::Retry(id), Effect::Show(Show::FocusList)]),
        Msg::Edit(id) => effects.push(Effect::Edit(id)),
        Msg::Discard(id) => effects.extend([Effect::Discard(id), Effect::Show(Show::FocusList)]),
        Msg::Scrolled(place) => scroll(model, place, &mut effects),
        Msg::Resized => {}
        Msg::Reached => model.is_reached = true,
        Msg::Jump => {
            model.place = Place::End;
            effects.push(Effect::Show(Show::End));
            effects.push(Effect::Show(Show::FocusComposer));
        }
        Msg::Visible(is_visible) => {
            model.is_visible = is_visible;
            if !is_visible {
                effects.push(Effect::Save);
            }
        }
        Msg::PreviewDue => typing::preview_due(model, now, &mut effects),
        Msg::TypingOver => model.typing = None,
        Msg::Client(event) => hear::hear(model, event, &mut effects),
    }
    report_progress(model, &mut effects);
    effects
}

fn set_open(model: &mut Model, is_open: bool, is_by_person: bool, effects: &mut Vec<Effect>) {
    if model.is_open == is_open {
        return;
    }
    model.is_open = is_open;
    if !is_open {
        effects.push(Effect::Show(Show::FocusBack));
    } else if is_by_person {
        effects.push(Effect::Show(Show::FocusComposer));
    }
    effects.push(Effect::Save);
}

fn press(model: &mut Model, was_open: bool, effects: &mut Vec<Effect>) {
    if !was_open && model.is_open {
        effects.push(Effect::Show(Show::FocusComposer));
    }
    set_open(model, !was_open, true, effects);
}

/// Why the outbox does not take something.
fn reason(error: SendError) -> Text {
    match error {
        SendError::Full => Text::OutboxFull,
        SendError::Text(TextError::TooLong(_)) => Text::TooLong,
        // A rating is never out of its range, which leaves its words.
        SendError::Text(TextError::Blank | TextError::Score(_)) => Text::Blank,
    }
}

/// A script's words are no typing, and never take the place of what the visitor has written.
fn prefill(model: &mut Model, text: String, effects: &mut Vec<Effect>) {
    if model.draft.trim().is_empty() {
        model.draft = text;
        effects.push(Effect::SaveSoon);
    }
}

fn submit(model: &mut Model, effects: &mut Vec<Effect>) {
    // A draft that is too long stays where it is; the counter under it says by how much.
    if check_text(&model.draft).is_ok() {
        effects.push(Effect::Send(model.draft.trim_end().to_owned()));
    }
}

fn scroll(model: &mut Model, place: Place, effects: &mut Vec<Effect>) {
    // The end of what is on the page may not be that of the conversation.
    let place = if place == Place::End && !model.transcript.shows_end() {
        Place::At {
            from_end: 0,
            is_near_top: false,
            is_near_end: true,
        }
    } else if model.place == place {
        return;
    } else {
        place
    };
    model.place = place;
    effects.push(Effect::SaveSoon);
    if let Place::At {
        is_near_top,
        is_near_end,
        ..
    } = place
    {
        if is_near_top {
            model.transcript.move_up();
            ask_older(model, effects);
        } else if is_near_end {
            model.transcript.move_down();
        }
    }
}

fn ask_older(model: &mut Model, effects: &mut Vec<Effect>) {
    if !model.is_loading
        && model.status == Status::Online
        && let Some(before) = model.transcript.older()
    {
        model.is_loading = true;
        effects.push(Effect::Transmit(VisitorUp::History { before }));
    }
}

/// What follows from every change: what is in sight is read, and the server and the connection hear
/// what has changed.
fn report_progress(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.place == Place::End {
        model.transcript.show_end();
    }
    let is_looking = model.is_open && model.is_visible;
    let is_at_end = is_looking && model.place == Place::End;
    if !is_at_end && model.unread() > 0 {
        model.divider = Some(model.read);
    } else if !is_looking {
        model.divider = None;
    }
    if model.is_looking != is_looking {
        model.is_looking = is_looking;
        effects.push(Effect::Look(is_looking));
    }
    if is_at_end {
        model.transcript.let_go();
        model.read = model.read.max(model.transcript.last());
    }
    let seen = model.seen();
    if model.status == Status::Online && seen.delivered > 0 && model.reported != Some(seen) {
        model.reported = Some(seen);
        effects.push(Effect::Transmit(VisitorUp::Seen(seen)));
    }
    news::standing(model, effects);
}
