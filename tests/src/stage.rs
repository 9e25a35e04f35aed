//! What most scenarios need: a server, a line to it for visitors and one for agents, a browser, an
//! agent, and a paper on which everything that is written is noted.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::{
    agent::{Agent, Desk},
    browser::{Browser, Engine, Tab, Widget},
    checker::{Line, Paper, Writer},
    proxy::{Proxy, Scope},
    server::Server,
};

/// The bound that Holdfast promises: so long after the line's return, everything is on every screen.
pub const RECOVERY: Duration = Duration::from_secs(3);

/// What a machine with two busy cores may add to [`RECOVERY`]: two browsers and a compiler's worth of
/// scheduling, and the interval at which screens are looked at.
pub const MACHINE: Duration = Duration::from_millis(1500);

/// A set stage. Dropping it stops everything.
pub struct Stage {
    /// The server.
    pub server: Server,
    /// The line of the visitors.
    pub street: Proxy,
    /// The line of the agents.
    pub office: Proxy,
    /// The visitor's browser.
    pub browser: Browser,
    /// What was written.
    pub paper: Paper,
}

/// What a visitor's tab and an agent have on their screens, at one time.
#[derive(Debug)]
pub struct Screens {
    /// What each tab shows.
    pub tabs: Vec<Widget>,
    /// What the agent knows.
    pub desk: Desk,
    /// The conversation.
    pub conversation: u64,
}

impl Stage {
    /// Sets the stage; the visitors' line can be cut as a whole.
    ///
    /// # Errors
    /// When one of its parts does not start.
    pub async fn set() -> Result<Self> {
        Self::set_with(Scope::All, &[]).await
    }

    /// Sets the stage with a line of another scope for the visitors, and options for the server.
    ///
    /// # Errors
    /// When one of its parts does not start.
    pub async fn set_with(scope: Scope, args: &[&str]) -> Result<Self> {
        Self::build(Engine::Chromium, scope, args).await
    }

    /// Sets the stage for a visitor with this engine.
    ///
    /// # Errors
    /// When one of its parts does not start.
    pub async fn set_in(engine: Engine) -> Result<Self> {
        Self::build(engine, Scope::All, &[]).await
    }

    /// The same with a line of another scope.
    ///
    /// # Errors
    /// When one of its parts does not start.
    pub async fn set_in_with(engine: Engine, scope: Scope) -> Result<Self> {
        Self::build(engine, scope, &[]).await
    }

    /// Sets the stage for a visitor with this engine, with a line of another scope, and options for the server.
    ///
    /// # Errors
    /// When one of its parts does not start.
    pub async fn build(engine: Engine, scope: Scope, args: &[&str]) -> Result<Self> {
        let (server, browser) =
            tokio::try_join!(Server::start_with(args), Browser::start_in(engine))?;
        let street = Proxy::start_for(server.http(), scope).await?;
        let office = Proxy::start(server.agents()).await?;
        Ok(Self {
            server,
            street,
            office,
            browser,
            paper: Paper::default(),
        })
    }

    /// The address of a page of the demo shop, by the visitors' line.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.street.addr())
    }

    /// An agent of the demo site, by the agents' line, taken in by the server.
    ///
    /// # Errors
    /// When that does not happen.
    pub async fn agent(&self, name: &str) -> Result<Agent> {
        let address = self.server.add_agent(name).await?;
        let agent = Agent::start(&address.at(self.office.addr())).await?;
        agent.online().await?;
        Ok(agent)
    }

    /// A visitor on the shop's first page with an open panel.
    ///
    /// # Errors
    /// When the page does not load, or the panel does not open.
    pub async fn visitor(&self) -> Result<Tab> {
        let tab = self.browser.open(&self.page("/")).await?;
        tab.open_chat().await?;
        Ok(tab)
    }

    /// A visitor and an agent who have greeted each other, and their conversation.
    ///
    /// # Errors
    /// When one does not see the other's greeting.
    pub async fn greeting(&mut self) -> Result<(Tab, Agent, u64)> {
        let shop = self.page("/");
        self.greeting_at(&shop).await
    }

    /// The same on the page at `url`.
    ///
    /// # Errors
    /// As [`Stage::greeting`].
    pub async fn greeting_at(&mut self, url: &str) -> Result<(Tab, Agent, u64)> {
        let tab = self.browser.open(url).await?;
        let (agent, conversation) = self.greeting_in(&tab).await?;
        Ok((tab, agent, conversation))
    }

    /// The same in a tab, or a frame of it, that has loaded its page already.
    ///
    /// # Errors
    /// As [`Stage::greeting`].
    pub async fn greeting_in(&mut self, tab: &Tab) -> Result<(Agent, u64)> {
        let mut agent = self.agent("Ana").await?;
        tab.open_chat().await?;
        self.visitor_writes(tab, "Good morning").await?;
        let desk = agent
            .see("the greeting", |desk| desk.find("Good morning").is_some())
            .await?;
        let conversation = desk
            .find("Good morning")
            .context("the greeting")?
            .conversation;
        self.agent_writes(&mut agent, conversation, "How can I help?")
            .await?;
        tab.see("the answer", |widget| {
            widget.state_of("Good morning") != Some("waiting")
                && widget
                    .lines()
                    .iter()
                    .any(|line| line.text == "How can I help?")
        })
        .await?;
        Ok((agent, conversation))
    }

    /// Lets the visitor write a message, and notes it.
    ///
    /// # Errors
    /// When it does not appear in the visitor's own list.
    pub async fn visitor_writes(&mut self, tab: &Tab, text: &str) -> Result<()> {
        self.paper.note(Writer::Visitor, text);
        tab.write(text).await
    }

    /// Lets the agent write a message, and notes it.
    ///
    /// # Errors
    /// When it does not get into the outbox of the agent's client.
    pub async fn agent_writes(
        &mut self,
        agent: &mut Agent,
        conversation: u64,
        text: &str,
    ) -> Result<()> {
        self.paper.note(Writer::Agent, text);
        agent.write(conversation, text).await
    }

    /// Waits until everything that was written is on all screens and nothing waits any more; then
    /// judges them.
    ///
    /// # Errors
    /// When something is missing, doubled or out of order.
    pub async fn settle(&self, tabs: &[&Tab], agent: &Agent, conversation: u64) -> Result<Screens> {
        let mut shown = Vec::new();
        for tab in tabs {
            let what = "everything on the visitor's screen, and nothing waiting";
            shown.push(tab.see(what, |widget| self.is_done(widget)).await?);
        }
        let desk = agent
            .see("everything on the agent's screen", |desk| {
                self.paper.is_all_on(&desk.lines(conversation))
            })
            .await?;
        ensure!(desk.faults.is_empty(), "{:?}", desk.faults);
        let mut screens: Vec<Vec<Line>> = shown.iter().map(Widget::lines).collect();
        screens.push(desk.lines(conversation));
        self.paper.check(&screens)?;
        for widget in &shown {
            let seqs: Vec<Option<u64>> = widget.messages.iter().map(|m| m.seq).collect();
            ensure!(
                seqs.iter().all(Option::is_some) && seqs.is_sorted(),
                "{seqs:?}"
            );
        }
        Ok(Screens {
            tabs: shown,
            desk,
            conversation,
        })
    }

    /// As [`Stage::settle`], and within the promised time since `heal`, which is printed.
    ///
    /// # Errors
    /// As [`Stage::settle`], or when it took longer.
    pub async fn settle_since(
        &self,
        heal: Instant,
        tabs: &[&Tab],
        agent: &Agent,
        conversation: u64,
    ) -> Result<Screens> {
        self.settle_within(RECOVERY, heal, tabs, agent, conversation)
            .await
    }

    /// As [`Stage::settle_since`], within another span than the promised one.
    ///
    /// # Errors
    /// As [`Stage::settle`], or when it took longer.
    pub async fn settle_within(
        &self,
        span: Duration,
        heal: Instant,
        tabs: &[&Tab],
        agent: &Agent,
        conversation: u64,
    ) -> Result<Screens> {
        let screens = self.settle(tabs, agent, conversation).await?;
        let took = heal.elapsed();
        println!("recovered {} ms after the heal", took.as_millis());
        ensure!(
            took <= span + MACHINE,
            "recovery took {took:?}, {span:?} are promised (and {MACHINE:?} allowed for a busy machine)"
        );
        Ok(screens)
    }

    fn is_done(&self, widget: &Widget) -> bool {
        let waits = |state: Option<&str>| matches!(state, Some("waiting" | "failed"));
        self.paper.is_all_on(&widget.lines())
            && !widget
                .messages
                .iter()
                .any(|message| waits(message.state.as_deref()))
    }
}
