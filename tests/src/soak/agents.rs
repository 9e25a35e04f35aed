//! The agents of a soak: `holdfast-agent --json` as a bot drives it, killed and started again on the same state file.
//!
//! A command that was not `queued` when its client died is said again under its own id, as the agent's README tells
//! bots to: so each of them is owed to every screen exactly once.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::board::Board;
use super::cast::BROWSER;
use super::network::{Network, Place};
use super::program::{Launch, Program};
use crate::address::Address;
use crate::agent::Desk;

/// Orders that wait for an agent's client.
const WAITING_ORDERS: usize = 64;

/// An agent.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The name, the beginning of everything that they write.
    pub name: String,
    orders: mpsc::Sender<Errand>,
}

/// What an agent did and saw.
#[derive(Debug)]
pub struct Record {
    /// What they wrote, in order, each with the visitor to whom.
    pub written: Vec<(String, String)>,
    /// What their screen shows.
    pub desk: Desk,
}

enum Errand {
    Write(String, String),
    Online(oneshot::Sender<()>),
    Hush(oneshot::Sender<()>),
    Kill(oneshot::Sender<()>),
    Start(oneshot::Sender<()>),
    Report(oneshot::Sender<Record>),
}

impl Agent {
    /// Starts an agent who writes to somebody every so many milliseconds, on average; `crew` has the task that cares
    /// for the client.
    ///
    /// # Errors
    /// When the client can't be started.
    pub fn start(
        network: &Network,
        (name, address): (&str, &Address),
        folder: &Path,
        every: u64,
        board: Arc<Board>,
        crew: &mut JoinSet<Result<()>>,
    ) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let address_file = folder.join("address");
        std::fs::write(&address_file, format!("{address}\n"))?;
        let launch = Launch::ours(network, Place::Agents, "holdfast-agent")?
            .with(["--json", "--follow", "--address-file"])
            .with([&address_file])
            .with(["--state".into(), folder.join("state")]);
        let keeper = Keeper {
            program: Program::start(launch)?,
            name: name.to_owned(),
            board,
            desk: Desk::default(),
            notes: Vec::new(),
            known: Known::default(),
            shown: HashSet::new(),
            every,
            next_write: Instant::now(),
            is_hushed: false,
            awaited: None,
        };
        let (orders, waiting) = mpsc::channel(WAITING_ORDERS);
        crew.spawn(keeper.run(waiting));
        let name = name.to_owned();
        Ok(Self { name, orders })
    }

    /// Lets the agent write this to a visitor whom they know.
    ///
    /// # Errors
    /// When the agent's client failed by itself.
    pub async fn write(&self, visitor: &str, text: String) -> Result<()> {
        self.order(Errand::Write(visitor.to_owned(), text)).await
    }

    /// Waits until the server has taken the client in.
    ///
    /// # Errors
    /// When the agent's client failed by itself.
    pub async fn online(&self) -> Result<()> {
        self.ask(Errand::Online).await
    }

    /// Lets the agent write nothing more but what they are told to.
    ///
    /// # Errors
    /// When the agent's client failed by itself.
    pub async fn hush(&self) -> Result<()> {
        self.ask(Errand::Hush).await
    }

    /// Kills the client.
    ///
    /// # Errors
    /// When the agent's client failed by itself.
    pub async fn kill(&self) -> Result<()> {
        self.ask(Errand::Kill).await
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it can't be started.
    pub async fn start_again(&self) -> Result<()> {
        self.ask(Errand::Start).await
    }

    /// Ends the client and hands over what they wrote and saw.
    ///
    /// # Errors
    /// When the agent's client failed by itself.
    pub async fn report(&self) -> Result<Record> {
        self.ask(Errand::Report).await
    }

    async fn ask<T>(&self, errand: impl FnOnce(oneshot::Sender<T>) -> Errand) -> Result<T> {
        let (done, waiting) = oneshot::channel();
        self.order(errand(done)).await?;
        waiting.await.context("the agent's client failed")
    }

    async fn order(&self, errand: Errand) -> Result<()> {
        let sent = self.orders.send(errand).await;
        sent.ok().context("the agent's client failed")
    }
}

struct Keeper {
    program: Program,
    name: String,
    board: Arc<Board>,
    desk: Desk,
    notes: Vec<Note>,
    known: Known,
    shown: HashSet<String>,
    every: u64,
    next_write: Instant,
    is_hushed: bool,
    /// Whoever waits for the client to be online.
    awaited: Option<oneshot::Sender<()>>,
}

/// Something that the agent wrote.
struct Note {
    id: String,
    visitor: String,
    text: String,
    line: String,
    is_queued: bool,
}

/// How much of the desk was taken in.
#[derive(Default)]
struct Known {
    messages: usize,
    queued: usize,
    states: usize,
}

impl Keeper {
    async fn run(mut self, mut orders: mpsc::Receiver<Errand>) -> Result<()> {
        loop {
            tokio::select! {
                errand = orders.recv() => match errand {
                    Some(errand) => self.carry_out(errand).await?,
                    None => return Ok(()),
                },
                more = self.program.wait_for_lines() => more?,
                () = tokio::time::sleep_until(self.next_write.into()) => self.write_by_itself().await?,
            }
            self.read()?;
        }
    }

    async fn carry_out(&mut self, errand: Errand) -> Result<()> {
        match errand {
            Errand::Write(visitor, text) => self.write(visitor, text).await?,
            Errand::Online(done) => self.awaited = Some(done),
            Errand::Hush(done) => {
                self.is_hushed = true;
                let _ = done.send(());
            }
            Errand::Kill(done) => {
                self.program.kill().await?;
                let _ = done.send(());
            }
            Errand::Start(done) => {
                self.read()?;
                self.program.start_again()?;
                let unsaid = self.notes.iter().filter(|note| !note.is_queued);
                for note in unsaid {
                    self.program.tell(&note.line).await;
                }
                let _ = done.send(());
            }
            Errand::Report(done) => {
                self.program.kill().await?;
                self.read()?;
                let written = self.notes.drain(..).map(|note| (note.visitor, note.text));
                let record = Record {
                    written: written.collect(),
                    desk: std::mem::take(&mut self.desk),
                };
                self.known = Known::default();
                let _ = done.send(record);
            }
        }
        Ok(())
    }

    async fn write_by_itself(&mut self) -> Result<()> {
        let pause = fastrand::u64(0..=2 * self.every);
        self.next_write = Instant::now() + Duration::from_millis(pause);
        let mut rooms = self.board.rooms();
        rooms.remove(BROWSER);
        let visitor = rooms.keys().nth(fastrand::usize(0..rooms.len().max(1)));
        if let Some(visitor) = visitor.filter(|_| self.program.is_running() && !self.is_hushed) {
            let text = format!("{} #{}", self.name, self.notes.len());
            self.write(visitor.clone(), text).await?;
        }
        Ok(())
    }

    async fn write(&mut self, visitor: String, text: String) -> Result<()> {
        let rooms = self.board.rooms();
        let room = rooms.get(&visitor).context("nobody knows this visitor")?;
        let id = random_id();
        let line = json!({"send": {"id": &id, "conversation": room, "text": &text}}).to_string();
        self.program.tell(&line).await;
        self.notes.push(Note {
            id,
            visitor,
            text,
            line,
            is_queued: false,
        });
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        for line in self.program.take_lines() {
            // A kill may break the last line off; its event comes again.
            if !self.program.is_running() && !line.ends_with('}') {
                continue;
            }
            self.desk.read_line(&line);
        }
        for state in &self.desk.states[self.known.states..] {
            self.board.note(&self.name, state);
        }
        self.known.states = self.desk.states.len();
        if self.desk.state == "online"
            && let Some(awaited) = self.awaited.take()
        {
            let _ = awaited.send(());
        }
        if let Some(words) = self.desk.errors.first().or(self.desk.rejected.first()) {
            bail!("{}: {words}", self.name);
        }
        for message in &self.desk.messages[self.known.messages..] {
            self.board.show(&self.name, &message.text);
            if !self.shown.insert(message.text.clone()) {
                self.board.alarm();
            }
            if let Some((visitor, _)) = message.text.split_once('t')
                && visitor.starts_with('v')
            {
                self.board.meet(visitor, message.conversation);
            }
        }
        self.known.messages = self.desk.messages.len();
        for id in &self.desk.queued[self.known.queued..] {
            let note = self.notes.iter_mut().rev().find(|note| note.id == *id);
            note.context("queued and never written")?.is_queued = true;
        }
        self.known.queued = self.desk.queued.len();
        Ok(())
    }
}

/// A UUID of version 4.
fn random_id() -> String {
    let random = fastrand::u128(..);
    let id = random & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62);
    let hex = format!("{id:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}
