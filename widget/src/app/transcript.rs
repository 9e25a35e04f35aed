//! The part of the log that this tab holds: contiguous, bounded, in the log's order.

use std::ops::Range;

use holdfast_protocol::event::{Author, VisitorBody, VisitorEvent};

/// Events held while the visitor follows the conversation.
const HELD_EVENTS: usize = 1000;

/// Events held while the visitor reads back: some megabytes, which a phone has. What is older is no longer asked for.
const READ_BACK_EVENTS: usize = 20_000;

/// Events on the page at a time: ten screens of a phone, and more than the tallest window shows, so that it never wants
/// more at both ends at once.
const SHOWN_EVENTS: usize = 150;

/// So many come onto the page at one end and leave it at the other while the visitor scrolls: few enough for a slow
/// phone to do it within a screen's refresh, and many enough for who scrolls as fast as a finger can.
const STEP_EVENTS: usize = 6;

/// Older events are asked for while so many are still held above those that are shown: they are here when the visitor is.
const AHEAD_EVENTS: usize = 100;

/// Events saved with the tab's state, so that the next page shows a conversation at once.
const SAVED_EVENTS: usize = 100;

/// Text saved with the tab's state: beside a full outbox it stays far below sessionStorage's 5 MB.
const SAVED_BYTES: usize = 64 * 1024;

/// Events with contiguous numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    events: Vec<VisitorEvent>,
    is_from_start: bool,
    /// How many of the oldest stand above what is on the page.
    above: usize,
    /// How many of the newest stand below it; none while the visitor is near the end.
    below: usize,
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

    /// Which of them are on the page.
    #[must_use]
    pub fn shown(&self) -> Range<usize> {
        self.above..self.events.len() - self.below
    }

    /// Whether the newest is among them.
    #[must_use]
    pub fn shows_end(&self) -> bool {
        self.below == 0
    }

    /// Shows some that are older.
    pub fn move_up(&mut self) {
        self.above = self.above.saturating_sub(STEP_EVENTS);
        self.below += self.surplus();
    }

    /// Shows some that are newer.
    pub fn move_down(&mut self) {
        self.below = self.below.saturating_sub(STEP_EVENTS);
        self.above += self.surplus();
    }

    /// Shows the newest.
    pub fn show_end(&mut self) {
        self.below = 0;
        self.above += self.surplus();
    }

    fn surplus(&self) -> usize {
        self.shown().len().saturating_sub(SHOWN_EVENTS)
    }

    /// The newest number, 0 where there is none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.events.last().map_or(0, |event| event.seq)
    }

    /// Before which number older events are to be asked for; nothing where there is enough, or the beginning is here.
    #[must_use]
    pub fn older(&self) -> Option<u64> {
        let first = self.events.first()?.seq;
        let has_room = self.events.len() < READ_BACK_EVENTS;
        let is_wanted = self.above < AHEAD_EVENTS;
        (first > 1 && !self.is_from_start && has_room && is_wanted).then_some(first)
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
                (self.above, self.below) = (0, 0);
            }
            self.events.push(event);
            // What the visitor reads stays where it is.
            if self.below > 0 {
                self.below += 1;
            }
        }
        self.above += self.surplus();
        self.shorten(READ_BACK_EVENTS);
    }

    /// Lets go of what the visitor has read back to.
    pub fn let_go(&mut self) {
        self.shorten(HELD_EVENTS);
    }

    fn shorten(&mut self, length: usize) {
        if let Some(surplus) = self.events.len().checked_sub(length + 1) {
            self.events = self.events.split_off(surplus + 1);
            self.above = self.above.saturating_sub(surplus + 1);
            self.below = self.below.min(length);
            self.is_from_start = false;
        }
    }

    /// Takes in older events. `more` says whether still older ones are kept on the server.
    pub fn prepend(&mut self, mut older: Vec<VisitorEvent>, more: bool) {
        let Some(first) = self.events.first().map(|event| event.seq) else {
            return;
        };
        if let Some(known) = older.iter().position(|event| event.seq >= first) {
            older.truncate(known);
        }
        if older.last().is_none_or(|event| event.seq + 1 == first) {
            self.is_from_start = !more;
            self.above += older.len();
            // The long list grows by doubling; a new one for each page would leave holes in the memory.
            let count = older.len();
            self.events.append(&mut older);
            self.events.rotate_right(count);
        }
    }

    /// The newest events, within the limits of what is saved.
    #[must_use]
    pub fn tail(&self) -> &[VisitorEvent] {
        let first = self.events.len().saturating_sub(SAVED_EVENTS);
        let mut tail = self.events.get(first..).unwrap_or_default();
        let mut bytes: usize = tail.iter().map(size).sum();
        while bytes > SAVED_BYTES
            && let [oldest, newer @ ..] = tail
        {
            bytes -= size(oldest);
            tail = newer;
        }
        tail
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

    /// Reads back to the beginning or the bound; returns how often older events were asked for.
    fn read_back(transcript: &mut Transcript) -> usize {
        let mut asked = 0;
        loop {
            let was_at_top = transcript.shown().start == 0;
            if let Some(before) = transcript.older() {
                let older =
                    (before.saturating_sub(50).max(1)..before).map(|seq| from_visitor(seq, "x"));
                transcript.prepend(older.collect(), before > 51);
                asked += 1;
            } else if was_at_top {
                return asked;
            }
            transcript.move_up();
            assert!(transcript.shown().len() <= SHOWN_EVENTS);
        }
    }

    #[test]
    fn ten_thousand_events_are_read_back_and_few_are_on_the_page() {
        let mut transcript = Transcript::restore(vec![from_agent(10_000, "newest")]);
        assert_eq!(read_back(&mut transcript), 200);
        assert_eq!(transcript.shown(), 0..SHOWN_EVENTS);
        // What comes meanwhile moves nothing of it.
        transcript.append(vec![from_agent(10_001, "newer")]);
        assert_eq!(transcript.shown(), 0..SHOWN_EVENTS);
        let mut steps = 0;
        while !transcript.shows_end() {
            let before = transcript.shown();
            transcript.move_down();
            assert!(
                transcript.shown().end > before.end && transcript.shown().len() == SHOWN_EVENTS
            );
            steps += 1;
        }
        assert_eq!(steps, (10_001 - SHOWN_EVENTS).div_ceil(STEP_EVENTS));
        assert_eq!(transcript.shown().end, 10_001);
    }

    #[test]
    fn the_end_is_reached_from_anywhere_at_once() {
        let mut transcript = Transcript::restore(vec![from_agent(1000, "newest")]);
        read_back(&mut transcript);
        transcript.show_end();
        assert_eq!(transcript.shown(), 1000 - SHOWN_EVENTS..1000);
        transcript.append(vec![from_agent(1001, "newer")]);
        assert_eq!(transcript.shown(), 1001 - SHOWN_EVENTS..1001);
    }

    #[test]
    fn reading_back_ends_while_a_phone_has_memory() {
        let mut transcript = Transcript::restore(vec![from_agent(100_000, "newest")]);
        assert_eq!(read_back(&mut transcript), READ_BACK_EVENTS.div_ceil(50));
        transcript.append(
            (100_001..=109_000)
                .map(|seq| from_agent(seq, "y"))
                .collect(),
        );
        assert_eq!(transcript.events().len(), READ_BACK_EVENTS);
        assert!(transcript.shown().len() <= SHOWN_EVENTS);
        transcript.show_end();
        transcript.let_go();
        assert_eq!(transcript.events().len(), HELD_EVENTS);
        assert_eq!(transcript.shown(), HELD_EVENTS - SHOWN_EVENTS..HELD_EVENTS);
        transcript.append(vec![from_agent(200_000, "after a gap")]);
        assert_eq!(transcript.shown(), 0..1);
        assert_eq!(transcript.older(), Some(200_000));
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
