//! The judge. It knows nothing of Holdfast: only who wrote what, in which order, and what a screen
//! shows.

use std::fmt;

use serde::Deserialize;

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
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
pub struct Paper(Vec<Line>);

impl Paper {
    /// Notes that `writer` has written `text`, after everything else that they wrote.
    ///
    /// # Panics
    /// When a test writes a text twice: no screen could be judged then.
    pub fn note(&mut self, writer: Writer, text: &str) {
        let line = Line {
            writer,
            text: text.to_owned(),
        };
        assert!(!self.0.contains(&line), "the test wrote {text:?} twice");
        self.0.push(line);
    }

    /// How many lines were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every line that was written is on the screen, however often and in whatever order.
    #[must_use]
    pub fn is_all_on(&self, screen: &[Line]) -> bool {
        self.0.iter().all(|line| screen.contains(line))
    }

    /// Everything that is wrong with one screen: each line once, and each writer's lines in the
    /// order in which they were written.
    #[must_use]
    pub fn faults(&self, screen: &[Line]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for line in &self.0 {
            match screen.iter().filter(|shown| *shown == line).count() {
                0 => faults.push(Fault::Lost(line.clone())),
                1 => {}
                times => faults.push(Fault::Doubled(line.clone(), times)),
            }
        }
        for shown in screen {
            if !self.0.contains(shown) {
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
            if let [one, other] = pair
                && one != other
            {
                let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
                faults.push(Fault::Differs(same));
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
        for writer in [Writer::Visitor, Writer::Agent] {
            let place = |line: &Line| self.0.iter().position(|written| written == line);
            let shown: Vec<&Line> = screen
                .iter()
                .filter(|line| line.writer == writer && place(line).is_some())
                .collect();
            for pair in shown.windows(2) {
                if let [above, below] = pair
                    && place(above) > place(below)
                {
                    faults.push(Fault::Swapped((*below).clone(), (*above).clone()));
                }
            }
        }
        faults
    }
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
    fn screens_must_agree_with_each_other() {
        let one = vec![visitor("a"), agent("x"), visitor("b")];
        let other = vec![visitor("a"), visitor("b"), agent("x")];
        assert!(paper().check(&[one.clone(), one.clone()]).is_ok());
        let verdict = paper().check(&[one, other]).unwrap_err();
        assert_eq!(verdict.faults, [Fault::Differs(1)]);
    }
}
