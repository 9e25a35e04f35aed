//! The agents of the load: the real client half over TLS, or texts for a baseline or a peer.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use holdfast_protocol::client::{
    Agent, AgentCommand, AgentGreeting, Client, ClientEvent, LineId, Output, Saved,
};
use holdfast_protocol::event::{AgentEvent, Author, Body, Receipt};
use holdfast_protocol::frame::{self, AgentUp};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::time::Millis;
use holdfast_tests::address::Address;
use holdfast_tests::wire;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;

use super::line::{Bare, Line, Role};
use super::mqtt::Mqtt;
use super::socket_io::SocketIo;
use super::{AGENTS, MESSAGE_BYTES, Score, Texts};

/// Bytes that an agent reads at once: some dozen events.
const READ_BUFFER: usize = 64 * 1024;

/// Which conversations an agent answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers {
    /// Those whose number leaves this rest …
    pub(crate) rest: u64,
    /// … when divided by this.
    pub(crate) of: u64,
}

impl Answers {
    /// All of them.
    pub(crate) const ALL: Self = Self { rest: 0, of: 1 };
}

/// Agents that run. Dropping it cuts their lines.
pub(crate) struct Agents {
    /// How many events each has read.
    pub(crate) read: Vec<Arc<AtomicU64>>,
    pub(crate) score: Arc<Score>,
    tasks: JoinSet<Result<()>>,
}

impl Agents {
    /// Agents that answer messages.
    pub(crate) fn launch(agents: Vec<(Address, Answers)>) -> Self {
        let mut launched = Self::none();
        for (address, answers) in agents {
            let read = Arc::new(AtomicU64::new(0));
            launched.read.push(Arc::clone(&read));
            let score = Arc::clone(&launched.score);
            launched.tasks.spawn(run(address, answers, read, score));
        }
        launched
    }

    /// Agents of a baseline or a peer; the visitors are shared out among them.
    pub(crate) fn launch_texts(texts: Texts, server: SocketAddr) -> Self {
        let mut launched = Self::none();
        for number in 0..AGENTS {
            let score = Arc::clone(&launched.score);
            match texts {
                Texts::Bare => launched
                    .tasks
                    .spawn(run_texts::<Bare>(server, number, score)),
                Texts::Mqtt => launched
                    .tasks
                    .spawn(run_texts::<Mqtt>(server, number, score)),
                Texts::SocketIo => launched
                    .tasks
                    .spawn(run_texts::<SocketIo>(server, number, score)),
            };
        }
        launched
    }

    /// Waits until all are taken in.
    pub(crate) async fn welcomed(&self, limit: Duration) -> Result<()> {
        let count = self.tasks.len() as u64;
        self.score
            .reaches("agents welcomed", |score| &score.welcomed, count, limit)
            .await
    }

    fn none() -> Self {
        Self {
            read: Vec::new(),
            score: Arc::default(),
            tasks: JoinSet::new(),
        }
    }
}

struct Bot {
    client: Client<Agent>,
    answers: Answers,
    /// What did not fit into the outbox yet.
    waiting: VecDeque<ConversationId>,
    began: Instant,
    read: Arc<AtomicU64>,
    score: Arc<Score>,
    /// Frames that are to be sent.
    up: String,
}

async fn run(
    address: Address,
    answers: Answers,
    read: Arc<AtomicU64>,
    score: Arc<Score>,
) -> Result<()> {
    let greeting = AgentGreeting {
        token: address.secret.clone(),
        me: None,
    };
    let mut bot = Bot {
        client: Client::new(greeting, Saved::default(), 1, Millis(0)),
        answers,
        waiting: VecDeque::new(),
        began: Instant::now(),
        read,
        score,
        up: String::new(),
    };
    let stream: TlsStream<TcpStream> = wire::open_agent(&address).await?;
    let (down, mut up) = tokio::io::split(stream);
    let mut down = BufReader::with_capacity(READ_BUFFER, down);
    bot.client.set_looking(true, Millis(0));
    bot.client.handle_opened(LineId(1), bot.now());
    let mut line = Vec::new();
    loop {
        bot.perform()?;
        if !bot.up.is_empty() {
            up.write_all(bot.up.as_bytes()).await?;
            up.flush().await?;
            bot.up.clear();
        }
        let now = bot.now();
        let timeout = bot.client.poll_timeout(now).unwrap_or(now);
        let due = tokio::time::Instant::from_std(bot.began + Duration::from_millis(timeout.0));
        tokio::select! {
            count = down.read_until(b'\n', &mut line) => {
                if count? == 0 {
                    bot.score.trouble("an agent's line was closed");
                    anyhow::bail!("an agent's line was closed");
                }
                let text = str::from_utf8(&line)?.trim_end();
                bot.client.handle_text(LineId(1), text, bot.now());
                line.clear();
            }
            () = tokio::time::sleep_until(due) => bot.client.handle_timeout(bot.now()),
        }
    }
}

impl Bot {
    fn now(&self) -> Millis {
        Millis(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn perform(&mut self) -> Result<()> {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Event(ClientEvent::Welcomed { .. }) => Score::add(&self.score.welcomed),
                Output::Event(ClientEvent::Events { events, .. }) => self.take_in(&events),
                Output::Event(ClientEvent::Rejected(_)) => {
                    self.score.trouble("an answer was rejected");
                }
                Output::Event(ClientEvent::Status(_) | ClientEvent::News(_)) | Output::Save => {}
                Output::Dial(LineId(1)) => {}
                Output::Dial(_) | Output::Close(_) => {
                    self.score.trouble("an agent's line was doubted");
                }
                Output::Transmit(_, up) => {
                    self.up.push_str(&frame::write(&up)?);
                    self.up.push('\n');
                }
            }
        }
        Ok(())
    }

    fn take_in(&mut self, events: &[AgentEvent]) {
        self.read.fetch_add(events.len() as u64, Ordering::Relaxed);
        let mut delivered = BTreeMap::new();
        for event in events {
            let is_message = matches!(event.body, Body::Message { .. });
            if !is_message || !matches!(event.author, Author::Visitor {}) {
                continue;
            }
            delivered.extend(event.seq.map(|seq| (event.conversation, seq)));
            if event.conversation.0 % self.answers.of == self.answers.rest {
                self.waiting.push_back(event.conversation);
            }
        }
        for (conversation, seq) in delivered {
            let seen = Receipt {
                delivered: seq,
                read: 0,
            };
            self.client.send_lossy(AgentUp::Seen { conversation, seen });
        }
        self.answer();
    }

    fn answer(&mut self) {
        let span = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix = span.unwrap_or_default().as_millis();
        let unix = Millis(u64::try_from(unix).unwrap_or(0));
        while let Some(conversation) = self.waiting.front().copied() {
            let id = EventId::new(unix, fastrand::u128(..));
            let command = AgentCommand::Send {
                conversation,
                text: "y".repeat(MESSAGE_BYTES),
            };
            if self.client.send(id, command, unix, self.now()).is_err() {
                return;
            }
            self.waiting.pop_front();
        }
    }
}

async fn run_texts<L: Line>(server: SocketAddr, number: usize, score: Arc<Score>) -> Result<()> {
    let mut line = L::open(server, Role::Agent(number)).await?;
    Score::add(&score.welcomed);
    loop {
        // What comes names its visitor, and so does what goes back.
        let text = line.next().await?;
        line.send(text).await?;
    }
}
