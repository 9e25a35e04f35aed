//! The terminal interface: moves keys in, requests and screens out.

mod app;
mod composer;
mod keys;
mod order;
mod person;
mod theme;
mod view;
mod words;

#[cfg(test)]
mod tests;

use std::io::{self, Write, stdout};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
    Event as Input, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{
    self, EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use holdfast_agent::clock::{new_id, unix_now};
use holdfast_agent::{Config, Event, Handle, Request, connect};
use holdfast_protocol::client::AgentCommand;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;

use crate::args::Args;
use crate::stop;
use app::{App, Effect, Msg};
use theme::Theme;
use view::Look;

/// Times on the screen are in seconds.
const TICK: Duration = Duration::from_secs(1);

/// At the end the last commands are written to disk; a disk that takes longer is not waited for.
const GOODBYE: Duration = Duration::from_secs(3);

/// What happened meanwhile is taken in before the screen is drawn again, up to so many messages: a pasted
/// text must not cost a screen per letter.
const BATCH: usize = 256;

pub(crate) async fn run(config: Config, args: &Args) -> Result<ExitCode> {
    let (handle, mut events) = connect(config)?;
    let screen = Screen::open().context("can't set the terminal up")?;
    let size = terminal::size().context("can't ask for the terminal's size")?;
    let mut client = Client {
        app: App::new(unix_now(), size, args.bell),
        handle,
        look: Look {
            theme: Theme::new(std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())),
            zone: TimeZone::system(),
        },
    };
    let ended = client.run(&mut events).await;
    // What was written last is on its way to the disk; the connection ends when that is done.
    let Client {
        mut app, handle, ..
    } = client;
    drop(handle);
    let finish = async {
        while let Some(event) = events.recv().await {
            app.update(Msg::Connection(event));
        }
    };
    let is_saved = tokio::time::timeout(GOODBYE, finish).await.is_ok();
    drop(screen);
    ended?;
    let waiting = app.model.waiting();
    if waiting > 0 {
        println!("Not sent yet: {waiting}. It is kept, and sent when holdfast-agent runs again.");
    }
    if !is_saved {
        println!("The disk did not answer; the last lines that you wrote may not be saved.");
    }
    Ok(ExitCode::SUCCESS)
}

struct Client {
    app: App,
    handle: Handle,
    look: Look,
}

impl Client {
    async fn run(&mut self, events: &mut mpsc::Receiver<Event>) -> Result<()> {
        let mut terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        let (input, mut inputs) = mpsc::channel(BATCH);
        // A thread, since nothing can interrupt a read of the terminal; the program's end does not wait for it.
        std::thread::spawn(move || read_terminal(&input));
        let mut ticks = tokio::time::interval(TICK);
        let mut stopped = std::pin::pin!(stop::asked());
        loop {
            let size = terminal.size()?;
            if (size.width, size.height) != self.app.size {
                self.take(Msg::Resize(size.width, size.height))?;
            }
            terminal.draw(|frame| view::draw(&self.app, &self.look, frame))?;
            let msg = tokio::select! {
                event = events.recv() => Some(Msg::Connection(event.context("the connection has ended")?)),
                input = inputs.recv() => read(input.context("the terminal is gone")??),
                _ = ticks.tick() => None,
                asked = &mut stopped => return Ok(asked?),
            };
            let mut msgs = vec![Msg::Tick(unix_now())];
            msgs.extend(msg);
            while msgs.len() < BATCH
                && let Ok(input) = inputs.try_recv()
            {
                msgs.extend(read(input?));
            }
            while msgs.len() < BATCH
                && let Ok(event) = events.try_recv()
            {
                msgs.push(Msg::Connection(event));
            }
            for msg in msgs {
                if self.take(msg)? {
                    return Ok(());
                }
            }
        }
    }

    /// Returns whether the program is to end.
    fn take(&mut self, msg: Msg) -> Result<bool> {
        let mut msgs = vec![msg];
        while let Some(msg) = msgs.pop() {
            for effect in self.app.update(msg) {
                match effect {
                    Effect::Ask(request) => msgs.extend(self.ask(request)),
                    Effect::Queue(command) => msgs.extend(self.queue(command)),
                    Effect::Retry(id) => {
                        let new = new_id()?;
                        msgs.extend(self.ask(Request::Retry { id, new }));
                    }
                    Effect::Bell => {
                        stdout().write_all(b"\x07")?;
                        stdout().flush()?;
                    }
                    Effect::Quit => return Ok(true),
                }
            }
        }
        Ok(false)
    }

    /// Requests that don't fit are lost like frames on a bad line; history alone is to be asked for again.
    fn ask(&self, request: Request) -> Option<Msg> {
        let history = match &request {
            Request::History { conversation, .. } => Some(*conversation),
            Request::Command { .. }
            | Request::Retry { .. }
            | Request::Discard(_)
            | Request::Seen { .. }
            | Request::Typing { .. }
            | Request::Hint
            | Request::Drain => None,
        };
        let lost = self.handle.post(request).is_err();
        let conversation = history.filter(|_| lost)?;
        Some(Msg::Connection(Event::NoLine(conversation)))
    }

    fn queue(&self, command: AgentCommand) -> Option<Msg> {
        let id = match new_id() {
            Ok(id) => id,
            Err(error) => return Some(Msg::NotAsked(command, error.to_string())),
        };
        let request = Request::Command {
            id,
            command: command.clone(),
        };
        let error = self.handle.post(request).err()?;
        Some(Msg::NotAsked(command, error.to_string()))
    }
}

fn read_terminal(inputs: &mpsc::Sender<io::Result<Input>>) {
    loop {
        let input = crossterm::event::read();
        let is_over = input.is_err();
        if inputs.blocking_send(input).is_err() || is_over {
            return;
        }
    }
}

fn read(input: Input) -> Option<Msg> {
    match input {
        Input::Key(key) => Some(Msg::Key(key)),
        Input::Paste(text) => Some(Msg::Paste(text)),
        Input::FocusGained => Some(Msg::Focus(true)),
        Input::FocusLost => Some(Msg::Focus(false)),
        Input::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        Input::Mouse(_) => None,
    }
}

/// The terminal, set up for full-screen use; dropping it, or a panic, puts it back.
struct Screen;

impl Screen {
    fn open() -> io::Result<Self> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
        enable_raw_mode()?;
        let screen = Self;
        execute!(
            stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            SetTitle("Holdfast")
        )?;
        if terminal::supports_keyboard_enhancement().unwrap_or(false) {
            let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
            execute!(stdout(), PushKeyboardEnhancementFlags(flags))?;
        }
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Each step for itself: a terminal that is gone can't be helped, and nobody is there to be told.
fn restore() {
    let _ = execute!(stdout(), PopKeyboardEnhancementFlags);
    let _ = execute!(stdout(), DisableFocusChange, DisableBracketedPaste);
    let _ = execute!(stdout(), LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}
