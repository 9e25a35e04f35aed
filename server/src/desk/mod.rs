//! Rules about people's work: what a command may do, when a site is open, who a visitor is. Pure.

mod hours;
mod identity;
mod settings;

use holdfast_protocol::event::{Body, TextError, check_rating, check_text};
use holdfast_protocol::frame::{Rejected, RejectionCode};
use holdfast_protocol::id::{AgentId, EventId};

pub use hours::{Day, Hours, Range, Zone};
pub use identity::{Mismatch, prove};
pub use settings::SiteSettings;

/// What somebody wants done in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Say something; it opens a conversation that was closed.
    Send(String),
    /// Write a note for colleagues.
    Note(String),
    /// Make it one's own, be it free or a colleague's.
    Claim,
    /// Hand it to a colleague.
    Transfer(AgentId),
    /// Close it; whose it is stays, so that it comes back to the same person.
    Close,
}

/// The event that a command of `me` becomes. `is_colleague` says whether somebody works for this site;
/// they need not be here, since what is handed over waits in the log.
///
/// # Errors
/// When it can't be accepted as it stands, in words for its writer.
pub fn decide(
    id: EventId,
    command: Command,
    me: AgentId,
    is_colleague: impl FnOnce(AgentId) -> bool,
) -> Result<Body, Rejected> {
    match command {
        Command::Send(text) => message(id, text),
        Command::Note(text) => checked(id, &text).map(|()| Body::Note { text }),
        Command::Claim => Ok(Body::Assigned { to: me }),
        Command::Transfer(to) if is_colleague(to) => Ok(Body::Assigned { to }),
        Command::Transfer(_) => Err(Rejected {
            id,
            code: RejectionCode::UnknownAgent,
            message: "nobody of that number works for this site; choose one of your colleagues"
                .to_owned(),
        }),
        Command::Close => Ok(Body::Closed {}),
    }
}

/// A message, of a visitor or an agent.
///
/// # Errors
/// When it is blank or too long, in words for its writer.
pub fn message(id: EventId, text: String) -> Result<Body, Rejected> {
    checked(id, &text).map(|()| Body::Message { text })
}

/// A rating of a visitor. A comment that is blank is none.
///
/// # Errors
/// When the score is none, or the comment is too long, in words for its writer.
pub fn rating(id: EventId, score: u32, comment: Option<String>) -> Result<Body, Rejected> {
    let comment = comment.filter(|comment| !comment.trim().is_empty());
    check_rating(score, comment.as_deref())
        .map(|()| Body::Rated { score, comment })
        .map_err(|error| rejected(id, &error))
}

/// The rejection of a command for a conversation that is not there.
#[must_use]
pub fn unknown_conversation(id: EventId) -> Rejected {
    Rejected {
        id,
        code: RejectionCode::UnknownConversation,
        message: "there is no such conversation on this site; one begins with the visitor's first message".to_owned(),
    }
}

fn checked(id: EventId, text: &str) -> Result<(), Rejected> {
    check_text(text).map_err(|error| rejected(id, &error))
}

fn rejected(id: EventId, error: &TextError) -> Rejected {
    Rejected {
        id,
        code: match error {
            TextError::Blank => RejectionCode::Blank,
            TextError::TooLong(_) => RejectionCode::TooLong,
            TextError::Score(_) => RejectionCode::BadScore,
        },
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: AgentId = AgentId(1);
    const ID: EventId = EventId(9);

    fn code(command: Command) -> Result<Body, RejectionCode> {
        decide(ID, command, ME, |agent| agent == AgentId(2)).map_err(|rejected| rejected.code)
    }

    #[test]
    fn commands_become_events() {
        assert_eq!(code(Command::Claim), Ok(Body::Assigned { to: ME }));
        let to = AgentId(2);
        assert_eq!(code(Command::Transfer(to)), Ok(Body::Assigned { to }));
        assert_eq!(code(Command::Close), Ok(Body::Closed {}));
        let text = "hm".to_owned();
        assert_eq!(code(Command::Note(text.clone())), Ok(Body::Note { text }));
    }

    #[test]
    fn a_rating_has_a_score_and_perhaps_words() {
        let rated = |score, comment: &str| {
            let rated = rating(ID, score, Some(comment.to_owned()));
            rated.map_err(|rejected| rejected.code)
        };
        let (score, comment) = (5, None);
        assert_eq!(rated(5, " "), Ok(Body::Rated { score, comment }));
        assert_eq!(rated(0, "bad"), Err(RejectionCode::BadScore));
        assert_eq!(rated(6, "good"), Err(RejectionCode::BadScore));
        assert_eq!(rated(1, &"x".repeat(9000)), Err(RejectionCode::TooLong));
    }

    #[test]
    fn what_cannot_be_accepted_is_rejected() {
        assert_eq!(
            code(Command::Transfer(AgentId(3))),
            Err(RejectionCode::UnknownAgent)
        );
        assert_eq!(
            code(Command::Send(" ".to_owned())),
            Err(RejectionCode::Blank)
        );
        assert_eq!(
            code(Command::Note("x".repeat(9000))),
            Err(RejectionCode::TooLong)
        );
    }
}
