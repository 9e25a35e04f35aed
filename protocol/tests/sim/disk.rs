//! The simulated disk: what was committed, in the shape of the real log.

use std::collections::BTreeMap;

use holdfast_protocol::event::{AgentEvent, Author, Body, VisitorEvent, VisitorFacts};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

/// What the disk holds.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub log: Vec<AgentEvent>,
    pub conversations: Vec<Vec<VisitorEvent>>,
    by_token: BTreeMap<String, usize>,
    tokens: u64,
}

impl Disk {
    pub(crate) fn conversation(&self, token: &str) -> &[VisitorEvent] {
        self.by_token
            .get(token)
            .map_or(&[], |&at| &self.conversations[at])
    }

    /// The visitor's conversation, made with the first message.
    pub(crate) fn open(&mut self, token: &str, id: EventId) -> usize {
        if let Some(&at) = self.by_token.get(token) {
            return at;
        }
        let at = self.conversations.len();
        self.conversations.push(Vec::new());
        self.by_token.insert(token.to_owned(), at);
        self.push(
            at,
            id,
            Author::System {},
            Body::Opened {
                visitor: VisitorFacts::default(),
            },
        );
        at
    }

    pub(crate) fn push(&mut self, at: usize, id: EventId, author: Author, body: Body) {
        let seen = body.for_visitor();
        let seq = seen
            .is_some()
            .then(|| self.conversations[at].len() as u64 + 1);
        let offset = self.log.len() as u64 + 1;
        let conversation = ConversationId(at as u64);
        let event = AgentEvent {
            offset,
            conversation,
            seq,
            id,
            at: Millis(0),
            author,
            body,
        };
        if let (Some(body), Some(seq)) = (seen, seq) {
            let author = event.author.clone();
            self.conversations[at].push(VisitorEvent {
                seq,
                id,
                at: Millis(0),
                author,
                body,
            });
        }
        self.log.push(event);
    }

    pub(crate) fn new_token(&mut self) -> String {
        self.tokens += 1;
        format!("token-{}", self.tokens)
    }
}
