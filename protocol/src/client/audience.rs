//! The two kinds of reader, as far as the client's half treats them differently.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::TextError;
use crate::frame::{GoingAway, Heartbeat, Pace, Refusal, RefusalCode, Rejected, Resume};
use crate::id::{Epoch, EventId};

/// What differs between a visitor's tab and an agent's client.
pub trait Audience: Sized + Debug + Clone + PartialEq + 'static {
    /// Who this client says it is when a line opens.
    type Greeting: Debug;
    /// What waits in the outbox until its event is read.
    type Command: Debug + Clone + PartialEq + Serialize + DeserializeOwned;
    /// What the log gives.
    type Event: Debug + Clone + PartialEq;
    /// Frames towards the server.
    type Up: Debug + Clone + PartialEq + Serialize;
    /// Frames from the server.
    type Down: Debug + DeserializeOwned;
    /// The server's answer to the handshake.
    type Welcome: Debug + Clone + PartialEq;
    /// Frames that the state machine has no part in.
    type News: Debug + Clone + PartialEq;

    /// The first frame on every line.
    fn hello(greeting: &Self::Greeting, resume: Option<Resume>, pace: Pace) -> Self::Up;
    /// Takes from the welcome what later greetings need.
    fn adopt(greeting: &mut Self::Greeting, welcome: &Self::Welcome);
    /// Whether another greeting can mend a refusal; it is changed then.
    fn mend(greeting: &mut Self::Greeting, code: RefusalCode) -> bool;
    /// The frame of a command from the outbox.
    fn command(id: EventId, command: &Self::Command) -> Self::Up;
    /// Whether a command can be accepted at all.
    ///
    /// # Errors
    /// When its text is blank or too long.
    fn check(command: &Self::Command) -> Result<(), TextError>;
    /// How many bytes of text a command holds.
    fn weight(command: &Self::Command) -> usize;
    /// The frame that asks whether the other end is there.
    fn ping(n: u64) -> Self::Up;
    /// The frame that answers the server's heartbeat.
    fn pong(n: u64) -> Self::Up;
    /// The frame that changes the pace, where this audience has more than one.
    fn pace(pace: Pace) -> Option<Self::Up>;
    /// The event's place in the reader's stream.
    fn number(event: &Self::Event) -> u64;
    /// The name that the event's writer gave it.
    fn id(event: &Self::Event) -> EventId;
    /// Whether this client, or another of the same person, wrote the event.
    fn is_own(greeting: &Self::Greeting, event: &Self::Event) -> bool;
    /// What a frame means for the state machine.
    fn read(down: Self::Down) -> Inbound<Self>;
}

/// A frame from the server, sorted by what the state machine does with it.
#[derive(Debug)]
pub enum Inbound<A: Audience> {
    /// The handshake is done.
    Welcome(Start, A::Welcome),
    /// The handshake failed, or this end broke the rules.
    Refused(Refusal),
    /// The next events.
    Events(Vec<A::Event>),
    /// A part of the snapshot; the last one makes the cursor valid.
    Snapshot {
        /// The part itself.
        part: A::News,
        /// Whether it is the last.
        last: bool,
    },
    /// A command was not accepted.
    Rejected(Rejected),
    /// The server's heartbeat.
    Ping(u64),
    /// The answer to a probe.
    Pong(u64),
    /// The server stops.
    GoingAway(GoingAway),
    /// Anything else.
    News(A::News),
}

/// Where reading begins after a welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The log's life.
    pub epoch: Epoch,
    /// Reading goes on after this number.
    pub after: u64,
    /// Whether a snapshot comes first.
    pub snapshot: bool,
    /// The times of the heartbeat.
    pub heartbeat: Heartbeat,
}
