use holdfast_protocol::client::{ClientEvent, SendError, Status, Visitor, VisitorNews};
use holdfast_protocol::event::{Receipt, TextError, VisitorBody, VisitorEvent};
use holdfast_protocol::frame::Staff;
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;

use super::fixture::{self, from_agent, from_visitor};
use super::{Effect, Model, Msg, News, Note, update};

const START: Millis = Millis(1000);

fn client(model: &mut Model, event: ClientEvent<Visitor>) -> Vec<News> {
    told(update(model, Msg::Client(event), START))
}

fn told(effects: Vec<Effect>) -> Vec<News> {
    let mut news = Vec::new();
    for effect in effects {
        if let Effect::Tell(told) = effect {
            news.push(told);
        }
    }
    news
}

fn welcome(model: &mut Model, delivered: u64, receipt: Receipt, restart: bool) -> Vec<News> {
    let _ = client(model, ClientEvent::Status(Status::Online));
    let seen = Receipt {
        delivered,
        read: delivered,
    };
    let welcome = fixture::welcome(seen, receipt);
    client(model, ClientEvent::Welcomed { welcome, restart })
}

fn events(model: &mut Model, events: Vec<VisitorEvent>, acked: &[u128]) -> Vec<News> {
    let acked = acked.iter().map(|id| EventId(*id)).collect();
    client(model, ClientEvent::Events { events, acked })
}

fn receipt(model: &mut Model, delivered: u64, read: u64) -> Vec<News> {
    let receipt = Receipt { delivered, read };
    client(model, ClientEvent::News(VisitorNews::Receipt(receipt)))
}

/// What kind of news, and of which text. How the site stands is told with every welcome.
fn brief(news: &[News]) -> Vec<(&'static str, &str)> {
    news.iter()
        .filter(|news| !matches!(news, News::Site(..)))
        .map(|news| match news {
            News::Sent(note) => ("sent", &*note.text),
            News::Delivered(note) => ("delivered", &*note.text),
            News::Read(note) => ("read", &*note.text),
            News::Received(note) => ("received", &*note.text),
            News::Failed(note, _) => ("failed", &*note.text),
            News::NotSaid(text, _) => ("failed", &**text),
            News::Open => ("open", ""),
            News::Close => ("close", ""),
            News::Unread(_) => ("unread", ""),
            News::Started(_) => ("started", ""),
            News::Ended(_) => ("ended", ""),
            News::Rated(_, words) => ("rated", &**words),
            News::Connection(word) => ("connection", *word),
            News::Availability(true) => ("available", ""),
            News::Availability(false) => ("away", ""),
            News::Refused(reason) => ("refused", &**reason),
            News::Site(..) => ("site", ""),
        })
        .collect()
}

#[test]
fn a_message_is_told_at_each_step_once() {
    let mut model = Model::default();
    let news = welcome(&mut model, 0, Receipt::default(), true);
    assert_eq!(brief(&news), [("available", "")]);
    let news = events(&mut model, vec![from_visitor(1, "hello")], &[1]);
    assert_eq!(brief(&news), [("sent", "hello"), ("started", "")]);
    assert_eq!(brief(&receipt(&mut model, 1, 0)), [("delivered", "hello")]);
    assert_eq!(brief(&receipt(&mut model, 1, 1)), [("read", "hello")]);
    assert_eq!(brief(&receipt(&mut model, 1, 1)), []);
    // A line that comes back brings nothing that was told before.
    let both = Receipt {
        delivered: 1,
        read: 1,
    };
    assert_eq!(brief(&welcome(&mut model, 1, both, false)), []);
}

#[test]
fn what_another_tab_sent_was_not_sent_by_this_one() {
    let mut model = Model::default();
    let _ = welcome(&mut model, 0, Receipt::default(), true);
    assert_eq!(
        brief(&events(&mut model, vec![from_visitor(1, "theirs")], &[])),
        [("started", "")]
    );
}

#[test]
fn a_message_that_stands_too_far_back_is_told_by_its_id() {
    let mut model = Model::default();
    let _ = welcome(&mut model, 0, Receipt::default(), true);
    let note = Note {
        id: Some(EventId(7)),
        ..Note::default()
    };
    assert_eq!(events(&mut model, Vec::new(), &[7]), [News::Sent(note)]);
}

#[test]
fn history_is_no_news_and_what_came_meanwhile_is() {
    let mut model = Model::default();
    // Another tab had two events, the third came while none was open.
    let _ = welcome(&mut model, 2, Receipt::default(), true);
    let all = vec![
        from_agent(1, "old"),
        from_agent(2, "old too"),
        from_agent(3, "new"),
    ];
    let news = events(&mut model, all.clone(), &[]);
    assert_eq!(brief(&news), [("received", "new"), ("unread", "")]);
    // The log is read again from its start: nothing of it is new.
    let _ = welcome(&mut model, 3, Receipt::default(), true);
    assert_eq!(brief(&events(&mut model, all, &[])), []);
}

#[test]
fn what_is_received_is_read_out_as_often_as_it_is_told() {
    let mut model = Model::default();
    let _ = welcome(&mut model, 0, Receipt::default(), true);
    let event = ClientEvent::Events {
        events: vec![from_agent(1, "a"), from_visitor(2, "b")],
        acked: Vec::new(),
    };
    let effects = update(&mut model, Msg::Client(event), START);
    let read_out = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Announce(_)));
    assert_eq!(read_out.count(), 1);
}

#[test]
fn the_panel_the_line_and_the_count_are_told_when_they_change() {
    let mut model = Model::default();
    let toggle = || Msg::Toggle { is_by_person: true };
    let opened = told(update(&mut model, toggle(), START));
    assert_eq!(brief(&opened), [("open", ""), ("connection", "connecting")]);
    assert_eq!(
        brief(&told(update(&mut model, toggle(), START))),
        [("close", "")]
    );
    let _ = welcome(&mut model, 0, Receipt::default(), true);
    let offline = client(&mut model, ClientEvent::Status(Status::Offline));
    // Who is there is not known without a line, which is no departure.
    assert_eq!(brief(&offline), [("connection", "offline")]);
    let _ = client(&mut model, ClientEvent::Status(Status::Online));
    let gone = ClientEvent::News(VisitorNews::Staff(Staff::default()));
    assert_eq!(brief(&client(&mut model, gone)), [("away", "")]);
}

#[test]
fn another_visitor_in_the_same_place_begins_with_nothing_unread() {
    let mut model = Model::default();
    let _ = welcome(&mut model, 0, Receipt::default(), true);
    let _ = events(&mut model, vec![from_agent(1, "for the first")], &[]);
    let _ = update(&mut model, Msg::Launcher(false), START);
    let mut model = Model::default().in_place_of(model);
    assert!(model.is_launcher_hidden);
    let news = told(update(&mut model, Msg::Visible(true), START));
    assert!(news.contains(&News::Unread(0)), "{news:?}");
}

#[test]
fn a_scripts_message_leaves_the_draft_alone() {
    let mut model = Model::default();
    let _ = update(&mut model, Msg::Drafted("mine".to_owned()), START);
    let said = update(&mut model, Msg::Say("theirs \n".to_owned()), START);
    assert!(said.contains(&Effect::Say("theirs".to_owned())));
    assert_eq!(model.draft, "mine");
    let error = SendError::Text(TextError::Blank);
    let failed = update(&mut model, Msg::NotSaid(" ".to_owned(), error), START);
    assert_eq!(brief(&told(failed)), [("failed", " ")]);
}

#[test]
fn a_script_fills_an_empty_composer_only() {
    let mut model = Model::default();
    let filled = update(&mut model, Msg::Prefill("About order 7:".to_owned()), START);
    assert_eq!(model.draft, "About order 7:");
    // Nobody is typing.
    assert!(
        !filled
            .iter()
            .any(|effect| matches!(effect, Effect::Transmit(_)))
    );
    let _ = update(&mut model, Msg::Prefill("other".to_owned()), START);
    assert_eq!(model.draft, "About order 7:");
}

#[test]
fn what_a_script_opens_leaves_the_focus_where_it_is() {
    let mut model = Model::default();
    let is_by_person = false;
    let opened = update(&mut model, Msg::Open { is_by_person }, START);
    assert!(model.is_open);
    assert!(
        !opened
            .iter()
            .any(|effect| matches!(effect, Effect::Show(_)))
    );
}

#[test]
fn what_becomes_of_a_conversation_is_told_once() {
    let end = |seq| VisitorEvent {
        body: VisitorBody::Closed {},
        ..from_agent(seq, "")
    };
    let rated = VisitorEvent {
        body: VisitorBody::Rated {
            score: 5,
            comment: Some("quick".to_owned()),
        },
        ..from_visitor(3, "")
    };
    let mut model = Model::default();
    let _ = welcome(&mut model, 0, Receipt::default(), true);
    let news = events(&mut model, vec![from_visitor(1, "hello"), end(2)], &[]);
    assert_eq!(brief(&news), [("started", ""), ("ended", "")]);
    assert_eq!(
        brief(&events(&mut model, vec![rated], &[])),
        [("rated", "quick")]
    );
    let news = events(
        &mut model,
        vec![from_visitor(4, "again"), from_visitor(5, "?")],
        &[],
    );
    assert_eq!(brief(&news), [("started", "")]);

    // In the middle of a conversation nobody knows when it began.
    let mut model = Model::default();
    let _ = welcome(&mut model, 0, Receipt::default(), true);
    assert_eq!(
        brief(&events(&mut model, vec![from_visitor(7, "hello")], &[])),
        []
    );
}
