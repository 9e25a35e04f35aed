//! A visitor's connection.

mod greet;

use std::sync::Arc;

use holdfast_protocol::event::{Author, Body, Page, Receipt, VisitorEvent, VisitorFacts, cut};
use holdfast_protocol::frame::{
    self, AgentDown, Rejected, SiteState, Staff, Typing, VisitorDown, VisitorUp,
};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::profile::Identity;
use holdfast_protocol::reader::Read;
use tokio::sync::watch;

use super::line::{End, Line, LineWake, Plain};
use super::pending::{Pending, Settled};
use super::{Shared, Transport};
use crate::desk;
use crate::key::{SiteId, VisitorId};
use crate::log::{Append, Appended, Lane, Log, Place, Side, Subscription, Told};
use crate::presence::VisitorHere;

/// Serves a visitor's connection until its end, and holds `place` so long.
pub fn run<T: Transport, P: Send>(
    transport: T,
    shared: Arc<Shared>,
    place: P,
) -> impl Future<Output = ()> + Send {
    let mut line = Line::new(transport, shared);
    // No `async fn`, whose future would keep room for its arguments beside the line.
    async move {
        let end = match Box::pin(greet::greet(&mut line)).await {
            Ok(mut session) => session.serve(&mut line).await,
            Err(end) => end,
        };
        Box::pin(line.finish(end)).await;
        drop(place);
    }
}

/// A visitor's tab that was taken in.
struct Session {
    site: SiteId,
    visitor: VisitorId,
    /// Whose the token is, where that is another.
    token: Option<VisitorId>,
    locale: Option<Box<str>>,
    /// Who they say they are, with their proof.
    identity: Option<Box<Identity>>,
    /// What was said of the visitor; nothing where nothing was.
    told: Option<Box<Told>>,
    stream: Subscription,
    staff: watch::Receiver<Staff>,
    state: watch::Receiver<SiteState>,
    here: VisitorHere,
    lane: Lane,
    pending: Pending,
    conversation: Option<ConversationId>,
    /// What the tab was told last.
    receipt: Receipt,
    typing: u64,
}

/// What wakes the connection.
enum Wake {
    Line(LineWake),
    Settled(Settled),
    Grown,
    Staff,
    State,
    Read,
    Flush,
}

fn parse(text: &str) -> Result<VisitorUp, End> {
    frame::parse(text, limits::UP_FRAME_BYTES).map_err(End::bad_frame)
}

impl Session {
    async fn serve<T: Transport>(&mut self, line: &mut Line<T>) -> End {
        // What an idle visitor costs is the size of this future, so all that is not waited in for long is
        // boxed while it lasts.
        loop {
            let wake = self.wait(line).await;
            if let Err(end) = self.handle(line, wake).await {
                return end;
            }
        }
    }

    async fn wait<T: Transport>(&mut self, line: &mut Line<T>) -> Wake {
        line.set_timer();
        let (is_reading, is_unflushed) = (self.pending.has_room(), line.is_unflushed());
        // In an order that is the same in every simulation: what is to be said first, so that it leaves together, and
        // only then what the peer may say without end.
        tokio::select! {
            biased;
            () = std::future::ready(()), if line.is_due() => Wake::Line(LineWake::Time),
            settled = self.pending.next(), if !self.pending.is_empty() => Wake::Settled(settled),
            _ = self.stream.now.changed() => Wake::Grown,
            () = std::future::ready(()), if line.reader.poll_read().is_some() => Wake::Read,
            _ = self.staff.changed() => Wake::Staff,
            _ = self.state.changed() => Wake::State,
            () = std::future::ready(()), if is_unflushed => Wake::Flush,
            wake = line.wake(is_reading) => Wake::Line(wake),
        }
    }

    async fn handle<T: Transport>(&mut self, line: &mut Line<T>, wake: Wake) -> Result<(), End> {
        match wake {
            Wake::Line(LineWake::Incoming(incoming)) => {
                if let Some(text) = line.heard(incoming)? {
                    let up = parse(&text)?;
                    Box::pin(self.take(line, up)).await?;
                }
            }
            Wake::Settled(settled) => Box::pin(self.answer(line, settled)).await?,
            Wake::Grown => self.grown(line).await?,
            Wake::Staff => {
                let staff = self.staff.borrow_and_update().clone();
                Box::pin(line.send(&VisitorDown::Staff(staff))).await?;
            }
            Wake::State => {
                self.prove(&line.shared.log)?;
                let state = self.state.borrow_and_update().clone();
                Box::pin(line.send(&VisitorDown::Site(state))).await?;
            }
            Wake::Read => {
                if let Some(read) = line.reader.poll_read() {
                    self.read(line, read).await?;
                }
            }
            Wake::Flush => {
                Box::pin(line.flush()).await?;
                return Ok(());
            }
            Wake::Line(LineWake::Time) => {
                Box::pin(line.beat()).await?;
            }
            Wake::Line(LineWake::Stop) => return Err(End::Stop),
        }
        // Receipts name events, so they follow them.
        if line.reader.poll_read().is_none() {
            self.tell(line).await?;
        }
        Ok(())
    }

    async fn take<T: Transport>(&mut self, line: &mut Line<T>, up: VisitorUp) -> Result<(), End> {
        match up {
            VisitorUp::Hello(_) => Err(End::bad_frame("`hello` was said before")),
            VisitorUp::Send { id, text } => {
                self.append(line, id, desk::message(id, text)).await;
                Ok(())
            }
            VisitorUp::Rate { id, score, comment } => {
                self.append(line, id, desk::rating(id, score, comment))
                    .await;
                Ok(())
            }
            VisitorUp::Profile(profile) => {
                let told = Told {
                    profile,
                    identity: None,
                };
                self.hear(&line.shared.log, &told).await;
                Ok(())
            }
            VisitorUp::Track(track) => {
                self.here.tracked(&track);
                Ok(())
            }
            VisitorUp::Seen(seen) => {
                if let Some(conversation) = self.conversation {
                    let log = &line.shared.log;
                    log.seen(self.site, conversation, Side::Visitor, seen).await;
                }
                Ok(())
            }
            VisitorUp::Typing(typing) => {
                if let Some(conversation) = self.conversation {
                    let typing = AgentDown::Typing(Typing {
                        conversation: Some(conversation),
                        active: typing.active,
                        name: None,
                        text: typing
                            .text
                            .filter(|_| self.state.borrow().preview)
                            .map(|text| cut(&text, limits::PREVIEW_BYTES).to_owned()),
                    });
                    line.shared.board.publish(self.site, None, &typing);
                }
                Ok(())
            }
            VisitorUp::Page(page) => {
                self.here.moved(Page::new(&page.url, &page.title));
                Ok(())
            }
            VisitorUp::Pace { pace } => {
                line.set_pace(pace);
                Ok(())
            }
            VisitorUp::History { before } => {
                let (events, more) = match self.conversation {
                    Some(conversation) => {
                        line.shared
                            .log
                            .visitor_history(conversation, before)
                            .await?
                    }
                    None => (Vec::new(), false),
                };
                line.send(&VisitorDown::History { events, more }).await
            }
            VisitorUp::Ping { n } => line.send(&Plain::Pong { n }).await,
            VisitorUp::Pong { .. } => Ok(()),
        }
    }

    async fn append<T: Transport>(
        &mut self,
        line: &mut Line<T>,
        id: EventId,
        body: Result<Body, Rejected>,
    ) {
        let facts = match self.conversation {
            Some(_) => None,
            None => {
                let mut facts = VisitorFacts {
                    page: line.shared.presence.view((self.site, self.visitor)).page,
                    locale: self.locale.as_deref().map(str::to_owned),
                    ..VisitorFacts::default()
                };
                if let Some(told) = &self.told {
                    told.teach(&mut facts);
                }
                Some(Box::new(facts))
            }
        };
        let append = Append {
            lane: self.lane.clone(),
            site: self.site,
            place: Place::Visitor {
                visitor: self.visitor,
                token: self.token,
                facts,
            },
            id,
            author: Author::Visitor {},
            body,
        };
        let outcome = line.shared.log.append(append).await;
        self.pending.push(id, outcome);
    }

    /// An event that is new needs no answer: it is read with the others, and is its own acknowledgement.
    async fn answer<T: Transport>(
        &mut self,
        line: &mut Line<T>,
        settled: Settled,
    ) -> Result<(), End> {
        match settled {
            Settled::Appended(Appended::New) => Ok(()),
            Settled::Appended(Appended::Duplicate(event)) => {
                let seen = event.seq.zip(event.body.for_visitor());
                let Some((seq, body)) = seen.filter(|(seq, _)| *seq <= line.reader.sent()) else {
                    return Ok(());
                };
                let event = VisitorEvent {
                    seq,
                    id: event.id,
                    at: event.at,
                    author: event.author,
                    body,
                };
                let events = vec![event];
                line.send(&VisitorDown::Events { events }).await
            }
            Settled::Appended(Appended::Apart(event)) => {
                // Of another conversation of theirs: it is to be acknowledged, and not to be shown in this one.
                let Some(body) = event.body.for_visitor() else {
                    return Ok(());
                };
                let event = VisitorEvent {
                    seq: 0,
                    id: event.id,
                    at: event.at,
                    author: event.author,
                    body,
                };
                let events = vec![event];
                line.send(&VisitorDown::Events { events }).await
            }
            Settled::Rejected(rejected) => line.send(&Plain::Rejected(rejected)).await,
            Settled::Failed(end) => Err(end),
        }
    }

    async fn grown<T: Transport>(&mut self, line: &mut Line<T>) -> Result<(), End> {
        let (last, conversation, has_moved) = {
            let now = self.stream.now.borrow_and_update();
            (now.last, now.conversation, now.has_moved)
        };
        if has_moved {
            // Whoever comes back with the same token is led to the person whose conversation it is now.
            return Err(End::Gone);
        }
        line.reader.handle_grown(last);
        if let (None, Some(conversation)) = (self.conversation, conversation) {
            self.conversation = Some(conversation);
            self.here.wrote(conversation);
            if let Some(told) = self.told.as_deref() {
                // It may have begun with another tab's message.
                let told = told.clone();
                line.shared.log.tell(self.site, conversation, told).await;
            }
        }
        Ok(())
    }

    /// Whoever was let in by another key, or by none, is so no longer once the owner wants a proof that they have not given.
    fn prove(&self, log: &Log) -> Result<(), End> {
        let Some(identity) = &self.identity else {
            return Ok(());
        };
        let sites = log.sites();
        let sites = sites.borrow();
        match sites.iter().find(|site| site.id == self.site) {
            Some(site) => greet::prove(site, identity).map(drop),
            None => Ok(()),
        }
    }

    /// Something is said of the visitor.
    async fn hear(&mut self, log: &Log, told: &Told) {
        if told.is_empty() {
            return;
        }
        let known = self.told.get_or_insert_default();
        known.profile.merge(&told.profile);
        known.identity = told.identity.clone().or(known.identity.take());
        if let Some(conversation) = self.conversation {
            log.tell(self.site, conversation, known.as_ref().clone())
                .await;
        }
    }

    async fn read<T: Transport>(&mut self, line: &mut Line<T>, read: Read) -> Result<(), End> {
        let chunk = match (self.stream.tail(read.after), self.conversation) {
            (Some(chunk), _) => Some(chunk),
            (None, Some(conversation)) => {
                Box::pin(line.shared.log.read_conversation(conversation, read)).await?
            }
            (None, None) => None,
        };
        // Events that are gone by now: the client comes back, and is told what is still there.
        let chunk = chunk.ok_or(End::Gone)?;
        Box::pin(line.send_text(chunk.frame)).await?;
        line.reader.handle_sent(chunk.last);
        Ok(())
    }

    /// Says what is new apart from events.
    async fn tell<T: Transport>(&mut self, line: &mut Line<T>) -> Result<(), End> {
        let (receipt, typing) = {
            let now = self.stream.now.borrow();
            let typing = now.typing.as_ref();
            let typing = typing.filter(|typing| typing.count != self.typing);
            (now.seen.agents, typing.cloned())
        };
        if receipt != self.receipt {
            self.receipt = receipt;
            Box::pin(line.send(&VisitorDown::Receipt(receipt))).await?;
        }
        if let Some(typing) = typing {
            self.typing = typing.count;
            Box::pin(line.send_text(typing.frame.as_ref().to_owned())).await?;
        }
        Ok(())
    }
}
