//! Reads after a cursor: from the tail where it reaches back so far, otherwise from the store.

use holdfast_protocol::event::{AgentEvent, VisitorEvent};
use holdfast_protocol::id::ConversationId;
use holdfast_protocol::limits;
use holdfast_protocol::reader::{Bounds, Read};
use serde::Serialize;

use super::pool::Turn;
use super::tail::{Chunk, ChunkBuilder, stored_for_agents, stored_for_visitor, visitor_event};
use super::{Log, SiteSubscription, Subscription};
use crate::store::{Head, SiteId, StoreError, VisitorId};

/// Older events of a conversation, and whether there are more before them.
type HistoryOf<E> = (Vec<E>, bool);

impl Log {
    /// Subscribes to a visitor's stream, without a look into the store: for a visitor who is new.
    #[must_use]
    pub fn subscribe(&self, site: SiteId, visitor: VisitorId) -> Subscription {
        self.inner.streams.subscribe(site, visitor)
    }

    /// A visitor's conversation, if there is one. To be asked after subscribing, so that what is appended
    /// meanwhile wakes the subscriber.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn conversation_of(
        &self,
        site: SiteId,
        visitor: VisitorId,
    ) -> Result<Option<Head>, StoreError> {
        let pool = &self.inner.pool;
        let head = pool
            .run(Turn::Soon, move |reader| reader.head_of(site, visitor))
            .await?;
        if let Some(head) = &head {
            let key = (site, visitor);
            self.inner
                .streams
                .wake(key, head.id, head.last_seq, head.seen);
        }
        Ok(head)
    }

    /// Whether a visitor has a conversation.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn has_conversation(
        &self,
        site: SiteId,
        visitor: VisitorId,
    ) -> Result<bool, StoreError> {
        let pool = &self.inner.pool;
        let head = pool
            .run(Turn::Soon, move |reader| reader.head_of(site, visitor))
            .await?;
        Ok(head.is_some())
    }

    /// Who stands behind a token: its own visitor, or the person whose its conversation has become. To be asked
    /// after subscribing to its own visitor, so that what becomes of it meanwhile is told to the subscriber.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn person_behind(
        &self,
        site: SiteId,
        visitor: VisitorId,
    ) -> Result<Option<VisitorId>, StoreError> {
        let pool = &self.inner.pool;
        pool.run(Turn::Soon, move |reader| reader.alias_of(site, visitor))
            .await
    }

    /// The next events of a visitor's conversation from the store, where [`Subscription::tail`] has none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn read_conversation(
        &self,
        conversation: ConversationId,
        read: Read,
    ) -> Result<Option<Chunk>, StoreError> {
        let chunk = self.inner.pool.run(Turn::Later, move |reader| {
            let count = limits::CHUNK_EVENTS as u64;
            let events = reader.conversation_after(conversation, read.after, count)?;
            let mut chunk = ChunkBuilder::default();
            for event in &events {
                let Some(seq) = event.seq else { continue };
                if !chunk.push(seq, &stored_for_visitor(seq, event)?) {
                    break;
                }
            }
            Ok(chunk.finish())
        });
        chunk.await
    }

    /// Events of a visitor's conversation before a `seq`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn visitor_history(
        &self,
        conversation: ConversationId,
        before: u64,
    ) -> Result<HistoryOf<VisitorEvent>, StoreError> {
        let history = self.inner.pool.run(Turn::Later, move |reader| {
            reader.visitor_history(conversation, before, limits::HISTORY_EVENTS)
        });
        let history = history.await?;
        let events = history.events.iter().filter_map(visitor_event).collect();
        Ok(within_a_frame(events, history.more)?)
    }

    /// Subscribes to a site's stream.
    #[must_use]
    pub fn subscribe_site(&self, site: SiteId) -> SiteSubscription {
        self.inner.streams.subscribe_site(site)
    }

    /// What a site's log holds.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn site_bounds(&self, site: SiteId) -> Result<Bounds, StoreError> {
        let bounds = self
            .inner
            .pool
            .run(Turn::Soon, move |reader| reader.site_bounds(site))
            .await?;
        Ok(Bounds {
            epoch: self.inner.epoch,
            first: bounds.first,
            last: bounds.last,
        })
    }

    /// The next events of a site from the store, where [`SiteSubscription::tail`] has none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn read_site(&self, site: SiteId, read: Read) -> Result<Option<Chunk>, StoreError> {
        let chunk = self.inner.pool.run(Turn::Later, move |reader| {
            let mut chunk = ChunkBuilder::default();
            for event in reader.site_after(site, read.after, limits::CHUNK_EVENTS as u64)? {
                if !chunk.push(event.offset, &stored_for_agents(&event)?) {
                    break;
                }
            }
            Ok(chunk.finish())
        });
        chunk.await
    }

    /// Events of a conversation before an `offset`; nothing where it is not the site's.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn agent_history(
        &self,
        site: SiteId,
        conversation: ConversationId,
        before: u64,
    ) -> Result<HistoryOf<AgentEvent>, StoreError> {
        let history = self.inner.pool.run(Turn::Later, move |reader| {
            if reader
                .head(conversation)?
                .is_none_or(|head| head.site != site)
            {
                return Ok((Vec::new(), false));
            }
            let history = reader.agent_history(conversation, before, limits::HISTORY_EVENTS)?;
            Ok(within_a_frame(history.events, history.more)?)
        });
        history.await
    }

    /// A page of a site's open conversations with numbers above `above`, each with its newest event.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn open_conversations(
        &self,
        site: SiteId,
        above: ConversationId,
    ) -> Result<Vec<(Head, Option<AgentEvent>)>, StoreError> {
        let page = self.inner.pool.run(Turn::Later, move |reader| {
            reader.open_conversations(site, above, limits::SNAPSHOT_CONVERSATIONS)
        });
        page.await
    }
}

/// The newest of `events` that fit into one frame; the others are more to be asked for.
fn within_a_frame<E: Serialize>(
    mut events: Vec<E>,
    more: bool,
) -> Result<HistoryOf<E>, serde_json::Error> {
    let mut bytes = 0;
    let mut kept = 0;
    for event in events.iter().rev() {
        if bytes >= limits::CHUNK_BYTES {
            break;
        }
        bytes += serde_json::to_string(event)?.len() + 1;
        kept += 1;
    }
    let dropped = events.len() - kept;
    events.drain(..dropped);
    Ok((events, more || dropped > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_events_are_divided_over_several_frames_of_history() {
        let long = "x".repeat(limits::CHUNK_BYTES / 3);
        let events: Vec<_> = (0..9).map(|n| format!("{n}{long}")).collect();
        let (kept, more) = within_a_frame(events.clone(), false).unwrap();
        assert_eq!(kept, events[6..]);
        assert!(more);
        let (kept, more) = within_a_frame(events[7..].to_vec(), false).unwrap();
        assert_eq!(kept.len(), 2);
        assert!(!more);
    }
}
