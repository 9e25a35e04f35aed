//! What the connection says.

use holdfast_protocol::client::{ClientEvent, Status, Visitor, VisitorNews};
use holdfast_protocol::compact;
use holdfast_protocol::event::{Author, VisitorEvent};
use holdfast_protocol::frame::{RefusalCode, SiteState, VisitorWelcome};
use holdfast_protocol::limits;

use super::Effect;
use super::model::{Model, Place};
use super::news::{self, News};
use super::transcript::Transcript;

/// Takes in what the connection says.
pub(super) fn hear(model: &mut Model, event: ClientEvent<Visitor>, effects: &mut Vec<Effect>) {
    match event {
        ClientEvent::Status(status) => {
            if let Status::Refused(refusal) = &status {
                let refused = News::Refused(refusal.message.clone());
                effects.push(Effect::TellOwner(refusal.message.clone()));
                effects.push(Effect::Tell(refused));
                if refusal.code == RefusalCode::BadIdentity {
                    effects.push(Effect::Distrust);
                }
            }
            if !matches!(status, Status::Online | Status::Doubtful) {
                // Who was there when the line broke says nothing about who is there now.
                model.typing = None;
                model.staff = None;
            }
            model.status = status;
        }
        ClientEvent::Welcomed { welcome, restart } => {
            welcomed(model, welcome, restart, effects);
        }
        ClientEvent::Events { events, acked } => {
            if events.iter().any(is_from_agent) {
                model.typing = None;
            }
            model.transcript.append(events);
            news::sent(model, &acked, effects);
            news::received(model, effects);
        }
        // The outbox, which the view reads, says all about it.
        ClientEvent::Rejected(id) => effects.push(Effect::TellFailed(id)),
        ClientEvent::News(news) => hear_news(model, news, effects),
    }
}

fn welcomed(model: &mut Model, welcome: VisitorWelcome, restart: bool, effects: &mut Vec<Effect>) {
    if restart {
        model.transcript = Transcript::default();
        model.place = Place::End;
        model.read = 0;
        model.agents = welcome.receipt;
        model.heard = welcome.seen.delivered;
    }
    model.is_loading = false;
    model.typing = None;
    model.staff = Some(welcome.staff);
    model.is_silent = welcome.last == 0;
    hear_site(model, welcome.site, welcome.last, effects);
    model.read = model.read.max(welcome.seen.read);
    news::advance(model, welcome.receipt, effects);
    // Receipts are lossy: what was said on the line before may not have arrived.
    model.reported = None;
}

fn hear_news(model: &mut Model, news: VisitorNews, effects: &mut Vec<Effect>) {
    match news {
        VisitorNews::History { events, more } => {
            model.is_loading = false;
            model.transcript.prepend(events, more);
            // Who waits at the top goes on at once.
            if matches!(
                model.place,
                Place::At {
                    is_near_top: true,
                    ..
                }
            ) {
                model.transcript.move_up();
            }
        }
        VisitorNews::Receipt(receipt) => news::advance(model, receipt, effects),
        VisitorNews::Typing(said) => {
            model.typing = said.active.then(|| said.name.unwrap_or_default());
            if said.active {
                effects.push(Effect::AwaitTyping(limits::TYPING_LIFE));
            }
        }
        VisitorNews::Staff(staff) => model.staff = Some(staff),
        VisitorNews::Site(site) => {
            let last = model.transcript.last();
            hear_site(model, site, last, effects);
        }
    }
}

fn hear_site(model: &mut Model, site: SiteState, last: u64, effects: &mut Vec<Effect>) {
    effects.push(Effect::Tell(News::Site(compact::write(&site), last)));
    model.site = site;
}

fn is_from_agent(event: &VisitorEvent) -> bool {
    matches!(event.author, Author::Agent { .. })
}
