//! A program at a place of the network, that is killed and started again.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;

use anyhow::{Context as _, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::process::ChildStdin;

use super::network::{Network, Place};
use crate::process::{Lines, Process, Signal, binary};

/// How a program is started, again and again.
#[derive(Clone, Debug)]
pub struct Launch {
    program: OsString,
    words: Vec<OsString>,
}

/// A program that runs, or ran.
pub struct Program {
    launch: Launch,
    process: Process,
    stdin: Option<ChildStdin>,
    lines: Lines,
    taken: usize,
}

impl Launch {
    /// One of our own binaries at a place.
    ///
    /// # Errors
    /// When it was not built.
    pub fn ours(network: &Network, place: Place, name: &str) -> Result<Self> {
        Ok(Self::at(network, place, &binary(name)?))
    }

    /// Any program at a place.
    #[must_use]
    pub fn at(network: &Network, place: Place, program: &Path) -> Self {
        let (program, words) = network.command(place, program);
        Self { program, words }
    }

    /// With more arguments.
    #[must_use]
    pub fn with<A: Into<OsString>>(mut self, words: impl IntoIterator<Item = A>) -> Self {
        self.words.extend(words.into_iter().map(Into::into));
        self
    }
}

impl Program {
    /// Starts it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(launch: Launch) -> Result<Self> {
        let mut process = Process::start(&launch.program, &launch.words)?;
        Ok(Self {
            stdin: process.stdin(),
            lines: process.stdout.clone(),
            taken: 0,
            launch,
            process,
        })
    }

    /// Starts it again, after a kill.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_again(&mut self) -> Result<()> {
        *self = Self::start(self.launch.clone())?;
        Ok(())
    }

    /// Whether it was not killed.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.stdin.is_some()
    }

    /// Kills it as a power cut does.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        self.stdin = None;
        self.process.kill().await?;
        self.process.stdout.rest_lines().await;
        Ok(())
    }

    /// Sends a signal to it and its children.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// Gives it one line. What a dead program does not hear is lost.
    pub async fn tell(&mut self, line: &str) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(format!("{line}\n").as_bytes()).await;
        }
    }

    /// Waits until it says more, and forever while it does not run.
    ///
    /// # Errors
    /// When it has ended by itself, with its last words.
    pub async fn wait_for_lines(&mut self) -> Result<()> {
        if !self.is_running() {
            return std::future::pending().await;
        }
        if !self.lines.more().await {
            let status: ExitStatus = self.process.end().await?;
            let words = self.process.stderr.rest().await;
            return Err(anyhow::Error::msg(words))
                .with_context(|| format!("{:?} ended by itself with {status}", self.launch.words));
        }
        Ok(())
    }

    /// What it has said since the last call.
    #[must_use]
    pub fn take_lines(&mut self) -> Vec<String> {
        let lines = self.lines.after(self.taken);
        self.taken += lines.len();
        lines
    }

    /// Waits for a line on its stdout in which `find` finds something.
    ///
    /// # Errors
    /// When there is none in time, with its last words.
    pub async fn hear<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let heard = self
            .process
            .stdout
            .wait_for(what, |lines| lines.iter().find_map(|line| find(line)));
        match heard.await {
            Ok(found) => Ok(found),
            Err(error) => Err(error.context(self.process.stderr.to_string())),
        }
    }

    /// Everything that it has said on stderr.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.process.stderr.all()
    }
}
