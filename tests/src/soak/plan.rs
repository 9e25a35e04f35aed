//! Which fault comes when: drawn from a seed, every kind in every deck.

use std::time::Duration;

use fastrand::Rng;

use super::faults::Fault;
use super::network::Place;

/// What happens from one time of peace to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// One after the other; the next one may begin before the last one ends.
    pub strokes: Vec<Stroke>,
    /// How long the peace after it lasts.
    pub peace: Duration,
}

/// A fault in a round: where it begins and ends, from the round's beginning on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// Which.
    pub fault: Fault,
    /// When it begins.
    pub begin: Duration,
    /// When it ends.
    pub end: Duration,
}

/// How many rounds of a deck kill the server in a burst.
const BURSTS: usize = 7;

/// How often a burst kills it, at most.
const BURST_KILLS: usize = 6;

/// Longer than the server's and the client's patience with a silent peer, 9 s where a person waits.
const FREEZE: std::ops::Range<u64> = 9_500..12_000;

/// All rounds of one deck in a random order.
pub fn deck(rng: &mut Rng, people: People, with_root: bool) -> Vec<Round> {
    let mut rounds = Vec::new();
    for _ in 0..BURSTS {
        rounds.push(burst(rng));
    }
    let singles = [
        (Fault::ServerFrozen, FREEZE),
        (Fault::DiskFull, 1_500..5_000),
        (Fault::Cable(Place::Visitors), 500..8_000),
        (Fault::Cable(Place::Agents), 500..8_000),
        (Fault::Cable(Place::Server), 500..8_000),
        (Fault::Interface(some_place(rng)), 500..8_000),
        (Fault::VisitorKilled(rng.usize(..people.visitors)), 0..2_000),
        (Fault::VisitorKilled(rng.usize(..people.visitors)), 0..50),
        (Fault::AgentKilled(rng.usize(..people.agents)), 0..2_000),
        (Fault::AgentKilled(rng.usize(..people.agents)), 0..50),
        (Fault::ProxyKilled, 0..1_000),
    ];
    for (fault, lengths) in singles {
        let end = Duration::from_millis(rng.u64(lengths));
        rounds.push(round(rng, vec![Stroke::new(fault, Duration::ZERO, end)]));
    }
    for near in [
        Fault::Cable(some_place(rng)),
        Fault::VisitorKilled(rng.usize(..people.visitors)),
        Fault::AgentKilled(rng.usize(..people.agents)),
    ] {
        rounds.push(mixture(rng, near));
    }
    rounds.retain(|round| {
        let needs_root = round.strokes.iter().any(|stroke| stroke.fault.needs_root());
        with_root || !needs_root
    });
    rng.shuffle(&mut rounds);
    rounds
}

/// How many there are to be killed.
#[derive(Clone, Copy, Debug)]
pub struct People {
    /// Visitors.
    pub visitors: usize,
    /// Agents.
    pub agents: usize,
}

impl Stroke {
    fn new(fault: Fault, begin: Duration, end: Duration) -> Self {
        Self { fault, begin, end }
    }
}

/// The server is killed several times without a rest: started again at once or after some seconds, killed again
/// while everybody still comes back.
fn burst(rng: &mut Rng) -> Round {
    let mut strokes = Vec::new();
    let mut at = 0;
    for _ in 0..rng.usize(2..=BURST_KILLS) {
        let away = if rng.u8(..6) == 0 {
            rng.u64(500..3_000)
        } else {
            rng.u64(0..50)
        };
        let begin = Duration::from_millis(at);
        let end = Duration::from_millis(at + away);
        strokes.push(Stroke::new(Fault::ServerKilled, begin, end));
        at += away + rng.u64(50..900);
    }
    round(rng, strokes)
}

/// The server dies while somebody else is in trouble.
fn mixture(rng: &mut Rng, near: Fault) -> Round {
    let span = rng.u64(1_000..4_000);
    let begin = rng.u64(0..span);
    let end = begin + rng.u64(0..3_000);
    let millis = Duration::from_millis;
    let near = Stroke::new(near, Duration::ZERO, millis(span));
    let far = Stroke::new(Fault::ServerKilled, millis(begin), millis(end));
    round(rng, vec![near, far])
}

fn round(rng: &mut Rng, strokes: Vec<Stroke>) -> Round {
    let peace = Duration::from_millis(rng.u64(0..600));
    Round { strokes, peace }
}

fn some_place(rng: &mut Rng) -> Place {
    let places = [Place::Server, Place::Visitors, Place::Agents, Place::Proxy];
    places[rng.usize(..places.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: People = People {
        visitors: 4,
        agents: 3,
    };

    fn decks(with_root: bool) -> Vec<Round> {
        let mut rng = Rng::with_seed(1);
        (0..20)
            .flat_map(|_| deck(&mut rng, PEOPLE, with_root))
            .collect()
    }

    #[test]
    fn a_seed_draws_the_same_again() {
        assert_eq!(decks(true), decks(true));
    }

    #[test]
    fn without_root_nothing_is_tried_that_needs_it() {
        let rounds = decks(false);
        assert!(
            !rounds
                .iter()
                .flat_map(|round| &round.strokes)
                .any(|stroke| stroke.fault.needs_root())
        );
        assert!(!rounds.is_empty());
    }

    #[test]
    fn no_fault_begins_while_the_same_one_lasts() {
        for round in decks(true) {
            for pair in round.strokes.windows(2) {
                let [one, other] = pair else { continue };
                assert!(
                    one.fault != other.fault || one.end < other.begin,
                    "{round:?}"
                );
            }
        }
    }
}
