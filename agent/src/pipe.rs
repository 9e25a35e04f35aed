//! The JSON mode: moves lines between stdin, stdout and the connection.

use std::io::{self, BufRead, Read};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use holdfast_agent::clock::new_id;
use holdfast_agent::json::{Bot, End, Input, Line, Step};
use holdfast_agent::{Config, Event, Handle, Request, connect};
use holdfast_protocol::event::cut;
use holdfast_protocol::limits;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::args::Args;
use crate::stop;

/// The server refuses this client.
const REFUSED: u8 = 3;
/// Time is up and something still waits.
const UNSENT: u8 = 4;

/// A line of stdin: the largest command fits, also when each of its bytes is written as `\u0000`.
const INPUT_BYTES: usize = limits::UP_FRAME_BYTES;

/// What an `error` repeats of a line.
const SHOWN_BYTES: usize = 200;

/// Lines between stdin, its reader and the writer. Small: whoever writes to stdin waits instead.
const WAITING: usize = 16;

/// What the reader of stdin tells the writer of stdout.
enum Notice {
    Line(Line),
    Seen(Request),
    Ended,
}

/// A line of stdin as it came.
enum Raw {
    Line(Vec<u8>),
    TooLong(Vec<u8>),
}

pub(crate) async fn run(config: Config, args: &Args) -> Result<ExitCode> {
    let (handle, events) = connect(config)?;
    let (notices, noticed) = mpsc::channel(WAITING);
    tokio::spawn(read_input(handle.clone(), notices, args.follow));
    let pipe = Pipe {
        bot: Bot::new(args.read),
        handle,
        timeout: args.timeout.map(Duration::from_secs),
        deadline: None,
    };
    tokio::select! {
        code = pipe.run(events, noticed) => code,
        stopped = stop::asked() => {
            stopped.context("can't listen for signals")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

struct Pipe {
    bot: Bot,
    handle: Handle,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
}

impl Pipe {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<Event>,
        mut notices: mpsc::Receiver<Notice>,
    ) -> Result<ExitCode> {
        loop {
            let step = tokio::select! {
                event = events.recv() => self.bot.handle(event.context("the connection has ended")?),
                Some(notice) = notices.recv() => self.read_notice(notice),
                () = sleep_until(self.deadline) => {
                    eprintln!("holdfast-agent: time is up, and some commands were not sent yet; the next run sends them");
                    return Ok(ExitCode::from(UNSENT));
                }
            };
            let end = self.carry_out(step).await?;
            match end {
                None => {}
                Some(End::Drained) => {
                    while let Ok(notice) = notices.try_recv() {
                        let step = self.read_notice(notice);
                        self.carry_out(step).await?;
                    }
                    return Ok(ExitCode::SUCCESS);
                }
                Some(End::Refused(refusal)) => {
                    eprintln!(
                        "holdfast-agent: the server refuses this client: {}",
                        refusal.message
                    );
                    return Ok(ExitCode::from(REFUSED));
                }
            }
        }
    }

    fn read_notice(&mut self, notice: Notice) -> Step {
        let mut step = Step::default();
        match notice {
            Notice::Line(line) => step.lines.push(line),
            Notice::Seen(Request::Seen { conversation, seen }) => {
                step.requests.extend(self.bot.seen(conversation, seen));
            }
            Notice::Seen(other) => step.requests.push(other),
            Notice::Ended => self.deadline = self.timeout.map(|timeout| Instant::now() + timeout),
        }
        step
    }

    async fn carry_out(&mut self, step: Step) -> Result<Option<End>> {
        if !step.lines.is_empty() {
            let mut text = String::new();
            for line in &step.lines {
                text.push_str(&serde_json::to_string(line)?);
                text.push('\n');
            }
            write(&text).await.context("can't write to stdout")?;
        }
        if let Some(barrier) = step.barrier {
            barrier.pass();
        }
        for request in step.requests {
            // What does not fit now is said after the next welcome, or with the next outbox.
            let _ = self.handle.post(request);
        }
        Ok(step.end)
    }
}

async fn write(text: &str) -> io::Result<()> {
    let mut stdout = tokio::io::stdout();
    stdout.write_all(text.as_bytes()).await?;
    stdout.flush().await
}

async fn read_input(handle: Handle, notices: mpsc::Sender<Notice>, is_following: bool) {
    let (raw, mut lines) = mpsc::channel(WAITING);
    // A thread, since nothing can interrupt a read of stdin, and the program's end is not to wait for it.
    std::thread::spawn(move || read_stdin(&raw));
    while let Some(line) = lines.recv().await {
        let noticed = match understand(line) {
            Ok(None) => Ok(()),
            Ok(Some(seen @ Request::Seen { .. })) => notices.send(Notice::Seen(seen)).await,
            Ok(Some(request)) => {
                if handle.send(request).await.is_err() {
                    return;
                }
                Ok(())
            }
            Err(line) => notices.send(Notice::Line(*line)).await,
        };
        if noticed.is_err() {
            return;
        }
    }
    if !is_following && handle.send(Request::Drain).await.is_ok() {
        // The writer may have ended already, by an error that it reports itself.
        let _ = notices.send(Notice::Ended).await;
    }
}

fn understand(raw: Raw) -> Result<Option<Request>, Box<Line>> {
    let (bytes, is_whole) = match raw {
        Raw::Line(bytes) => (bytes, true),
        Raw::TooLong(bytes) => (bytes, false),
    };
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    let error = |message: String| {
        Box::new(Line::Error {
            message,
            line: Some(cut(text, SHOWN_BYTES).to_owned()),
            id: None,
        })
    };
    if !is_whole {
        return Err(error(format!(
            "the line has more than {INPUT_BYTES} bytes; nothing was done"
        )));
    }
    if text.is_empty() {
        return Ok(None);
    }
    if str::from_utf8(&bytes).is_err() {
        return Err(error("the line is not UTF-8; nothing was done".to_owned()));
    }
    let input = Input::parse(text).map_err(|problem| error(problem.to_string()))?;
    let id = new_id().map_err(|problem| error(problem.to_string()))?;
    Ok(Some(input.request(id)))
}

fn read_stdin(lines: &mpsc::Sender<Raw>) {
    let mut stdin = io::stdin().lock();
    loop {
        let mut bytes = Vec::new();
        let mut bounded = (&mut stdin).take(INPUT_BYTES as u64);
        match bounded.read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                eprintln!("holdfast-agent: can't read stdin: {error}");
                return;
            }
        }
        let is_whole = bytes.last() == Some(&b'\n') || bytes.len() < INPUT_BYTES;
        let raw = if is_whole {
            Raw::Line(bytes)
        } else if stdin.skip_until(b'\n').is_ok() {
            Raw::TooLong(bytes)
        } else {
            return;
        };
        if lines.blocking_send(raw).is_err() {
            return;
        }
    }
}

/// Never, where there is no deadline.
async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
