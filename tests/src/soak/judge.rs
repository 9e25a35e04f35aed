//! The verdict: what everybody wrote against what every screen shows, by [`crate::checker`].

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::agents::Record;
use super::visitors::Visitor;
use crate::checker::{Fault, Line, Paper, Writer, difference};
use crate::visitor::storage;

/// How many faults are told in words.
const TOLD: usize = 20;

/// What is wrong, counted over all screens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many lines were written.
    pub written: usize,
    /// Lines that a screen does not show.
    pub lost: usize,
    /// Lines that a screen shows more than once.
    pub doubled: usize,
    /// Places where a screen's order is not the writer's, or not that of another screen.
    pub disordered: usize,
    /// Lines that nobody wrote, and other breaches of what was promised.
    pub foreign: usize,
    /// Messages that still wait in an outbox.
    pub waiting: usize,
    /// The first of them in words.
    pub words: Vec<String>,
}

impl Verdict {
    /// Whether nothing at all is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let faults = [
            self.lost,
            self.doubled,
            self.disordered,
            self.foreign,
            self.waiting,
        ];
        faults.iter().all(|count| *count == 0)
    }

    fn take(&mut self, screen: &str, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            match &fault {
                Fault::Lost(_) => self.lost += 1,
                Fault::Doubled(..) => self.doubled += 1,
                Fault::Swapped(..) | Fault::Differs(_) => self.disordered += 1,
                Fault::Foreign(_) => self.foreign += 1,
            }
            if self.words.len() < TOLD {
                let mut words = format!("{screen}: {fault:?}");
                words.truncate(200);
                self.words.push(words);
            }
        }
    }
}

/// Judges all screens: those of the visitors from their files, those of the agents from their records.
///
/// # Errors
/// When a file can't be read.
pub fn judge(visitors: &[Visitor], agents: &[(String, Record)]) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut site = Paper::default();
    let mut rooms: BTreeMap<&str, Paper> = BTreeMap::new();
    for visitor in visitors {
        let room = rooms.entry(&visitor.name).or_default();
        for tab in visitor.tab_names() {
            for line in storage::read_paper(&visitor.folder, &tab)? {
                room.note_by(Writer::Visitor, &tab, &line.text, line.is_kept);
                site.note_by(Writer::Visitor, &tab, &line.text, line.is_kept);
            }
            verdict.waiting += storage::read_waiting(&visitor.folder, &tab)?;
        }
    }
    for (name, record) in agents {
        for (visitor, text) in &record.written {
            let room = rooms.entry(visitor).or_default();
            room.note_by(Writer::Agent, name, text, true);
            site.note_by(Writer::Agent, name, text, true);
        }
    }
    verdict.written = site.len();
    let streams = judge_agents(&mut verdict, &site, agents);
    for visitor in visitors {
        let stream = streams.get(visitor.name.as_str());
        for tab in visitor.tab_names() {
            let screen = storage::read_screen(&visitor.folder, &tab)?;
            verdict.take(&tab, rooms[visitor.name.as_str()].faults(&screen));
            if let Some(stream) = stream {
                verdict.take(&tab, difference(&screen, stream));
            }
        }
    }
    Ok(verdict)
}

/// Judges the agents' screens; returns the conversation of each visitor as the first of them shows it.
fn judge_agents(
    verdict: &mut Verdict,
    site: &Paper,
    agents: &[(String, Record)],
) -> BTreeMap<String, Vec<Line>> {
    let mut first: Option<Vec<Line>> = None;
    let mut streams = BTreeMap::new();
    for (name, record) in agents {
        let all = record.desk.messages.iter().map(|message| Line {
            writer: message.writer,
            text: message.text.clone(),
        });
        let all: Vec<Line> = all.collect();
        verdict.take(name, site.faults(&all));
        verdict.foreign += record.desk.faults.len();
        verdict.words.extend(record.desk.faults.iter().cloned());
        match &first {
            Some(first) => verdict.take(name, difference(first, &all)),
            None => {
                let conversations: BTreeSet<u64> = record
                    .desk
                    .messages
                    .iter()
                    .map(|message| message.conversation)
                    .collect();
                for conversation in conversations {
                    let lines = record.desk.lines(conversation);
                    if let Some(visitor) = owner(&lines) {
                        streams.insert(visitor, lines);
                    }
                }
                first = Some(all);
            }
        }
    }
    streams
}

/// Whose conversation it is, by its first line: nobody but a visitor opens one.
fn owner(lines: &[Line]) -> Option<String> {
    let line = lines.iter().find(|line| line.writer == Writer::Visitor)?;
    let (visitor, _) = line.text.split_once('t')?;
    Some(visitor.to_owned())
}
