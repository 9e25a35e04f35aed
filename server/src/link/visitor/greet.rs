//! A visitor's greeting: which site, who they are, and where their tab reads on.

use std::sync::Arc;

use holdfast_protocol::event::{Page, Receipt, cut};
use holdfast_protocol::frame::{
    Hello, RefusalCode, Resume, VisitorDown, VisitorUp, VisitorWelcome,
};
use holdfast_protocol::id::Epoch;
use holdfast_protocol::limits;
use holdfast_protocol::profile::{Identified, Identity};
use holdfast_protocol::reader::{self, Bounds};

use super::Session;
use crate::desk;
use crate::key::{SiteId, VisitorId};
use crate::link::line::{self, End, Line};
use crate::link::pending::Pending;
use crate::link::{Shared, Transport};
use crate::log::{AppendError, Head, Identify, Lane, Side, Site, Subscription, Told};
use crate::secret;

/// Who is behind a connection.
struct Who {
    visitor: VisitorId,
    /// Whose the token is, where that is another.
    token: Option<VisitorId>,
    /// Subscribed before the look into the store, so that what is appended meanwhile wakes this reader.
    stream: Subscription,
    head: Option<Head>,
}

impl Who {
    /// The life of what is read. A person's stream has one of its own, so that a cursor that was taken in another
    /// stream, before the tab said who it is or after it logged out, holds nowhere else.
    fn epoch(&self, log: Epoch, token: &str) -> Epoch {
        if self.visitor == secret::visitor_of(token) {
            return log;
        }
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.visitor.0[..8]);
        Epoch(log.0 ^ Epoch::new(u64::from_be_bytes(bytes)).0)
    }
}

pub(super) async fn greet<T: Transport>(line: &mut Line<T>) -> Result<Session, End> {
    let text = line.first_text().await?;
    let VisitorUp::Hello(hello) = line::parse_first(&text)? else {
        return Err(End::bad_frame("the first frame must be `hello`"));
    };
    let shared = Arc::clone(&line.shared);
    let site = admit(&shared, &hello).await?;
    let (site, identity) = identify(&shared, site, &hello).await?;
    let token = match &hello.token {
        Some(token) => token.clone(),
        None => (shared.draw_token)().map_err(|error| {
            tracing::error!(%error, "no randomness for a visitor's token");
            End::Disk
        })?,
    };
    let mut who = find(&shared, site.id, &hello, &token, identity.as_ref()).await?;
    let (site_id, key) = (site.id, (site.id, who.visitor));
    let now = who.stream.now.borrow_and_update().clone();
    let head = who.head.as_ref();
    let bounds = Bounds {
        epoch: who.epoch(shared.log.epoch(), &token),
        first: head.map_or(1, |head| head.first_seq),
        last: head.map_or(0, |head| head.last_seq),
    };
    let after = reader::visitor_start(hello.resume, bounds);
    let mut staff = shared.board.staff(site_id);
    // All of the site's visitors are told what this says, so not what stood before the looks into the store.
    let site = shared.log.known_site(&site.name).unwrap_or(site);
    let mut state = shared.board.site(&site, shared.clock.unix());
    let welcome = VisitorWelcome {
        version: limits::VERSION,
        token,
        epoch: bounds.epoch,
        after,
        last: bounds.last,
        heartbeat: shared.heartbeat,
        seen: now.seen.visitor,
        receipt: now.seen.agents,
        staff: staff.borrow_and_update().clone(),
        site: state.borrow_and_update().clone(),
    };
    line.send(&VisitorDown::Welcome(welcome)).await?;
    line.welcomed(after, bounds.last, hello.pace);
    line.reader.handle_grown(now.last);
    let start = Resume {
        epoch: bounds.epoch,
        after,
    };
    delivered(&shared, site_id, head, hello.resume, start).await;
    let page = hello.page.map(|page| Page::new(&page.url, &page.title));
    let mut session = Session {
        site: site_id,
        visitor: who.visitor,
        token: who.token,
        locale: hello
            .locale
            .map(|locale| cut(&locale, limits::LOCALE_BYTES).into()),
        identity: hello.identity.map(Box::new),
        told: None,
        here: shared.presence.visitor(key, page, now.conversation),
        stream: who.stream,
        staff,
        state,
        lane: Lane::default(),
        pending: Pending::default(),
        conversation: now.conversation,
        receipt: now.seen.agents,
        typing: now.typing.map_or(0, |typing| typing.count),
    };
    let told = Told {
        profile: hello.profile.unwrap_or_default(),
        identity,
    };
    session.hear(&shared.log, &told).await;
    Ok(session)
}

/// The site that the hello is for, if its sender may come in.
async fn admit(shared: &Shared, hello: &Hello) -> Result<Arc<Site>, End> {
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

/// Who the visitor is to the site, which is looked up again where they would be sent away: its key may have been made
/// a moment ago.
async fn identify(
    shared: &Shared,
    site: Arc<Site>,
    hello: &Hello,
) -> Result<(Arc<Site>, Option<Identified>), End> {
    let Some(identity) = &hello.identity else {
        return Ok((site, None));
    };
    if let Ok(identified) = prove(&site, identity) {
        return Ok((site, Some(identified)));
    }
    let site = shared.log.site_now(&site.name).await?.unwrap_or(site);
    let identified = prove(&site, identity)?;
    Ok((site, Some(identified)))
}

/// Who somebody is to the site, by what its owner wants now.
pub(super) fn prove(site: &Site, identity: &Identity) -> Result<Identified, End> {
    let key = site.identity_key.as_deref();
    desk::prove(identity, key, site.requires_identity)
        .map_err(|mismatch| End::Refused(RefusalCode::BadIdentity, mismatch.to_string()))
}

/// Whose conversation the connection is about: that of a person who has proven to be one, otherwise that of the token,
/// which may have become a person's.
async fn find(
    shared: &Shared,
    site: SiteId,
    hello: &Hello,
    token: &str,
    identity: Option<&Identified>,
) -> Result<Who, End> {
    let log = &shared.log;
    let own = secret::visitor_of(token);
    let is_new = hello.token.is_none();
    if let Some(identity) = identity.filter(|identity| identity.verified) {
        let person = secret::person_of(site, &identity.id);
        let identify = Identify {
            site,
            token: own,
            person,
        };
        if !is_new {
            meet(shared, identify).await?;
        }
        let stream = log.subscribe(site, person);
        return Ok(Who {
            head: log.conversation_of(site, person).await?,
            visitor: person,
            token: (!is_new).then_some(own),
            stream,
        });
    }
    let stream = log.subscribe(site, own);
    let head = if is_new {
        None
    } else {
        log.conversation_of(site, own).await?
    };
    if head.is_none()
        && !is_new
        && let Some(person) = log.person_behind(site, own).await?
    {
        let stream = log.subscribe(site, person);
        return Ok(Who {
            head: log.conversation_of(site, person).await?,
            visitor: person,
            token: None,
            stream,
        });
    }
    Ok(Who {
        visitor: own,
        token: None,
        stream,
        head,
    })
}

/// A token's conversation becomes the person's, if it is their first. The writer decides; it is not asked where there is
/// nothing to decide.
async fn meet(shared: &Shared, identify: Identify) -> Result<(), End> {
    let (log, Identify { site, .. }) = (&shared.log, identify);
    let has_own = log.has_conversation(site, identify.token).await?;
    if !has_own || log.has_conversation(site, identify.person).await? {
        return Ok(());
    }
    match log.identify(identify).await {
        Ok(()) => Ok(()),
        Err(AppendError::Stopped) => Err(End::Stop),
        Err(AppendError::Storage | AppendError::Rejected(_) | AppendError::UnknownConversation) => {
            Err(End::Disk)
        }
    }
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
