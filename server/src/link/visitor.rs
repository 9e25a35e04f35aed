//! A visitor's connection.

use std::sync::Arc;

use holdfast_protocol::event::{Author, Page, Receipt, VisitorEvent, VisitorFacts, cut};
use holdfast_protocol::frame::{
    self, AgentDown, Hello, RefusalCode, Resume, Staff, Typing, VisitorDown, VisitorUp,
    VisitorWelcome,
};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::reader::{self, Bounds, Read};
use tokio::sync::watch;

use super::line::{self, End, Line, LineWake, Plain};
use super::pending::{Pending, Settled};
use super::{Shared, Transport};
use crate::desk;
use crate::key::{SiteId, VisitorId};
use crate::log::{Append, Appended, Head, Lane, Place, Side, Subscription};
use crate::presence::VisitorHere;
use crate::secret;

/// Serves a visitor's connection until its end, and holds `place` so long.
pub fn run<T: Transport, P: Send>(
    transport: T,
    shared: Arc<Shared>,
    place: P,
) -> impl Future<Output = ()> + Send {
    let mut line = Line::new(transport, shared);
    // No `async fn`, whose future would keep room for its arguments beside the line.
    async move {
        let end = match Box::pin(greet(&mut line)).await {
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
    locale: Option<Box<str>>,
    stream: Subscription,
    staff: watch::Receiver<Staff>,
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
    Read,
    Flush,
}

async fn greet<T: Transport>(line: &mut Line<T>) -> Result<Session, End> {
    let text = line.first_text().await?;
    let VisitorUp::Hello(hello) = line::parse_first(&text)? else {
        return Err(End::bad_frame("the first frame must be `hello`"));
    };
    let shared = Arc::clone(&line.shared);
    let site = admit(&shared, &hello).await?;
    let is_new = hello.token.is_none();
    let token = match &hello.token {
        Some(token) => token.clone(),
        None => (shared.draw_token)().map_err(|error| {
            tracing::error!(%error, "no randomness for a visitor's token");
            End::Disk
        })?,
    };
    let visitor = secret::visitor_of(&token);
    // Subscribed first, so that what is appended during the look into the store wakes this reader.
    let mut stream = shared.log.subscribe(site, visitor);
    let head = if is_new {
        None
    } else {
        shared.log.conversation_of(site, visitor).await?
    };
    let now = stream.now.borrow_and_update().clone();
    let seen = now.seen;
    let bounds = Bounds {
        epoch: shared.log.epoch(),
        first: head.as_ref().map_or(1, |head| head.first_seq),
        last: head.as_ref().map_or(0, |head| head.last_seq),
    };
    let after = reader::visitor_start(hello.resume, bounds);
    let mut staff = shared.board.staff(site);
    let welcome = VisitorWelcome {
        version: limits::VERSION,
        token,
        epoch: bounds.epoch,
        after,
        last: bounds.last,
        heartbeat: shared.heartbeat,
        seen: seen.visitor,
        receipt: seen.agents,
        staff: staff.borrow_and_update().clone(),
    };
    line.send(&VisitorDown::Welcome(welcome)).await?;
    line.welcomed(after, bounds.last, hello.pace);
    line.reader.handle_grown(now.last);
    let start = Resume {
        epoch: bounds.epoch,
        after,
    };
    delivered(&shared, site, head.as_ref(), hello.resume, start).await;
    let conversation = now.conversation;
    let page = hello.page.map(|page| Page::new(&page.url, &page.title));
    Ok(Session {
        site,
        visitor,
        locale: hello
            .locale
            .map(|locale| cut(&locale, limits::LOCALE_BYTES).into()),
        here: shared.presence.visitor((site, visitor), page, conversation),
        stream,
        staff,
        lane: Lane::default(),
        pending: Pending::default(),
        conversation,
        receipt: seen.agents,
        typing: now.typing.map_or(0, |typing| typing.count),
    })
}

/// The site that the hello is for, if its sender may come in.
async fn admit(shared: &Shared, hello: &Hello) -> Result<SiteId, End> {
    if hello.version != limits::VERSION {
        return Err(End::version(hello.version));
    }
    let is_token = hello.token.as_deref().is_none_or(secret::is_well_formed);
    if !is_token {
        let words = "the token is not one that this server gives; say hello without one";
        return Err(End::Refused(RefusalCode::BadToken, words.to_owned()));
    }
    let site = if hello.site.len() <= limits::SITE_BYTES {
        shared.log.site(&hello.site).await?
    } else {
        None
    };
    site.ok_or_else(|| {
        let name = cut(&hello.site, limits::SITE_BYTES);
        let words = format!(
            "there is no site \"{name}\" on this server; make it with `holdfast site add`, \
             or mend data-site in the script tag"
        );
        End::Refused(RefusalCode::UnknownSite, words)
    })
}

/// What a tab has taken in was delivered to it, where its cursor holds.
async fn delivered(
    shared: &Shared,
    site: SiteId,
    head: Option<&Head>,
    resume: Option<Resume>,
    start: Resume,
) {
    if let (Some(head), Some(resume)) = (head, resume)
        && resume == start
        && resume.after > head.seen.visitor.delivered
    {
        let seen = Receipt {
            delivered: resume.after,
            read: 0,
        };
        shared.log.seen(site, head.id, Side::Visitor, seen).await;
    }
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
            Wake::Grown => self.grown(line),
            Wake::Staff => {
                let staff = self.staff.borrow_and_update().clone();
                Box::pin(line.send(&VisitorDown::Staff(staff))).await?;
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
                self.append(line, id, text).await;
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

    async fn append<T: Transport>(&mut self, line: &mut Line<T>, id: EventId, text: String) {
        let facts = match self.conversation {
            Some(_) => VisitorFacts::default(),
            None => VisitorFacts {
                page: line.shared.presence.view((self.site, self.visitor)).page,
                locale: self.locale.as_deref().map(str::to_owned),
            },
        };
        let append = Append {
            lane: self.lane.clone(),
            site: self.site,
            place: Place::Visitor {
                visitor: self.visitor,
                facts: Box::new(facts),
            },
            id,
            author: Author::Visitor {},
            body: desk::message(id, text),
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
            Settled::Rejected(rejected) => line.send(&Plain::Rejected(rejected)).await,
            Settled::Failed(end) => Err(end),
        }
    }

    fn grown<T: Transport>(&mut self, line: &mut Line<T>) {
        let now = self.stream.now.borrow_and_update();
        line.reader.handle_grown(now.last);
        if let (None, Some(conversation)) = (self.conversation, now.conversation) {
            self.conversation = Some(conversation);
            self.here.wrote(conversation);
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
