//! The part of the log that this tab holds: contiguous, bounded, in the log's order.

use holdfast_protocol::event::{Author, VisitorBody, VisitorEvent};

/// Events held in memory and on the page while the visitor follows the conversation.
const HELD_EVENTS: usize = 1000;

/// Events held while the visitor reads back. Beyond it each letter typed would take a slow phone longer than a
/// screen's refresh; what is older is no longer asked for.
const READ_BACK_EVENTS: usize = 2000;

/// Events saved with the tab's state, so that the next page shows a conversation at once.
const SAVED_EVENTS: usize = 100;

/// Text saved with the tab's state: beside a full outbox it stays far below sessionStorage's 5 MB.
const SAVED_BYTES: usize = 64 * 1024;

/// Events with contiguous numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    events: Vec<VisitorEvent>,
    is_from_start: bool,
}

impl Transcript {
    /// What an earlier page saved. A gap in it would be a fault; what stands before the gap is dropped.
    #[must_use]
    pub fn restore(saved: Vec<VisitorEvent>) -> Self {
        let mut transcript = Self::default();
        transcript.append(saved);
        transcript
    }

    /// All of it, oldest first.
    #[must_use]
    pub fn events(&self) -> &[VisitorEvent] {
        &self.events
    }

    /// The newest number, 0 where there is none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.events.last().map_or(0, |event| event.seq)
    }

    /// Before which number older events could be asked for; nothing where the beginning is here.
    #[must_use]
    pub fn older(&self) -> Option<u64> {
        let first = self.events.first()?.seq;
        let has_room = self.events.len() < READ_BACK_EVENTS;
        (first > 1 && !self.is_from_start && has_room).then_some(first)
    }

    /// Takes in what comes after the end, and leaves out what is there already.
    pub fn append(&mut self, events: Vec<VisitorEvent>) {
        for event in events {
            let last = self.last();
            if last > 0 && event.seq <= last {
                continue;
            }
            if last > 0 && event.seq > last + 1 {
                self.events.clear();
                self.is_from_start = false;
            }
            self.events.push(event);
        }
        self.shorten(READ_BACK_EVENTS);
    }

    /// Lets go of what the visitor has read back to.
    pub fn let_go(&mut self) {
        self.shorten(HELD_EVENTS);
    }

    fn shorten(&mut self, length: usize) {
        if let Some(surplus) = self.events.len().checked_sub(length + 1) {
            self.events.drain(..=surplus);
            self.is_from_start = false;
        }
    }

    /// Takes in older events. `more` says whether still older ones are kept on the server.
    pub fn prepend(&mut self, older: Vec<VisitorEvent>, more: bool) {
        let Some(first) = self.events.first().map(|event| event.seq) else {
            return;
        };
        let older: Vec<_> = older
            .into_iter()
            .filter(|event| event.seq < first)
            .collect();
        if older.last().is_none_or(|event| event.seq + 1 == first) {
            self.is_from_start = !more;
            self.events.splice(..0, older);
        }
    }

    /// The newest events, within the limits of what is saved.
    #[must_use]
    pub fn tail(&self) -> &[VisitorEvent] {
        let mut bytes = 0;
        let count = self
            .events
            .iter()
            .rev()
            .take(SAVED_EVENTS)
            .take_while(|event| {
                bytes += size(event);
                bytes <= SAVED_BYTES
            });
        &self.events[self.events.len() - count.count()..]
    }

    /// Messages of others after `read`.
    #[must_use]
    pub fn unread(&self, read: u64) -> usize {
        let news = self
            .events
            .iter()
            .rev()
            .take_while(|event| event.seq > read);
        news.filter(|event| is_from_agent(event)).count()
    }
}

/// Whether an agent wrote it.
pub(super) fn is_from_agent(event: &VisitorEvent) -> bool {
    matches!(event.author, Author::Agent { .. })
        && matches!(event.body, VisitorBody::Message { .. })
}

fn size(event: &VisitorEvent) -> usize {
    match &event.body {
        VisitorBody::Message { text } => text.len(),
        VisitorBody::Rated { comment, .. } => comment.as_ref().map_or(0, String::len),
        VisitorBody::Closed {} => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{from_agent, from_visitor};

    fn seqs(transcript: &Transcript) -> Vec<u64> {
        transcript.events().iter().map(|event| event.seq).collect()
    }

    #[test]
    fn repeated_events_are_shown_once() {
        let mut transcript = Transcript::restore(vec![from_agent(4, "a"), from_visitor(5, "b")]);
        transcript.append(vec![from_visitor(5, "b"), from_agent(6, "c")]);
        assert_eq!(seqs(&transcript), [4, 5, 6]);
    }

    #[test]
    fn a_gap_is_never_shown() {
        let mut transcript = Transcript::restore(vec![from_agent(1, "a")]);
        transcript.append(vec![from_agent(9, "b")]);
        assert_eq!(seqs(&transcript), [9]);
        assert_eq!(transcript.older(), Some(9));
    }

    #[test]
    fn history_joins_before_the_first() {
        let mut transcript = Transcript::restore(vec![from_agent(4, "d")]);
        transcript.prepend(
            vec![from_agent(2, "b"), from_agent(3, "c"), from_agent(4, "d")],
            true,
        );
        assert_eq!(seqs(&transcript), [2, 3, 4]);
        assert_eq!(transcript.older(), Some(2));
        transcript.prepend(Vec::new(), false);
        assert_eq!(transcript.older(), None);
    }

    #[test]
    fn history_that_does_not_join_is_left_out() {
        let mut transcript = Transcript::restore(vec![from_agent(9, "d")]);
        transcript.prepend(vec![from_agent(2, "b")], true);
        assert_eq!(seqs(&transcript), [9]);
    }

    #[test]
    fn memory_and_storage_are_bounded() {
        let mut transcript = Transcript::default();
        transcript.append((1..=1500).map(|seq| from_agent(seq, "x")).collect());
        transcript.let_go();
        assert_eq!(transcript.events().len(), HELD_EVENTS);
        assert_eq!(transcript.last(), 1500);
        assert_eq!(transcript.tail().len(), SAVED_EVENTS);
        let long = "y".repeat(40 * 1024);
        transcript.append(vec![from_agent(1501, &long), from_agent(1502, &long)]);
        assert_eq!(transcript.tail().len(), 1);
    }

    #[test]
    fn reading_back_ends_before_the_page_gets_slow() {
        let mut transcript = Transcript::restore(vec![from_agent(100_000, "newest")]);
        let mut asked = 0;
        while let Some(before) = transcript.older() {
            let older = (before - 50..before).map(|seq| from_visitor(seq, "x"));
            transcript.prepend(older.collect(), true);
            asked += 1;
        }
        assert_eq!(asked, READ_BACK_EVENTS.div_ceil(50));
        transcript.append(
            (100_001..=109_000)
                .map(|seq| from_agent(seq, "y"))
                .collect(),
        );
        assert_eq!(transcript.events().len(), READ_BACK_EVENTS);
        transcript.let_go();
        assert_eq!(transcript.events().len(), HELD_EVENTS);
        assert_eq!(transcript.older(), Some(108_001));
    }

    #[test]
    fn only_the_agents_messages_are_unread() {
        let transcript = Transcript::restore(vec![
            from_agent(1, "a"),
            from_visitor(2, "b"),
            from_agent(3, "c"),
        ]);
        assert_eq!(transcript.unread(0), 2);
        assert_eq!(transcript.unread(1), 1);
        assert_eq!(transcript.unread(3), 0);
    }
}
