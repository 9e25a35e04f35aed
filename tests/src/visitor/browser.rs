//! A visitor with a real browser: Chromium with the widget on the demo shop's page, told what to write as the other
//! visitors are.
//!
//! Its process is not to be killed: a browser that dies takes its sessionStorage along.

use std::time::Duration;

use anyhow::Result;
use holdfast_protocol::client::Saved;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Stdout};

use super::storage::Storage;
use super::{Options, Order, Said};
use crate::browser::{Browser, Tab};
use crate::checker::Line;

/// How often the screen is looked at: far below the times that are measured, and little for a small machine.
const GLANCE: Duration = Duration::from_millis(100);

/// Is this visitor until stdin ends.
///
/// # Errors
/// When the browser does not start or dies, or a file can't be written.
pub(super) async fn run(options: Options) -> Result<()> {
    let (mut storage, _) = Storage::open(&options.folder, &options.tab(0))?;
    let browser = Browser::start().await?;
    let tab = browser.open(&options.url).await?;
    tab.open_chat().await?;
    let mut screen = Screen::default();
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    let mut stdout = tokio::io::stdout();
    let mut glances = tokio::time::interval(GLANCE);
    loop {
        tokio::select! {
            line = orders.next_line() => match line? {
                Some(line) => match serde_json::from_str(&line)? {
                    Order::Write { text, .. } => {
                        let n = storage.note_wrote(&text)?;
                        tab.write(&text).await?;
                        storage.note_kept(n)?;
                    }
                    Order::Hush => {}
                },
                None => return Ok(()),
            },
            _ = glances.tick() => screen.glance(&tab, &mut storage, &mut stdout).await?,
        }
    }
}

/// What the widget showed last.
#[derive(Default)]
struct Screen(Vec<Line>);

impl Screen {
    async fn glance(
        &mut self,
        tab: &Tab,
        storage: &mut Storage,
        stdout: &mut Stdout,
    ) -> Result<()> {
        let mut widget = tab.widget().await?;
        // What has no number is not the log's yet.
        widget.messages.retain(|bubble| bubble.seq.is_some());
        let lines = widget.lines();
        if lines == self.0 {
            return Ok(());
        }
        let is_longer = lines.starts_with(&self.0);
        if !is_longer {
            storage.clear()?;
        }
        let known = if is_longer { self.0.len() } else { 0 };
        for line in &lines[known..] {
            storage.show(line.writer, line.text.clone())?;
            let text = line.text.clone();
            let said = serde_json::to_string(&Said::Shown { tab: 0, text })?;
            stdout.write_all(format!("{said}\n").as_bytes()).await?;
        }
        storage.save(None, Saved::default())?;
        stdout.flush().await?;
        self.0 = lines;
        Ok(())
    }
}
