//! Many visitors in one process, told together what to do.

mod agents;
mod line;
mod mqtt;
mod pen;
mod socket;
mod socket_io;
mod visitor;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use holdfast_protocol::client::Saved;
use holdfast_protocol::frame::Resume;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub(crate) use agents::{Agents, Answers};
pub(crate) use socket::{Socket, connect, open};

use line::Bare;
use mqtt::Mqtt;
use socket_io::SocketIo;

/// A message of a visitor or an agent: what people write is about that long.
pub(crate) const MESSAGE_BYTES: usize = 100;

/// Agents who answer the visitors of a flow of messages.
pub(crate) const AGENTS: usize = 8;

/// How often a count is looked at. Short against a storm, the one thing that is measured so; the moments of a single visitor
/// are noted by themselves.
const GLANCE: Duration = Duration::from_millis(1);

/// How long a visitor is waited for that was told something: many seconds' worth of work may wait before it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What all visitors do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    /// Nothing but keep the line.
    Quiet,
    /// Write, wait for the answer, write again at once.
    Busy,
    /// Write every so often, unless the answer to the one before is not there yet.
    Paced(Duration),
    /// Write so many messages, each after the answer to the one before.
    Count(u32),
}

/// What the load has done so far.
#[derive(Debug, Default)]
pub(crate) struct Score {
    /// Lines that were taken in.
    pub(crate) welcomed: AtomicU64,
    /// Lines that have read all that they missed.
    pub(crate) caught_up: AtomicU64,
    /// When the first of them had.
    pub(crate) first_caught_up: OnceLock<Instant>,
    /// Answers that visitors have read; each stands for two messages.
    pub(crate) answered: AtomicU64,
    /// Visitors that have written all that they were to write.
    pub(crate) done: AtomicU64,
    /// Attempts that failed, lines that broke, messages that were refused.
    pub(crate) troubles: AtomicU64,
    /// Attempts beyond the first.
    pub(crate) retries: AtomicU64,
}

impl Score {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Something went wrong; the first time it is told, since it spoils the figures.
    pub(crate) fn trouble(&self, what: &str) {
        if self.troubles.fetch_add(1, Ordering::Relaxed) == 0 {
            eprintln!("  the first trouble: {what}");
        }
    }

    /// Waits until a count is reached.
    ///
    /// # Errors
    /// When it is not in `limit`.
    pub(crate) async fn reaches(
        &self,
        what: &str,
        counter: impl Fn(&Self) -> &AtomicU64,
        goal: u64,
        limit: Duration,
    ) -> Result<()> {
        let began = Instant::now();
        while counter(self).load(Ordering::Relaxed) < goal {
            if began.elapsed() > limit {
                let count = counter(self).load(Ordering::Relaxed);
                bail!("{what}: {count} of {goal} after {limit:?}; {self:?}");
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }
}

/// Who one visitor is, and where they read on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) site: String,
    pub(crate) token: Option<String>,
    pub(crate) resume: Option<Resume>,
    /// The number that this visitor has caught up at.
    pub(crate) goal: u64,
}

/// How a fleet's visitors speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The protocol, by its real client half.
    Holdfast,
    /// Texts, to another server.
    Texts(Texts),
}

/// How texts are carried to a server that is not Holdfast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Texts {
    /// By bare WebSockets, to a baseline.
    Bare,
    /// By MQTT with QoS 1.
    Mqtt,
    /// By Socket.IO, every event acknowledged.
    SocketIo,
}

/// Milliseconds from a message to its answer, of one visitor in one phase.
pub(crate) type Samples = Vec<f64>;

/// What one visitor has measured in one phase.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) samples: Samples,
    /// Milliseconds since the message whose answer had not come when the phase ended.
    pub(crate) waiting: Option<f64>,
}

/// Visitors that run. Dropping it cuts all their lines.
pub(crate) struct Fleet {
    pub(crate) score: Arc<Score>,
    phase: watch::Sender<Phase>,
    told: mpsc::UnboundedReceiver<Told>,
    tasks: JoinSet<()>,
}

impl Fleet {
    /// Sends these visitors to a server, all at once.
    pub(crate) fn launch(dialect: Dialect, server: SocketAddr, visitors: Vec<Identity>) -> Self {
        let score = Arc::new(Score::default());
        let (phase, phases) = watch::channel(Phase::Quiet);
        let (send, told) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for (number, who) in visitors.into_iter().enumerate() {
            let desk = visitor::Desk::new(phases.clone(), send.clone(), Arc::clone(&score));
            match dialect {
                Dialect::Holdfast => {
                    let saved = Saved {
                        cursor: who.resume,
                        outbox: Vec::new(),
                    };
                    tasks.spawn(visitor::run(server, number, who, saved, desk));
                }
                Dialect::Texts(Texts::Bare) => {
                    tasks.spawn(visitor::run_texts::<Bare>(server, number, desk));
                }
                Dialect::Texts(Texts::Mqtt) => {
                    tasks.spawn(visitor::run_texts::<Mqtt>(server, number, desk));
                }
                Dialect::Texts(Texts::SocketIo) => {
                    tasks.spawn(visitor::run_texts::<SocketIo>(server, number, desk));
                }
            }
        }
        Self {
            score,
            phase,
            told,
            tasks,
        }
    }

    /// How many visitors there are.
    pub(crate) fn len(&self) -> u64 {
        self.tasks.len() as u64
    }

    /// Waits until all are taken in.
    ///
    /// # Errors
    /// When they are not in `limit`.
    pub(crate) async fn welcomed(&self, limit: Duration) -> Result<()> {
        let count = self.len();
        self.score
            .reaches("welcomed", |score| &score.welcomed, count, limit)
            .await
    }

    /// Tells everybody what to do from now on.
    pub(crate) fn tell(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Ends the phase, and returns what each visitor has measured in it.
    pub(crate) async fn gather(&mut self) -> Vec<Told> {
        self.tell(Phase::Quiet);
        let mut gathered = Vec::new();
        for _ in 0..self.tasks.len() {
            // Whose line broke in a baseline has nothing to say, and is missing.
            match tokio::time::timeout(PATIENCE, self.told.recv()).await {
                Ok(said) => gathered.extend(said),
                Err(_) => break,
            }
        }
        gathered
    }
}
