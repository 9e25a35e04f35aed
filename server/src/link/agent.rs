//! An agent's connection.

use std::sync::Arc;

use holdfast_protocol::event::{AgentEvent, Author};
use holdfast_protocol::frame::{
    self, AgentDown, AgentUp, AgentWelcome, Conversation, Login, Pace, RefusalCode, Typing,
    VisitorDown,
};
use holdfast_protocol::id::{ConversationId, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::reader::{self, Read};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::board::{self, News};
use super::line::{self, End, Line, LineWake, Plain};
use super::pace;
use super::pending::{Pending, Settled};
use super::{Shared, Transport};
use crate::desk::{self, Command};
use crate::key::SiteId;
use crate::log::{AgentRow, Append, Appended, Head, Lane, Place, Side, SiteSubscription, Standing};
use crate::presence::AgentHere;
use crate::secret;

/// Serves an agent's connection until its end, and holds `place` so long.
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

/// An agent's client that was taken in.
struct Session {
    me: AgentRow,
    stream: SiteSubscription,
    news: broadcast::Receiver<News>,
    lane: Lane,
    pending: Pending,
    /// No event is read before this moment.
    next_read: Instant,
    /// Gone when dropped.
    _here: AgentHere,
}

/// What wakes the connection.
enum Wake {
    Line(LineWake),
    Settled(Settled),
    Grown,
    News(Result<News, RecvError>),
    Read,
    Flush,
}

async fn greet<T: Transport>(line: &mut Line<T>) -> Result<Session, End> {
    let text = line.first_text().await?;
    let AgentUp::Login(login) = line::parse_first(&text)? else {
        return Err(End::bad_frame("the first frame must be `login`"));
    };
    let shared = Arc::clone(&line.shared);
    let (me, site) = admit(&shared, &login).await?;
    let here = shared.presence.agent((me.site, me.id));
    // Subscribed first, so that what happens during the looks into the store wakes this reader.
    let news = shared.board.news(me.site);
    let mut stream = shared.log.subscribe_site(me.site);
    shared.log.flush().await;
    let bounds = shared.log.site_bounds(me.site).await?;
    let resumed = reader::agent_start(login.resume, bounds);
    let after = resumed.unwrap_or(bounds.last);
    let welcome = AgentWelcome {
        version: limits::VERSION,
        epoch: bounds.epoch,
        agent: me.id,
        name: me.name.clone(),
        site,
        after,
        last: bounds.last,
        snapshot: resumed.is_none(),
        heartbeat: shared.heartbeat,
        colleagues: board::colleagues(&shared, me.site),
    };
    line.send(&AgentDown::Welcome(welcome)).await?;
    line.welcomed(after, bounds.last, Pace::Strict);
    line.reader.handle_grown(*stream.last.borrow_and_update());
    let mut session = Session {
        me,
        stream,
        news,
        lane: Lane::default(),
        pending: Pending::default(),
        next_read: Instant::now(),
        _here: here,
    };
    if resumed.is_none() {
        session.send_snapshot(line).await?;
    } else {
        session.send_statuses(line).await?;
    }
    Ok(session)
}

async fn admit(shared: &Shared, login: &Login) -> Result<(AgentRow, String), End> {
    if login.version != limits::VERSION {
        return Err(End::version(login.version));
    }
    let found = if login.token.len() <= limits::TOKEN_BYTES {
        let hash = secret::hash(&login.token);
        shared.log.agent_by_secret(hash).await?
    } else {
        None
    };
    found.ok_or_else(no_access)
}

fn no_access() -> End {
    let words =
        "this address gives no access, or no longer; ask for a new one (`holdfast agent add`)";
    End::Refused(RefusalCode::BadToken, words.to_owned())
}

fn parse(text: &str) -> Result<AgentUp, End> {
    frame::parse(text, limits::UP_FRAME_BYTES).map_err(End::bad_frame)
}

impl Session {
    async fn serve<T: Transport>(&mut self, line: &mut Line<T>) -> End {
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
        // only then what the peer may say without end. News that waits is told as its newest state, so it may wait
        // for events.
        tokio::select! {
            biased;
            () = std::future::ready(()), if line.is_due() => Wake::Line(LineWake::Time),
            settled = self.pending.next(), if !self.pending.is_empty() => Wake::Settled(settled),
            _ = self.stream.last.changed() => Wake::Grown,
            () = pace::until(self.next_read), if line.reader.poll_read().is_some() => Wake::Read,
            news = self.news.recv() => Wake::News(news),
            () = std::future::ready(()), if is_unflushed => Wake::Flush,
            wake = line.wake(is_reading) => Wake::Line(wake),
        }
    }

    async fn handle<T: Transport>(&mut self, line: &mut Line<T>, wake: Wake) -> Result<(), End> {
        match wake {
            Wake::Line(LineWake::Incoming(incoming)) => match line.heard(incoming)? {
                Some(text) => {
                    let up = parse(&text)?;
                    self.take(line, up).await
                }
                None => Ok(()),
            },
            Wake::Settled(settled) => self.answer(line, settled).await,
            Wake::Grown => {
                let last = *self.stream.last.borrow_and_update();
                line.reader.handle_grown(last);
                Ok(())
            }
            Wake::News(Ok(news)) if news.except == Some(self.me.id) => Ok(()),
            Wake::News(Ok(news)) => {
                for frame in news.frames.iter() {
                    line.send_text(frame.clone()).await?;
                }
                Ok(())
            }
            Wake::News(Err(_)) => {
                // Some was missed; the newest state says it all.
                let colleagues = board::colleagues(&line.shared, self.me.site);
                line.send(&AgentDown::Colleagues { colleagues }).await?;
                line.shared.log.flush().await;
                self.send_statuses(line).await
            }
            Wake::Read => match line.reader.poll_read() {
                Some(read) => self.read(line, read).await,
                None => Ok(()),
            },
            Wake::Flush => line.flush().await,
            Wake::Line(LineWake::Time) => {
                if line.beat().await? && !line.shared.log.is_agent(self.me.site, self.me.id) {
                    return Err(no_access());
                }
                Ok(())
            }
            Wake::Line(LineWake::Stop) => Err(End::Stop),
        }
    }

    async fn take<T: Transport>(&mut self, line: &mut Line<T>, up: AgentUp) -> Result<(), End> {
        match up {
            AgentUp::Login(_) => Err(End::bad_frame("`login` was said before")),
            AgentUp::Send {
                id,
                conversation,
                text,
            } => {
                self.append(line, id, conversation, Command::Send(text))
                    .await
            }
            AgentUp::Note {
                id,
                conversation,
                text,
            } => {
                self.append(line, id, conversation, Command::Note(text))
                    .await
            }
            AgentUp::Claim { id, conversation } => {
                self.append(line, id, conversation, Command::Claim).await
            }
            AgentUp::Transfer {
                id,
                conversation,
                to,
            } => {
                self.append(line, id, conversation, Command::Transfer(to))
                    .await
            }
            AgentUp::Close { id, conversation } => {
                self.append(line, id, conversation, Command::Close).await
            }
            AgentUp::Seen { conversation, seen } => {
                let log = &line.shared.log;
                log.seen(self.me.site, conversation, Side::Agents, seen)
                    .await;
                Ok(())
            }
            AgentUp::Typing(typing) => self.typing(line, &typing),
            AgentUp::History {
                conversation,
                before,
            } => {
                let log = &line.shared.log;
                let (events, more) = log
                    .agent_history(self.me.site, conversation, before)
                    .await?;
                let history = AgentDown::History {
                    conversation,
                    events,
                    more,
                };
                line.send(&history).await
            }
            AgentUp::Ping { n } => line.send(&Plain::Pong { n }).await,
            AgentUp::Pong { .. } => Ok(()),
        }
    }

    async fn append<T: Transport>(
        &mut self,
        line: &mut Line<T>,
        id: EventId,
        conversation: ConversationId,
        command: Command,
    ) -> Result<(), End> {
        let log = &line.shared.log;
        if let Command::Transfer(to) = command
            && !log.is_agent(self.me.site, to)
        {
            // Perhaps somebody who was taken on a moment ago.
            log.refresh_agents().await?;
        }
        let is_colleague = |agent| log.is_agent(self.me.site, agent);
        let body = desk::decide(id, command, self.me.id, is_colleague);
        let append = Append {
            lane: self.lane.clone(),
            site: self.me.site,
            place: Place::Conversation(conversation),
            id,
            author: Author::Agent {
                id: self.me.id,
                name: self.me.name.clone(),
            },
            body,
        };
        let outcome = log.append(append).await;
        self.pending.push(id, outcome);
        Ok(())
    }

    async fn answer<T: Transport>(
        &mut self,
        line: &mut Line<T>,
        settled: Settled,
    ) -> Result<(), End> {
        match settled {
            Settled::Appended(Appended::New) => Ok(()),
            Settled::Appended(Appended::Duplicate(event)) if event.offset <= line.reader.sent() => {
                let events = vec![*event];
                line.send(&AgentDown::Events { events }).await
            }
            Settled::Appended(Appended::Duplicate(_) | Appended::Apart(_)) => Ok(()),
            Settled::Rejected(rejected) => line.send(&Plain::Rejected(rejected)).await,
            Settled::Failed(end) => Err(end),
        }
    }

    fn typing<T: Transport>(&self, line: &Line<T>, typing: &Typing) -> Result<(), End> {
        let Some(conversation) = typing.conversation else {
            return Err(End::bad_frame("`typing` of an agent names a conversation"));
        };
        let mut typing = Typing {
            conversation: Some(conversation),
            active: typing.active,
            name: Some(self.me.name.clone()),
            text: None,
        };
        let frame = AgentDown::Typing(typing.clone());
        let shared = &line.shared;
        shared.board.publish(self.me.site, Some(self.me.id), &frame);
        typing.conversation = None;
        let frame = serde_json::to_string(&VisitorDown::Typing(typing))?;
        shared.log.typing(self.me.site, conversation, &frame.into());
        Ok(())
    }

    async fn read<T: Transport>(&mut self, line: &mut Line<T>, read: Read) -> Result<(), End> {
        let chunk = match self.stream.tail(read.after) {
            Some(chunk) => Some(chunk),
            None => line.shared.log.read_site(self.me.site, read).await?,
        };
        let chunk = chunk.ok_or(End::Gone)?;
        line.send_text(chunk.frame).await?;
        line.reader.handle_sent(chunk.last);
        self.next_read = Instant::now() + pace::of_events(self.stream.readers());
        Ok(())
    }

    async fn send_snapshot<T: Transport>(&mut self, line: &mut Line<T>) -> Result<(), End> {
        let mut above = ConversationId(0);
        let mut part = Vec::new();
        let mut bytes = 0;
        loop {
            let page = open_page(&line.shared, self.me.site, &mut above).await?;
            let is_last = page.len() < limits::SNAPSHOT_CONVERSATIONS;
            for (head, newest) in page {
                let conversation = conversation(&line.shared, head, newest);
                let size = serde_json::to_string(&conversation)?.len();
                // What is long by itself (a long message, all that a site knows of its visitor) has a frame of its own.
                let is_full = part.len() == limits::SNAPSHOT_CONVERSATIONS
                    || bytes + size > limits::CHUNK_BYTES;
                if is_full && !part.is_empty() {
                    let conversations = std::mem::take(&mut part);
                    bytes = 0;
                    let more = true;
                    line.send(&AgentDown::Snapshot {
                        conversations,
                        more,
                    })
                    .await?;
                }
                bytes += size;
                part.push(conversation);
            }
            if is_last {
                let snapshot = AgentDown::Snapshot {
                    conversations: part,
                    more: false,
                };
                return line.send(&snapshot).await;
            }
        }
    }

    async fn send_statuses<T: Transport>(&mut self, line: &mut Line<T>) -> Result<(), End> {
        let mut above = ConversationId(0);
        loop {
            let page = open_page(&line.shared, self.me.site, &mut above).await?;
            let more = page.len() == limits::SNAPSHOT_CONVERSATIONS;
            for (head, _) in page {
                let status = board::status(&line.shared, Standing::of(&head));
                line.send(&AgentDown::Status(status)).await?;
            }
            if !more {
                return Ok(());
            }
        }
    }
}

/// The next page of a site's open conversations.
async fn open_page(
    shared: &Shared,
    site: SiteId,
    above: &mut ConversationId,
) -> Result<OpenPage, End> {
    let page = shared.log.open_conversations(site, *above).await?;
    if let Some((head, _)) = page.last() {
        *above = head.id;
    }
    Ok(page)
}

type OpenPage = Vec<(Head, Option<AgentEvent>)>;

fn conversation(shared: &Shared, head: Head, newest: Option<AgentEvent>) -> Conversation {
    let status = board::status(shared, Standing::of(&head));
    Conversation {
        conversation: head.id,
        visitor: Arc::unwrap_or_clone(head.facts),
        assigned: head.assigned,
        last_seq: head.last_seq,
        last_offset: head.last_offset,
        newest,
        status,
    }
}
