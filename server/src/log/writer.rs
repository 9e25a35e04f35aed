//! The one thread that writes: whatever waits becomes one transaction.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use holdfast_protocol::event::{Receipt, VisitorFacts};
use holdfast_protocol::id::ConversationId;
use holdfast_protocol::time::Millis;
use tokio::sync::{mpsc, oneshot};

use super::draft::{Answer, Committed, Draft, Next, Persons};
use super::facts::{Told, Waiting};
use super::feed::{Feed, Standing};
use super::heads::Heads;
use super::names::Names;
use super::round::{Round, Task, Waiter};
use super::streams::Streams;
use super::{Append, AppendError, Appended, Identify, LogOptions, Side};
use crate::clock;
use crate::key::SiteId;
use crate::store::{Ahead, BEHIND, Head, Store, StoreError, StoreReader};

/// Commands in one transaction: beyond some hundreds a batch gains nothing and only keeps the first waiting.
const BATCH: usize = 512;

/// Events that retention removes in one transaction, of which there is one a tick: 7 to 9 ms of work, and more than
/// come in on average.
const FORGET_EVENTS: u64 = 2_000;

/// Ticks between two looks for old events, when the last look found none.
const FORGET_TICKS: u32 = 600;

/// Ticks between two times that all heads are written. Their rows scatter over many pages, so it is done seldom; and receipts
/// are in them alone, so a server's death costs those of some seconds.
const HEADS_TICKS: u32 = 5;

/// Persons that are remembered by the token with which they wrote: as many as can have identified while an older line
/// of theirs was still alive.
const PERSONS: usize = 10_000;

#[derive(Debug)]
pub(super) enum Command {
    Append(Append, oneshot::Sender<Answer>),
    Identify(Identify, oneshot::Sender<Result<(), AppendError>>),
    Tell(SiteId, ConversationId, Box<Told>),
    Seen {
        site: SiteId,
        conversation: ConversationId,
        side: Side,
        seen: Receipt,
    },
    Touch(ConversationId),
    Flush(oneshot::Sender<()>),
    Tick,
    /// Receipts have waited long enough for events to leave with.
    TellReceipts,
    Stop(oneshot::Sender<()>),
    #[cfg(test)]
    SetDiskFull(bool),
}

#[derive(Debug)]
pub(super) struct Writer {
    store: Store,
    reader: StoreReader,
    inbox: mpsc::Receiver<Command>,
    streams: Arc<Streams>,
    feed: Arc<Feed>,
    options: LogOptions,
    heads: Heads,
    next: Next,
    /// Conversations and logs that are newer than their rows; all of them are among the heads.
    ahead: Ahead,
    /// Events since all heads were written.
    unwritten: u64,
    ticks_to_heads: u32,
    /// Conversations whose readers were not woken for the newest receipts.
    untold: BTreeSet<ConversationId>,
    names: Names,
    facts: Waiting,
    persons: Persons,
    ticks_to_forget: u32,
}

impl Writer {
    pub(super) fn new(
        store: Store,
        inbox: mpsc::Receiver<Command>,
        streams: Arc<Streams>,
        feed: Arc<Feed>,
        options: LogOptions,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            reader: store.reader()?,
            next: Next {
                conversation: store.next_conversation()?,
                place: store.next_place()?,
            },
            ahead: store.ahead().clone(),
            names: Names::new(store.greatest_id()?),
            store,
            inbox,
            streams,
            feed,
            options,
            heads: Heads::default(),
            unwritten: 0,
            ticks_to_heads: 0,
            untold: BTreeSet::new(),
            facts: Waiting::default(),
            persons: Persons::new(),
            ticks_to_forget: 0,
        })
    }

    /// Writes until the log is stopped, on a thread that it may block.
    pub(super) fn run(mut self) {
        let mut commands = Vec::with_capacity(BATCH);
        while self.inbox.blocking_recv_many(&mut commands, BATCH) > 0 {
            if self.round(&mut commands).is_break() {
                return;
            }
        }
        self.finish();
    }

    /// The same as a task, which waits for `pause` in each round as for a disk: what comes meanwhile is for the next one.
    pub(super) async fn run_inline(mut self, pause: fn() -> Millis) {
        let mut commands = Vec::with_capacity(BATCH);
        while self.inbox.recv_many(&mut commands, BATCH).await > 0 {
            tokio::time::sleep(clock::span(pause())).await;
            if self.round(&mut commands).is_break() {
                return;
            }
        }
        self.finish();
    }

    /// One transaction of all that waits. Breaks when it was told to stop.
    fn round(&mut self, commands: &mut Vec<Command>) -> ControlFlow<()> {
        let mut round = Round::default();
        for command in commands.drain(..) {
            self.sort(command, &mut round);
        }
        let stopped = round.stopped.take();
        self.write(round);
        let Some(stopped) = stopped else {
            return ControlFlow::Continue(());
        };
        self.finish();
        let _ = stopped.send(());
        ControlFlow::Break(())
    }

    /// What came in before the end, and the receipts.
    fn finish(&mut self) {
        self.inbox.close();
        let mut round = Round::default();
        while let Ok(command) = self.inbox.try_recv() {
            self.sort(command, &mut round);
        }
        // Whoever waits is answered by the drop of its sender.
        let (answer, _) = oneshot::channel();
        round.flushed.push(answer);
        self.write(round);
    }

    fn sort(&mut self, command: Command, round: &mut Round) {
        match command {
            Command::Append(append, answer) => {
                let waiter = Waiter::Append(answer, append.lane.clone());
                round.answers.push(waiter);
                round.tasks.push(Task::Append(append));
            }
            Command::Identify(identify, answer) => {
                round.tasks.push(Task::Identify(identify));
                round.answers.push(Waiter::Identify(answer));
            }
            Command::Tell(site, conversation, told) => {
                if let Some(head) = self.head(conversation).filter(|head| head.site == site) {
                    let known = head.facts.clone();
                    self.facts.tell(conversation, &known, &told);
                }
            }
            Command::Seen {
                site,
                conversation,
                side,
                seen,
            } => {
                if let Some(head) = self.head(conversation).filter(|head| head.site == site)
                    && advance(head, side, seen)
                {
                    round.seen.insert(conversation);
                }
            }
            Command::Touch(conversation) => {
                if self.head(conversation).is_some() {
                    round.touched.insert(conversation);
                }
            }
            Command::Flush(answer) => {
                round.flushed.push(answer);
                round.tells_receipts = true;
            }
            Command::Tick => round.is_tick = true,
            Command::TellReceipts => round.tells_receipts = true,
            Command::Stop(answer) => round.stopped = Some(answer),
            #[cfg(test)]
            Command::SetDiskFull(is_full) => assert!(self.store.set_disk_full(is_full).is_ok()),
        }
    }

    fn write(&mut self, mut round: Round) {
        if round.is_tick {
            self.facts.tick();
            self.ticks_to_heads = self.ticks_to_heads.saturating_sub(1);
        }
        let is_flush = !round.flushed.is_empty();
        let facts = if round.is_tick || is_flush {
            self.facts.due()
        } else {
            Vec::new()
        };
        self.ahead.put(self.heads.all_of(&round.seen));
        round.touched.extend(&round.seen);
        let is_time = is_flush || self.is_time_for_heads(round.is_tick);
        let has_more = !facts.is_empty() || (is_time && !self.ahead.is_empty());
        let mut answers = None;
        if !round.tasks.is_empty() || has_more {
            match self.commit(std::mem::take(&mut round.tasks), &facts, is_time) {
                Ok((settled, committed)) => {
                    answers = Some(settled);
                    self.facts.written(&facts);
                    self.publish(committed, &mut round);
                }
                Err(error) => {
                    tracing::error!(%error, "nothing could be written; clients keep their messages");
                }
            }
        }
        self.tell_seen(&round);
        let standings = self.heads.all_of(&round.touched).map(Standing::of);
        self.feed.put(standings);
        match answers {
            Some(answers) => {
                let answered = round.answers.into_iter().zip(answers);
                answered.for_each(|(waiting, answer)| waiting.answer(answer));
            }
            None => round.answers.into_iter().for_each(Waiter::fail),
        }
        if round.is_tick {
            self.forget();
        }
        for waiting in round.flushed {
            let _ = waiting.send(());
        }
        if self.ahead.is_empty() && self.heads.is_full() {
            self.clear_heads();
        }
        if self.persons.len() > PERSONS {
            self.persons.clear();
        }
    }

    /// Whether all heads are to be written: now and then, and before what is remembered is forgotten.
    fn is_time_for_heads(&self, is_tick: bool) -> bool {
        let is_due = self.ticks_to_heads == 0 || self.ticks_to_forget == 0;
        self.heads.is_full() || (is_tick && is_due)
    }

    /// One transaction of all that is to be done, and of all heads if it is time or they would fall too far behind.
    fn commit(
        &mut self,
        tasks: Vec<Task>,
        facts: &[(ConversationId, VisitorFacts)],
        is_time: bool,
    ) -> Result<(Vec<Answer>, Committed), StoreError> {
        let at = (self.options.wall)();
        let batch = self.store.begin()?;
        let next = self.next;
        let mut draft = Draft::new(
            batch,
            &self.heads,
            &mut self.names,
            &mut self.persons,
            next,
            at,
        );
        let mut answers = Vec::with_capacity(tasks.len());
        for task in tasks {
            answers.push(match task {
                Task::Append(append) => draft.append(append)?,
                Task::Identify(identify) => {
                    draft.identify(&identify)?;
                    Ok(Appended::New)
                }
            });
        }
        for (id, facts) in facts {
            draft.append_facts(*id, facts)?;
        }
        let unwritten = self.unwritten + draft.events();
        if !is_time && unwritten <= BEHIND {
            draft.put_changed_heads()?;
            let committed = draft.commit()?;
            self.unwritten = unwritten;
            self.ahead.put(committed.changed.iter());
            self.ahead.put_ends(committed.changed.ends());
            return Ok((answers, committed));
        }
        draft.put_all(&self.ahead)?;
        let committed = draft.commit()?;
        self.unwritten = 0;
        self.ticks_to_heads = HEADS_TICKS;
        self.ahead.clear();
        Ok((answers, committed))
    }

    /// Only now, that it is on disk, is anything said of it.
    fn publish(&mut self, committed: Committed, round: &mut Round) {
        let Committed {
            changed,
            next,
            events,
            opened,
            moved,
        } = committed;
        self.next = next;
        for (site, visitor, event) in &events {
            self.streams.publish(*site, *visitor, event);
        }
        for key in moved {
            self.streams.moved(key);
        }
        let (heads, ends) = changed.into_parts();
        for head in heads.into_values() {
            self.untold.remove(&head.id);
            round.seen.remove(&head.id);
            self.wake(&head);
            self.heads.put(head);
        }
        // Agents second, since what they do next may be for the visitor.
        for (site, end) in ends {
            self.heads.put_end(site, end);
            self.streams.wake_site(site, end.offset);
        }
        round.touched.extend(opened);
    }

    /// Says what receipts have come, and wakes readers for those that no event has taken along, if it is time.
    fn tell_seen(&mut self, round: &Round) {
        for head in self.heads.all_of(&round.seen) {
            let key = (head.site, head.visitor);
            self.streams.seen(key, head.id, head.last_seq, head.seen);
        }
        self.untold.extend(&round.seen);
        if round.tells_receipts {
            self.tell_untold();
        } else if !self.untold.is_empty() {
            self.streams.receipts.notify_one();
        }
    }

    fn tell_untold(&mut self) {
        let untold = std::mem::take(&mut self.untold);
        self.heads.all_of(&untold).for_each(|head| self.wake(head));
    }

    /// Only to be done while all rows are as far as their conversations.
    fn clear_heads(&mut self) {
        self.tell_untold();
        self.heads.clear();
    }

    fn wake(&self, head: &Head) {
        let key = (head.site, head.visitor);
        self.streams.wake(key, head.id, head.last_seq, head.seen);
    }

    /// The conversation as it stands, be it from the store.
    fn head(&mut self, id: ConversationId) -> Option<&mut Head> {
        if self.heads.get(id).is_none() {
            match self.reader.head(id) {
                Ok(Some(head)) => self.heads.put(head),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "can't read a conversation"),
            }
        }
        self.heads.get_mut(id)
    }

    /// Removes a piece of what is older than it is kept, if it is time.
    fn forget(&mut self) {
        if self.ticks_to_forget > 0 {
            self.ticks_to_forget -= 1;
            return;
        }
        // Heads that could not be written would not survive that what is remembered is forgotten after it.
        if !self.ahead.is_empty() {
            return;
        }
        let Millis(now) = (self.options.wall)();
        let before = Millis(now.saturating_sub(self.options.retain.0));
        match self.forget_before(before) {
            Ok(gone) if gone < FORGET_EVENTS => self.ticks_to_forget = FORGET_TICKS,
            Ok(_) => {}
            Err(error) => {
                self.ticks_to_forget = FORGET_TICKS;
                tracing::error!(%error, "can't remove old events");
            }
        }
    }

    fn forget_before(&mut self, before: Millis) -> Result<u64, StoreError> {
        let gone = self.store.forget(before, FORGET_EVENTS)?;
        if gone > 0 {
            tracing::info!(events = gone, "removed old events");
            // What is remembered names first numbers that may be gone.
            self.clear_heads();
        }
        Ok(gone)
    }
}

/// Whether one side of a conversation has come further.
fn advance(head: &mut Head, side: Side, seen: Receipt) -> bool {
    let last = head.last_seq;
    let place = match side {
        Side::Visitor => &mut head.seen.visitor,
        Side::Agents => &mut head.seen.agents,
    };
    let before = *place;
    *place = before.max(seen).up_to(last);
    *place != before
}
