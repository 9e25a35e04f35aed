//! The lines of the list, from the log and the outbox.

use holdfast_protocol::client::{Entry, Failure, Visitor, VisitorCommand};
use holdfast_protocol::event::{Author, Receipt, VisitorBody, VisitorEvent};
use holdfast_protocol::id::EventId;
use holdfast_protocol::time::Millis;

use super::model::Model;
use super::transcript::is_from_agent;

/// Messages of one writer that follow each other within this span stand together.
const TOGETHER: Millis = Millis::from_secs(5 * 60);

/// One line of the list.
#[derive(Debug, PartialEq)]
pub enum Row<'a> {
    /// The heading of a day.
    Day(Millis),
    /// A message.
    Message(Line<'a>),
    /// What came while nobody looked begins here.
    New,
    /// An agent closed the conversation.
    Closed(u64),
    /// The visitor said how content they were.
    Rated(Rating<'a>),
}

/// How content the visitor was.
#[derive(Debug, PartialEq)]
pub struct Rating<'a> {
    /// Names it, in the outbox and in the log.
    pub id: EventId,
    /// From 1, the worst, to 5.
    pub score: u32,
    /// In the visitor's words; empty where there are none.
    pub comment: &'a str,
}

/// Names a line: the same message keeps it from the outbox to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A day's heading, by the day's number.
    Day(i64),
    /// The mark before what is new.
    New,
    /// A message or a rating of the visitor.
    Mine(EventId),
    /// Any other event, by its number.
    Theirs(u64),
}

/// A message as it is shown.
#[derive(Debug, PartialEq)]
pub struct Line<'a> {
    /// Its id, for the buttons.
    pub id: EventId,
    /// Its number, once it has one.
    pub seq: Option<u64>,
    /// Whether the visitor wrote it.
    pub is_mine: bool,
    /// The writer's name, where it was not the visitor.
    pub name: &'a str,
    /// What was written.
    pub text: &'a str,
    /// When, in milliseconds since the Unix epoch.
    pub at: Millis,
    /// How far it has come.
    pub state: State,
    /// Why it was not accepted.
    pub failure: Option<&'a Failure>,
    /// Whether it begins a group of one writer.
    pub is_first: bool,
    /// Whether it ends a group of one writer.
    pub is_last: bool,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In the outbox.
    Waiting,
    /// In the log.
    Sent,
    /// On an agent's screen.
    Delivered,
    /// Seen by an agent.
    Read,
    /// Not accepted.
    Failed,
}

impl State {
    /// As the page's attribute says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

impl Row<'_> {
    /// What names this line; `day` as in [`rows`].
    pub fn key(&self, day: impl Fn(Millis) -> i64) -> Key {
        match self {
            Self::Day(at) => Key::Day(day(*at)),
            Self::Message(line) if line.is_mine => Key::Mine(line.id),
            Self::Message(line) => Key::Theirs(line.seq.unwrap_or_default()),
            Self::Closed(seq) => Key::Theirs(*seq),
            Self::Rated(rating) => Key::Mine(rating.id),
            Self::New => Key::New,
        }
    }
}

/// The lines of the list that are on the page. `day` numbers the days where the visitor is.
pub fn rows<'a>(
    model: &'a Model,
    outbox: &'a [Entry<Visitor>],
    day: impl Fn(Millis) -> i64,
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let mut today = None;
    let mut push = |at: Millis, row: Row<'a>| {
        let day = Some(day(at));
        if today != day {
            today = day;
            rows.push(Row::Day(at));
        }
        rows.push(row);
    };
    let mut divider = model.divider;
    let shown = model.transcript.shown();
    for (at, event) in model.transcript.events().iter().enumerate() {
        let is_new = |read: &mut u64| is_from_agent(event) && event.seq > *read;
        let begins_new = divider.take_if(is_new).is_some();
        if !shown.contains(&at) {
            continue;
        }
        if begins_new {
            push(event.at, Row::New);
        }
        push(event.at, logged(event, model.agents));
    }
    if model.transcript.shows_end() {
        for entry in outbox {
            push(entry.written, waiting(entry));
        }
    }
    group(&mut rows);
    rows
}

fn logged(event: &VisitorEvent, agents: Receipt) -> Row<'_> {
    let text = match &event.body {
        VisitorBody::Message { text } => text,
        VisitorBody::Closed {} => return Row::Closed(event.seq),
        VisitorBody::Rated { score, comment } => {
            return Row::Rated(Rating {
                id: event.id,
                score: *score,
                comment: comment.as_deref().unwrap_or_default(),
            });
        }
    };
    let name = match &event.author {
        Author::Agent { name, .. } => name,
        Author::Visitor {} | Author::System {} => "",
    };
    let state = if agents.read >= event.seq {
        State::Read
    } else if agents.delivered >= event.seq {
        State::Delivered
    } else {
        State::Sent
    };
    Row::Message(Line {
        id: event.id,
        seq: Some(event.seq),
        is_mine: event.author == Author::Visitor {},
        name,
        text,
        at: event.at,
        state,
        failure: None,
        is_first: true,
        is_last: true,
    })
}

fn waiting(entry: &Entry<Visitor>) -> Row<'_> {
    if let VisitorCommand::Rate { score, .. } = entry.command {
        return Row::Rated(Rating {
            id: entry.id,
            score,
            comment: entry.command.text(),
        });
    }
    Row::Message(Line {
        id: entry.id,
        seq: None,
        is_mine: true,
        name: "",
        text: entry.command.text(),
        at: entry.written,
        state: if entry.failed.is_some() {
            State::Failed
        } else {
            State::Waiting
        },
        failure: entry.failed.as_ref(),
        is_first: true,
        is_last: true,
    })
}

fn group(rows: &mut [Row<'_>]) {
    for at in 1..rows.len() {
        if let [.., Row::Message(above), Row::Message(below)] = &mut rows[..=at]
            && (above.is_mine, above.name) == (below.is_mine, below.name)
            && below.at.since(above.at) < TOGETHER
        {
            above.is_last = false;
            below.is_first = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::frame::RejectionCode;

    use super::*;
    use crate::app::fixture::{MINUTE, from_agent, from_visitor};
    use crate::app::transcript::Transcript;

    fn with(events: Vec<VisitorEvent>) -> Model {
        Model {
            transcript: Transcript::restore(events),
            ..Model::default()
        }
    }

    fn by_hour(at: Millis) -> i64 {
        i64::try_from(at.0 / (60 * MINUTE)).unwrap()
    }

    fn entry(id: u128, written: u64, failed: Option<Failure>) -> Entry<Visitor> {
        let command = VisitorCommand::Send {
            text: "later".to_owned(),
        };
        Entry {
            id: EventId(id),
            command,
            written: Millis(written),
            failed,
        }
    }

    fn lines<'a>(rows: &'a [Row<'_>]) -> Vec<&'a Line<'a>> {
        rows.iter()
            .filter_map(|row| match row {
                Row::Message(line) => Some(line),
                Row::Day(_) | Row::New | Row::Closed(_) | Row::Rated(_) => None,
            })
            .collect()
    }

    #[test]
    fn states_come_from_the_receipts_and_the_outbox() {
        let agents = Receipt {
            delivered: 2,
            read: 1,
        };
        let model = Model {
            agents,
            ..with((1..=3).map(|seq| from_visitor(seq, "x")).collect())
        };
        let failure = Failure {
            code: RejectionCode::Blank,
            message: "empty".to_owned(),
        };
        let outbox = [
            entry(8, 4 * MINUTE, None),
            entry(9, 5 * MINUTE, Some(failure)),
        ];
        let rows = rows(&model, &outbox, by_hour);
        let states: Vec<_> = lines(&rows).iter().map(|line| line.state).collect();
        assert_eq!(
            states,
            [
                State::Read,
                State::Delivered,
                State::Sent,
                State::Waiting,
                State::Failed
            ]
        );
    }

    #[test]
    fn a_message_keeps_its_key_from_the_outbox_to_the_log() {
        let waiting = rows(&with(Vec::new()), &[entry(7, MINUTE, None)], by_hour)[1].key(by_hour);
        let logged = rows(&with(vec![from_visitor(7, "later")]), &[], by_hour)[1].key(by_hour);
        assert_eq!(logged, waiting);
    }

    #[test]
    fn what_is_new_begins_once_before_the_first_answer() {
        let all = vec![
            from_agent(1, "a"),
            from_visitor(2, "m"),
            from_agent(3, "b"),
            from_agent(4, "c"),
        ];
        let new = |divider| {
            let model = Model {
                divider,
                ..with(all.clone())
            };
            let rows = rows(&model, &[], |_| 0);
            let marks = rows.iter().enumerate();
            let marks = marks.filter(|(_, row)| **row == Row::New);
            marks.map(|(at, _)| at).collect::<Vec<_>>()
        };
        // The day's heading is the first row.
        assert_eq!(new(Some(1)), [3]);
        assert_eq!(new(Some(0)), [1]);
        assert_eq!(new(Some(4)), Vec::<usize>::new());
        assert_eq!(new(None), Vec::<usize>::new());
    }

    #[test]
    fn what_is_not_on_the_page_has_no_row() {
        let mut model = Model {
            divider: Some(150),
            ..with((1..=200).map(|seq| from_agent(seq, "x")).collect())
        };
        let outbox = [entry(999, 300 * MINUTE, None)];
        let seqs = |model: &Model| {
            let rows = rows(model, &outbox, |_| 0);
            let seqs: Vec<_> = lines(&rows).iter().map(|line| line.seq).collect();
            (seqs[0], seqs[seqs.len() - 1], rows.contains(&Row::New))
        };
        assert_eq!(seqs(&model), (Some(51), None, true));
        for _ in 0..10 {
            model.transcript.move_up();
        }
        // What is new begins below, and so does what waits.
        assert_eq!(seqs(&model), (Some(1), Some(150), false));
    }

    #[test]
    fn a_rating_keeps_its_key_from_the_outbox_to_the_log() {
        let comment = Some("quick".to_owned());
        let entry = Entry {
            command: VisitorCommand::Rate {
                score: 4,
                comment: comment.clone(),
            },
            ..entry(7, MINUTE, None)
        };
        let event = VisitorEvent {
            body: VisitorBody::Rated { score: 4, comment },
            ..from_visitor(7, "")
        };
        let rating = Row::Rated(Rating {
            id: EventId(7),
            score: 4,
            comment: "quick",
        });
        let (empty, full) = (with(Vec::new()), with(vec![event]));
        let outbox = [entry];
        for rows in [rows(&empty, &outbox, by_hour), rows(&full, &[], by_hour)] {
            assert_eq!(rows[1], rating);
            assert_eq!(rows[1].key(by_hour), Key::Mine(EventId(7)));
        }
    }

    #[test]
    fn each_day_has_one_heading() {
        let model = with((58..=61).map(|seq| from_agent(seq, "x")).collect());
        let all = rows(&model, &[], by_hour);
        let days: Vec<_> = all.iter().map(|row| matches!(row, Row::Day(_))).collect();
        assert_eq!(days, [true, false, false, true, false, false]);
    }

    #[test]
    fn messages_of_one_writer_stand_together_for_a_while() {
        let later = VisitorEvent {
            at: Millis(30 * MINUTE),
            ..from_agent(4, "c")
        };
        let model = with(vec![
            from_agent(1, "a"),
            from_agent(2, "b"),
            from_visitor(3, "m"),
            later,
        ]);
        let all = rows(&model, &[], by_hour);
        let edges: Vec<_> = lines(&all)
            .iter()
            .map(|line| (line.is_first, line.is_last))
            .collect();
        assert_eq!(
            edges,
            [(true, false), (false, true), (true, true), (true, true)]
        );
    }
}
