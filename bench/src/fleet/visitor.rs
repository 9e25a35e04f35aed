//! One visitor of the load: the real client half on a native WebSocket, or texts for a baseline or a peer.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use futures_util::{SinkExt as _, StreamExt as _};
use holdfast_protocol::client::{
    Client, ClientEvent, LineId, Output, Saved, Visitor, VisitorCommand, VisitorGreeting,
};
use holdfast_protocol::event::{Author, Page, Receipt, VisitorEvent};
use holdfast_protocol::frame::{self, VisitorUp};
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;
use tokio::sync::{mpsc, watch};
use tokio::time::Sleep;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::line::{Line, Role};
use super::pen::{FAR, Pen};
use super::{Identity, MESSAGE_BYTES, Phase, Score, Socket, Told, open};

/// Where visitors are, and what they speak: a browser says so of itself, and the server keeps it of everybody who is here.
const URL: &str = "https://shop.example/ropes/single/sixty-metres?colour=orange";
const TITLE: &str = "Single rope, 60 m - Rope & Co.";
const LOCALE: &str = "en-GB";

/// What connects a visitor to the rest of the load.
pub(super) struct Desk {
    phases: watch::Receiver<Phase>,
    told: mpsc::UnboundedSender<Told>,
    score: Arc<Score>,
}

impl Desk {
    pub(super) fn new(
        phases: watch::Receiver<Phase>,
        told: mpsc::UnboundedSender<Told>,
        score: Arc<Score>,
    ) -> Self {
        Self {
            phases,
            told,
            score,
        }
    }
}

struct Tab {
    server: SocketAddr,
    number: usize,
    client: Client<Visitor>,
    /// One as a rule; an attempt that hangs is joined by others.
    lines: Vec<(LineId, Socket)>,
    /// Whether frames wait for the others of this moment.
    has_fed: bool,
    began: Instant,
    timer: Pin<Box<Sleep>>,
    pen: Pen,
    score: Arc<Score>,
    goal: u64,
}

/// Runs until it is dropped.
pub(super) async fn run(
    server: SocketAddr,
    number: usize,
    who: Identity,
    saved: Saved<Visitor>,
    mut desk: Desk,
) {
    let greeting = VisitorGreeting {
        site: who.site,
        token: who.token,
        page: Some(Page::new(URL, TITLE)),
        locale: Some(LOCALE.to_owned()),
        ..VisitorGreeting::default()
    };
    let mut tab = Tab {
        server,
        number,
        client: Client::new(greeting, saved, number as u64, Millis(0)),
        lines: Vec::new(),
        has_fed: false,
        began: Instant::now(),
        timer: Box::pin(tokio::time::sleep(FAR)),
        pen: Pen::new(),
        score: Arc::clone(&desk.score),
        goal: who.goal,
    };
    loop {
        tab.settle().await;
        tab.set_timer();
        tokio::select! {
            changed = desk.phases.changed() => {
                if changed.is_err() {
                    return;
                }
                let phase = *desk.phases.borrow_and_update();
                if phase == Phase::Quiet {
                    let _ = desk.told.send(tab.pen.tell());
                }
                if tab.pen.enter(phase) {
                    tab.write();
                }
            }
            (line, message) = next(&mut tab.lines) => tab.take_in(line, message),
            () = &mut tab.timer => {
                let now = tab.now();
                tab.client.handle_timeout(now);
            }
            () = &mut tab.pen.next => if tab.pen.strike() {
                tab.write();
            },
        }
    }
}

/// The next message of any line; never returns while there is none.
async fn next(lines: &mut [(LineId, Socket)]) -> (LineId, Option<Message>) {
    std::future::poll_fn(|context| {
        for (line, socket) in &mut *lines {
            if let Poll::Ready(message) = socket.poll_next_unpin(context) {
                return Poll::Ready((*line, message.and_then(Result::ok)));
            }
        }
        Poll::Pending
    })
    .await
}

impl Tab {
    fn now(&self) -> Millis {
        Millis(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Carries all outputs out. What one moment brings leaves in one packet, as at the agents and at the peers.
    async fn settle(&mut self) {
        loop {
            while self.perform().await {}
            if !std::mem::take(&mut self.has_fed) {
                return;
            }
            self.flush().await;
        }
    }

    /// Carries one output out; false when there is none.
    async fn perform(&mut self) -> bool {
        match self.client.poll_output() {
            Some(Output::Event(event)) => self.show(event),
            // The tab's memory is its storage.
            Some(Output::Save) => {}
            Some(Output::Dial(line)) => self.dial(line).await,
            Some(Output::Transmit(line, up)) => self.transmit(line, &up).await,
            Some(Output::Close(line)) => {
                self.lines.retain(|(open, _)| *open != line);
            }
            None => return false,
        }
        true
    }

    async fn dial(&mut self, line: LineId) {
        if line != LineId(1) {
            Score::add(&self.score.retries);
        }
        match open(self.server, self.number, "/ws").await {
            Ok(socket) => {
                self.lines.push((line, socket));
                self.client.handle_opened(line, self.now());
            }
            Err(error) => {
                self.score.trouble(&format!("no line: {error:#}"));
                self.client.handle_closed(line, self.now());
            }
        }
    }

    async fn transmit(&mut self, line: LineId, up: &VisitorUp) {
        let Some((_, socket)) = self.lines.iter_mut().find(|(open, _)| *open == line) else {
            return;
        };
        let Ok(text) = frame::write(up) else {
            return;
        };
        self.has_fed = true;
        if socket.feed(Message::text(text)).await.is_err() {
            self.lose(line);
        }
    }

    async fn flush(&mut self) {
        let mut broken = Vec::new();
        for (line, socket) in &mut self.lines {
            if socket.flush().await.is_err() {
                broken.push(*line);
            }
        }
        broken.into_iter().for_each(|line| self.lose(line));
    }

    fn lose(&mut self, line: LineId) {
        if self.lines.extract_if(.., |(open, _)| *open == line).count() > 0 {
            self.score.trouble("a line broke");
            self.client.handle_closed(line, self.now());
        }
    }

    fn take_in(&mut self, line: LineId, message: Option<Message>) {
        match message {
            Some(Message::Text(text)) => self.client.handle_text(line, &text, self.now()),
            Some(Message::Close(_)) | None => self.lose(line),
            Some(_) => {}
        }
    }

    fn show(&mut self, event: ClientEvent<Visitor>) {
        match event {
            ClientEvent::Welcomed { welcome, .. } => {
                Score::add(&self.score.welcomed);
                self.look_at_goal(welcome.after);
            }
            ClientEvent::Events { events, .. } => self.read(&events),
            ClientEvent::Rejected(_) => self.score.trouble("a message was rejected"),
            ClientEvent::Status(_) | ClientEvent::News(_) => {}
        }
    }

    fn read(&mut self, events: &[VisitorEvent]) {
        let Some(last) = events.last() else { return };
        self.look_at_goal(last.seq);
        let is_answer = |event: &&VisitorEvent| matches!(event.author, Author::Agent { .. });
        let answers = events.iter().filter(is_answer).count();
        if answers > 0 {
            // A browser says so of what it shows.
            self.client.send_lossy(VisitorUp::Seen(Receipt {
                delivered: last.seq,
                read: last.seq,
            }));
        }
        // What was missed is read, and is no answer.
        if self.pen.asked.is_some() {
            for _ in 0..answers {
                if self.pen.answered(&self.score) {
                    self.write();
                }
            }
        }
    }

    fn look_at_goal(&mut self, reached: u64) {
        if reached >= self.goal {
            self.score.first_caught_up.get_or_init(Instant::now);
            Score::add(&self.score.caught_up);
            self.goal = u64::MAX;
        }
    }

    fn write(&mut self) {
        let span = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix = span.unwrap_or_default().as_millis();
        let unix = Millis(u64::try_from(unix).unwrap_or(0));
        let id = EventId::new(unix, fastrand::u128(..));
        let command = VisitorCommand::Send {
            text: "x".repeat(MESSAGE_BYTES),
        };
        self.pen.asked = Some(Instant::now());
        if self.client.send(id, command, unix, self.now()).is_err() {
            self.score.trouble("a message was not taken");
        }
    }

    /// The timer is moved only when it would ring too late: most beats put their end off.
    fn set_timer(&mut self) {
        let Some(due) = self.client.poll_timeout(self.now()) else {
            return;
        };
        let due = tokio::time::Instant::from_std(self.began + Duration::from_millis(due.0));
        if due < self.timer.deadline() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(due);
        }
    }
}

/// A visitor of a baseline or a peer, who writes texts and reads answers.
pub(super) async fn run_texts<L: Line>(server: SocketAddr, number: usize, mut desk: Desk) {
    let score = Arc::clone(&desk.score);
    if let Err(error) = write_texts::<L>(server, number, &mut desk).await {
        score.trouble(&format!("a bare line broke: {error:#}"));
    }
}

async fn write_texts<L: Line>(server: SocketAddr, number: usize, desk: &mut Desk) -> Result<()> {
    let mut line = L::open(server, Role::Visitor(number)).await?;
    Score::add(&desk.score.welcomed);
    let mut pen = Pen::new();
    let text = Utf8Bytes::from(format!("{number:08}{}", "x".repeat(MESSAGE_BYTES - 8)));
    loop {
        let is_writing = tokio::select! {
            changed = desk.phases.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let phase = *desk.phases.borrow_and_update();
                if phase == Phase::Quiet {
                    let _ = desk.told.send(pen.tell());
                }
                pen.enter(phase)
            }
            answer = line.next() => {
                answer?;
                pen.answered(&desk.score)
            }
            () = &mut pen.next => pen.strike(),
        };
        if is_writing {
            pen.asked = Some(Instant::now());
            line.send(text.clone()).await?;
        }
    }
}
