//! Everything that a visitor reads, by name. The words themselves are in `www/locales`, one file per language.

/// Something that a visitor reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The panel's accessible name.
    Panel,
    /// The header while nobody's name is known.
    Title,
    /// Under the title while the one who answers is there.
    StaffHere,
    /// Under the title while the one who answered is away, and others are there.
    StaffOthers,
    /// Under the title while nobody is there.
    StaffAway,
    /// The same, with the time at which somebody will be.
    StaffBack,
    /// Under the title before the server has said who is there.
    StaffUnknown,
    /// The first line of an empty conversation.
    Greeting,
    /// The second line of an empty conversation.
    Invitation,
    /// The composer while it is empty.
    Placeholder,
    /// The button that opens the panel.
    Open,
    /// The same with a number of unread messages.
    OpenUnread,
    /// The buttons that close the panel.
    Close,
    /// The button that sends.
    Send,
    /// The button that leads to messages below.
    NewMessages,
    /// Leads to the newest message where nothing is new.
    Newest,
    /// The list's accessible name.
    List,
    /// While older messages are on their way.
    Loading,
    /// A message that the server does not have yet.
    Waiting,
    /// A message that the server has.
    Sent,
    /// A message that an agent's screen has.
    Delivered,
    /// A message that an agent has seen.
    Read,
    /// A message that was not accepted.
    Failed,
    /// Why: nothing but white space.
    Blank,
    /// Why: over the limit.
    TooLong,
    /// Sends a rejected message again.
    Retry,
    /// Puts a rejected message back into the composer.
    Edit,
    /// Throws a rejected message away.
    Discard,
    /// The mark of a closed conversation.
    Closed,
    /// The mark of a rating.
    Rated,
    /// The name of an agent who has none.
    Agent,
    /// The visitor, for those who hear the list.
    You,
    /// Who is typing, by name.
    Typing,
    /// How much may still be written.
    RoomLeft,
    /// By how much it is too much.
    RoomOver,
    /// Under the composer where agents see what is typed.
    Preview,
    /// The line is being made for the first time.
    Connecting,
    /// The line is gone.
    Offline,
    /// The server said that it restarts.
    Restarting,
    /// The tag names a site that the server does not have.
    UnknownSite,
    /// The server does not take the visitor's identity.
    BadIdentity,
    /// Widget and server speak different versions.
    Outdated,
    /// The server takes nobody in for now.
    Full,
    /// More is waiting than is kept.
    OutboxFull,
}

impl Text {
    /// Its name in the files of `www/locales`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Panel => "panel",
            Self::Title => "title",
            Self::StaffHere => "staffHere",
            Self::StaffOthers => "staffOthers",
            Self::StaffAway => "staffAway",
            Self::StaffBack => "staffBack",
            Self::StaffUnknown => "staffUnknown",
            Self::Greeting => "greeting",
            Self::Invitation => "invitation",
            Self::Placeholder => "placeholder",
            Self::Open => "open",
            Self::OpenUnread => "openUnread",
            Self::Close => "close",
            Self::Send => "send",
            Self::NewMessages => "newMessages",
            Self::Newest => "newest",
            Self::List => "list",
            Self::Loading => "loading",
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Blank => "blank",
            Self::TooLong => "tooLong",
            Self::Retry => "retry",
            Self::Edit => "edit",
            Self::Discard => "discard",
            Self::Closed => "closed",
            Self::Rated => "rated",
            Self::Agent => "agent",
            Self::You => "you",
            Self::Typing => "typing",
            Self::RoomLeft => "roomLeft",
            Self::RoomOver => "roomOver",
            Self::Preview => "preview",
            Self::Connecting => "connecting",
            Self::Offline => "offline",
            Self::Restarting => "restarting",
            Self::UnknownSite => "unknownSite",
            Self::BadIdentity => "badIdentity",
            Self::Outdated => "outdated",
            Self::Full => "full",
            Self::OutboxFull => "outboxFull",
        }
    }
}
