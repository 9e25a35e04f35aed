//! The connection: drives the protocol's state machine by its contract, and moves bytes.

mod talk;

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_protocol::client::{
    Agent, AgentCommand, AgentGreeting, Client, ClientEvent, LineId, Output, Saved,
};
use holdfast_protocol::frame::{self, AgentDown, AgentUp, Typing};
use holdfast_protocol::id::EventId;
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsConnector;

use crate::address::Address;
use crate::clock::{Clock, unix_now};
use crate::line::{Line, LineNews};
use crate::state::StateFile;
use crate::tls;

pub use talk::{Barrier, Config, ConnectError, Cursor, Event, Handle, PostError, Request};

/// Events that wait for their taker. When there are more, the server is read no further.
const WAITING_EVENTS: usize = 64;

/// Requests that wait: more than a person asks for in a moment.
const WAITING_REQUESTS: usize = 256;

/// Texts that wait, of all lines together.
const WAITING_NEWS: usize = 8;

/// After a failed write the disk is tried again so often.
const STORAGE_PAUSE: Millis = Millis(5_000);

/// Starts a connection, which goes on until its handles or its receiver are dropped. To be called within a tokio
/// runtime.
///
/// # Errors
/// When TLS can't be set up, or the system gives no randomness.
pub fn connect(config: Config) -> Result<(Handle, mpsc::Receiver<Event>), ConnectError> {
    let connector = tls::connector(&config.address)?;
    let seed = getrandom::u64()?;
    let (requests, waiting_requests) = mpsc::channel(WAITING_REQUESTS);
    let (events, taken) = mpsc::channel(WAITING_EVENTS);
    let (news, waiting_news) = mpsc::channel(WAITING_NEWS);
    let clock = Clock::start();
    let greeting = AgentGreeting {
        token: config.address.secret().to_owned(),
        me: None,
    };
    let on_disk = config.saved.clone();
    let mut saved = config.saved;
    if config.cursor == Cursor::Fresh {
        saved.cursor = None;
    }
    let shell = Shell {
        client: Client::new(greeting, saved, seed, clock.now()),
        clock,
        address: Arc::new(config.address),
        connector,
        lines: BTreeMap::new(),
        news,
        events,
        storage: config.storage.map(Arc::new),
        cursor: config.cursor,
        on_disk,
        retry_save: None,
        unsaid: Vec::new(),
        trouble: None,
        last_trouble: None,
        is_draining: false,
    };
    tokio::spawn(shell.run(waiting_requests, waiting_news));
    Ok((Handle { requests }, taken))
}

struct Shell {
    client: Client<Agent>,
    clock: Clock,
    address: Arc<Address>,
    connector: TlsConnector,
    lines: BTreeMap<LineId, Line>,
    news: mpsc::Sender<(LineId, LineNews)>,
    events: mpsc::Sender<Event>,
    storage: Option<Arc<StateFile>>,
    cursor: Cursor,
    on_disk: Saved<Agent>,
    /// When the disk is to be tried again.
    retry_save: Option<Millis>,
    /// In the outbox and not yet on disk.
    unsaid: Vec<EventId>,
    trouble: Option<String>,
    last_trouble: Option<String>,
    is_draining: bool,
}

/// The taker of the events has gone.
struct Gone;

impl Shell {
    async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut news: mpsc::Receiver<(LineId, LineNews)>,
    ) {
        // A person waits at every agent's client, and the server watches them strictly.
        self.client.set_looking(true, self.clock.now());
        let status = Event::Status(self.client.status().clone());
        if self.say(status).await.is_err() {
            return;
        }
        if !self.client.outbox().is_empty() {
            let outbox = self.client.outbox().to_vec();
            if self.say(Event::Outbox(outbox)).await.is_err() {
                return;
            }
        }
        while self.perform().await.is_ok() {
            let wake = self.next_wake();
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => if self.ask(request).await.is_err() { return },
                    None => return,
                },
                Some((line, what)) = news.recv() => self.take_in(line, what),
                () = sleep_until(self.clock, wake) => self.client.handle_timeout(self.clock.now()),
                () = self.events.closed() => return,
            }
            if self.clock.has_slept() {
                self.client.handle_hint(self.clock.now());
            }
        }
    }

    fn next_wake(&self) -> Option<Millis> {
        let client = self.client.poll_timeout(self.clock.now());
        [client, self.retry_save].into_iter().flatten().min()
    }

    /// Carries out what the state machine wants, in its order.
    async fn perform(&mut self) -> Result<(), Gone> {
        loop {
            let mut stuck = Vec::new();
            while let Some(output) = self.client.poll_output() {
                match output {
                    Output::Event(event) => self.say_client_event(event).await?,
                    Output::Save => self.save().await?,
                    Output::Dial(line) => self.dial(line),
                    Output::Transmit(line, frame) => stuck.extend(self.transmit(line, &frame)),
                    Output::Close(line) => drop(self.lines.remove(&line)),
                }
            }
            if stuck.is_empty() {
                break;
            }
            for line in stuck {
                self.lines.remove(&line);
                self.client.handle_closed(line, self.clock.now());
            }
        }
        if self.retry_save.is_some_and(|at| at <= self.clock.now()) {
            self.save().await?;
        }
        if let Some(trouble) = self.trouble.take() {
            self.say(Event::Trouble(trouble)).await?;
        }
        if self.is_draining && self.client.outbox().is_empty() {
            self.is_draining = false;
            self.say(Event::Drained).await?;
        }
        Ok(())
    }

    fn dial(&mut self, line: LineId) {
        let dialled = Line::dial(
            line,
            Arc::clone(&self.address),
            self.connector.clone(),
            self.news.clone(),
        );
        self.lines.insert(line, dialled);
    }

    /// Returns the line if it takes nothing more.
    fn transmit(&mut self, id: LineId, frame: &AgentUp) -> Option<LineId> {
        let line = self.lines.get(&id)?;
        let written = frame::write(frame).ok()?;
        line.transmit(written).is_err().then_some(id)
    }

    fn take_in(&mut self, id: LineId, news: LineNews) {
        let now = self.clock.now();
        // What a closed line still yields is nobody's business.
        if !self.lines.contains_key(&id) {
            return;
        }
        match news {
            LineNews::Opened => self.client.handle_opened(id, now),
            LineNews::Text(text) => {
                match frame::parse::<AgentDown>(&text, limits::DOWN_FRAME_BYTES) {
                    Ok(down) => self.client.handle_frame(id, down, now),
                    Err(error) => {
                        self.set_trouble(format!(
                            "{} sent what this version does not understand: {error}",
                            self.address
                        ));
                        self.client.handle_text(id, &text, now);
                    }
                }
            }
            LineNews::Closed(why) => {
                self.lines.remove(&id);
                self.client.handle_closed(id, now);
                if let Some(why) = why {
                    self.set_trouble(why);
                }
            }
        }
    }

    fn set_trouble(&mut self, why: String) {
        tracing::info!("{why}");
        if self.last_trouble.as_ref() != Some(&why) {
            self.last_trouble = Some(why.clone());
            self.trouble = Some(why);
        }
    }
}

/// Requests.
impl Shell {
    async fn ask(&mut self, request: Request) -> Result<(), Gone> {
        let now = self.clock.now();
        match request {
            Request::Command { id, command } => return self.queue(id, command).await,
            Request::Retry { id, new } => {
                self.client.retry(id, new, now);
                if self.client.outbox().iter().any(|entry| entry.id == new) {
                    self.unsaid.push(new);
                }
            }
            Request::Discard(id) => {
                self.client.discard(id);
            }
            Request::Seen { conversation, seen } => {
                self.client.send_lossy(AgentUp::Seen { conversation, seen });
            }
            Request::Typing {
                conversation,
                active,
            } => {
                self.client.send_lossy(AgentUp::Typing(Typing {
                    conversation: Some(conversation),
                    active,
                    name: None,
                    text: None,
                }));
            }
            Request::History {
                conversation,
                before,
            } => {
                let wanted = AgentUp::History {
                    conversation,
                    before,
                };
                if !self.client.send_lossy(wanted) {
                    return self.say(Event::NoLine(conversation)).await;
                }
            }
            Request::Hint => self.client.handle_hint(now),
            Request::Drain => self.is_draining = true,
        }
        Ok(())
    }

    async fn queue(&mut self, id: EventId, command: AgentCommand) -> Result<(), Gone> {
        // Said twice under one name: it waits already, and is to happen once.
        let is_there = self.client.outbox().iter().any(|entry| entry.id == id);
        if is_there {
            if !self.unsaid.contains(&id) {
                return self.say(Event::Queued(id)).await;
            }
            return Ok(());
        }
        let sent = self
            .client
            .send(id, command.clone(), unix_now(), self.clock.now());
        match sent {
            Ok(()) => self.unsaid.push(id),
            Err(error) => {
                let not_queued = Event::NotQueued { id, command, error };
                return self.say(not_queued).await;
            }
        }
        Ok(())
    }
}

/// Saying and saving.
impl Shell {
    async fn say(&self, event: Event) -> Result<(), Gone> {
        self.events.send(event).await.map_err(|_| Gone)
    }

    async fn say_client_event(&mut self, event: ClientEvent<Agent>) -> Result<(), Gone> {
        let said = match event {
            ClientEvent::Status(status) => Event::Status(status),
            ClientEvent::Welcomed { welcome, restart } => {
                self.last_trouble = None;
                Event::Welcomed { welcome, restart }
            }
            ClientEvent::Events { events, acked } => {
                self.unsaid.retain(|id| !acked.contains(id));
                Event::Events { events, acked }
            }
            ClientEvent::Rejected(id) => {
                self.unsaid.retain(|unsaid| *unsaid != id);
                let entry = self.client.outbox().iter().find(|entry| entry.id == id);
                let Some((entry, failure)) =
                    entry.and_then(|entry| Some((entry, entry.failed.clone()?)))
                else {
                    return Ok(());
                };
                Event::Rejected {
                    id,
                    command: entry.command.clone(),
                    failure,
                }
            }
            ClientEvent::News(news) => Event::News(news),
        };
        self.say(said).await
    }

    async fn save(&mut self) -> Result<(), Gone> {
        let mut saved = self.client.saved().clone();
        match self.cursor {
            Cursor::Fresh => saved.cursor = self.on_disk.cursor,
            Cursor::Kept => {
                let (passed, answer) = oneshot::channel();
                self.say(Event::Barrier(Barrier(passed))).await?;
                answer.await.map_err(|_| Gone)?;
            }
        }
        let is_retry = self.retry_save.take().is_some();
        let is_outbox_new = saved.outbox != self.on_disk.outbox;
        if saved != self.on_disk || is_retry {
            if let Err(error) = self.write(saved.clone()).await {
                self.retry_save = Some(self.clock.now() + STORAGE_PAUSE);
                tracing::error!("{error}");
                if !is_retry {
                    self.say(Event::Storage(Some(error))).await?;
                }
                return self.say(Event::Outbox(saved.outbox)).await;
            }
            self.on_disk = saved;
            if is_retry {
                self.say(Event::Storage(None)).await?;
            }
        }
        for id in std::mem::take(&mut self.unsaid) {
            self.say(Event::Queued(id)).await?;
        }
        if is_outbox_new {
            let outbox = self.on_disk.outbox.clone();
            self.say(Event::Outbox(outbox)).await?;
        }
        Ok(())
    }

    async fn write(&self, saved: Saved<Agent>) -> Result<(), String> {
        let Some(file) = self.storage.clone() else {
            return Ok(());
        };
        let written = tokio::task::spawn_blocking(move || file.write(&saved)).await;
        match written {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Never, where nothing is due.
async fn sleep_until(clock: Clock, wake: Option<Millis>) {
    match wake {
        Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await,
        None => std::future::pending().await,
    }
}
