//! The server as a child process: started, watched, stopped.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::shell;

/// How often the child is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a start may take: opening a large log that was not closed cleanly is the slowest part of it.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// How long the server may take to say goodbye to everybody before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// How long one question whether it is ready may take.
const QUESTION_LIMIT: Duration = Duration::from_secs(1);
/// How many lines of its log are shown when it ends by itself.
const LAST_WORDS: usize = 20;

/// A running server.
pub(super) struct Server {
    child: Child,
    log: PathBuf,
    /// How many times a person, or the system, has asked us to stop.
    stops: Arc<AtomicUsize>,
    /// When the child was told to stop.
    told: Option<Instant>,
}

/// Where the server listens, for one who connects from this machine.
pub(super) struct Places {
    /// The visitors' port.
    pub(super) http: SocketAddr,
    /// The agents' port.
    pub(super) agents: SocketAddr,
}

/// What became of a start.
pub(super) enum Started {
    /// The server answers.
    Ready(Places),
    /// It ended before it did.
    Ended(End),
}

/// How the server came to its end.
pub(super) enum End {
    /// We were asked to stop it.
    Stopped,
    /// It ended by itself.
    Died(ExitStatus),
}

impl Server {
    /// Starts `command` with its output in `log`.
    ///
    /// It gets a process group of its own: Ctrl-C in a terminal goes to us alone, and we pass on one signal.
    pub(super) fn start(command: &mut Command, log: PathBuf) -> Result<Self> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(&log).with_context(|| format!("can't write {}", log.display()))?;
        let stops = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&stops);
        ctrlc::set_handler(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        })?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .env("NO_COLOR", "1")
            .process_group(0)
            .spawn()
            .with_context(|| format!("can't start `{}`", shell::line(command)))?;
        Ok(Self {
            child,
            log,
            stops,
            told: None,
        })
    }

    /// Waits until the server has said where it listens, and answers there.
    pub(super) fn wait_until_ready(&mut self) -> Result<Started> {
        let began = Instant::now();
        while began.elapsed() < READY_LIMIT {
            if let Some(end) = self.look()? {
                return Ok(Started::Ended(end));
            }
            let said = fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(places) = places(&said).filter(|places| is_ready(places.http)) {
                return Ok(Started::Ready(places));
            }
            thread::sleep(LOOK);
        }
        let said = self.last_words();
        self.stops.fetch_add(2, Ordering::Relaxed);
        self.wait()?;
        bail!(
            "the server did not become ready within {} s. It said:\n{said}",
            READY_LIMIT.as_secs()
        );
    }

    /// Waits for the end, and passes on a request to stop.
    pub(super) fn wait(&mut self) -> Result<End> {
        loop {
            if let Some(end) = self.look()? {
                return Ok(end);
            }
            thread::sleep(LOOK);
        }
    }

    /// The end of what it said.
    pub(super) fn last_words(&self) -> String {
        shell::last_lines(&self.log, 0, LAST_WORDS)
    }

    /// Where its output goes.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    fn look(&mut self) -> Result<Option<End>> {
        if let Some(status) = self.child.try_wait()? {
            let end = if self.told.is_some() {
                End::Stopped
            } else {
                End::Died(status)
            };
            return Ok(Some(end));
        }
        let stops = self.stops.load(Ordering::Relaxed);
        match self.told {
            None if stops > 0 => {
                eprintln!("\nStopping …");
                kill(Pid::from_raw(self.child.id().try_into()?), Signal::SIGTERM)?;
                self.told = Some(Instant::now());
            }
            Some(told) if stops > 1 || told.elapsed() > STOP_LIMIT => {
                eprintln!(
                    "The server does not stop by itself: killing it. What it has confirmed is on disk."
                );
                self.child.kill()?;
                self.child.wait()?;
                return Ok(Some(End::Stopped));
            }
            None | Some(_) => {}
        }
        Ok(None)
    }
}

impl Drop for Server {
    /// A server that nobody can stop any more is of no use.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, QUESTION_LIMIT)?;
        stream.set_read_timeout(Some(QUESTION_LIMIT))?;
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

/// "Every address of this machine" is a place to listen, not to connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The addresses in the line `ready http=ADDR agents=ADDR`, which the server prints when it listens.
fn places(said: &str) -> Option<Places> {
    let whole = said
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'));
    let line = whole
        .filter_map(|line| line.strip_prefix("ready "))
        .next()?;
    let field = |name: &str| {
        let value = line.split(' ').find_map(|word| word.strip_prefix(name))?;
        value.parse().ok().map(reachable)
    };
    Some(Places {
        http: field("http=")?,
        agents: field("agents=")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_says_where_it_listens() {
        let said = "2026-01-01 INFO opening\nready http=0.0.0.0:40123 agents=[::1]:5\n";
        let places = places(said).unwrap();
        assert_eq!(places.http.to_string(), "127.0.0.1:40123");
        assert_eq!(places.agents.to_string(), "[::1]:5");
        assert!(
            super::places("2026-01-01 INFO opening\nready http=0.0.0.0:1 agents=[::1]:5").is_none()
        );
    }

    #[test]
    fn an_address_to_listen_on_becomes_one_to_connect_to() {
        let shown = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(shown("[::]:8080"), "[::1]:8080");
        assert_eq!(shown("192.0.2.1:8080"), "192.0.2.1:8080");
    }
}
