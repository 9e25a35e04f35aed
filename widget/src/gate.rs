//! When a browser may be asked for another WebSocket.
//!
//! A browser opens WebSockets to one server one after the other (RFC 6455, section 4.1), so that one which
//! hangs on a dead line holds up all that come later; and Chromium delays them by seconds after many
//! failures. So the first attempt of an outage is a WebSocket, and the later ones first ask by a plain
//! request, of which several may be under way, whether the server can be reached.
//!
//! But browsers send a request over a connection that they have kept, and where another network has killed all of them, each
//! swallows one. So one that has no answer soon is sent again beside itself, over another connection. A WebSocket has a
//! connection of its own: who is back is given one at once.

use holdfast_protocol::client::LineId;
use holdfast_protocol::queue::Queue;
use holdfast_protocol::time::Millis;

/// An opening takes as many trips as a request on a connection of its own. It hangs if it has had the time of two
/// requests, while one that was begun after it is answered already. But it is given so much at the least: a request may
/// share a connection that is there, and some middleboxes look longer at a WebSocket than at a request.
const LEAST: Millis = Millis(2_500);

/// Requests under way at once, each of which is sent twice where no answer comes (`www/browser.js`). A browser opens six
/// connections to a server, and the page around needs some.
const AT_ONCE: usize = 2;

/// Where requests fail for another reason than the line, say a policy of the page, a WebSocket is tried so
/// often all the same.
const BLIND: Millis = Millis::from_secs(10);

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Open a WebSocket.
    Open(LineId),
    /// Send a request; its end is to be reported.
    Reach(LineId),
    /// The attempt is over: drop what belongs to it, and tell the client.
    Fail(LineId),
}

/// The attempts under way.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    opening: Option<(LineId, Millis)>,
    reaching: Vec<(LineId, Millis)>,
    /// An attempt whose request was answered, and until when it leaves what is opening its time.
    waiting: Option<(LineId, Millis)>,
    has_failed: bool,
    last_opening: Option<Millis>,
    steps: Queue<Step>,
}

impl Gate {
    /// The next thing to be done.
    pub(crate) fn poll_step(&mut self) -> Option<Step> {
        self.steps.pop()
    }

    /// A line is wanted, by somebody who is back on the page or on the network, where `is_back`.
    pub(crate) fn dial(&mut self, line: LineId, is_back: bool, now: Millis) {
        if is_back || self.opening.is_none() && !self.has_failed {
            return self.open(line, now);
        }
        if self.reaching.len() == AT_ONCE {
            self.steps.push(Step::Fail(self.reaching.remove(0).0));
        }
        self.reaching.push((line, now));
        self.steps.push(Step::Reach(line));
    }

    /// A WebSocket is open.
    pub(crate) fn opened(&mut self, line: LineId) {
        self.opening.take_if(|(id, _)| *id == line);
        self.has_failed = false;
    }

    /// A WebSocket was closed, or could not be opened; to be told before [`Self::closed`]. What the client gives up while it is
    /// being opened, say since the visitor leaves, is no failure.
    pub(crate) fn failed(&mut self, line: LineId) {
        self.has_failed |= self.opening.is_some_and(|(id, _)| id == line);
    }

    /// A line is over, or the client has no use for it any more.
    pub(crate) fn closed(&mut self, line: LineId) {
        self.reaching.retain(|(id, _)| *id != line);
        self.waiting.take_if(|(id, _)| *id == line);
        if self.opening.take_if(|(id, _)| *id == line).is_some()
            && let Some((_, due)) = &mut self.waiting
        {
            *due = Millis(0);
        }
    }

    /// A request has ended, with an answer or without.
    pub(crate) fn reached(&mut self, line: LineId, is_answered: bool, now: Millis) {
        let Some(at) = self.reaching.iter().position(|(id, _)| *id == line) else {
            return;
        };
        let (_, begun) = self.reaching.remove(at);
        let is_blind = self.opening.is_none()
            && self
                .last_opening
                .is_none_or(|last| now.since(last) >= BLIND);
        if !is_answered && !is_blind {
            self.steps.push(Step::Fail(line));
            return;
        }
        let took = now.since(begun);
        let patience = (took + took).max(LEAST);
        let due = self.opening.map_or(now, |(_, since)| since + patience);
        if let Some((overtaken, _)) = self.waiting.replace((line, due)) {
            self.steps.push(Step::Fail(overtaken));
        }
        self.tick(now);
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Millis) {
        if let Some((line, _)) = self.waiting.take_if(|(_, due)| *due <= now) {
            self.open(line, now);
        }
    }

    /// When [`Self::tick`] has something to do next.
    pub(crate) fn due(&self) -> Option<Millis> {
        self.waiting.map(|(_, due)| due)
    }

    fn open(&mut self, line: LineId, now: Millis) {
        if let Some((hanging, _)) = self.opening.replace((line, now)) {
            self.steps.push(Step::Fail(hanging));
        }
        // It has waited for another one.
        if let Some((_, due)) = &mut self.waiting {
            *due = now + LEAST;
        }
        self.last_opening = Some(now);
        self.steps.push(Step::Open(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: LineId = LineId(1);
    const TWO: LineId = LineId(2);
    const THREE: LineId = LineId(3);

    /// What is to be done at once when a line is wanted, and when a request has ended.
    fn dial(gate: &mut Gate, line: LineId, now: u64) -> Vec<Step> {
        gate.dial(line, false, Millis(now));
        std::iter::from_fn(|| gate.poll_step()).collect()
    }

    /// The same where somebody is back.
    fn dial_back(gate: &mut Gate, line: LineId, now: u64) -> Vec<Step> {
        gate.dial(line, true, Millis(now));
        std::iter::from_fn(|| gate.poll_step()).collect()
    }

    fn fail(gate: &mut Gate, line: LineId) {
        gate.failed(line);
        gate.closed(line);
    }

    fn reached(gate: &mut Gate, line: LineId, is_answered: bool, now: u64) -> Vec<Step> {
        gate.reached(line, is_answered, Millis(now));
        std::iter::from_fn(|| gate.poll_step()).collect()
    }

    fn tick(gate: &mut Gate, now: u64) -> Vec<Step> {
        gate.tick(Millis(now));
        std::iter::from_fn(|| gate.poll_step()).collect()
    }

    #[test]
    fn the_first_attempt_asks_nothing() {
        let mut gate = Gate::default();
        assert_eq!(dial(&mut gate, ONE, 0), [Step::Open(ONE)]);
        gate.opened(ONE);
        assert_eq!(dial(&mut gate, TWO, 60_000), [Step::Open(TWO)]);
    }

    #[test]
    fn one_that_hangs_is_overtaken_when_the_line_is_back() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        assert_eq!(dial(&mut gate, TWO, 2_500), [Step::Reach(TWO)]);
        assert_eq!(dial(&mut gate, THREE, 5_000), [Step::Reach(THREE)]);
        let steps = reached(&mut gate, THREE, true, 5_100);
        assert_eq!(steps, [Step::Fail(ONE), Step::Open(THREE)]);
        // The other request was stuck on the dead line; its late end changes nothing.
        assert_eq!(reached(&mut gate, TWO, false, 5_200), [Step::Fail(TWO)]);
    }

    #[test]
    fn one_that_hangs_has_its_time_and_no_more() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        assert_eq!(dial(&mut gate, TWO, 1_300), [Step::Reach(TWO)]);
        assert_eq!(reached(&mut gate, TWO, true, 1_320), []);
        assert_eq!(gate.due(), Some(LEAST));
        assert_eq!(tick(&mut gate, 2_499), []);
        assert_eq!(tick(&mut gate, 2_500), [Step::Fail(ONE), Step::Open(TWO)]);
        fail(&mut gate, ONE);
        assert_eq!(gate.due(), None);
        assert_eq!(dial(&mut gate, THREE, 4_000), [Step::Reach(THREE)]);
    }

    #[test]
    fn who_is_back_waits_neither_for_what_hangs_nor_for_an_answer() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        assert_eq!(dial(&mut gate, TWO, 2_500), [Step::Reach(TWO)]);
        let steps = dial_back(&mut gate, THREE, 2_601);
        assert_eq!(steps, [Step::Fail(ONE), Step::Open(THREE)]);
        gate.closed(ONE);
        // The opening from after the hint has its time.
        assert_eq!(reached(&mut gate, TWO, true, 2_620), []);
        assert_eq!(gate.due(), Some(Millis(2_601) + LEAST));
        gate.opened(THREE);
        gate.closed(TWO);
        assert_eq!(gate.due(), None);
    }

    #[test]
    fn who_has_waited_for_what_hangs_does_not_overtake_who_is_back() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        dial(&mut gate, TWO, 1_300);
        assert_eq!(reached(&mut gate, TWO, true, 1_320), []);
        let steps = dial_back(&mut gate, THREE, 1_900);
        assert_eq!(steps, [Step::Fail(ONE), Step::Open(THREE)]);
        assert_eq!(gate.due(), Some(Millis(1_900) + LEAST));
    }

    #[test]
    fn who_is_back_after_failures_asks_nothing_once() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        fail(&mut gate, ONE);
        assert_eq!(dial_back(&mut gate, TWO, 3_000), [Step::Open(TWO)]);
        fail(&mut gate, TWO);
        assert_eq!(dial(&mut gate, THREE, 3_200), [Step::Reach(THREE)]);
    }

    #[test]
    fn the_newest_answer_says_how_slow_the_line_is() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        dial(&mut gate, TWO, 1_000);
        dial(&mut gate, THREE, 3_000);
        assert_eq!(reached(&mut gate, TWO, true, 3_200), []);
        let steps = reached(&mut gate, THREE, true, 3_300);
        assert_eq!(steps, [Step::Fail(TWO), Step::Fail(ONE), Step::Open(THREE)]);
    }

    #[test]
    fn who_waits_for_one_that_fails_is_next() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        dial(&mut gate, TWO, 1_300);
        reached(&mut gate, TWO, true, 1_320);
        fail(&mut gate, ONE);
        assert_eq!(tick(&mut gate, 1_400), [Step::Open(TWO)]);
        // And who is no longer wanted is not.
        dial(&mut gate, THREE, 2_000);
        reached(&mut gate, THREE, true, 2_020);
        gate.closed(THREE);
        assert_eq!(gate.due(), None);
    }

    #[test]
    fn a_slow_line_is_given_its_time() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        dial(&mut gate, TWO, 250);
        // A request took 3.2 s here, so an opening may take longer than the 3.5 s that it has had.
        assert_eq!(reached(&mut gate, TWO, true, 3_450), []);
        gate.opened(ONE);
        gate.closed(TWO);
        assert_eq!(dial(&mut gate, THREE, 9_000), [Step::Open(THREE)]);
    }

    #[test]
    fn few_requests_are_under_way_at_once() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        assert_eq!(dial(&mut gate, TWO, 0), [Step::Reach(TWO)]);
        assert_eq!(dial(&mut gate, THREE, 0), [Step::Reach(THREE)]);
        let steps = dial(&mut gate, LineId(4), 0);
        assert_eq!(steps, [Step::Fail(TWO), Step::Reach(LineId(4))]);
    }

    #[test]
    fn after_a_failure_the_server_must_answer_first() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        fail(&mut gate, ONE);
        assert_eq!(dial(&mut gate, TWO, 300), [Step::Reach(TWO)]);
        assert_eq!(reached(&mut gate, TWO, false, 310), [Step::Fail(TWO)]);
        assert_eq!(dial(&mut gate, THREE, 900), [Step::Reach(THREE)]);
        assert_eq!(reached(&mut gate, THREE, true, 910), [Step::Open(THREE)]);
    }

    #[test]
    fn an_opening_that_nobody_needs_any_more_is_no_failure() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        gate.closed(ONE);
        assert_eq!(dial(&mut gate, TWO, 300), [Step::Open(TWO)]);
        // Nor is a line that was open.
        gate.opened(TWO);
        fail(&mut gate, TWO);
        assert_eq!(dial(&mut gate, THREE, 9_000), [Step::Open(THREE)]);
    }

    #[test]
    fn where_requests_are_forbidden_a_websocket_is_tried_now_and_then() {
        let mut gate = Gate::default();
        dial(&mut gate, ONE, 0);
        fail(&mut gate, ONE);
        dial(&mut gate, TWO, 9_000);
        assert_eq!(reached(&mut gate, TWO, false, 9_001), [Step::Fail(TWO)]);
        dial(&mut gate, THREE, 11_000);
        assert_eq!(
            reached(&mut gate, THREE, false, 11_001),
            [Step::Open(THREE)]
        );
    }
}
