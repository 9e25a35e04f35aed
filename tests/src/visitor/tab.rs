//! One tab: drives the client by its contract, as the widget does in a browser.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use holdfast_protocol::client::{
    Client, ClientEvent, LineId, Output, Visitor, VisitorCommand, VisitorGreeting,
};
use holdfast_protocol::event::{Author, VisitorBody, VisitorEvent};
use holdfast_protocol::frame;
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;
use tokio::sync::{mpsc, watch};

use super::line::{Line, LineNews};
use super::storage::{self, Kept, Storage};
use super::{Options, Said};
use crate::checker::Writer;

/// Texts that wait, of all lines together.
const WAITING_NEWS: usize = 8;

/// One message in so many is long, and fills pages of the server's disk.
const LONG: u64 = 20;

/// How long a long one is.
const LONG_BYTES: usize = 4096;

/// After a message another follows at once this often in ten: people write in bursts.
const BURST: u64 = 3;

/// What one tab is told to do.
#[derive(Debug)]
pub(super) enum TabOrder {
    /// Write this.
    Write(String),
    /// Write nothing more by yourself.
    Hush,
}

/// A tab that runs.
pub(super) struct Tab {
    client: Client<Visitor>,
    storage: Storage,
    lines: BTreeMap<LineId, Line>,
    news: mpsc::Sender<(LineId, LineNews)>,
    yielded: mpsc::Receiver<(LineId, LineNews)>,
    say: mpsc::UnboundedSender<Said>,
    /// The visitor's token, which all tabs share.
    token: watch::Sender<Option<String>>,
    /// Written and not yet kept.
    unkept: Vec<u64>,
    began: Instant,
    url: String,
    folder: PathBuf,
    visitor: String,
    number: usize,
    every: Option<u64>,
    next_write: Option<Instant>,
}

impl Tab {
    /// A tab that goes on where `kept` was saved.
    pub(super) fn new(
        options: &Options,
        number: usize,
        storage: Storage,
        kept: Kept,
        token: watch::Sender<Option<String>>,
        say: mpsc::UnboundedSender<Said>,
    ) -> Self {
        let greeting = VisitorGreeting {
            site: options.site.clone(),
            token: kept.token.or_else(|| token.borrow().clone()),
            page: None,
            locale: None,
            ..VisitorGreeting::default()
        };
        let (news, yielded) = mpsc::channel(WAITING_NEWS);
        let mut client = Client::new(greeting, kept.saved, fastrand::u64(..), Millis(0));
        // A person sits before each of these tabs.
        client.set_looking(true, Millis(0));
        let mut tab = Self {
            client,
            storage,
            lines: BTreeMap::new(),
            news,
            yielded,
            say,
            token,
            unkept: Vec::new(),
            began: Instant::now(),
            url: options.url.clone(),
            folder: options.folder.clone(),
            visitor: options.name.clone(),
            number,
            every: options.every,
            next_write: None,
        };
        tab.plan_write();
        tab
    }

    /// Runs for good.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<TabOrder>) -> Result<()> {
        loop {
            self.perform()?;
            let timeout = self.client.poll_timeout(self.now());
            let due = timeout.map(|at| self.began + Duration::from_millis(at.0));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(TabOrder::Write(text)) => self.write(&text)?,
                    Some(TabOrder::Hush) => self.next_write = None,
                    None => return Ok(()),
                },
                Some((line, news)) = self.yielded.recv() => self.take_in(line, news),
                () = sleep_until(due) => self.client.handle_timeout(self.now()),
                () = sleep_until(self.next_write) => self.write_by_itself()?,
            }
        }
    }

    fn now(&self) -> Millis {
        Millis(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Carries out what the client wants, in its order.
    fn perform(&mut self) -> Result<()> {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Event(event) => self.show(event)?,
                Output::Save => self.save()?,
                Output::Dial(line) => {
                    let dialled = Line::dial(line, self.url.clone(), self.news.clone());
                    self.lines.insert(line, dialled);
                }
                Output::Transmit(line, up) => {
                    let text = frame::write(&up)?;
                    let is_stuck = self.lines.get(&line).is_some_and(|l| !l.transmit(text));
                    if is_stuck {
                        self.lines.remove(&line);
                        self.client.handle_closed(line, self.now());
                    }
                }
                Output::Close(line) => drop(self.lines.remove(&line)),
            }
        }
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        let token = self.client.greeting().token.clone();
        self.storage
            .save(token.clone(), self.client.saved().clone())?;
        if let Some(token) = token
            && self.token.borrow().is_none()
        {
            storage::write_token(&self.folder, &self.visitor, &token)?;
            self.token.send_replace(Some(token));
        }
        for n in std::mem::take(&mut self.unkept) {
            self.storage.note_kept(n)?;
        }
        Ok(())
    }

    fn show(&mut self, event: ClientEvent<Visitor>) -> Result<()> {
        match event {
            ClientEvent::Events { events, .. } => {
                for event in events {
                    self.show_line(event)?;
                }
            }
            ClientEvent::Welcomed { restart, .. } => {
                if restart {
                    self.storage.clear()?;
                }
            }
            ClientEvent::Rejected(id) => {
                let entry = self.client.outbox().iter().find(|entry| entry.id == id);
                let why = format!("{:?}", entry.and_then(|entry| entry.failed.clone()));
                self.tell(Said::Refused {
                    tab: self.number,
                    why,
                });
            }
            ClientEvent::Status(status) => {
                let status = format!("{status:?}");
                self.tell(Said::Status {
                    tab: self.number,
                    status,
                });
            }
            ClientEvent::News(_) => {}
        }
        Ok(())
    }

    fn show_line(&mut self, event: VisitorEvent) -> Result<()> {
        let VisitorBody::Message { text } = event.body else {
            return Ok(());
        };
        let from = match event.author {
            Author::Visitor {} => Writer::Visitor,
            Author::Agent { .. } | Author::System {} => Writer::Agent,
        };
        self.storage.show(from, text.clone())?;
        self.tell(Said::Shown {
            tab: self.number,
            text,
        });
        Ok(())
    }

    fn tell(&self, said: Said) {
        // Who does not listen any more is about to end this process.
        let _ = self.say.send(said);
    }

    fn take_in(&mut self, line: LineId, news: LineNews) {
        if !self.lines.contains_key(&line) {
            return;
        }
        let now = self.now();
        match news {
            LineNews::Opened => self.client.handle_opened(line, now),
            LineNews::Text(text) => self.client.handle_text(line, &text, now),
            LineNews::Closed => {
                self.lines.remove(&line);
                self.client.handle_closed(line, now);
            }
        }
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let n = self.storage.note_wrote(text)?;
        let unix = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let unix = Millis(u64::try_from(unix)?);
        let id = EventId::new(unix, fastrand::u128(..));
        let command = VisitorCommand::Send {
            text: text.to_owned(),
        };
        // Where the outbox is full the message stays unkept: its writer still has it, and sees that.
        if self.client.send(id, command, unix, self.now()).is_ok() {
            self.unkept.push(n);
        }
        Ok(())
    }

    fn write_by_itself(&mut self) -> Result<()> {
        self.plan_write();
        let mut text = format!("{}t{} #{}", self.visitor, self.number, self.storage.next());
        if fastrand::u64(0..LONG) == 0 {
            text.push_str(&" long".repeat(LONG_BYTES / 5));
        }
        self.write(&text)
    }

    fn plan_write(&mut self) {
        self.next_write = self.every.map(|every| {
            let is_burst = fastrand::u64(0..10) < BURST;
            let pause = if is_burst {
                0
            } else {
                fastrand::u64(0..=2 * every)
            };
            Instant::now() + Duration::from_millis(pause)
        });
    }
}

/// Never, where nothing is due.
async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
