//! Screens as a person sees them, kept in `screens/`; `UPDATE_EXPECT=1` writes them anew, to be looked at.

mod fixture;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use expect_test::expect_file;
use holdfast_agent::{Event, Request};
use holdfast_protocol::client::{AgentCommand, Failure, SendError, Status};
use holdfast_protocol::event::{Author, Body, Receipt, TextError, VisitorFacts};
use holdfast_protocol::frame::RejectionCode;
use holdfast_protocol::id::{AgentId, EventId};
use holdfast_protocol::profile::Identified;
use holdfast_protocol::time::Millis;

use ratatui::buffer::Cell;
use ratatui::style::Color;

use super::app::{App, Effect, Msg, Pane, Popup};
use fixture::{
    CLEAT, NOW, ROPE, busy, check, choose, draw, entry, event, events, key, page, previewed,
    screen, text, tracked, typing, write,
};

#[test]
fn a_busy_day() {
    let mut app = busy((110, 34));
    app.update(Msg::Connection(typing(None)));
    check(&app, &expect_file!["../screens/busy.txt"]);
}

/// A visitor of whom the site tells much, some of it hostile.
fn known() -> App {
    let mut app = busy((110, 34));
    let mut visitor = VisitorFacts {
        page: Some(page("Ropes", "rope")),
        locale: Some("de-DE".into()),
        name: Some("✓ Jürgen\u{1b}[31m\u{202e} O'Neill".into()),
        email: Some("jo@shop.example".into()),
        identity: Some(Identified {
            id: "user-17".into(),
            verified: true,
        }),
        ..VisitorFacts::default()
    };
    visitor.fields.set("plan", "pro");
    visitor.fields.set("last order", "4711\u{9b}2J");
    let facts = Body::Facts {
        visitor: Box::new(visitor),
    };
    let facts = event(ROPE, 20, 3, Author::System {}, facts);
    let (score, comment) = (4, Some("quick and kind".to_owned()));
    let rated = Body::Rated { score, comment };
    let mut rated = event(ROPE, 21, 2, Author::Visitor {}, rated);
    rated.seq = Some(5);
    app.update(Msg::Connection(events(vec![facts, rated])));
    app.update(Msg::Connection(tracked()));
    app.update(Msg::Connection(previewed(
        "And what does it cost if I take 20 m of it and",
    )));
    app
}

#[test]
fn who_a_visitor_is_stands_above_the_conversation() {
    let mut app = known();
    let seen = screen(&app);
    assert!(!seen.chars().any(|char| char.is_control() && char != '\n'));
    assert!(!seen.contains('\u{202e}'));
    check(&app, &expect_file!["../screens/known.txt"]);
    app.update(key(KeyCode::F(7)));
    check(&app, &expect_file!["../screens/visitor.txt"]);
    app.update(key(KeyCode::Down));
    assert_eq!(app.popup, Some(Popup::Visitor(1)));
    app.update(key(KeyCode::Esc));
    assert_eq!(app.popup, None);
}

#[test]
fn what_is_typed_goes_with_the_message() {
    let mut app = known();
    assert!(screen(&app).contains("is typing: …it cost"));
    let said = event(ROPE, 22, 0, Author::Visitor {}, text("What does it cost?"));
    app.update(Msg::Connection(events(vec![said])));
    assert!(!screen(&app).contains("is typing"));
    app.update(Msg::Connection(previewed(&"x".repeat(300))));
    assert!(screen(&app).contains("typing: …xxx"));
    app.update(Msg::Connection(typing(None)));
    assert!(screen(&app).contains("is typing…"));
}

#[test]
fn without_a_line_what_was_written_waits_in_sight() {
    let mut app = busy((110, 34));
    app.update(Msg::Connection(Event::Status(Status::Offline)));
    let why = "can't reach chat.example:4443: connection refused";
    app.update(Msg::Connection(Event::Trouble(why.into())));
    let outbox = vec![
        entry(50, "Are you still there?", None),
        entry(51, "We close at six.", None),
    ];
    app.update(Msg::Connection(Event::Outbox(outbox)));
    app.update(Msg::Tick(NOW + Millis::from_secs(12)));
    check(&app, &expect_file!["../screens/offline.txt"]);
}

#[test]
fn a_rejected_message_says_why_and_what_to_do() {
    let mut app = busy((110, 34));
    let failure = Failure {
        code: RejectionCode::UnknownConversation,
        message: "there is no conversation 3 on this site".into(),
    };
    let outbox = vec![entry(50, "Are you still there?", Some(failure))];
    app.update(Msg::Connection(Event::Outbox(outbox)));
    check(&app, &expect_file!["../screens/failed.txt"]);
    assert_eq!(app.update(key(KeyCode::F(5))), [Effect::Retry(EventId(50))]);
    let effects = app.update(key(KeyCode::F(6)));
    assert_eq!(effects, [Effect::Ask(Request::Discard(EventId(50)))]);
    assert_eq!(app.draft().unwrap().composer.text(), "Are you still there?");
}

#[test]
fn a_narrow_terminal_shows_one_pane_at_a_time() {
    let mut app = busy((48, 24));
    assert_eq!(app.pane, Pane::List);
    check(&app, &expect_file!["../screens/narrow_list.txt"]);
    app.update(key(KeyCode::Enter));
    check(&app, &expect_file!["../screens/narrow_chat.txt"]);
    app.update(key(KeyCode::Esc));
    assert_eq!(app.pane, Pane::List);
}

#[test]
fn hostile_text_is_shown_and_not_obeyed() {
    let mut app = busy((80, 24));
    let hostile = "\u{1b}[2J\u{1b}]0;owned\u{7} \u{202e}drawkcab \u{9b}31m \u{8}\u{8}\rover";
    let mut said = event(ROPE, 20, 0, Author::Visitor {}, text(hostile));
    app.update(Msg::Connection(events(vec![said.clone()])));
    said.offset = 21;
    said.seq = Some(6);
    said.body = text(&"x".repeat(200));
    app.update(Msg::Connection(events(vec![said])));
    let screen = screen(&app);
    assert!(!screen.chars().any(|char| char.is_control() && char != '\n'));
    assert!(!screen.contains('\u{202e}'));
    check(&app, &expect_file!["../screens/hostile.txt"]);
}

#[test]
fn the_first_screen_says_why_it_is_empty() {
    let mut app = App::new(NOW, (90, 16), false);
    app.update(Msg::Connection(Event::Status(Status::Offline)));
    let why = "the server's certificate is not the expected one";
    app.update(Msg::Connection(Event::Trouble(why.into())));
    app.update(Msg::Tick(NOW + Millis::from_secs(5)));
    check(&app, &expect_file!["../screens/first.txt"]);
}

#[test]
fn help_and_questions_lie_over_the_screen() {
    let mut app = busy((110, 34));
    app.update(key(KeyCode::F(1)));
    check(&app, &expect_file!["../screens/help.txt"]);
    app.update(key(KeyCode::Esc));
    app.update(key(KeyCode::F(4)));
    app.update(key(KeyCode::Down));
    check(&app, &expect_file!["../screens/transfer.txt"]);
    let effects = app.update(key(KeyCode::Enter));
    let transfer = AgentCommand::Transfer {
        conversation: ROPE,
        to: AgentId(3),
    };
    assert_eq!(effects, [Effect::Queue(transfer)]);
    app.update(key(KeyCode::F(8)));
    assert_eq!(app.update(key(KeyCode::Esc)), []);
    app.update(key(KeyCode::F(8)));
    let close = AgentCommand::Close { conversation: ROPE };
    assert_eq!(app.update(key(KeyCode::Enter)), [Effect::Queue(close)]);
}

#[test]
fn a_draft_stays_with_its_conversation() {
    let mut app = busy((110, 34));
    write(&mut app, "for the rope");
    choose(&mut app, CLEAT);
    assert_eq!(app.draft().map_or("", |draft| draft.composer.text()), "");
    write(&mut app, "for the cleat");
    check(&app, &expect_file!["../screens/wide_characters.txt"]);
    choose(&mut app, ROPE);
    check(&app, &expect_file!["../screens/drafts.txt"]);
    let effects = app.update(key(KeyCode::Enter));
    let send = AgentCommand::Send {
        conversation: ROPE,
        text: "for the rope".into(),
    };
    assert!(effects.contains(&Effect::Queue(send)), "{effects:?}");
    choose(&mut app, CLEAT);
    assert_eq!(app.draft().unwrap().composer.text(), "for the cleat");
}

#[test]
fn a_message_that_is_not_taken_comes_back() {
    let mut app = busy((110, 34));
    write(&mut app, "new");
    let command = AgentCommand::Send {
        conversation: ROPE,
        text: "old".into(),
    };
    app.update(Msg::Connection(Event::NotQueued {
        id: EventId(9),
        command,
        error: SendError::Text(TextError::Blank),
    }));
    assert_eq!(app.draft().unwrap().composer.text(), "old\nnew");
    assert!(app.notice().unwrap().contains("Not sent"));
}

#[test]
fn a_note_is_never_sent_to_the_visitor() {
    let mut app = busy((110, 34));
    app.update(key(KeyCode::F(3)));
    assert_eq!(
        write(&mut app, "difficult"),
        [],
        "nobody sees that a note is written"
    );
    check(&app, &expect_file!["../screens/note.txt"]);
    let note = AgentCommand::Note {
        conversation: ROPE,
        text: "difficult".into(),
    };
    assert_eq!(app.update(key(KeyCode::Enter)), [Effect::Queue(note)]);
    assert!(
        !app.draft().unwrap().is_note,
        "the next one is a message again"
    );
}

#[test]
fn a_paste_is_not_sent_by_its_line_ends() {
    let mut app = busy((110, 34));
    let effects = app.update(Msg::Paste("one\r\ntwo\n".into()));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Queue(_)))
    );
    assert_eq!(app.draft().unwrap().composer.text(), "one\ntwo\n");
    app.update(Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::ALT)));
    assert_eq!(app.draft().unwrap().composer.text(), "one\ntwo\n\n");
}

#[test]
fn what_nobody_looks_at_is_delivered_and_not_read() {
    let mut app = busy((110, 34));
    let arrive = |app: &mut App, offset| {
        let said = event(ROPE, offset, 0, Author::Visitor {}, text("?"));
        app.update(Msg::Connection(events(vec![said])))
    };
    let seen = |delivered, read| {
        Effect::Ask(Request::Seen {
            conversation: ROPE,
            seen: Receipt { delivered, read },
        })
    };
    app.update(Msg::Focus(false));
    assert_eq!(arrive(&mut app, 20), [seen(5, 4)]);
    let effects = app.update(Msg::Focus(true));
    assert!(effects.contains(&seen(5, 5)), "{effects:?}");
    app.update(Msg::Tick(NOW + Millis::from_secs(3600)));
    assert_eq!(arrive(&mut app, 21), [seen(6, 5)], "the agent is at lunch");
    assert!(app.update(key(KeyCode::Esc)).contains(&seen(6, 6)));
}

#[test]
fn whoever_reads_further_up_keeps_their_place() {
    let mut app = busy((110, 20));
    let shown = |app: &App| -> Vec<String> {
        let rows = screen(app);
        rows.lines().skip(4).take(10).map(str::to_owned).collect()
    };
    app.update(key(KeyCode::PageUp));
    assert!(app.scroll > 0);
    let before = shown(&app);
    let said = event(ROPE, 20, 0, Author::Visitor {}, text("something new"));
    app.update(Msg::Connection(events(vec![said])));
    let strip = |rows: Vec<String>| -> Vec<String> {
        let right = |row: String| row.chars().skip(38).collect();
        rows.into_iter().map(right).collect()
    };
    assert_eq!(strip(shown(&app)), strip(before));
    assert!(screen(&app).contains("1 new below"));
    app.update(key(KeyCode::Esc));
    assert!(screen(&app).contains("something new"));
}

#[test]
fn unsent_text_is_not_lost_by_a_slip_on_the_keys() {
    let quit = || Msg::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL));
    let mut app = busy((110, 34));
    assert_eq!(app.update(quit()), [Effect::Quit]);
    write(&mut app, "half a sen");
    assert_eq!(app.update(quit()), []);
    assert_eq!(app.popup, Some(Popup::Quit));
    assert_eq!(app.update(quit()), [Effect::Quit]);
}

#[test]
fn the_bell_rings_for_visitors_alone() {
    let ring = |author: Author| {
        let mut app = App::new(NOW, (80, 24), true);
        let said = event(ROPE, 20, 0, author, text("?"));
        let effects = app.update(Msg::Connection(events(vec![said])));
        effects.contains(&Effect::Bell)
    };
    assert!(ring(Author::Visitor {}));
    assert!(!ring(Author::System {}));
}

#[test]
fn without_colours_there_are_none() {
    let mut app = busy((110, 34));
    let outbox = vec![entry(50, "Are you still there?", None)];
    app.update(Msg::Connection(Event::Outbox(outbox)));
    app.update(Msg::Connection(Event::Status(Status::Offline)));
    let buffer = draw(&app, false);
    let is_plain = |cell: &Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
    assert!(buffer.content.iter().all(is_plain));
}

#[test]
fn no_size_is_too_small() {
    for columns in [0, 1, 5, 20, 71] {
        for rows in [0, 1, 3, 8] {
            let mut app = busy((columns, rows));
            write(&mut app, "a text");
            app.update(key(KeyCode::F(1)));
            screen(&app);
        }
    }
}
