//! Tabs and agents' clients, as the world treats them alike.

use holdfast_protocol::client::{
    Agent, AgentCommand, AgentGreeting, Audience, LineId, Output, Visitor, VisitorCommand,
    VisitorGreeting,
};
use holdfast_protocol::frame;
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;

use super::node::{Node, Shown};

/// Something for the network to do.
pub(crate) enum Act {
    Dial(LineId),
    Close(LineId),
    Text(LineId, String),
}

/// What a person, a network and a clock do to a node.
pub(crate) trait Endpoint {
    fn next_act(&mut self) -> Option<Act>;
    fn opened(&mut self, line: LineId, now: Millis);
    fn text(&mut self, line: LineId, text: &str, now: Millis);
    fn closed(&mut self, line: LineId, now: Millis);
    fn timeout(&mut self, now: Millis);
    fn due(&self, now: Millis) -> Option<Millis>;
    fn hint(&mut self, now: Millis);
    fn look(&mut self, is_looking: bool, now: Millis);
    fn pause(&mut self, now: Millis);
    fn resume(&mut self, now: Millis);
    fn reload(&mut self, seed: u64, now: Millis);
    fn write(&mut self, id: EventId, conversation: ConversationId, now: Millis);
    fn sends_early(&mut self);
    fn written(&self) -> &[EventId];
    fn acked(&self) -> &[EventId];
    fn shown(&self) -> &[Shown];
    fn waiting(&self) -> usize;
    fn cursor(&self) -> Option<u64>;
    fn take_faults(&mut self) -> Vec<String>;
}

/// What the simulator needs to know of an audience beyond what the client does.
pub(crate) trait Actor: Audience {
    fn again(greeting: &Self::Greeting) -> Self::Greeting;
    fn compose(conversation: ConversationId, text: String) -> Self::Command;
}

impl Actor for Visitor {
    /// The token is in localStorage since the first welcome.
    fn again(greeting: &VisitorGreeting) -> VisitorGreeting {
        greeting.clone()
    }

    fn compose(_: ConversationId, text: String) -> VisitorCommand {
        VisitorCommand::Send { text }
    }
}

impl Actor for Agent {
    fn again(greeting: &AgentGreeting) -> AgentGreeting {
        AgentGreeting {
            token: greeting.token.clone(),
            me: None,
        }
    }

    fn compose(conversation: ConversationId, text: String) -> AgentCommand {
        AgentCommand::Send { conversation, text }
    }
}

impl<A: Actor> Endpoint for Node<A> {
    fn next_act(&mut self) -> Option<Act> {
        Some(match self.next_action()? {
            Output::Dial(line) => Act::Dial(line),
            Output::Close(line) => Act::Close(line),
            Output::Transmit(line, up) => Act::Text(line, frame::write(&up).unwrap()),
            Output::Event(_) | Output::Save => unreachable!("carried out by the node"),
        })
    }

    fn opened(&mut self, line: LineId, now: Millis) {
        self.client.handle_opened(line, now);
    }

    fn text(&mut self, line: LineId, text: &str, now: Millis) {
        self.client.handle_text(line, text, now);
    }

    fn closed(&mut self, line: LineId, now: Millis) {
        self.client.handle_closed(line, now);
    }

    fn timeout(&mut self, now: Millis) {
        self.client.handle_timeout(now);
    }

    fn due(&self, now: Millis) -> Option<Millis> {
        self.client.poll_timeout(now)
    }

    fn hint(&mut self, now: Millis) {
        self.client.handle_hint(now);
    }

    fn look(&mut self, is_looking: bool, now: Millis) {
        self.client.set_looking(is_looking, now);
    }

    fn pause(&mut self, now: Millis) {
        self.client.pause(now);
    }

    fn resume(&mut self, now: Millis) {
        self.client.resume(now);
    }

    fn reload(&mut self, seed: u64, now: Millis) {
        let greeting = A::again(self.client.greeting());
        Self::reload(self, greeting, seed, now);
    }

    fn write(&mut self, id: EventId, conversation: ConversationId, now: Millis) {
        let command = A::compose(conversation, format!("text of {id}"));
        if self.client.send(id, command, now, now).is_ok() {
            self.written.push(id);
        }
    }

    fn sends_early(&mut self) {
        self.sends_early = true;
    }

    fn written(&self) -> &[EventId] {
        &self.written
    }

    fn acked(&self) -> &[EventId] {
        &self.acked
    }

    fn shown(&self) -> &[Shown] {
        &self.shown
    }

    fn waiting(&self) -> usize {
        self.client.outbox().len()
    }

    fn cursor(&self) -> Option<u64> {
        self.client.saved().cursor.map(|cursor| cursor.after)
    }

    fn take_faults(&mut self) -> Vec<String> {
        Self::take_faults(self)
    }
}
