//! Which marks are on which screens: what the recovery is measured by.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::watch;

/// A line on a screen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    /// Whose screen: the name of a tab or of an agent.
    pub screen: String,
    /// What the line says.
    pub text: String,
}

/// What the screens have shown, as far as somebody waits for it.
#[derive(Debug)]
pub struct Board {
    state: Mutex<State>,
    timeline: Mutex<File>,
    began: Instant,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    missing: HashSet<Sight>,
    last: Option<(Instant, Sight)>,
    /// Each visitor's conversation, as an agent's screen names it.
    rooms: BTreeMap<String, u64>,
    is_alarmed: bool,
}

impl Board {
    /// An empty board whose timeline, for whoever looks into a slow recovery, is this new file.
    ///
    /// # Errors
    /// When the file can't be made.
    pub fn new(timeline: &Path) -> Result<Self> {
        Ok(Self {
            state: Mutex::default(),
            timeline: Mutex::new(File::create(timeline)?),
            began: Instant::now(),
            count: watch::Sender::new(0),
        })
    }

    /// Notes in the timeline what happened to whom.
    pub fn note(&self, who: &str, what: &str) {
        let at = self.began.elapsed().as_millis();
        let mut file = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        // It is for people, and nothing hangs on it.
        let _ = writeln!(file, "{at:7} {who}: {what}");
    }

    /// From now on these are waited for, and nothing else.
    pub fn expect(&self, sights: impl IntoIterator<Item = Sight>) {
        let mut state = self.state();
        state.missing = sights.into_iter().collect();
        state.last = None;
        self.count.send_replace(state.missing.len());
    }

    /// A screen shows a line.
    pub fn show(&self, screen: &str, text: &str) {
        let sight = Sight {
            screen: screen.to_owned(),
            text: text.to_owned(),
        };
        let mut state = self.state();
        if state.missing.remove(&sight) {
            state.last = Some((Instant::now(), sight));
            let left = state.missing.len();
            drop(state);
            self.note(
                screen,
                &format!("shows {text:?}, {left} more are waited for"),
            );
            self.count.send_replace(left);
        }
    }

    /// Waits until nothing is missing; returns when the last one came, and which it was.
    ///
    /// # Errors
    /// With what is missing after `patience`.
    pub async fn complete(
        &self,
        patience: Duration,
    ) -> std::result::Result<(Instant, Sight), Vec<Sight>> {
        let mut count = self.count.subscribe();
        let done = count.wait_for(|count| *count == 0);
        let is_done = tokio::time::timeout(patience, done).await.is_ok();
        let mut state = self.state();
        match state.last.take() {
            Some(last) if is_done => Ok(last),
            Some(_) | None => Err(state.missing.drain().collect()),
        }
    }

    /// An agent's screen shows a visitor's line in a conversation.
    pub fn meet(&self, visitor: &str, room: u64) {
        self.state().rooms.entry(visitor.to_owned()).or_insert(room);
    }

    /// The visitors whom agents know, each with their conversation.
    #[must_use]
    pub fn rooms(&self) -> BTreeMap<String, u64> {
        self.state().rooms.clone()
    }

    /// Something is wrong already: the soak need not go on.
    pub fn alarm(&self) {
        self.state().is_alarmed = true;
    }

    /// Whether somebody has raised the alarm.
    #[must_use]
    pub fn is_alarmed(&self) -> bool {
        self.state().is_alarmed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
