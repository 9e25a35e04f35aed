//! What the widget knows.

use holdfast_protocol::client::Status;
use holdfast_protocol::event::{Author, Receipt};
use holdfast_protocol::frame::{RefusalCode, SiteState, Staff};
use holdfast_protocol::time::Millis;

use super::news::Told;
use super::transcript::Transcript;
use crate::texts::Text;

/// What the widget knows, apart from the outbox, which the client keeps.
#[derive(Debug)]
pub struct Model {
    /// Whether the panel is shown.
    pub is_open: bool,
    /// Whether the page is.
    pub is_visible: bool,
    /// Whether the page's scripts have put the launcher away.
    pub is_launcher_hidden: bool,
    /// Where in the list the visitor is.
    pub place: Place,
    /// What stands in the composer.
    pub draft: String,
    /// Whether the outbox did not take the draft.
    pub is_outbox_full: bool,
    /// The log, as far as it is here.
    pub transcript: Transcript,
    /// Whether older events were asked for.
    pub is_loading: bool,
    /// How the connection stands.
    pub status: Status,
    /// Who could answer; nothing before the server said so.
    pub staff: Option<Staff>,
    /// Who is typing, by name, which may be empty.
    pub typing: Option<String>,
    /// How far the agents have come.
    pub agents: Receipt,
    /// How far this visitor has read.
    pub read: u64,
    /// What follows this number came while nobody looked, and is set apart.
    pub divider: Option<u64>,
    /// How the site stands.
    pub site: SiteState,
    /// Whether somebody has reached for the chat, in another tab perhaps, or the browser does not mind the line.
    pub is_reached: bool,
    /// Whether the server has said that nothing was ever said.
    pub is_silent: bool,
    pub(super) is_looking: bool,
    pub(super) reported: Option<Receipt>,
    pub(super) said_typing: Option<Millis>,
    /// Whether [`super::Msg::PreviewDue`] will be said.
    pub(super) is_preview_due: bool,
    /// What agents wrote up to here is no news.
    pub(super) heard: u64,
    pub(super) told: Told,
}

/// Where in the list the visitor is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Place {
    /// At the newest message, which stays in sight when others follow.
    #[default]
    End,
    /// Further up.
    At {
        /// Pixels from the top of what is visible to the list's end: older messages that are saved or
        /// loaded do not change it.
        from_end: i32,
        /// Whether older messages will soon be wanted.
        is_near_top: bool,
        /// Whether newer ones will.
        is_near_end: bool,
    },
}

impl Default for Model {
    fn default() -> Self {
        Self {
            is_open: false,
            is_visible: true,
            is_launcher_hidden: false,
            place: Place::End,
            draft: String::new(),
            is_outbox_full: false,
            transcript: Transcript::default(),
            is_loading: false,
            status: Status::Connecting,
            staff: None,
            typing: None,
            agents: Receipt::default(),
            read: 0,
            divider: None,
            site: SiteState::default(),
            is_reached: false,
            is_silent: false,
            is_looking: false,
            reported: None,
            said_typing: None,
            is_preview_due: false,
            heard: 0,
            told: Told::default(),
        }
    }
}

impl Model {
    /// Goes on where `old` was, on the same page and as somebody else: what belongs to the page stays.
    #[must_use]
    pub fn in_place_of(self, old: Self) -> Self {
        Self {
            is_visible: old.is_visible,
            is_launcher_hidden: old.is_launcher_hidden,
            is_reached: old.is_reached,
            told: old.told,
            ..self
        }
    }

    /// Messages that the visitor has not seen.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.transcript.unread(self.read)
    }

    /// How far this tab has come.
    #[must_use]
    pub fn seen(&self) -> Receipt {
        Receipt {
            delivered: self.transcript.last(),
            read: self.read,
        }
    }

    /// Who answers: the last who did, or somebody who could.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let events = self.transcript.events().iter().rev();
        let writer = events.filter_map(|event| match &event.author {
            Author::Agent { name, .. } => Some(name),
            Author::Visitor {} | Author::System {} => None,
        });
        let online = self.staff.iter().flat_map(|staff| &staff.online);
        let mut names = writer.take(1).chain(online);
        names.find(|name| !name.is_empty()).map(String::as_str)
    }

    /// Under the header: whether somebody is there.
    #[must_use]
    pub fn subtitle(&self) -> Text {
        match &self.staff {
            None => Text::StaffUnknown,
            Some(staff) if staff.online.is_empty() => Text::StaffAway,
            Some(staff)
                if staff
                    .online
                    .iter()
                    .any(|name| Some(name.as_str()) == self.name()) =>
            {
                Text::StaffHere
            }
            Some(_) => Text::StaffOthers,
        }
    }

    /// When somebody will be there, where nobody is and the site has said so.
    #[must_use]
    pub fn opens_at(&self) -> Option<Millis> {
        let is_away = self.site.closed && self.subtitle() == Text::StaffAway;
        self.site.opens_at.filter(|_| is_away)
    }

    /// Whether an agent is there, as far as is known.
    #[must_use]
    pub fn is_staffed(&self) -> bool {
        self.staff
            .as_ref()
            .is_some_and(|staff| !staff.online.is_empty())
    }

    /// How the connection stands: a word for programs, and a sentence where the visitor should know.
    #[must_use]
    pub fn connection(&self) -> (&'static str, Option<Text>) {
        match &self.status {
            Status::Online => ("online", None),
            Status::Paused => ("paused", None),
            Status::Connecting | Status::Doubtful => ("connecting", Some(Text::Connecting)),
            Status::Offline => ("offline", Some(Text::Offline)),
            Status::GoingAway(_) => ("restarting", Some(Text::Restarting)),
            Status::Refused(refusal) => ("refused", Some(refused(refusal.code))),
        }
    }
}

fn refused(code: RefusalCode) -> Text {
    match code {
        RefusalCode::UnknownSite => Text::UnknownSite,
        RefusalCode::Version => Text::Outdated,
        RefusalCode::Full => Text::Full,
        RefusalCode::BadIdentity => Text::BadIdentity,
        RefusalCode::BadToken | RefusalCode::BadFrame | RefusalCode::TooLate => Text::Offline,
    }
}
