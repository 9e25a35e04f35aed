//! When a browser may be asked for another WebSocket.
//!
//! A browser opens WebSockets to one server one after the other (RFC 6455, section 4.1), so that one which
//! hangs on a dead line holds up all that come later; and Chromium delays them by seconds after many
//! failures. So the first attempt of an outage is a WebSocket, and the later ones first ask by a plain
//! request, of which several may be under way, whether the server can be reached.

use holdfast_protocol::client::LineId;
use holdfast_protocol::time::Millis;

/// An opening takes as many trips as a request on a connection of its own. It hangs if it has had the time of
/// so many requests, while one that was begun after it is answered already.
const REQUESTS: u64 = 2;

/// But it is given so much at the least: some middleboxes look longer at a WebSocket than at a request.
const LEAST: Millis = Millis(2_500);

/// Requests under way at once. A browser opens six connections to a server, and the page around needs some.
const AT_ONCE: usize = 3;

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
    opening: Vec<(LineId, Millis)>,
    reaching: Vec<(LineId, Millis)>,
    has_failed: bool,
    last_opening: Option<Millis>,
}

impl Gate {
    /// A line is wanted.
    pub(crate) fn dial(&mut self, line: LineId, now: Millis) -> Vec<Step> {
        if self.opening.is_empty() && !self.has_failed {
            return vec![self.open(line, now)];
        }
        let mut steps = Vec::new();
        if self.reaching.len() == AT_ONCE {
            steps.push(Step::Fail(self.reaching.remove(0).0));
        }
        self.reaching.push((line, now));
        steps.push(Step::Reach(line));
        steps
    }

    /// A WebSocket is open.
    pub(crate) fn opened(&mut self, line: LineId) {
        self.opening.retain(|(id, _)| *id != line);
        self.has_failed = false;
    }

    /// A WebSocket was closed, or the client has no use for the line any more.
    pub(crate) fn closed(&mut self, line: LineId) {
        let before = self.opening.len();
        self.opening.retain(|(id, _)| *id != line);
        self.has_failed |= self.opening.len() < before;
        self.reaching.retain(|(id, _)| *id != line);
    }

    /// A request has ended, with an answer or without.
    pub(crate) fn reached(&mut self, line: LineId, is_answered: bool, now: Millis) -> Vec<Step> {
        let Some(at) = self.reaching.iter().position(|(id, _)| *id == line) else {
            return Vec::new();
        };
        let (_, begun) = self.reaching.remove(at);
        let took = now.since(begun);
        let patience = Millis(took.0.saturating_mul(REQUESTS)).max(LEAST);
        let is_hanging = |since: Millis| is_answered && now.since(since) >= patience;
        let mut steps = Vec::new();
        self.opening.retain(|(id, since)| {
            if is_hanging(*since) {
                steps.push(Step::Fail(*id));
            }
            !is_hanging(*since)
        });
        let is_blind = self
            .last_opening
            .is_none_or(|last| now.since(last) >= BLIND);
        let is_worth_it = is_answered || is_blind;
        steps.push(if is_worth_it && self.opening.is_empty() {
            self.open(line, now)
        } else {
            Step::Fail(line)
        });
        steps
    }

    fn open(&mut self, line: LineId, now: Millis) -> Step {
        self.opening.push((line, now));
        self.last_opening = Some(now);
        Step::Open(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: LineId = LineId(1);
    const TWO: LineId = LineId(2);
    const THREE: LineId = LineId(3);

    #[test]
    fn the_first_attempt_asks_nothing() {
        let mut gate = Gate::default();
        assert_eq!(gate.dial(ONE, Millis(0)), [Step::Open(ONE)]);
        gate.opened(ONE);
        assert_eq!(gate.dial(TWO, Millis(60_000)), [Step::Open(TWO)]);
    }

    #[test]
    fn one_that_hangs_is_overtaken_when_the_line_is_back() {
        let mut gate = Gate::default();
        gate.dial(ONE, Millis(0));
        assert_eq!(gate.dial(TWO, Millis(2_500)), [Step::Reach(TWO)]);
        assert_eq!(gate.dial(THREE, Millis(5_000)), [Step::Reach(THREE)]);
        let steps = gate.reached(THREE, true, Millis(5_100));
        assert_eq!(steps, [Step::Fail(ONE), Step::Open(THREE)]);
        // The other request was stuck on the dead line; its late end changes nothing.
        assert_eq!(gate.reached(TWO, false, Millis(5_200)), [Step::Fail(TWO)]);
    }

    #[test]
    fn a_slow_line_is_given_its_time() {
        let mut gate = Gate::default();
        gate.dial(ONE, Millis(0));
        gate.dial(TWO, Millis(250));
        // A request took 3.2 s here, so an opening may take longer than the 3.5 s that it has had.
        assert_eq!(gate.reached(TWO, true, Millis(3_450)), [Step::Fail(TWO)]);
        gate.opened(ONE);
        assert_eq!(gate.dial(THREE, Millis(9_000)), [Step::Open(THREE)]);
    }

    #[test]
    fn few_requests_are_under_way_at_once() {
        let mut gate = Gate::default();
        gate.dial(ONE, Millis(0));
        for n in 2..=4 {
            assert_eq!(gate.dial(LineId(n), Millis(0)), [Step::Reach(LineId(n))]);
        }
        let steps = gate.dial(LineId(5), Millis(0));
        assert_eq!(steps, [Step::Fail(TWO), Step::Reach(LineId(5))]);
    }

    #[test]
    fn after_a_failure_the_server_must_answer_first() {
        let mut gate = Gate::default();
        gate.dial(ONE, Millis(0));
        gate.closed(ONE);
        assert_eq!(gate.dial(TWO, Millis(300)), [Step::Reach(TWO)]);
        assert_eq!(gate.reached(TWO, false, Millis(310)), [Step::Fail(TWO)]);
        assert_eq!(gate.dial(THREE, Millis(900)), [Step::Reach(THREE)]);
        assert_eq!(gate.reached(THREE, true, Millis(910)), [Step::Open(THREE)]);
    }

    #[test]
    fn where_requests_are_forbidden_a_websocket_is_tried_now_and_then() {
        let mut gate = Gate::default();
        gate.dial(ONE, Millis(0));
        gate.closed(ONE);
        gate.dial(TWO, Millis(9_000));
        assert_eq!(gate.reached(TWO, false, Millis(9_001)), [Step::Fail(TWO)]);
        gate.dial(THREE, Millis(11_000));
        assert_eq!(
            gate.reached(THREE, false, Millis(11_001)),
            [Step::Open(THREE)]
        );
    }
}
