//! A visitor, as a rule without a browser: the widget's own half of the connection (`protocol::client`) over a native
//! WebSocket, with files for what a browser's tab keeps. Or a real browser with the real widget, where that is wanted.
//!
//! One process is one visitor with one or more tabs. It writes when it is told to and, if wanted, by itself. It may
//! be killed at any instant and started again on the same folder; see [`storage`] for what it keeps.
//!
//! Each line of stdin is a [`Order`], each line of stdout a [`Said`].

mod browser;
mod line;
pub mod storage;
mod tab;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use storage::Storage;
use tab::{Tab, TabOrder};

/// Orders that wait for a tab: what one storm of marks brings.
const WAITING_ORDERS: usize = 256;

/// Who the visitor is and how they behave.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The server's WebSocket, such as ws://10.77.0.1:8080/ws; with --browser a page with the widget
    #[arg(long)]
    pub url: String,
    /// The site's name
    #[arg(long, default_value = "demo")]
    pub site: String,
    /// The visitor's name; no two on one site have the same
    #[arg(long)]
    pub name: String,
    /// How many tabs they have
    #[arg(long, default_value_t = 1)]
    pub tabs: usize,
    /// Where everything is kept
    #[arg(long)]
    pub folder: PathBuf,
    /// How many milliseconds pass between two messages of a tab, on average; without it a tab writes only when told
    #[arg(long)]
    pub every: Option<u64>,
    /// A real browser with one tab
    #[arg(long)]
    pub browser: bool,
}

/// What the visitor is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Write this in the tab of this number.
    Write {
        /// From 0 on.
        tab: usize,
        /// The text.
        text: String,
    },
    /// Write nothing more by yourself, in no tab.
    Hush,
}

/// What the visitor says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// A tab shows a line of the log. After a crash it may be said twice of one line.
    Shown {
        /// The tab, by number.
        tab: usize,
        /// What the line says.
        text: String,
    },
    /// A tab's connection stands otherwise than before.
    Status {
        /// The tab, by number.
        tab: usize,
        /// For people.
        status: String,
    },
    /// A message was refused for good, which no message of these visitors ever ought to be.
    Refused {
        /// The tab, by number.
        tab: usize,
        /// Why.
        why: String,
    },
}

impl Options {
    /// The name of a tab, which no other tab of any visitor has.
    #[must_use]
    pub fn tab(&self, number: usize) -> String {
        format!("{}t{number}", self.name)
    }
}

/// Is this visitor until stdin ends.
///
/// # Errors
/// When its files can't be read or written.
pub async fn run(options: Options) -> Result<()> {
    std::fs::create_dir_all(&options.folder)?;
    if options.browser {
        return browser::run(options).await;
    }
    let (say, mut said) = mpsc::unbounded_channel();
    let mut tabs = JoinSet::new();
    let mut orders = Vec::new();
    // All tabs are one person: the first one is given a token, and the others come with it.
    let token = watch::Sender::new(storage::read_token(&options.folder, &options.name));
    for number in 0..options.tabs {
        let (order, waiting) = mpsc::channel(WAITING_ORDERS);
        orders.push(order);
        let (options, say, token) = (options.clone(), say.clone(), token.clone());
        tabs.spawn(async move {
            if number > 0 {
                token.subscribe().wait_for(Option::is_some).await?;
            }
            let (storage, kept) = Storage::open(&options.folder, &options.tab(number))?;
            Tab::new(&options, number, storage, kept, token, say)
                .run(waiting)
                .await
        });
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut stdout = tokio::io::stdout();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => {
                    match serde_json::from_str(&line)? {
                        Order::Write { tab, text } => {
                            let tab = orders.get(tab).context("no such tab")?;
                            tab.send(TabOrder::Write(text)).await?;
                        }
                        Order::Hush => {
                            for tab in &orders {
                                tab.send(TabOrder::Hush).await?;
                            }
                        }
                    }
                }
                None => return Ok(()),
            },
            Some(said) = said.recv() => {
                let mut line = serde_json::to_string(&said)?;
                line.push('\n');
                stdout.write_all(line.as_bytes()).await?;
                stdout.flush().await?;
            }
            Some(ended) = tabs.join_next() => ended??,
        }
    }
}
