//! What agents and visitors do beside writing, each step timed by itself from its frame to what answers it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;
use holdfast_tests::address::Address;
use holdfast_tests::wire::{AgentLine, VERSION, VisitorLine};
use serde_json::{Value, json};

use super::spread;
use crate::fleet::{Identity, MESSAGE_BYTES};
use crate::gauge::median;

/// Conversations that an agent goes through, the oldest and the newest in turn.
const CONVERSATIONS: usize = 200;

/// Lines that an agent opens.
const LOGINS: usize = 15;

/// Visitors who come back, and as many new ones.
const VISITORS: usize = 100;

/// What a step leaves to be done is done by then, by those who hear of it too: else it would fall onto the next one.
const CALM: Duration = Duration::from_millis(5);

/// Milliseconds of each step, by the name of its row.
type Spans = BTreeMap<&'static str, Vec<f64>>;

/// An agent at work on a site, and the site's visitors.
pub(super) struct Clerk {
    address: Address,
    line: AgentLine,
    /// A colleague's number.
    colleague: u64,
    /// What is open, in the order in which it began.
    open: Vec<u64>,
    server: SocketAddr,
    visitors: Vec<Identity>,
    spans: Spans,
}

/// Lets both do the same, in turn. Returns the middle of each step for both.
///
/// # Errors
/// When a line breaks, or something is not answered.
pub(super) async fn in_turn(mut clerks: [Clerk; 2]) -> Result<Vec<(&'static str, [f64; 2])>> {
    for _ in 1..LOGINS {
        for clerk in &mut clerks {
            tokio::time::sleep(CALM).await;
            clerk.log_in_again().await?;
        }
    }
    for at in 0..VISITORS {
        for clerk in &mut clerks {
            tokio::time::sleep(CALM).await;
            clerk.let_one_come_back(at).await?;
            tokio::time::sleep(CALM).await;
            clerk.let_a_new_one_write().await?;
        }
    }
    for at in 0..CONVERSATIONS {
        for clerk in &mut clerks {
            tokio::time::sleep(CALM).await;
            clerk.work_through(at).await?;
        }
    }
    let [mut ours, mut other] = clerks.map(|clerk| clerk.spans);
    ensure!(ours.keys().eq(other.keys()), "not the same was done");
    let both = ours.iter_mut().zip(other.values_mut());
    let middles = both.map(|((name, ours), other)| (*name, [median(ours), median(other)]));
    Ok(middles.collect())
}

impl Clerk {
    /// Logs an agent in, on a site with these visitors.
    ///
    /// # Errors
    /// When the server does not take the agent in.
    pub(super) async fn log_in(
        address: Address,
        server: SocketAddr,
        visitors: Vec<Identity>,
    ) -> Result<Self> {
        let mut clerk = Self {
            line: AgentLine::connect(&address).await?,
            address,
            colleague: 0,
            open: Vec::new(),
            server,
            visitors,
            spans: Spans::new(),
        };
        clerk.read_all().await?;
        Ok(clerk)
    }

    async fn log_in_again(&mut self) -> Result<()> {
        self.line = AgentLine::connect(&self.address).await?;
        self.read_all().await
    }

    /// Logs in, and reads all pages of the open conversations, so that the server has nothing left to do for it.
    async fn read_all(&mut self) -> Result<()> {
        let login = json!({"login": {"version": VERSION, "token": self.address.secret}});
        let began = Instant::now();
        self.line.say(&login).await?;
        let welcome = self.line.hear("welcome").await?;
        self.took("login_with_queue", began);
        let mut page = self.line.hear("snapshot").await?;
        self.took("listing_with_queue", began);
        self.open = numbers_on(&page);
        while page["more"] == true {
            page = self.line.hear("snapshot").await?;
            self.open.extend(numbers_on(&page));
        }
        self.open.sort_unstable();
        let mut all = welcome["colleagues"].as_array().into_iter().flatten();
        let other = all.find(|it| it["id"] != welcome["agent"]);
        let other = other.and_then(|it| it["id"].as_u64());
        self.colleague = other.context("no colleague")?;
        Ok(())
    }

    /// All that an agent does with a conversation.
    async fn work_through(&mut self, at: usize) -> Result<()> {
        let last = self.open.len().checked_sub(1).context("nothing is open")?;
        let (claim, place) = if at.is_multiple_of(2) {
            ("claim_oldest_with_queue", (at / 2).min(last))
        } else {
            ("claim_with_queue", last.saturating_sub(at / 2))
        };
        let conversation = self.open[place];
        let claimed = self
            .command(claim, "claim", conversation, json!({}))
            .await?;
        let text = "n".repeat(MESSAGE_BYTES);
        self.command(
            "note_with_queue",
            "note",
            conversation,
            json!({"text": text}),
        )
        .await?;
        let before = &claimed["offset"];
        let ask = json!({"history": {"conversation": conversation, "before": before}});
        let began = Instant::now();
        self.line.say(&ask).await?;
        let history = self.line.hear("history").await?;
        self.took("history_with_queue", began);
        let events = history["events"].as_array().map_or(0, Vec::len);
        ensure!(events > 1, "no opening and no message in {history}");
        let to = json!({"to": self.colleague});
        self.command("transfer_with_queue", "transfer", conversation, to)
            .await?;
        self.command("close_with_queue", "close", conversation, json!({}))
            .await?;
        Ok(())
    }

    /// A command of the outbox, from its frame until its event is here.
    async fn command(
        &mut self,
        row: &'static str,
        name: &str,
        conversation: u64,
        mut members: Value,
    ) -> Result<Value> {
        let id = new_id()?;
        members["id"] = json!(id);
        members["conversation"] = json!(conversation);
        let frame = json!({name: members});
        let began = Instant::now();
        self.line.say(&frame).await?;
        let event = loop {
            let event = self.line.event().await?;
            if event["id"] == id.as_str() {
                break event;
            }
        };
        self.took(row, began);
        Ok(event)
    }

    /// A visitor opens a page, reads back and rates. Not one of the older half, to whom an agent comes: whose visitor was
    /// here is known to the server already.
    async fn let_one_come_back(&mut self, at: usize) -> Result<()> {
        let younger = &self.visitors[self.visitors.len() / 2..];
        let who = spread(younger, at).context("nobody is known")?;
        let hello = json!({"hello": {"version": VERSION, "site": who.site, "token": who.token}});
        let mut line = VisitorLine::connect(self.server).await?;
        let began = Instant::now();
        line.say(&hello).await?;
        line.hear("welcome").await?;
        self.took("hello_with_queue", began);
        let began = Instant::now();
        line.say(&json!({"history": {"before": 2}})).await?;
        line.hear("history").await?;
        self.took("visitor_history_with_queue", began);
        let id = new_id()?;
        let rate = json!({"rate": {"id": id, "score": 5}});
        self.visitor_command("rate_with_queue", &mut line, &rate, &id)
            .await
    }

    /// A stranger opens a page and writes, whose conversation joins the queue.
    async fn let_a_new_one_write(&mut self) -> Result<()> {
        let site = self.visitors.first().map(|who| &who.site);
        let hello = json!({"hello": {"version": VERSION, "site": site}});
        let mut line = VisitorLine::connect(self.server).await?;
        line.say(&hello).await?;
        line.hear("welcome").await?;
        let id = new_id()?;
        let send = json!({"send": {"id": id, "text": "q".repeat(MESSAGE_BYTES)}});
        self.visitor_command("opening_with_queue", &mut line, &send, &id)
            .await
    }

    /// A command of a visitor's outbox, from its frame until its event is here.
    async fn visitor_command(
        &mut self,
        row: &'static str,
        line: &mut VisitorLine,
        frame: &Value,
        id: &str,
    ) -> Result<()> {
        let began = Instant::now();
        line.say(frame).await?;
        loop {
            let events = line.hear("events").await?;
            let mut all = events["events"].as_array().into_iter().flatten();
            if all.any(|event| event["id"] == id) {
                break;
            }
        }
        self.took(row, began);
        Ok(())
    }

    /// Notes what a step took that ends now.
    fn took(&mut self, row: &'static str, began: Instant) {
        let ms = began.elapsed().as_secs_f64() * 1000.0;
        self.spans.entry(row).or_default().push(ms);
    }
}

fn numbers_on(page: &Value) -> Vec<u64> {
    let listed = page["conversations"].as_array().into_iter().flatten();
    listed
        .filter_map(|it| it["conversation"].as_u64())
        .collect()
}

/// A command's name.
fn new_id() -> Result<String> {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let unix = Millis(u64::try_from(unix.as_millis())?);
    Ok(EventId::new(unix, fastrand::u128(..)).text())
}
