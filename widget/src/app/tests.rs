use holdfast_protocol::client::VisitorNews;
use holdfast_protocol::compact;
use holdfast_protocol::event::{Receipt, VisitorEvent};
use holdfast_protocol::frame::{GoingAway, Refusal, RefusalCode, SiteState, Staff, Typing};
use holdfast_protocol::limits;

use super::fixture::{from_agent, from_visitor, welcome};
use super::*;
use crate::texts::Text;

const START: Millis = Millis(1000);

fn says_typing(active: bool) -> Effect {
    Effect::Transmit(VisitorUp::Typing(Typing {
        conversation: None,
        active,
        name: None,
        text: None,
    }))
}

/// What is to be done but for what is told and read out, which `news_tests` is about.
fn update(model: &mut Model, msg: Msg, now: Millis) -> Vec<Effect> {
    let mut effects = super::update(model, msg, now);
    effects.retain(|effect| !matches!(effect, Effect::Tell(_) | Effect::Announce(_)));
    effects
}

fn client(model: &mut Model, event: ClientEvent<Visitor>) -> Vec<Effect> {
    update(model, Msg::Client(event), START)
}

fn online() -> Model {
    let mut model = Model::default();
    let _ = client(&mut model, ClientEvent::Status(Status::Online));
    let welcome = welcome(Receipt::default(), Receipt::default());
    let _ = client(
        &mut model,
        ClientEvent::Welcomed {
            welcome,
            restart: true,
        },
    );
    model
}

fn read(model: &mut Model, events: Vec<VisitorEvent>) -> Vec<Effect> {
    client(
        model,
        ClientEvent::Events {
            events,
            acked: Vec::new(),
        },
    )
}

fn seen(delivered: u64, read: u64) -> Effect {
    Effect::Transmit(VisitorUp::Seen(Receipt { delivered, read }))
}

#[test]
fn opening_moves_the_focus_in_and_closing_moves_it_back() {
    let mut model = online();
    let opened = update(&mut model, Msg::Toggle { is_by_person: true }, START);
    assert_eq!(
        opened,
        [
            Effect::Show(Show::FocusComposer),
            Effect::Save,
            Effect::Look(true)
        ]
    );
    let closed = update(&mut model, Msg::Close, START);
    assert_eq!(
        closed,
        [
            Effect::Show(Show::FocusBack),
            Effect::Save,
            Effect::Look(false)
        ]
    );
    assert_eq!(update(&mut model, Msg::Close, START), []);
}

#[test]
fn what_arrives_while_closed_is_unread_until_it_is_in_sight() {
    let mut model = online();
    assert_eq!(read(&mut model, vec![from_agent(1, "a")]), [seen(1, 0)]);
    assert_eq!(model.unread(), 1);
    let opened = update(&mut model, Msg::Toggle { is_by_person: true }, START);
    assert!(opened.contains(&seen(1, 1)));
    assert_eq!(model.unread(), 0);
}

#[test]
fn nothing_is_read_on_a_hidden_page_or_above_the_fold() {
    let mut model = online();
    let _ = update(&mut model, Msg::Toggle { is_by_person: true }, START);
    let hidden = update(&mut model, Msg::Visible(false), START);
    assert_eq!(hidden, [Effect::Save, Effect::Look(false)]);
    let _ = read(&mut model, vec![from_agent(1, "a")]);
    assert_eq!(model.unread(), 1);
    let _ = update(
        &mut model,
        Msg::Scrolled(Place::At {
            from_end: 5,
            is_near_top: false,
            is_near_end: false,
        }),
        START,
    );
    let _ = update(&mut model, Msg::Visible(true), START);
    assert_eq!(model.unread(), 1);
    let _ = update(&mut model, Msg::Scrolled(Place::End), START);
    assert_eq!(model.unread(), 0);
}

#[test]
fn another_tabs_reading_counts() {
    let mut model = online();
    let _ = read(&mut model, vec![from_agent(1, "a"), from_agent(2, "b")]);
    let welcome = welcome(
        Receipt {
            delivered: 2,
            read: 1,
        },
        Receipt::default(),
    );
    let effects = client(
        &mut model,
        ClientEvent::Welcomed {
            welcome,
            restart: false,
        },
    );
    assert_eq!(model.unread(), 1);
    assert_eq!(effects, [seen(2, 1)]);
}

#[test]
fn a_restart_drops_what_is_shown_and_nothing_that_was_written() {
    let mut model = online();
    let _ = read(&mut model, vec![from_agent(1, "a")]);
    let _ = update(&mut model, Msg::Drafted("draft".to_owned()), START);
    let welcome = welcome(Receipt::default(), Receipt::default());
    let _ = client(
        &mut model,
        ClientEvent::Welcomed {
            welcome,
            restart: true,
        },
    );
    assert_eq!(model.transcript.last(), 0);
    assert_eq!(model.draft, "draft");
}

#[test]
fn a_draft_is_kept_until_the_outbox_has_it() {
    let mut model = Model::default();
    let _ = update(&mut model, Msg::Drafted("hello \n".to_owned()), START);
    assert_eq!(
        update(&mut model, Msg::Submit, START),
        [Effect::Send("hello".to_owned())]
    );
    let _ = update(&mut model, Msg::NotTaken(SendError::Full), START);
    assert_eq!(model.draft, "hello \n");
    assert!(model.is_outbox_full);
    let _ = update(&mut model, Msg::Drafted("hello".to_owned()), START);
    assert!(!model.is_outbox_full);
    let accepted = update(&mut model, Msg::Accepted, START);
    assert!(accepted.contains(&Effect::Show(Show::End)));
    assert_eq!(model.draft, "");
}

#[test]
fn blank_and_too_long_drafts_stay_in_the_composer() {
    let mut model = Model::default();
    for text in [" \n".to_owned(), "x".repeat(limits::TEXT_BYTES + 1)] {
        let _ = update(&mut model, Msg::Drafted(text.clone()), START);
        assert_eq!(update(&mut model, Msg::Submit, START), []);
        assert_eq!(model.draft, text);
    }
}

#[test]
fn a_rejected_text_comes_back_above_the_draft() {
    let mut model = Model::default();
    let _ = update(&mut model, Msg::Drafted("new".to_owned()), START);
    let _ = update(&mut model, Msg::Returned("old".to_owned()), START);
    assert_eq!(model.draft, "old\nnew");
}

#[test]
fn typing_is_said_rarely_and_taken_back() {
    let mut model = online();
    let said = |effects: &[Effect]| effects.contains(&says_typing(true));
    assert!(said(&update(
        &mut model,
        Msg::Drafted("a".to_owned()),
        START
    )));
    assert!(!said(&update(
        &mut model,
        Msg::Drafted("ab".to_owned()),
        START
    )));
    let later = START + limits::TYPING_PAUSE;
    assert!(said(&update(
        &mut model,
        Msg::Drafted("abc".to_owned()),
        later
    )));
    let emptied = update(&mut model, Msg::Drafted(String::new()), later);
    assert!(emptied.contains(&says_typing(false)));
}

#[test]
fn an_agents_typing_ends_with_their_message_or_with_time() {
    let mut model = online();
    let news = || {
        let typing = Typing {
            conversation: None,
            active: true,
            name: Some("Ida".to_owned()),
            text: None,
        };
        ClientEvent::News(VisitorNews::Typing(typing))
    };
    assert_eq!(
        client(&mut model, news()),
        [Effect::AwaitTyping(limits::TYPING_LIFE)]
    );
    assert_eq!(model.typing.as_deref(), Some("Ida"));
    let _ = read(&mut model, vec![from_agent(1, "a")]);
    assert_eq!(model.typing, None);
    let _ = client(&mut model, news());
    let _ = update(&mut model, Msg::TypingOver, START);
    assert_eq!(model.typing, None);
}

#[test]
fn older_messages_are_asked_for_once_near_the_top() {
    let mut model = online();
    let _ = read(&mut model, vec![from_agent(51, "a")]);
    let top = |from_end| {
        Msg::Scrolled(Place::At {
            from_end,
            is_near_top: true,
            is_near_end: false,
        })
    };
    let asked = Effect::Transmit(VisitorUp::History { before: 51 });
    assert!(update(&mut model, top(9), START).contains(&asked));
    assert!(!update(&mut model, top(8), START).contains(&asked));
    let events = vec![from_visitor(49, "x"), from_agent(50, "y")];
    let _ = client(
        &mut model,
        ClientEvent::News(VisitorNews::History {
            events,
            more: false,
        }),
    );
    assert_eq!(model.transcript.events().len(), 3);
    let asks = update(&mut model, top(7), START);
    assert!(
        !asks
            .iter()
            .any(|effect| matches!(effect, Effect::Transmit(VisitorUp::History { .. })))
    );
}

#[test]
fn the_end_of_the_page_is_not_the_end_of_the_conversation() {
    let mut model = online();
    let _ = update(&mut model, Msg::Toggle { is_by_person: true }, START);
    let _ = read(
        &mut model,
        (1..=400).map(|seq| from_agent(seq, "x")).collect(),
    );
    let at = |from_end, is_near_top| Place::At {
        from_end,
        is_near_top,
        is_near_end: false,
    };
    for from_end in 0..10 {
        let _ = update(&mut model, Msg::Scrolled(at(900 + from_end, true)), START);
    }
    let _ = read(&mut model, vec![from_agent(401, "new")]);
    let _ = update(&mut model, Msg::Scrolled(Place::End), START);
    assert_ne!(model.place, Place::End);
    assert_eq!(model.unread(), 1);
    let mut scrolls = 0;
    while model.place != Place::End {
        let _ = update(&mut model, Msg::Scrolled(Place::End), START);
        scrolls += 1;
    }
    assert!(scrolls > 5 && model.unread() == 0);
    assert_eq!(model.transcript.shown().end, 401);
}

#[test]
fn the_connection_is_told_in_words() {
    let mut model = online();
    assert_eq!(model.connection(), ("online", None));
    let going = GoingAway {
        retry_after_ms: START,
        message: "update".to_owned(),
    };
    let _ = client(&mut model, ClientEvent::Status(Status::GoingAway(going)));
    assert_eq!(model.connection().0, "restarting");
    let refusal = Refusal {
        code: RefusalCode::UnknownSite,
        message: "add the site".to_owned(),
    };
    let effects = client(&mut model, ClientEvent::Status(Status::Refused(refusal)));
    assert_eq!(effects, [Effect::TellOwner("add the site".to_owned())]);
    assert_eq!(model.connection().0, "refused");
}

#[test]
fn the_header_names_who_answered_or_who_could() {
    let mut model = online();
    let staff = |names: &[&str]| {
        let online = names.iter().map(|name| (*name).to_owned()).collect();
        ClientEvent::News(VisitorNews::Staff(Staff { online }))
    };
    assert_eq!(
        (model.name(), model.subtitle()),
        (Some("Ida"), Text::StaffHere)
    );
    let _ = client(&mut model, staff(&[]));
    assert_eq!((model.name(), model.subtitle()), (None, Text::StaffAway));
    let _ = read(&mut model, vec![from_agent(1, "a"), from_visitor(2, "b")]);
    let _ = client(&mut model, staff(&["Tom"]));
    assert_eq!(
        (model.name(), model.subtitle()),
        (Some("Ida"), Text::StaffOthers)
    );
    let _ = client(&mut model, ClientEvent::Status(Status::Offline));
    assert_eq!(
        (model.name(), model.subtitle()),
        (Some("Ida"), Text::StaffUnknown)
    );
}

#[test]
fn what_came_while_nobody_looked_is_set_apart_until_they_leave() {
    let mut model = online();
    let _ = read(&mut model, vec![from_agent(1, "a")]);
    assert_eq!(model.divider, Some(0));
    let _ = update(&mut model, Msg::Toggle { is_by_person: true }, START);
    assert_eq!((model.unread(), model.divider), (0, Some(0)));
    // What arrives in sight moves nothing.
    let _ = read(&mut model, vec![from_agent(2, "b")]);
    assert_eq!(model.divider, Some(0));
    let _ = update(&mut model, Msg::Close, START);
    assert_eq!(model.divider, None);
}

#[test]
fn what_comes_below_the_fold_is_set_apart() {
    let mut model = online();
    let _ = update(&mut model, Msg::Toggle { is_by_person: true }, START);
    let _ = read(&mut model, vec![from_agent(1, "a"), from_agent(2, "b")]);
    assert_eq!(model.divider, None);
    let above = Place::At {
        from_end: 900,
        is_near_top: false,
        is_near_end: false,
    };
    let _ = update(&mut model, Msg::Scrolled(above), START);
    let _ = read(&mut model, vec![from_agent(3, "c")]);
    assert_eq!(model.divider, Some(2));
    let _ = update(&mut model, Msg::Jump, START);
    assert_eq!((model.unread(), model.divider), (0, Some(2)));
}

#[test]
fn a_closed_site_says_when_it_opens_where_nobody_is_there() {
    let mut model = online();
    let site = SiteState {
        closed: true,
        opens_at: Some(Millis(9)),
        ..SiteState::default()
    };
    let written = compact::write(&site);
    let news = Msg::Client(ClientEvent::News(VisitorNews::Site(site)));
    let effects = super::update(&mut model, news, START);
    assert!(effects.contains(&Effect::Tell(News::Site(written, 0))));
    assert_eq!(model.opens_at(), None);
    let nobody = ClientEvent::News(VisitorNews::Staff(Staff { online: Vec::new() }));
    let _ = client(&mut model, nobody);
    assert_eq!(model.opens_at(), Some(Millis(9)));
}

#[test]
fn a_rating_goes_the_way_of_a_message() {
    let mut model = online();
    let rated = update(&mut model, Msg::Rate(4, " quick \n".to_owned()), START);
    assert_eq!(rated, [Effect::Rate(4, Some("quick".to_owned()))]);
    let rated = update(&mut model, Msg::Rate(1, " ".to_owned()), START);
    assert_eq!(rated, [Effect::Rate(1, None)]);
}

#[test]
fn a_press_means_what_the_visitor_saw() {
    let outcome = |is_open, was_open| {
        let mut model = Model {
            is_open,
            ..Model::default()
        };
        let effects = update(&mut model, Msg::Press(was_open), START);
        let takes_focus = effects.contains(&Effect::Show(Show::FocusComposer));
        (model.is_open, takes_focus)
    };
    assert_eq!(outcome(false, false), (true, true));
    assert_eq!(outcome(true, true), (false, false));
    // The panel was restored, or closed by a script, between the press and its click.
    assert_eq!(outcome(true, false), (true, true));
    assert_eq!(outcome(false, true), (false, false));
}
