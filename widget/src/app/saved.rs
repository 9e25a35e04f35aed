//! What a tab keeps across navigations and reloads, as one value.

use holdfast_protocol::client::{Saved, Visitor};
use holdfast_protocol::compact::{Read, Source, Write, member};
use holdfast_protocol::event::{Receipt, VisitorEvent};

use super::model::{Model, Place};
use super::transcript::Transcript;

/// A tab's state as it is read back.
#[derive(Debug, Default)]
pub struct SavedTab {
    open: bool,
    /// Pixels to the end of the list, as in [`Place::At`]; nothing at its end.
    scroll: Option<u32>,
    draft: String,
    read: u64,
    agents: Receipt,
    /// Whose conversation this is.
    pub token: Option<String>,
    /// The site's name for that person, where its page has named one.
    pub who: Option<String>,
    /// Cursor and outbox.
    pub client: Saved<Visitor>,
    events: Vec<VisitorEvent>,
}

/// A tab's state as it is written.
#[derive(Debug)]
pub struct SavedTabRef<'a> {
    open: bool,
    scroll: Option<u32>,
    draft: &'a str,
    read: u64,
    agents: Receipt,
    token: &'a Option<String>,
    who: &'a Option<String>,
    client: &'a Saved<Visitor>,
    events: &'a [VisitorEvent],
}

impl<'a> SavedTabRef<'a> {
    /// The state of this moment.
    #[must_use]
    pub fn new(
        model: &'a Model,
        client: &'a Saved<Visitor>,
        token: &'a Option<String>,
        who: &'a Option<String>,
    ) -> Self {
        Self {
            open: model.is_open,
            scroll: match model.place {
                Place::End => None,
                // Far up; the next page begins with the newest again, and goes back from there.
                Place::At { .. } if !model.transcript.shows_end() => Some(i32::MAX.unsigned_abs()),
                Place::At { from_end, .. } => from_end.try_into().ok(),
            },
            draft: &model.draft,
            read: model.read,
            agents: model.agents,
            token,
            who,
            client,
            events: model.transcript.tail(),
        }
    }

    /// The same without what the server can give again: for a storage that is nearly full.
    #[must_use]
    pub const fn without_events(&self) -> Self {
        Self {
            events: &[],
            ..*self
        }
    }

    /// What waits to be sent and whose it is, and nothing of the tab.
    #[must_use]
    pub const fn outbox_only(&self) -> Self {
        Self {
            open: false,
            scroll: None,
            draft: "",
            ..self.without_events()
        }
    }
}

impl Write for SavedTabRef<'_> {
    fn write(&self, out: &mut String) {
        out.push('{');
        member(out, "open", &self.open);
        member(out, "scroll", &self.scroll);
        member(out, "draft", &self.draft);
        member(out, "read", &self.read);
        member(out, "agents", &self.agents);
        member(out, "token", &self.token);
        member(out, "who", &self.who);
        member(out, "client", &self.client);
        member(out, "events", &self.events);
        out.push('}');
    }
}

impl Read for SavedTab {
    fn read(from: Source<'_>) -> Self {
        // A page of another version may have saved a state without the member.
        Self {
            open: from.member_or_default("open"),
            scroll: from.member("scroll"),
            draft: from.member_or_default("draft"),
            read: from.member_or_default("read"),
            agents: from.member_or_default("agents"),
            token: from.member("token"),
            who: from.member("who"),
            client: from.member_or_default("client"),
            events: from.member_or_default("events"),
        }
    }
}

impl SavedTab {
    /// Goes on where the tab was left, as the visitor who has `token`. The log of somebody else is
    /// dropped, and so is a log that does not end at the cursor; what was written is kept, unless it was written by
    /// another person.
    #[must_use]
    pub fn restore(self, token: Option<&str>, who: Option<&str>) -> (Model, Saved<Visitor>) {
        if self.who.is_some() && self.who.as_deref() != who {
            return Self::default().restore(token, who);
        }
        let mut client = self.client;
        let mut model = Model {
            is_open: self.open,
            draft: self.draft,
            ..Model::default()
        };
        let transcript = Transcript::restore(self.events);
        let after = client.cursor.map(|cursor| cursor.after);
        let is_same = self.token.as_deref() == token && self.who.as_deref() == who;
        if is_same && after == Some(transcript.last()) {
            let from_end = self.scroll.and_then(|from_end| from_end.try_into().ok());
            model.place = from_end.map_or(Place::End, |from_end| Place::At {
                from_end,
                is_near_top: false,
                is_near_end: false,
            });
            model.read = self.read;
            model.agents = self.agents;
            model.heard = transcript.last();
            model.transcript = transcript;
        } else {
            client.cursor = None;
        }
        (model, client)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::client::{Entry, VisitorCommand};
    use holdfast_protocol::compact;
    use holdfast_protocol::frame::Resume;
    use holdfast_protocol::id::{Epoch, EventId};
    use holdfast_protocol::time::Millis;

    use super::*;
    use crate::app::fixture::{from_agent, from_visitor};

    fn written(after: u64) -> String {
        written_by(None, after)
    }

    fn written_by(who: Option<&str>, after: u64) -> String {
        let model = Model {
            is_open: true,
            draft: "half a".to_owned(),
            place: Place::At {
                from_end: 40,
                is_near_top: true,
                is_near_end: false,
            },
            transcript: Transcript::restore(vec![from_visitor(1, "a"), from_agent(2, "b")]),
            read: 1,
            ..Model::default()
        };
        let command = VisitorCommand::Send {
            text: "unsent".to_owned(),
        };
        let entry = Entry {
            id: EventId(7),
            command,
            written: Millis(3),
            failed: None,
        };
        let cursor = Some(Resume {
            epoch: Epoch(5),
            after,
        });
        let client = Saved {
            cursor,
            outbox: vec![entry],
        };
        let (token, who) = (Some("token".to_owned()), who.map(str::to_owned));
        compact::write(&SavedTabRef::new(&model, &client, &token, &who))
    }

    fn read(text: &str) -> SavedTab {
        compact::read(text).unwrap()
    }

    #[test]
    fn a_tab_goes_on_where_it_was_left() {
        let (model, client) = read(&written(2)).restore(Some("token"), None);
        assert!(model.is_open);
        assert_eq!(model.draft, "half a");
        assert_eq!(
            model.place,
            Place::At {
                from_end: 40,
                is_near_top: false,
                is_near_end: false
            }
        );
        assert_eq!(model.transcript.last(), 2);
        assert_eq!(model.unread(), 1);
        assert_eq!(client.cursor.unwrap().after, 2);
        assert_eq!(client.outbox.len(), 1);
    }

    #[test]
    fn anothers_log_is_dropped_and_the_outbox_kept() {
        let (model, client) = read(&written(2)).restore(Some("another"), None);
        assert_eq!(model.transcript.last(), 0);
        assert_eq!(client.cursor, None);
        assert_eq!(client.outbox.len(), 1);
        assert_eq!(model.draft, "half a");
    }

    #[test]
    fn who_becomes_a_person_reads_another_log_and_keeps_what_was_written() {
        let (model, client) = read(&written(2)).restore(Some("token"), Some("a"));
        assert_eq!((model.transcript.last(), client.cursor), (0, None));
        assert_eq!((client.outbox.len(), model.draft.as_str()), (1, "half a"));
    }

    #[test]
    fn a_person_goes_on_and_another_gets_nothing_of_it() {
        let tab = written_by(Some("a"), 2);
        let (model, client) = read(&tab).restore(Some("token"), Some("a"));
        assert_eq!((model.transcript.last(), client.outbox.len()), (2, 1));
        for other in [Some("b"), None] {
            let (model, client) = read(&tab).restore(Some("token"), other);
            assert_eq!(client, Saved::default());
            assert_eq!((model.transcript.last(), model.draft.as_str()), (0, ""));
            assert!(!model.is_open);
        }
    }

    #[test]
    fn a_log_that_does_not_end_at_the_cursor_is_read_again() {
        let (model, client) = read(&written(9)).restore(Some("token"), None);
        assert_eq!((model.transcript.last(), client.cursor), (0, None));
        assert_eq!(client.outbox.len(), 1);
    }

    #[test]
    fn a_state_with_fewer_fields_is_read_as_well() {
        let (model, client) = read(r#"{"open":true}"#).restore(None, None);
        assert!(model.is_open);
        assert_eq!(client, Saved::default());
    }
}
