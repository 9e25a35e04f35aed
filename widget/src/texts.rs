//! Everything that a visitor reads, in one place.

use holdfast_protocol::limits;

/// The panel's accessible name.
pub const PANEL: &str = "Chat";
/// The header while nobody's name is known.
pub const TITLE: &str = "Chat with us";
/// Under the title while the one who answers is there.
pub const STAFF_HERE: &str = "Online now";
/// Under the title while the one who answered is away, and others are there.
pub const STAFF_OTHERS: &str = "Away. A colleague is online.";
/// Under the title while nobody is there.
pub const STAFF_AWAY: &str = "Away. We will answer you here.";
/// Under the title before the server has said who is there.
pub const STAFF_UNKNOWN: &str = "We are glad to help";
/// The first line of an empty conversation.
pub const GREETING: &str = "Hello!";
/// The second line of an empty conversation.
pub const INVITATION: &str = "Ask us anything. The conversation stays with you from page to page.";
/// The composer while it is empty.
pub const PLACEHOLDER: &str = "Write a message…";
/// The button that opens the panel.
pub const OPEN: &str = "Open chat";
/// The buttons that close the panel.
pub const CLOSE: &str = "Close chat";
/// The button that sends.
pub const SEND: &str = "Send";
/// The button that leads to messages below.
pub const NEW_MESSAGES: &str = "New messages";
/// Leads to the newest message where nothing is new.
pub const NEWEST: &str = "Newest messages";
/// The list's accessible name.
pub const LIST: &str = "Messages";
/// While older messages are on their way.
pub const LOADING: &str = "Loading older messages…";
/// A message that the server does not have yet.
pub const WAITING: &str = "Waiting";
/// A message that the server has.
pub const SENT: &str = "Sent";
/// A message that an agent's screen has.
pub const DELIVERED: &str = "Delivered";
/// A message that an agent has seen.
pub const READ: &str = "Read";
/// A message that was not accepted.
pub const FAILED: &str = "Not sent:";
/// Sends a rejected message again.
pub const RETRY: &str = "Retry";
/// Puts a rejected message back into the composer.
pub const EDIT: &str = "Edit";
/// Throws a rejected message away.
pub const DISCARD: &str = "Discard";
/// The heading of today's messages.
pub const TODAY: &str = "Today";
/// The heading of yesterday's messages.
pub const YESTERDAY: &str = "Yesterday";
/// The mark of a closed conversation.
pub const CLOSED: &str = "The conversation was closed. Write to open it again.";
/// The name of an agent who has none.
pub const AGENT: &str = "Support";
/// The visitor, for those who hear the list.
pub const YOU: &str = "You";
/// The line is being made for the first time.
pub const CONNECTING: &str = "Connecting…";
/// The line is gone.
pub const OFFLINE: &str = "No connection. Your messages are kept and will be sent.";
/// The server said that it restarts.
pub const RESTARTING: &str = "The server is restarting. Your messages are kept and will be sent.";
/// The tag names a site that the server does not have.
pub const UNKNOWN_SITE: &str = "This chat is not set up: unknown site.";
/// Widget and server speak different versions.
pub const OUTDATED: &str = "This chat was updated. Please reload the page.";
/// The server takes nobody in for now.
pub const FULL: &str =
    "Many people are writing to us just now. Your messages are kept and will be sent.";
/// More is waiting than is kept.
pub const OUTBOX_FULL: &str =
    "Too many messages are waiting for a connection. Yours stays here until some are sent.";

/// The launcher's label with unread messages.
#[must_use]
pub fn open_unread(count: usize) -> String {
    let noun = if count == 1 { "message" } else { "messages" };
    [OPEN, ", ", &count.to_string(), " unread ", noun].concat()
}

/// Who is typing.
#[must_use]
pub fn typing(name: &str) -> String {
    [name, " is typing…"].concat()
}

/// How much may still be written, or by how much it is too much.
#[must_use]
pub fn room(bytes: usize) -> String {
    match limits::TEXT_BYTES.checked_sub(bytes) {
        Some(left) => [&left.to_string(), " characters left"].concat(),
        None => [
            &(bytes - limits::TEXT_BYTES).to_string(),
            " characters too many",
        ]
        .concat(),
    }
}
