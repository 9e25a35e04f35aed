//! The widget's WebSockets, and the requests that come before them.

use std::rc::{Rc, Weak};

use holdfast_protocol::client::LineId;
use holdfast_protocol::time::Millis;

use crate::gate::{Gate, Step};
use crate::options::Options;
use crate::post::{Input, Post};
use crate::reach::Reach;
use crate::sdk::Page;
use crate::socket::Socket;

/// All that is open or on the way there. What is reported of it comes in through the post.
pub(crate) struct Lines {
    post: Weak<Post>,
    page: Page,
    socket: String,
    reach: String,
    gate: Gate,
    ways: Vec<(LineId, Way)>,
    over: Vec<LineId>,
}

/// How a line is open or on its way.
enum Way {
    Socket(Socket),
    /// Held until it has ended, or is given up.
    Request(#[expect(dead_code, reason = "dropped, it is given up")] Reach),
}

impl Lines {
    pub(crate) fn new(post: Weak<Post>, page: &Page, options: &Options) -> Self {
        Self {
            post,
            page: page.clone(),
            socket: options.socket.clone(),
            reach: options.reach.clone(),
            gate: Gate::default(),
            ways: Vec::new(),
            over: Vec::new(),
        }
    }

    /// The next line that is over, though nobody has hung it up.
    pub(crate) fn poll_over(&mut self) -> Option<LineId> {
        self.over.pop()
    }

    /// A line is wanted, by somebody who is back on the page or on the network, where `is_back`.
    pub(crate) fn dial(&mut self, line: LineId, is_back: bool, now: Millis) {
        self.gate.dial(line, is_back, now);
        self.go();
    }

    /// A request has ended, with an answer or without.
    pub(crate) fn reached(&mut self, line: LineId, is_answered: bool, now: Millis) {
        self.gate.reached(line, is_answered, now);
        self.go();
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Millis) {
        self.gate.tick(now);
        self.go();
    }

    /// A WebSocket was closed, or could not be opened.
    pub(crate) fn fail(&mut self, line: LineId) {
        self.gate.failed(line);
        self.hang_up(line);
        self.over.push(line);
    }

    /// When [`Self::tick`] has something to do next.
    pub(crate) fn due(&self) -> Option<Millis> {
        self.gate.due()
    }

    /// A WebSocket is open.
    pub(crate) fn opened(&mut self, line: LineId) {
        self.gate.opened(line);
    }

    /// Sends a text over a line, if it is there.
    pub(crate) fn send(&self, line: LineId, text: &str) {
        let way = self.ways.iter().find(|(id, _)| *id == line);
        if let Some((_, Way::Socket(socket))) = way {
            socket.send(text);
        }
    }

    /// Drops what belongs to a line.
    pub(crate) fn hang_up(&mut self, line: LineId) {
        self.gate.closed(line);
        self.drop_way(line);
    }

    fn drop_way(&mut self, line: LineId) {
        self.ways.retain(|(id, _)| *id != line);
    }

    fn go(&mut self) {
        while let Some(step) = self.gate.poll_step() {
            let (line, is_begun) = match step {
                Step::Open(line) => (line, self.open(line)),
                Step::Reach(line) => (line, self.ask(line)),
                Step::Fail(line) => (line, false),
            };
            if !is_begun {
                self.fail(line);
            }
        }
    }

    fn open(&mut self, line: LineId) -> bool {
        let put = Post::way_in(self.post.clone());
        let on_heard = Rc::new(move |heard| put(Input::Line(line, heard)));
        let socket = Socket::dial(&self.socket, on_heard);
        self.go_by(line, socket.map(Way::Socket))
    }

    fn ask(&mut self, line: LineId) -> bool {
        let put = Post::way_in(self.post.clone());
        let on_end = move |is_answered| put(Input::Reached(line, is_answered));
        let request = Reach::begin(&self.page, &self.reach, on_end);
        self.go_by(line, request.map(Way::Request))
    }

    /// Takes another way than before, where there is one.
    fn go_by(&mut self, line: LineId, way: Option<Way>) -> bool {
        self.drop_way(line);
        let Some(way) = way else {
            return false;
        };
        self.ways.push((line, way));
        true
    }
}
