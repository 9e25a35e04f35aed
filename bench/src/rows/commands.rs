//! The commands of an agent's line, each timed by itself from the frame to what answers it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;
use holdfast_tests::address::Address;
use holdfast_tests::wire::{AgentLine, VERSION};
use serde_json::{Value, json};

use crate::gauge::median;

/// Conversations that are claimed and closed.
const CONVERSATIONS: usize = 50;

/// Lines that an agent opens.
const LOGINS: usize = 15;

/// Milliseconds of each command.
#[derive(Debug, Default)]
pub(super) struct Spans {
    login: Vec<f64>,
    listing: Vec<f64>,
    claim: Vec<f64>,
    close: Vec<f64>,
}

/// An agent at work on a site.
pub(super) struct Clerk {
    address: Address,
    line: AgentLine,
    /// What is to be claimed and closed.
    conversations: Vec<u64>,
    spans: Spans,
}

/// The middle of each command.
pub(super) struct Middles {
    /// From `login` to `welcome`.
    pub(super) login: f64,
    /// From `login` to the first page of the open conversations, 50 of them.
    pub(super) listing: f64,
    /// From `claim` to its event.
    pub(super) claim: f64,
    /// From `close` to its event.
    pub(super) close: f64,
}

/// Lets both do the same, in turn.
pub(super) async fn in_turn(agents: [Address; 2]) -> Result<[Middles; 2]> {
    let [first, second] = agents;
    let mut clerks = [Clerk::login(first).await?, Clerk::login(second).await?];
    for _ in 1..LOGINS {
        for clerk in &mut clerks {
            clerk.login_again().await?;
        }
    }
    for at in 0..CONVERSATIONS {
        for clerk in &mut clerks {
            clerk.claim_and_close(at).await?;
        }
    }
    Ok(clerks.map(|mut clerk| clerk.spans.middles()))
}

impl Clerk {
    async fn login(address: Address) -> Result<Self> {
        let mut spans = Spans::default();
        let (line, conversations) = log_in(&address, &mut spans).await?;
        Ok(Self {
            address,
            line,
            conversations,
            spans,
        })
    }

    async fn login_again(&mut self) -> Result<()> {
        (self.line, self.conversations) = log_in(&self.address, &mut self.spans).await?;
        Ok(())
    }

    async fn claim_and_close(&mut self, at: usize) -> Result<()> {
        let all = self.conversations.len().max(1);
        let conversation = self.conversations.get(at % all);
        let conversation = *conversation.context("no open conversation")?;
        let claim = self.command("claim", conversation).await?;
        let close = self.command("close", conversation).await?;
        self.spans.claim.push(claim);
        self.spans.close.push(close);
        Ok(())
    }

    /// Milliseconds until the command's event is here.
    async fn command(&mut self, name: &str, conversation: u64) -> Result<f64> {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let unix = Millis(u64::try_from(unix.as_millis())?);
        let id = EventId::new(unix, fastrand::u128(..)).text();
        let frame = json!({name: {"id": id, "conversation": conversation}});
        let began = Instant::now();
        self.line.say(&frame).await?;
        while self.line.event().await?["id"] != id.as_str() {}
        Ok(ms(began))
    }
}

/// Opens a line and reads all pages of the open conversations, so that the server has nothing left to do for it.
async fn log_in(address: &Address, spans: &mut Spans) -> Result<(AgentLine, Vec<u64>)> {
    let mut line = AgentLine::connect(address).await?;
    let login = json!({"login": {"version": VERSION, "token": address.secret}});
    let began = Instant::now();
    line.say(&login).await?;
    line.hear("welcome").await?;
    spans.login.push(ms(began));
    let mut page = line.hear("snapshot").await?;
    spans.listing.push(ms(began));
    let mut numbers = numbers_on(&page);
    while page["more"] == true {
        page = line.hear("snapshot").await?;
        numbers.extend(numbers_on(&page));
    }
    // The newest are those of visitors who are here, on both sites.
    numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
    numbers.truncate(CONVERSATIONS);
    Ok((line, numbers))
}

fn numbers_on(page: &Value) -> Vec<u64> {
    let listed = page["conversations"].as_array().into_iter().flatten();
    listed
        .filter_map(|it| it["conversation"].as_u64())
        .collect()
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1000.0
}

impl Spans {
    fn middles(&mut self) -> Middles {
        Middles {
            login: median(&mut self.login),
            listing: median(&mut self.listing),
            claim: median(&mut self.claim),
            close: median(&mut self.close),
        }
    }
}
