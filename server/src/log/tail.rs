//! The newest events of a live stream, serialised once for all who read it; and how several become a
//! frame.

use std::collections::VecDeque;
use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Author, VisitorEvent};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::store::Stored;

/// Events as one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The number of the last event in it.
    pub last: u64,
    /// The frame `events`, which is the same for both audiences but for the events.
    pub frame: String,
}

/// Puts serialised events together, up to the limits of one frame.
#[derive(Debug, Default)]
pub(super) struct ChunkBuilder {
    frame: String,
    count: usize,
    last: u64,
}

impl ChunkBuilder {
    /// Whether there was room.
    pub(super) fn push(&mut self, number: u64, json: &str) -> bool {
        if self.count == limits::CHUNK_EVENTS || self.frame.len() >= limits::CHUNK_BYTES {
            return false;
        }
        self.frame
            .push_str(if self.count == 0 { HEAD } else { "," });
        self.frame.push_str(json);
        self.count += 1;
        self.last = number;
        true
    }

    pub(super) fn finish(mut self) -> Option<Chunk> {
        if self.count == 0 {
            return None;
        }
        self.frame.push_str("]}}");
        Some(Chunk {
            last: self.last,
            frame: self.frame,
        })
    }
}

const HEAD: &str = r#"{"events":{"events":["#;

/// The newest events of a stream. Bounded; what it no longer has is read from the store.
#[derive(Debug)]
pub(super) struct Tail {
    entries: VecDeque<(u64, Arc<str>)>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
}

impl Tail {
    pub(super) const fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            max_events,
            max_bytes,
        }
    }

    /// The next event. Where one is missing before it, the older ones are dropped, since a tail has no
    /// gap.
    pub(super) fn push(&mut self, number: u64, json: Arc<str>) {
        if self
            .entries
            .back()
            .is_some_and(|(last, _)| last + 1 != number)
        {
            self.entries.clear();
            self.bytes = 0;
        }
        self.bytes += json.len();
        self.entries.push_back((number, json));
        while self.entries.len() > self.max_events
            || (self.bytes > self.max_bytes && self.entries.len() > 1)
        {
            if let Some((_, json)) = self.entries.pop_front() {
                self.bytes -= json.len();
            }
        }
    }

    /// The next events after `after`, if the tail reaches back so far.
    pub(super) fn chunk(&self, after: u64) -> Option<Chunk> {
        let (first, _) = self.entries.front()?;
        let skip = usize::try_from((after + 1).checked_sub(*first)?).ok()?;
        let mut chunk = ChunkBuilder::default();
        for (number, json) in self.entries.iter().skip(skip) {
            if !chunk.push(*number, json) {
                break;
            }
        }
        chunk.finish()
    }
}

/// The event as agents read it.
pub(super) fn agent_json(event: &AgentEvent) -> Result<String, serde_json::Error> {
    serde_json::to_string(event)
}

/// An event that has a `seq`, as its visitor reads it, by what agents read: from there on it looks the same to both.
pub(super) fn for_visitor(agents: &str) -> Option<Arc<str>> {
    // Numbers stand before it, so this is the field and no text.
    let at = agents.find(r#""seq":"#)?;
    Some(format!("{{{}", &agents[at..]).into())
}

/// The event as its visitor reads it, where they may.
pub(super) fn visitor_event(event: &AgentEvent) -> Option<VisitorEvent> {
    Some(VisitorEvent {
        seq: event.seq?,
        id: event.id,
        at: event.at,
        author: event.author.clone(),
        body: event.body.for_visitor()?,
    })
}

/// An event from the store as agents read it.
pub(super) fn stored_for_agents(event: &Stored) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct ForAgents<'e> {
        offset: u64,
        conversation: ConversationId,
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        id: EventId,
        at: Millis,
        author: &'e Author,
        body: &'e RawValue,
    }
    serde_json::to_string(&ForAgents {
        offset: event.offset,
        conversation: event.conversation,
        seq: event.seq,
        id: event.id,
        at: event.at,
        author: &event.author,
        body: &event.body,
    })
}

/// An event from the store, with the `seq` that it has, as its visitor reads it. What has a `seq` has a body that
/// looks the same to both.
pub(super) fn stored_for_visitor(seq: u64, event: &Stored) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct ForVisitor<'e> {
        seq: u64,
        id: EventId,
        at: Millis,
        author: &'e Author,
        body: &'e RawValue,
    }
    serde_json::to_string(&ForVisitor {
        seq,
        id: event.id,
        at: event.at,
        author: &event.author,
        body: &event.body,
    })
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::event::Body;

    use super::*;

    fn tail(numbers: impl Iterator<Item = u64>) -> Tail {
        let mut tail = Tail::new(4, 100);
        for number in numbers {
            tail.push(number, format!("{number}").into());
        }
        tail
    }

    #[test]
    fn a_tail_answers_what_it_reaches() {
        let tail = tail(1..=6);
        assert_eq!(tail.chunk(1), None, "2 is no longer there");
        let chunk = tail.chunk(2).unwrap();
        assert_eq!(chunk.last, 6);
        assert_eq!(chunk.frame, r#"{"events":{"events":[3,4,5,6]}}"#);
        assert_eq!(tail.chunk(6), None, "nothing is new");
    }

    #[test]
    fn a_visitor_reads_what_agents_read() {
        let bodies = [
            Body::Message {
                text: r#"{"seq":9}"#.to_owned(),
            },
            Body::Closed {},
            Body::Rated {
                score: 4,
                comment: Some("\"seq\":8".to_owned()),
            },
        ];
        for body in bodies {
            let event = AgentEvent {
                offset: 12,
                conversation: ConversationId(3),
                seq: Some(7),
                id: EventId(5),
                at: Millis(6),
                author: Author::Visitor {},
                body,
            };
            let seen = serde_json::to_string(&visitor_event(&event).unwrap()).unwrap();
            let json = agent_json(&event).unwrap();
            assert_eq!(for_visitor(&json).as_deref(), Some(seen.as_str()));
        }
    }

    #[test]
    fn a_tail_has_no_gap() {
        let tail = tail([1, 2, 5].into_iter());
        assert_eq!(tail.chunk(2), None);
        assert_eq!(tail.chunk(4).unwrap().last, 5);
    }

    #[test]
    fn a_tail_is_bounded_in_bytes_but_keeps_the_newest() {
        let mut tail = Tail::new(9, 10);
        tail.push(1, "x".repeat(8).into());
        tail.push(2, "y".repeat(30).into());
        assert_eq!(tail.chunk(0), None);
        assert_eq!(tail.chunk(1).unwrap().last, 2);
    }

    #[test]
    fn a_chunk_is_bounded() {
        let mut chunk = ChunkBuilder::default();
        let taken = (1..=100).take_while(|n| chunk.push(*n, "{}")).count();
        assert_eq!(taken, limits::CHUNK_EVENTS);
        let mut chunk = ChunkBuilder::default();
        let long = "x".repeat(limits::CHUNK_BYTES / 2);
        let taken = (1..=100).take_while(|n| chunk.push(*n, &long)).count();
        assert_eq!(taken, 2);
    }
}
