//! The real agent's client in its JSON mode, as a bot uses it.

mod desk;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::ChildStdin};

pub use desk::{Desk, Message, Standing};

use crate::{
    address::Address,
    process::{Process, binary},
};

/// A running `holdfast-agent --json`, with a state file of its own. Dropping it kills it.
pub struct Agent {
    process: Process,
    stdin: Option<ChildStdin>,
    args: Vec<String>,
    /// What earlier runs on the same state file have printed.
    past: Vec<String>,
    folder: TempDir,
}

impl Agent {
    /// Starts a client that counts a message as delivered when it has printed it, and as read when
    /// the test says so.
    ///
    /// # Errors
    /// When it can't be started.
    pub async fn start(address: &Address) -> Result<Self> {
        Self::start_with(address, &[]).await
    }

    /// The same with more options.
    ///
    /// # Errors
    /// When it can't be started.
    pub async fn start_with(address: &Address, args: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address_file = folder.path().join("address");
        tokio::fs::write(&address_file, format!("{address}\n")).await?;
        let args = ["--json", "--address-file", &text(address_file)?]
            .into_iter()
            .chain(["--state", &text(folder.path().join("state"))?])
            .chain(args.iter().copied())
            .map(str::to_owned)
            .collect();
        let (process, stdin) = launch(&args)?;
        Ok(Self {
            process,
            stdin: Some(stdin),
            args,
            past: Vec::new(),
            folder,
        })
    }

    /// Waits until the server has taken the client in.
    ///
    /// # Errors
    /// When it does not.
    pub async fn online(&self) -> Result<()> {
        self.see("the client online", |desk| desk.state == "online")
            .await?;
        Ok(())
    }

    /// What a bot knows from all lines so far.
    #[must_use]
    pub fn desk(&self) -> Desk {
        let mut lines = self.past.clone();
        lines.extend(self.process.stdout.all());
        Desk::read(&lines)
    }

    /// Waits until `is_wanted` holds for what a bot knows.
    ///
    /// # Errors
    /// When it does not in time, with the lines; or the client ends.
    pub async fn see(&self, what: &str, mut is_wanted: impl FnMut(&Desk) -> bool) -> Result<Desk> {
        let past = self.past.clone();
        let wait = self.process.stdout.wait_for(what, |lines| {
            let desk = Desk::read(past.iter().chain(lines));
            is_wanted(&desk).then_some(desk)
        });
        match wait.await {
            Ok(desk) => Ok(desk),
            Err(error) => Err(error.context(self.process.stderr.to_string())),
        }
    }

    /// Gives the client one command.
    ///
    /// # Errors
    /// When its stdin is closed.
    pub async fn tell(&mut self, command: &Value) -> Result<()> {
        self.tell_raw(&command.to_string()).await
    }

    /// Gives the client one line, whatever it is.
    ///
    /// # Errors
    /// When its stdin is closed.
    pub async fn tell_raw(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("stdin was closed")?;
        stdin.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(())
    }

    /// Writes a message; returns when the client has it safely in its outbox.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn write(&mut self, conversation: u64, words: &str) -> Result<()> {
        let queued = self.desk().queued.len();
        self.tell(&json!({"send": {"conversation": conversation, "text": words}}))
            .await?;
        self.see("the message in the outbox", |desk| {
            desk.queued.len() > queued
        })
        .await?;
        Ok(())
    }

    /// Says that everything in a conversation up to `seq` was read.
    ///
    /// # Errors
    /// When the client's stdin is closed.
    pub async fn read_up_to(&mut self, conversation: u64, seq: u64) -> Result<()> {
        let seen = json!({"delivered": seq, "read": seq});
        self.tell(&json!({"seen": {"conversation": conversation, "seen": seen}}))
            .await
    }

    /// Kills the client as a power cut does.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        self.stdin = None;
        self.process.kill().await?;
        self.process.stdout.rest_lines().await;
        Ok(())
    }

    /// Starts it again, with the same address and the same state file.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.stdin.is_none(), "it still runs");
        ensure!(self.folder.path().join("state").exists(), "no state file");
        let (process, stdin) = launch(&self.args)?;
        self.past.extend(self.process.stdout.all());
        self.process = process;
        self.stdin = Some(stdin);
        Ok(())
    }

    /// Waits until the client ends by itself; returns its exit code and its words on stderr.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn end(&mut self) -> Result<(Option<i32>, String)> {
        let status = self.process.end().await?;
        Ok((status.code(), self.process.stderr.rest().await))
    }
}

fn launch(args: &Vec<String>) -> Result<(Process, ChildStdin)> {
    let mut process = Process::start(binary("holdfast-agent")?, args)?;
    let stdin = process.stdin().context("stdin")?;
    Ok((process, stdin))
}

fn text(path: PathBuf) -> Result<String> {
    path.into_os_string()
        .into_string()
        .ok()
        .context("a temporary folder with a strange name")
}
