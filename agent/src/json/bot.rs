//! What the JSON mode writes for each thing that happens, and which receipts it gives.

use holdfast_protocol::client::{Agent, AgentNews, Entry, Status};
use holdfast_protocol::event::{AgentEvent, Author, Body, Receipt};
use holdfast_protocol::frame::{Conversation, Refusal, RefusalCode};
use holdfast_protocol::id::{ConversationId, EventId};

use super::{Line, State};
use crate::receipts::Receipts;
use crate::shell::{Barrier, Event, Request};

/// The pure part of the JSON mode: events in; lines and requests out.
#[derive(Debug)]
pub struct Bot {
    receipts: Receipts,
    state: State,
    is_reading: bool,
    /// Rejected commands that were told and are still on their way out of the outbox.
    told: Vec<EventId>,
}

/// What one event leads to, to be done in the order of the fields.
#[derive(Debug, Default)]
pub struct Step {
    /// To be written to stdout and flushed.
    pub lines: Vec<Line>,
    /// To be answered once the lines are flushed.
    pub barrier: Option<Barrier>,
    /// To be asked of the connection.
    pub requests: Vec<Request>,
    /// The program is to end.
    pub end: Option<End>,
}

/// Why the JSON mode ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Stdin has ended and nothing waits.
    Drained,
    /// The server refuses this client, and trying again is of no use.
    Refused(Refusal),
}

impl Bot {
    /// A bot whose reader counts a message as read when its line is written, if `is_reading`.
    #[must_use]
    pub fn new(is_reading: bool) -> Self {
        Self {
            receipts: Receipts::default(),
            state: State::Connecting,
            is_reading,
            told: Vec::new(),
        }
    }

    /// A receipt that the bot gives itself; it is said again after a welcome until it is confirmed.
    pub fn seen(&mut self, conversation: ConversationId, seen: Receipt) -> Option<Request> {
        let seen = self.receipts.advance(conversation, seen)?;
        Some(Request::Seen { conversation, seen })
    }

    /// Takes in what happened on the connection.
    pub fn handle(&mut self, event: Event) -> Step {
        let mut step = Step::default();
        match event {
            Event::Status(status) => self.read_status(status, &mut step),
            Event::Trouble(why) => step.lines.push(Line::Status {
                state: self.state,
                message: Some(why),
                code: None,
            }),
            Event::Welcomed { welcome, restart } => {
                if restart {
                    self.receipts.clear();
                }
                let unconfirmed = self.receipts.unconfirmed();
                step.requests = unconfirmed
                    .map(|(conversation, seen)| Request::Seen { conversation, seen })
                    .collect();
                step.lines.push(Line::Welcome {
                    agent: welcome.agent,
                    name: welcome.name,
                    site: welcome.site,
                    restart,
                    after: welcome.after,
                    last: welcome.last,
                    epoch: welcome.epoch,
                });
                step.lines.push(Line::Colleagues {
                    colleagues: welcome.colleagues,
                });
            }
            Event::Events { events, acked } => {
                for event in events {
                    step.requests.extend(self.read_event(&event));
                    step.lines.push(Line::Event(event));
                }
                let acked = acked.into_iter().map(|id| Line::Acked { id });
                step.lines.extend(acked);
            }
            Event::News(news) => self.read_news(news, &mut step),
            // Not at `Rejected`: what a crash left in the outbox is told by the next run.
            Event::Outbox(entries) => self.read_outbox(entries, &mut step),
            Event::Rejected { .. } => {}
            Event::Queued(id) => step.lines.push(Line::Queued { id }),
            Event::NotQueued { id, error, .. } => step.lines.push(Line::Error {
                message: error.to_string(),
                line: None,
                id: Some(id),
            }),
            Event::NoLine(conversation) => step.lines.push(Line::error(format!(
                "no history of conversation {}: there is no line to the server now; ask again after \
                 the next welcome",
                conversation.0
            ))),
            Event::Storage(Some(why)) => step.lines.push(Line::error(why)),
            Event::Storage(None) => {}
            Event::Drained => step.end = Some(End::Drained),
            Event::Barrier(barrier) => step.barrier = Some(barrier),
        }
        step
    }

    fn read_status(&mut self, status: Status, step: &mut Step) {
        let mut message = None;
        let mut code = None;
        self.state = match status {
            Status::Connecting => State::Connecting,
            Status::Online => State::Online,
            Status::Doubtful => State::Doubtful,
            Status::Offline | Status::Paused => State::Offline,
            Status::GoingAway(going) => {
                message = Some(going.message);
                State::GoingAway
            }
            Status::Refused(refusal) => {
                message = Some(refusal.message.clone());
                code = Some(refusal.code);
                if is_final(refusal.code) {
                    step.end = Some(End::Refused(refusal));
                }
                State::Refused
            }
        };
        step.lines.push(Line::Status {
            state: self.state,
            message,
            code,
        });
    }

    fn read_outbox(&mut self, entries: Vec<Entry<Agent>>, step: &mut Step) {
        let told = std::mem::take(&mut self.told);
        for entry in entries {
            let Some(failure) = entry.failed else {
                continue;
            };
            self.told.push(entry.id);
            step.requests.push(Request::Discard(entry.id));
            if !told.contains(&entry.id) {
                step.lines.push(Line::Rejected {
                    id: entry.id,
                    code: failure.code,
                    message: failure.message,
                    command: entry.command,
                });
            }
        }
    }

    fn read_event(&mut self, event: &AgentEvent) -> Option<Request> {
        let by_visitor = matches!(event.author, Author::Visitor {});
        match &event.body {
            Body::Message { .. } if by_visitor => {
                let seq = event.seq?;
                self.delivered(event.conversation, seq)
            }
            Body::Closed {} => {
                self.receipts.forget(event.conversation);
                None
            }
            Body::Message { .. }
            | Body::Rated { .. }
            | Body::Opened { .. }
            | Body::Facts { .. }
            | Body::Note { .. }
            | Body::Assigned { .. } => None,
        }
    }

    fn read_conversation(&mut self, conversation: &Conversation) -> Option<Request> {
        let id = conversation.conversation;
        self.receipts.confirm(id, conversation.status.agents);
        self.delivered(id, conversation.last_seq)
    }

    fn delivered(&mut self, conversation: ConversationId, seq: u64) -> Option<Request> {
        let read = if self.is_reading { seq } else { 0 };
        let seen = Receipt {
            delivered: seq,
            read,
        };
        self.seen(conversation, seen)
    }

    fn read_news(&mut self, news: AgentNews, step: &mut Step) {
        match news {
            AgentNews::Snapshot(conversations) => {
                for conversation in &conversations {
                    step.requests.extend(self.read_conversation(conversation));
                }
                step.lines.push(Line::Snapshot { conversations });
            }
            AgentNews::History {
                conversation,
                events,
                more,
            } => step.lines.push(Line::History {
                conversation,
                events,
                more,
            }),
            AgentNews::Status(status) => {
                self.receipts.confirm(status.conversation, status.agents);
                step.lines.push(Line::Conversation(status));
            }
            AgentNews::Typing(typing) => step.lines.push(Line::Typing(typing)),
            AgentNews::Colleagues(colleagues) => step.lines.push(Line::Colleagues { colleagues }),
        }
    }
}

/// Whether only a change at this end can mend it.
fn is_final(code: RefusalCode) -> bool {
    match code {
        RefusalCode::Version | RefusalCode::BadToken | RefusalCode::UnknownSite => true,
        RefusalCode::BadIdentity
        | RefusalCode::BadFrame
        | RefusalCode::TooLate
        | RefusalCode::Full => false,
    }
}
