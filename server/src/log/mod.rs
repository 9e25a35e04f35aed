//! The log: append, read after a cursor, wake.
//!
//! Nothing is said of an event before its transaction is on disk: one thread commits whatever waits as
//! one transaction, then hands the events to the live streams, wakes their readers, and answers the
//! writers, in this order.

#[cfg(test)]
mod death_tests;
mod directory;
mod draft;
mod facts;
mod feed;
mod heads;
#[cfg(test)]
mod identity_tests;
#[cfg(test)]
#[cfg(feature = "shuttle")]
mod interleavings;
mod names;
mod pool;
mod reads;
mod round;
mod streams;
mod sync;
mod tail;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_protocol::event::{AgentEvent, Author, Body, Receipt, VisitorFacts};
use holdfast_protocol::frame::Rejected;
use holdfast_protocol::id::{ConversationId, Epoch, EventId};
use holdfast_protocol::time::Millis;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

pub use facts::Told;
pub use feed::{Feed, Standing};
pub use streams::{ConversationNow, SiteSubscription, Subscription};
pub use tail::Chunk;

use crate::key::{SiteId, VisitorId};
use crate::store::Store;
pub use crate::store::{AgentRow, Head, Seen, Site, StoreError};
use directory::Directory;
use pool::{Pool, Threads};
use streams::Streams;
use writer::{Command, Writer};

/// Commands that wait for the writer: some batches' worth. Beyond, a connection waits with reading on.
const QUEUE: usize = 4096;

/// How often the writer is reminded of what may wait: receipts to be written, old events to be removed.
const TICK: Duration = Duration::from_secs(1);

/// A receipt waits so long for an event of its conversation to leave with: delivered and read follow each other closely, and so
/// may an answer, and a packet of its own costs as much as a message's.
const RECEIPT_PAUSE: Duration = Duration::from_millis(250);

/// How the log is kept.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Events older than this are removed.
    pub retain: Millis,
    /// The wall clock, in milliseconds since the Unix epoch.
    pub wall: fn() -> Millis,
}

/// The order of one connection's appends: once one of them could not be written, none after it may be,
/// since the client sends all of them again from that one on.
#[derive(Clone, Debug, Default)]
pub struct Lane(Arc<AtomicBool>);

impl Lane {
    fn has_failed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn fail(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Something to be appended.
#[derive(Clone, Debug)]
pub struct Append {
    /// The connection's order.
    pub lane: Lane,
    /// The site whose log it is.
    pub site: SiteId,
    /// Where.
    pub place: Place,
    /// The name that its writer gave it.
    pub id: EventId,
    /// Who wrote it.
    pub author: Author,
    /// What happens, or why it may not. An id that is in the log already is found whatever this says, since a
    /// command that was accepted can't be rejected any more when it is sent again.
    pub body: Result<Body, Rejected>,
}

/// Where an event is appended.
#[derive(Clone, Debug)]
pub enum Place {
    /// The visitor's conversation, which is made by its first event.
    Visitor {
        /// Whose.
        visitor: VisitorId,
        /// Whose the connection's token is, where that is another: an event that is in their conversation already is
        /// not appended once more.
        token: Option<VisitorId>,
        /// What their page tells, for a conversation that begins.
        facts: Option<Box<VisitorFacts>>,
    },
    /// A conversation that must exist on this site.
    Conversation(ConversationId),
}

/// What an append that succeeded did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// A new event, which is on disk now.
    New,
    /// Nothing: the author had named this event so before.
    Duplicate(Box<AgentEvent>),
    /// Nothing: the author had named this event so before, in the conversation of their token, which stays apart.
    Apart(Box<AgentEvent>),
}

/// A visitor has proven who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identify {
    /// On which site.
    pub site: SiteId,
    /// Whose the connection's token is.
    pub token: VisitorId,
    /// Whose it is from now on, if its conversation is the person's first.
    pub person: VisitorId,
}

/// Why an append did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AppendError {
    /// It may not be, and is not in the log.
    #[error("rejected: {}", .0.message)]
    Rejected(Box<Rejected>),
    /// No such conversation on this site; it won't succeed later either.
    #[error("there is no such conversation on this site")]
    UnknownConversation,
    /// The disk is full or failed. Nothing was written; it may succeed later.
    #[error("the server can't write to its disk")]
    Storage,
    /// The log is closed.
    #[error("the server stops")]
    Stopped,
}

/// What an append ends as, to be waited for.
pub type Outcome = oneshot::Receiver<Result<Appended, AppendError>>;

/// Which side of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The visitor's tabs.
    Visitor,
    /// The agents.
    Agents,
}

/// A handle on the log. Clones are cheap and name the same log.
#[derive(Clone, Debug)]
pub struct Log {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    commands: mpsc::Sender<Command>,
    streams: Arc<Streams>,
    feed: Arc<Feed>,
    pool: Arc<Pool>,
    directory: Directory,
    epoch: Epoch,
}

impl Log {
    /// Starts the writer of a data folder's database.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn start(store: Store, options: LogOptions) -> Result<Self, StoreError> {
        let (log, writer) = Self::assemble(store, options, Threads::Own)?;
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(|| writer.run())
            .map_err(|_| StoreError::Lost)?;
        Ok(log)
    }

    /// The same log without a thread of its own, for simulations, whose order of things must be the same every
    /// time: the writer is the future that comes with it, reads run where they are asked for, and both take
    /// `pause` of the runtime's time as if the disk did.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn start_inline(
        store: Store,
        options: LogOptions,
        pause: fn() -> Millis,
    ) -> Result<(Self, impl Future<Output = ()> + Send), StoreError> {
        let (log, writer) = Self::assemble(store, options, Threads::Caller(pause))?;
        Ok((log, writer.run_inline(pause)))
    }

    fn assemble(
        mut store: Store,
        options: LogOptions,
        threads: Threads,
    ) -> Result<(Self, Writer), StoreError> {
        store.settle()?;
        store.catch_up()?;
        let (commands, inbox) = mpsc::channel(QUEUE);
        let streams = Arc::new(Streams::default());
        let feed = Arc::new(Feed::default());
        let epoch = store.epoch()?;
        let pool = Arc::new(Pool::new(&store, threads)?);
        let writer = Writer::new(
            store,
            inbox,
            Arc::clone(&streams),
            Arc::clone(&feed),
            options,
        )?;
        let inner = Inner {
            commands,
            streams,
            feed,
            pool,
            directory: Directory::default(),
            epoch,
        };
        let inner = Arc::new(inner);
        Ok((Self { inner }, writer))
    }

    /// Reminds the writer of what may wait and looks for changes among the agents, until the log is closed.
    pub async fn keep(self) {
        tokio::join!(self.keep_ticking(), self.keep_telling());
    }

    async fn keep_ticking(&self) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            if self.inner.commands.send(Command::Tick).await.is_err() {
                return;
            }
            if let Err(error) = self.refresh_agents().await {
                tracing::error!(%error, "can't read who works here");
            }
            if let Err(error) = self.refresh_sites().await {
                tracing::error!(%error, "can't read what the sites' owners have set");
            }
        }
    }

    async fn keep_telling(&self) {
        let commands = &self.inner.commands;
        loop {
            tokio::select! {
                () = commands.closed() => return,
                () = self.inner.streams.receipts.notified() => {}
            }
            tokio::time::sleep(RECEIPT_PAUSE).await;
            if commands.send(Command::TellReceipts).await.is_err() {
                return;
            }
        }
    }

    /// The log's life.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.inner.epoch
    }

    /// Conversations whose standing has changed, for whoever tells the agents.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// Hands an event to the writer. Waits only where very much waits already; the outcome comes with the
    /// commit. Appends of one task are committed in the order of the calls.
    pub async fn append(&self, append: Append) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        // A closed log drops the answer, which the outcome reports.
        let _ = self
            .inner
            .commands
            .send(Command::Append(append, answer))
            .await;
        outcome
    }

    /// Makes a token's conversation the person's, where there is one and the person has none. Returns once that is
    /// on disk, and the lines that stand on the token alone are told.
    ///
    /// # Errors
    /// When it could not be written; it may succeed later.
    pub async fn identify(&self, identify: Identify) -> Result<(), AppendError> {
        let (answer, outcome) = oneshot::channel();
        let command = Command::Identify(identify, answer);
        let _ = self.inner.commands.send(command).await;
        outcome.await.unwrap_or(Err(AppendError::Stopped))
    }

    /// More is known of the visitor of a conversation of `site`. What is news becomes an event within a second, or
    /// some seconds after the last of that kind.
    pub async fn tell(&self, site: SiteId, conversation: ConversationId, told: Told) {
        let command = Command::Tell(site, conversation, Box::new(told));
        let _ = self.inner.commands.send(command).await;
    }

    /// One side has come so far in a conversation of `site`. Goes no further than the log, and never back.
    pub async fn seen(
        &self,
        site: SiteId,
        conversation: ConversationId,
        side: Side,
        seen: Receipt,
    ) {
        // With many agents, all but the first to say so say what is known; the writer need not hear of it.
        let is_known = || self.inner.streams.have_agents_seen(conversation, seen);
        if side == Side::Agents && is_known() {
            return;
        }
        let command = Command::Seen {
            site,
            conversation,
            side,
            seen,
        };
        let _ = self.inner.commands.send(command).await;
    }

    /// Says how a conversation stands in the feed, since something about it has changed elsewhere.
    pub async fn touch(&self, conversation: ConversationId) {
        let _ = self.inner.commands.send(Command::Touch(conversation)).await;
    }

    /// Returns once all that was handed over before has been dealt with, receipts included.
    pub async fn flush(&self) {
        let (answer, done) = oneshot::channel();
        if self
            .inner
            .commands
            .send(Command::Flush(answer))
            .await
            .is_ok()
        {
            let _ = done.await;
        }
    }

    /// Says to the visitor's tabs that an agent is typing: `frame` is the whole frame.
    pub fn typing(&self, site: SiteId, conversation: ConversationId, frame: &Arc<str>) {
        self.inner.streams.typing(site, conversation, frame);
    }

    /// Commits what was accepted and ends the writer. Later appends end as [`AppendError::Stopped`].
    pub async fn stop(&self) {
        let (answer, done) = oneshot::channel();
        if self
            .inner
            .commands
            .send(Command::Stop(answer))
            .await
            .is_ok()
        {
            let _ = done.await;
        }
    }
}
