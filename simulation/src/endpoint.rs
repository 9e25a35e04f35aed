//! Tabs and agents' clients, as the world treats them alike.

use std::collections::BTreeSet;

use holdfast_protocol::client::{
    Agent, AgentCommand, AgentGreeting, Audience, LineId, Output, Visitor, VisitorCommand,
    VisitorGreeting,
};
use holdfast_protocol::event::{AgentEvent, Receipt, VisitorEvent};
use holdfast_protocol::frame::{self, AgentUp, VisitorUp};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::profile::Identity;
use holdfast_protocol::time::Millis;

use crate::node::{Node, Person, Shown, Storage};

/// Something for the network to do.
pub(crate) enum Act {
    Dial(LineId),
    Close(LineId),
    Text(LineId, String),
}

/// What a person does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deed {
    pub id: EventId,
    /// Decides what, and in which of the conversations that are known.
    pub whim: u64,
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
    /// The page or the process dies after so many of the things that it does next, wherever that is.
    fn die_after(&mut self, count: u32);
    fn is_dead(&self) -> bool;
    fn act(&mut self, deed: Deed, now: Millis);
    fn set_storage(&mut self, storage: Storage);
    fn storage(&self) -> Storage;
    fn sends_early(&mut self);
    fn token(&self) -> Option<&str>;
    /// The page says who the visitor is; whether it had not said so before.
    fn identify(&mut self, identity: Identity, now: Millis) -> bool;
    /// The site's name for the person, where the page has said it.
    fn identity(&self) -> Option<&str>;
    fn person(&self) -> &Person;
    fn departed(&self) -> &[Person];
    fn shown(&self) -> &[Shown];
    fn waiting(&self) -> usize;
    fn cursor(&self) -> Option<u64>;
    fn take_faults(&mut self) -> Vec<String>;
}

/// What the simulator needs to know of an audience beyond what the client does.
pub(crate) trait Actor: Audience {
    fn again(greeting: &Self::Greeting, is_forgotten: bool) -> Self::Greeting;
    /// The command of a deed, where there is anything to be done.
    fn command_of(deed: Deed, known: &BTreeSet<ConversationId>) -> Option<Self::Command>;
    /// The conversation that an event names.
    fn conversation(event: &Self::Event) -> Option<ConversationId>;
    /// The receipt of an event.
    fn seen(event: &Self::Event) -> Option<Self::Up>;
    fn token(greeting: &Self::Greeting) -> Option<&str>;
    /// The greeting of somebody who is known to the site.
    fn known(greeting: &Self::Greeting, identity: Identity) -> Self::Greeting;
    fn identity(greeting: &Self::Greeting) -> Option<&str>;
}

impl Actor for Visitor {
    /// The token is in localStorage since the first welcome.
    fn again(greeting: &VisitorGreeting, is_forgotten: bool) -> VisitorGreeting {
        let mut greeting = greeting.clone();
        if is_forgotten {
            greeting.token = None;
            greeting.identity = None;
        }
        greeting
    }

    fn command_of(deed: Deed, _: &BTreeSet<ConversationId>) -> Option<VisitorCommand> {
        let text = format!("text of {}", deed.id);
        Some(VisitorCommand::Send { text })
    }

    fn conversation(_: &VisitorEvent) -> Option<ConversationId> {
        None
    }

    fn seen(event: &VisitorEvent) -> Option<VisitorUp> {
        Some(VisitorUp::Seen(Receipt {
            delivered: event.seq,
            read: event.seq / 2,
        }))
    }

    fn token(greeting: &VisitorGreeting) -> Option<&str> {
        greeting.token.as_deref()
    }

    fn known(greeting: &VisitorGreeting, identity: Identity) -> VisitorGreeting {
        VisitorGreeting {
            identity: Some(identity),
            ..greeting.clone()
        }
    }

    fn identity(greeting: &VisitorGreeting) -> Option<&str> {
        let identity = greeting.identity.as_ref();
        identity.map(|identity| identity.id.as_str())
    }
}

impl Actor for Agent {
    fn again(greeting: &AgentGreeting, _: bool) -> AgentGreeting {
        AgentGreeting {
            token: greeting.token.clone(),
            me: None,
        }
    }

    fn command_of(deed: Deed, known: &BTreeSet<ConversationId>) -> Option<AgentCommand> {
        let Deed { id, whim } = deed;
        let choice = (whim / 16) as usize % known.len().max(1);
        let conversation = known.iter().nth(choice).copied()?;
        Some(match whim % 10 {
            0 => AgentCommand::Claim { conversation },
            1 => AgentCommand::Close { conversation },
            2 => AgentCommand::Note {
                conversation,
                text: format!("note {id}"),
            },
            _ => AgentCommand::Send {
                conversation,
                text: format!("text of {id}"),
            },
        })
    }

    fn conversation(event: &AgentEvent) -> Option<ConversationId> {
        Some(event.conversation)
    }

    fn seen(event: &AgentEvent) -> Option<AgentUp> {
        Some(AgentUp::Seen {
            conversation: event.conversation,
            seen: Receipt {
                delivered: event.seq?,
                read: event.seq?,
            },
        })
    }

    fn token(_: &AgentGreeting) -> Option<&str> {
        None
    }

    fn known(greeting: &AgentGreeting, _: Identity) -> AgentGreeting {
        greeting.clone()
    }

    fn identity(_: &AgentGreeting) -> Option<&str> {
        None
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
        Self::reload(self, seed, now);
    }

    fn die_after(&mut self, count: u32) {
        self.until_death = Some(count);
    }

    fn is_dead(&self) -> bool {
        self.until_death == Some(0)
    }

    fn act(&mut self, deed: Deed, now: Millis) {
        if let Some(command) = A::command_of(deed, &self.known)
            && self.client.send(deed.id, command, now, now).is_ok()
        {
            self.person.written.push(deed.id);
        }
    }

    fn set_storage(&mut self, storage: Storage) {
        self.storage = storage;
    }

    fn storage(&self) -> Storage {
        self.storage
    }

    fn sends_early(&mut self) {
        self.sends_early = true;
    }

    fn token(&self) -> Option<&str> {
        A::token(self.client.greeting())
    }

    fn identify(&mut self, identity: Identity, now: Millis) -> bool {
        let is_news = A::identity(self.client.greeting()).is_none();
        if is_news {
            let greeting = A::known(self.client.greeting(), identity);
            *self.client.greeting_mut() = greeting;
            self.client.reidentify(now);
        }
        is_news
    }

    fn identity(&self) -> Option<&str> {
        A::identity(self.client.greeting())
    }

    fn person(&self) -> &Person {
        &self.person
    }

    fn departed(&self) -> &[Person] {
        &self.departed
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
