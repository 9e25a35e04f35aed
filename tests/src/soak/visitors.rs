//! The visitors of a soak: each a process that is killed and started again on the same folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::board::Board;
use super::network::{Network, Place};
use super::program::{Launch, Program};
use crate::visitor::{Order, Said};

/// Orders that wait for a visitor's process.
const WAITING_ORDERS: usize = 64;

/// A visitor.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The name, the beginning of everything that they write.
    pub name: String,
    /// How many tabs they have.
    pub tabs: usize,
    /// Where their tabs keep what they keep.
    pub folder: PathBuf,
    /// Whether it is a real browser.
    pub is_browser: bool,
    orders: mpsc::Sender<Errand>,
}

enum Errand {
    Tell(Order),
    Kill(oneshot::Sender<()>),
    Start(oneshot::Sender<()>),
}

/// What a visitor needs to begin.
pub struct Invitation<'a> {
    /// The name.
    pub name: String,
    /// How many tabs they have.
    pub tabs: usize,
    /// The WebSocket.
    pub url: String,
    /// Where their tabs keep what they keep.
    pub folder: &'a Path,
    /// How many milliseconds pass between two messages of a tab, on average; nothing for a real browser with one tab,
    /// which writes when it is told to.
    pub every: Option<u64>,
}

impl Visitor {
    /// Starts a visitor; `crew` has the task that cares for the process.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(
        network: &Network,
        invitation: Invitation<'_>,
        board: Arc<Board>,
        crew: &mut JoinSet<Result<()>>,
    ) -> Result<Self> {
        let Invitation {
            name,
            tabs,
            url,
            folder,
            every,
        } = invitation;
        let launch = Launch::ours(network, Place::Visitors, "holdfast-visitor")?
            .with(["--url", &url, "--name", &name])
            .with(["--tabs", &tabs.to_string()])
            .with(["--folder"])
            .with([folder]);
        let launch = match every {
            Some(every) => launch.with(["--every", &every.to_string()]),
            None => launch.with(["--browser"]),
        };
        let (orders, waiting) = mpsc::channel(WAITING_ORDERS);
        let keeper = Keeper {
            program: Program::start(launch)?,
            name: name.clone(),
            board,
        };
        crew.spawn(keeper.run(waiting));
        Ok(Self {
            name,
            tabs,
            folder: folder.to_owned(),
            is_browser: every.is_none(),
            orders,
        })
    }

    /// The names of the tabs.
    #[must_use]
    pub fn tab_names(&self) -> Vec<String> {
        (0..self.tabs)
            .map(|tab| format!("{}t{tab}", self.name))
            .collect()
    }

    /// Lets a tab write this.
    ///
    /// # Errors
    /// When the visitor's process failed by itself.
    pub async fn write(&self, tab: usize, text: String) -> Result<()> {
        self.order(Errand::Tell(Order::Write { tab, text })).await
    }

    /// Lets the visitor write nothing more but what they are told to.
    ///
    /// # Errors
    /// When the visitor's process failed by itself.
    pub async fn hush(&self) -> Result<()> {
        self.order(Errand::Tell(Order::Hush)).await
    }

    /// Kills the process.
    ///
    /// # Errors
    /// When the visitor's process failed by itself.
    pub async fn kill(&self) -> Result<()> {
        let (done, waiting) = oneshot::channel();
        self.order(Errand::Kill(done)).await?;
        waiting.await.context("the visitor's process failed")
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it can't be started.
    pub async fn start_again(&self) -> Result<()> {
        let (done, waiting) = oneshot::channel();
        self.order(Errand::Start(done)).await?;
        waiting.await.context("the visitor's process failed")
    }

    async fn order(&self, errand: Errand) -> Result<()> {
        let sent = self.orders.send(errand).await;
        sent.ok().context("the visitor's process failed")
    }
}

struct Keeper {
    program: Program,
    name: String,
    board: Arc<Board>,
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
            }
            self.read()?;
        }
    }

    async fn carry_out(&mut self, errand: Errand) -> Result<()> {
        match errand {
            Errand::Tell(order) => {
                let order = serde_json::to_string(&order)?;
                self.program.tell(&order).await;
            }
            Errand::Kill(done) => {
                self.program.kill().await?;
                let _ = done.send(());
            }
            Errand::Start(done) => {
                self.program.start_again()?;
                let _ = done.send(());
            }
        }
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        for line in self.program.take_lines() {
            // A kill may break the last line off.
            let Ok(said) = serde_json::from_str(&line) else {
                continue;
            };
            match said {
                Said::Shown { tab, text } => {
                    self.board.show(&format!("{}t{tab}", self.name), &text);
                }
                Said::Status { tab, status } => {
                    self.board.note(&format!("{}t{tab}", self.name), &status);
                }
                Said::Refused { tab, why } => {
                    anyhow::bail!("{}t{tab} was refused: {why}", self.name);
                }
            }
        }
        Ok(())
    }
}
