//! A server that does what PROTOCOL.md says, for one client, without a network.

use holdfast_protocol::frame::{Heartbeat, Resume};
use holdfast_protocol::id::{Epoch, EventId};
use holdfast_protocol::limits;

use super::frames::{Audible, EventAt, WelcomeAt};
use super::script::Author;

/// The log's life; no saved cursor of an arbitrary input is likely to name it.
pub(crate) const EPOCH: Epoch = Epoch(0x1dea);

/// A log, and how far its one reader was served.
#[derive(Default)]
pub(crate) struct Honest {
    pub log: Vec<EventAt>,
    sent: Option<u64>,
}

impl Honest {
    /// The line is gone.
    pub(crate) fn cut(&mut self) {
        self.sent = None;
    }

    /// Somebody else wrote.
    pub(crate) fn append(&mut self, id: EventId, author: Author) {
        let number = self.log.len() as u64 + 1;
        self.log.push(EventAt { number, id, author });
    }

    /// What a frame of the client leads to at once; the events come by [`Honest::read_on`].
    pub(crate) fn hear<A: Audible>(&mut self, up: &A::Up) -> Vec<A::Down> {
        if let Some(resume) = A::greeted(up) {
            let after = self.start(resume);
            self.sent = Some(after);
            return vec![A::welcome(WelcomeAt {
                epoch: EPOCH,
                after,
                snapshot: false,
                heartbeat: Heartbeat::default(),
            })];
        }
        if let Some(n) = A::probe(up) {
            return vec![A::say_pong(n)];
        }
        let Some(id) = A::named(up) else {
            return Vec::new();
        };
        let is_same = |event: &&EventAt| event.id == id && matches!(event.author, Author::Me);
        if let Some(event) = self.log.iter().find(is_same).copied() {
            // Where the reader has not come so far, the event will come by itself.
            let is_read = self.sent.is_some_and(|sent| sent >= event.number);
            return is_read
                .then(|| A::events(vec![A::event(event)]))
                .into_iter()
                .collect();
        }
        self.append(id, Author::Me);
        Vec::new()
    }

    /// The next chunk of at most `most` events.
    pub(crate) fn read_on<A: Audible>(&mut self, most: usize) -> Option<A::Down> {
        let sent = self.sent?;
        let rest = self.log.get(usize::try_from(sent).unwrap()..)?;
        let chunk: Vec<_> = rest.iter().copied().take(most).map(A::event).collect();
        self.sent = Some(sent + chunk.len() as u64);
        (!chunk.is_empty()).then(|| A::events(chunk))
    }

    fn start(&self, resume: Option<Resume>) -> u64 {
        let last = self.log.len() as u64;
        resume
            .filter(|resume| resume.epoch == EPOCH && resume.after <= last)
            .map_or(last.saturating_sub(limits::TAIL_EVENTS), |resume| {
                resume.after
            })
    }
}
