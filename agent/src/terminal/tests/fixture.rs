//! A site in the middle of a day, and how its screens are read.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use expect_test::ExpectFile;
use holdfast_agent::Event;
use holdfast_protocol::client::{Agent, AgentCommand, AgentNews, Entry, Failure, Status};
use holdfast_protocol::event::{AgentEvent, Author, Body, Page, Receipt, VisitorFacts};
use holdfast_protocol::frame::{self, AgentWelcome, Colleague, Heartbeat, Tracked, Typing};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::terminal::app::{App, Effect, Msg};
use crate::terminal::theme::Theme;
use crate::terminal::view::{self, Look};

/// Monday, 21 September 2026, 13:33:20 UTC.
pub(super) const NOW: Millis = Millis(1_789_997_600_000);
pub(super) const ROPE: ConversationId = ConversationId(3);
pub(super) const CLEAT: ConversationId = ConversationId(4);
pub(super) const ANA: AgentId = AgentId(1);
pub(super) const BEN: AgentId = AgentId(2);

pub(super) fn minutes_ago(minutes: u64) -> Millis {
    NOW - Millis::from_secs(minutes * 60)
}

pub(super) fn agent(id: AgentId) -> Author {
    let name = if id == ANA { "Ana" } else { "Ben" };
    Author::Agent {
        id,
        name: name.into(),
    }
}

pub(super) fn event(
    conversation: ConversationId,
    offset: u64,
    minutes: u64,
    author: Author,
    body: Body,
) -> AgentEvent {
    // The messages of `busy` in their conversations, and those that the tests add.
    let seq = match offset {
        2 | 9 => 1,
        4 | 10 => 2,
        6 => 3,
        7 => 4,
        later => later.saturating_sub(15),
    };
    let seq = matches!(body, Body::Message { .. } | Body::Closed {}).then_some(seq);
    AgentEvent {
        offset,
        conversation,
        seq,
        id: EventId(u128::from(offset)),
        at: minutes_ago(minutes),
        author,
        body,
    }
}

pub(super) fn text(text: &str) -> Body {
    Body::Message { text: text.into() }
}

pub(super) fn page(title: &str, path: &str) -> Page {
    Page::new(&format!("https://shop.example/{path}"), title)
}

pub(super) fn opened(title: &str, path: &str) -> Body {
    Body::Opened {
        visitor: Box::new(VisitorFacts {
            page: Some(page(title, path)),
            locale: Some("de-DE".into()),
            ..VisitorFacts::default()
        }),
    }
}

pub(super) fn standing(
    conversation: ConversationId,
    delivered: u64,
    read: u64,
    present: bool,
) -> Event {
    Event::News(AgentNews::Status(frame::Status {
        conversation,
        visitor: Receipt { delivered, read },
        agents: Receipt::default(),
        present,
        last_seen: Some(minutes_ago(4)),
        page: None,
        trail: Vec::new(),
    }))
}

pub(super) fn welcome() -> Event {
    let colleague = |id, name: &str, online| Colleague {
        id,
        name: name.into(),
        online,
    };
    Event::Welcomed {
        welcome: AgentWelcome {
            version: limits::VERSION,
            epoch: Epoch(1),
            agent: ANA,
            name: "Ana".into(),
            site: "demo".into(),
            after: 0,
            last: 0,
            snapshot: true,
            heartbeat: Heartbeat::default(),
            colleagues: vec![
                colleague(ANA, "Ana", true),
                colleague(BEN, "Ben", true),
                colleague(AgentId(3), "Chloé", false),
            ],
        },
        restart: true,
    }
}

pub(super) fn events(events: Vec<AgentEvent>) -> Event {
    Event::Events {
        events,
        acked: vec![],
    }
}

/// Two conversations, one of them Ana's and in the middle of things.
pub(super) fn busy(size: (u16, u16)) -> App {
    let mut app = App::new(NOW, size, false);
    let visitor = || Author::Visitor {};
    let said = vec![
        event(ROPE, 1, 1450, visitor(), opened("Ropes", "rope")),
        event(
            ROPE,
            2,
            1450,
            visitor(),
            text("Good evening! Is the 10 mm rope in stock?"),
        ),
        event(ROPE, 3, 40, agent(ANA), Body::Assigned { to: ANA }),
        event(
            ROPE,
            4,
            39,
            agent(ANA),
            text("Good morning, yes: in blue and in red."),
        ),
        event(
            ROPE,
            5,
            12,
            agent(BEN),
            Body::Note {
                text: "Ask for the length, the last roll is short.".into(),
            },
        ),
        event(
            ROPE,
            6,
            10,
            agent(ANA),
            text(
                "How long should it be? The roll that we have here is 38 m, another one comes on Thursday.",
            ),
        ),
        event(ROPE, 7, 9, agent(ANA), text("Or two pieces?")),
        event(CLEAT, 8, 6, visitor(), opened("Cleats", "cleat")),
        event(
            CLEAT,
            9,
            6,
            visitor(),
            text("你好，请问有没有不锈钢的羊角？ Or in brass, if that is all you have"),
        ),
        event(CLEAT, 10, 5, visitor(), text("Hello?")),
    ];
    for event in [
        welcome(),
        Event::Status(Status::Online),
        events(said),
        standing(ROPE, 3, 2, true),
        standing(CLEAT, 0, 0, false),
    ] {
        app.update(Msg::Connection(event));
    }
    choose(&mut app, ROPE);
    app
}

pub(super) fn choose(app: &mut App, id: ConversationId) {
    app.choose(id, &mut Vec::new());
    app.update(Msg::Tick(NOW));
}

pub(super) fn typing(name: Option<&str>) -> Event {
    Event::News(AgentNews::Typing(Typing {
        conversation: Some(ROPE),
        active: true,
        name: name.map(str::to_owned),
        text: None,
    }))
}

pub(super) fn previewed(text: &str) -> Event {
    Event::News(AgentNews::Typing(Typing {
        conversation: Some(ROPE),
        active: true,
        name: None,
        text: Some(text.into()),
    }))
}

/// The visitor of the rope is here, and their page has tracked something.
pub(super) fn tracked() -> Event {
    let step = |minutes, name: &str, detail: Option<&str>| Tracked {
        at: minutes_ago(minutes),
        name: name.into(),
        detail: detail.map(str::to_owned),
    };
    Event::News(AgentNews::Status(frame::Status {
        conversation: ROPE,
        visitor: Receipt {
            delivered: 3,
            read: 2,
        },
        agents: Receipt::default(),
        present: true,
        last_seen: None,
        page: None,
        trail: vec![step(5, "cart", Some("2 pieces")), step(1, "checkout", None)],
    }))
}

pub(super) fn entry(id: u128, text: &str, failed: Option<Failure>) -> Entry<Agent> {
    Entry {
        id: EventId(id),
        command: AgentCommand::Send {
            conversation: ROPE,
            text: text.into(),
        },
        written: minutes_ago(1),
        failed,
    }
}

pub(super) fn key(code: KeyCode) -> Msg {
    Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

pub(super) fn write(app: &mut App, text: &str) -> Vec<Effect> {
    let keys = text.chars().map(|char| key(KeyCode::Char(char)));
    keys.flat_map(|key| app.update(key)).collect()
}

pub(super) fn draw(app: &App, has_color: bool) -> Buffer {
    let look = Look {
        theme: Theme::new(has_color),
        zone: TimeZone::UTC,
    };
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal
        .draw(|frame| view::draw(app, &look, frame))
        .unwrap();
    terminal.backend().buffer().clone()
}

pub(super) fn screen(app: &App) -> String {
    let buffer = draw(app, true);
    let rows = buffer.content.chunks(usize::from(app.size.0.max(1)));
    let mut screen = String::new();
    for row in rows {
        let mut skip = 0;
        let mut line = String::new();
        for cell in row {
            // The cell behind a wide character is a part of it.
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol());
            }
            skip = skip.saturating_sub(1);
        }
        screen.push_str(line.trim_end());
        screen.push('\n');
    }
    screen
}

pub(super) fn check(app: &App, expected: &ExpectFile) {
    expected.assert_eq(&screen(app));
}
