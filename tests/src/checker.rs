//! The judge. It knows nothing of Holdfast: only who wrote what, in which order, and what a screen
//! shows.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// The visitor, in whichever tab.
    Visitor,
    /// An agent.
    Agent,
}

/// A line of a conversation, on paper or on a screen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// Who wrote it.
    pub writer: Writer,
    /// What it says. A test writes every text but once, so that it names its line.
    pub text: String,
}

/// What is wrong with a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was written and is not shown.
    Lost(Line),
    /// It is shown so many times.
    Doubled(Line, usize),
    /// It is shown and nobody wrote it.
    Foreign(Line),
    /// The second is shown above the first, though its writer wrote it later.
    Swapped(Line, Line),
    /// Two screens show different orders, from this place on.
    Differs(usize),
}

/// What was written so far.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    written: Vec<Written>,
    places: HashMap<Line, usize>,
}

/// One line, and by which pen. The lines of one pen have an order; those of two have none.
#[derive(Clone, Debug)]
struct Written {
    line: Line,
    pen: String,
    /// False where its writer died over it: it may be there or not, but not twice.
    is_certain: bool,
}

impl Paper {
    /// Notes that `writer` has written `text`, after everything else that they wrote.
    ///
    /// # Panics
    /// When a test writes a text twice: no screen could be judged then.
    pub fn note(&mut self, writer: Writer, text: &str) {
        self.note_by(writer, "", text, true);
    }

    /// The same where each side has several pens: an agent, or a visitor's tab. A line that is not `is_certain` was
    /// never shown to its writer as kept.
    ///
    /// # Panics
    /// As [`Paper::note`].
    pub fn note_by(&mut self, writer: Writer, pen: &str, text: &str, is_certain: bool) {
        let line = Line {
            writer,
            text: text.to_owned(),
        };
        let before = self.places.insert(line.clone(), self.written.len());
        assert!(before.is_none(), "the test wrote {text:?} twice");
        self.written.push(Written {
            line,
            pen: format!("{writer:?} {pen}"),
            is_certain,
        });
    }

    /// How many lines were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Whether every line that was written is on the screen, however often and in whatever order.
    #[must_use]
    pub fn is_all_on(&self, screen: &[Line]) -> bool {
        let shown: HashSet<&Line> = screen.iter().collect();
        self.written
            .iter()
            .all(|written| shown.contains(&written.line))
    }

    /// Everything that is wrong with one screen: each line once, and each writer's lines in the
    /// order in which they were written.
    #[must_use]
    pub fn faults(&self, screen: &[Line]) -> Vec<Fault> {
        let mut counts: HashMap<&Line, usize> = HashMap::new();
        for line in screen {
            *counts.entry(line).or_default() += 1;
        }
        let mut faults = Vec::new();
        for Written {
            line, is_certain, ..
        } in &self.written
        {
            match counts.get(line).copied().unwrap_or(0) {
                0 if *is_certain => faults.push(Fault::Lost(line.clone())),
                0 | 1 => {}
                times => faults.push(Fault::Doubled(line.clone(), times)),
            }
        }
        for shown in screen {
            if !self.places.contains_key(shown) {
                faults.push(Fault::Foreign(shown.clone()));
            }
        }
        faults.extend(self.swapped(screen));
        faults
    }

    /// Everything that is wrong with several screens, which must also agree on the order of all lines.
    ///
    /// # Errors
    /// With every fault, and the screens.
    pub fn check(&self, screens: &[Vec<Line>]) -> Result<(), Verdict> {
        let mut faults = Vec::new();
        for screen in screens {
            faults.extend(self.faults(screen));
        }
        for pair in screens.windows(2) {
            if let [one, other] = pair {
                faults.extend(difference(one, other));
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(Verdict {
            faults,
            screens: screens.to_vec(),
        })
    }

    fn swapped(&self, screen: &[Line]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut above: HashMap<&str, usize> = HashMap::new();
        for line in screen {
            let Some(&place) = self.places.get(line) else {
                continue;
            };
            let before = above.insert(&self.written[place].pen, place);
            if let Some(later) = before.filter(|before| *before > place) {
                let later = self.written[later].line.clone();
                faults.push(Fault::Swapped(line.clone(), later));
            }
        }
        faults
    }
}

/// Where two screens that must show the same begin to differ.
#[must_use]
pub fn difference(one: &[Line], other: &[Line]) -> Option<Fault> {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    (one != other).then_some(Fault::Differs(same))
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What the screens show.
    pub screens: Vec<Vec<Line>>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault:?}")?;
        }
        for (number, screen) in self.screens.iter().enumerate() {
            writeln!(f, "screen {number}:")?;
            for line in screen {
                writeln!(f, "  {:?}: {}", line.writer, line.text)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Verdict {}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(text: &str) -> Line {
        Line {
            writer: Writer::Visitor,
            text: text.to_owned(),
        }
    }

    fn agent(text: &str) -> Line {
        Line {
            writer: Writer::Agent,
            text: text.to_owned(),
        }
    }

    fn paper() -> Paper {
        let mut paper = Paper::default();
        paper.note(Writer::Visitor, "a");
        paper.note(Writer::Agent, "x");
        paper.note(Writer::Visitor, "b");
        paper
    }

    #[test]
    fn two_writers_may_interleave_as_they_like() {
        for screen in [
            [visitor("a"), agent("x"), visitor("b")],
            [agent("x"), visitor("a"), visitor("b")],
            [visitor("a"), visitor("b"), agent("x")],
        ] {
            assert_eq!(paper().faults(&screen), []);
        }
    }

    #[test]
    fn every_fault_is_found() {
        let check = |screen: &[Line]| paper().faults(screen);
        assert_eq!(
            check(&[visitor("a"), visitor("b")]),
            [Fault::Lost(agent("x"))]
        );
        assert_eq!(
            check(&[visitor("a"), agent("x"), agent("x"), visitor("b")]),
            [Fault::Doubled(agent("x"), 2)]
        );
        assert_eq!(
            check(&[visitor("a"), agent("x"), visitor("b"), agent("b")]),
            [Fault::Foreign(agent("b"))]
        );
        assert_eq!(
            check(&[visitor("b"), agent("x"), visitor("a")]),
            [Fault::Swapped(visitor("a"), visitor("b"))]
        );
    }

    #[test]
    fn each_pen_has_its_own_order_and_a_dead_writer_is_owed_nothing() {
        let mut paper = Paper::default();
        paper.note_by(Writer::Visitor, "first tab", "a", true);
        paper.note_by(Writer::Visitor, "second tab", "b", true);
        paper.note_by(Writer::Visitor, "first tab", "c", false);
        let check = |screen: &[Line]| paper.faults(screen);
        assert_eq!(check(&[visitor("b"), visitor("a")]), []);
        assert_eq!(check(&[visitor("b"), visitor("a"), visitor("c")]), []);
        assert_eq!(
            check(&[visitor("c"), visitor("b"), visitor("a")]),
            [Fault::Swapped(visitor("a"), visitor("c"))]
        );
        let c = visitor("c");
        assert_eq!(
            check(&[visitor("a"), visitor("b"), c.clone(), c.clone()]),
            [Fault::Doubled(c, 2)]
        );
    }

    #[test]
    fn screens_must_agree_with_each_other() {
        let one = vec![visitor("a"), agent("x"), visitor("b")];
        let other = vec![visitor("a"), visitor("b"), agent("x")];
        assert!(paper().check(&[one.clone(), one.clone()]).is_ok());
        let verdict = paper().check(&[one, other]).unwrap_err();
        assert_eq!(verdict.faults, [Fault::Differs(1)]);
    }
}
