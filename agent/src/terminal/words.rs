//! Times, spans and the state of the connection in words.

use holdfast_agent::model::Model;
use holdfast_agent::sanitise::clean_line;
use holdfast_protocol::client::Status;
use holdfast_protocol::time::Millis;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// A span as people say it: `12 s`, `3 min`, `2 h`, `4 d`.
pub(crate) fn span(span: Millis) -> String {
    let secs = span.0 / 1000;
    match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min", secs / 60),
        3600..86_400 => format!("{} h", secs / 3600),
        _ => format!("{} d", secs / 86_400),
    }
}

/// The time of day: `10:02`.
pub(crate) fn clock(at: Millis, zone: &TimeZone) -> String {
    zoned(at, zone).strftime("%H:%M").to_string()
}

/// The day, as a heading above its messages.
pub(crate) fn day(at: Millis, now: Millis, zone: &TimeZone) -> String {
    let (at, now) = (zoned(at, zone), zoned(now, zone));
    if at.date() == now.date() {
        return "Today".to_owned();
    }
    if now.date().yesterday().is_ok_and(|day| day == at.date()) {
        return "Yesterday".to_owned();
    }
    let format = if at.year() == now.year() {
        "%A, %-d %B"
    } else {
        "%A, %-d %B %Y"
    };
    at.strftime(format).to_string()
}

/// How much a state of the connection should worry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    Uneasy,
    Bad,
}

/// The state of the connection for the line that is always in sight.
pub(crate) fn connection(model: &Model, now: Millis) -> (Mood, String) {
    let (mood, words) = match &model.connection.status {
        Status::Online => (Mood::Good, "online".to_owned()),
        Status::Connecting => (Mood::Uneasy, "connecting…".to_owned()),
        Status::Doubtful => (
            Mood::Uneasy,
            "the line does not answer, trying another".to_owned(),
        ),
        Status::Offline | Status::Paused => {
            let since = span(now.since(model.connection.since));
            (
                Mood::Bad,
                format!("no connection for {since}, trying again"),
            )
        }
        Status::GoingAway(_) => {
            let since = span(now.since(model.connection.since));
            (
                Mood::Uneasy,
                format!("the server restarts, no connection for {since}, trying again"),
            )
        }
        Status::Refused(refusal) => (
            Mood::Bad,
            format!("refused: {}", clean_line(&refusal.message)),
        ),
    };
    let waiting = model.waiting();
    match (waiting, &model.connection.status) {
        (0, _) => (mood, words),
        (_, Status::Online) => (mood, format!("{words}, sending {waiting}")),
        (1, _) => (mood, format!("{words}; 1 message waits")),
        _ => (mood, format!("{words}; {waiting} messages wait")),
    }
}

fn zoned(at: Millis, zone: &TimeZone) -> ZonedDateTime {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    // A moment beyond the calendar comes from a server gone mad; the beginning of time shows it.
    let stamp = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.to_zoned_datetime(zone.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_days_are_said_shortly() {
        let said = [9, 60, 7_200, 172_800].map(|secs| span(Millis::from_secs(secs)));
        assert_eq!(said, ["9 s", "1 min", "2 h", "2 d"]);
        let now = Millis(1_790_000_000_000);
        let days = |back: u64| day(now - Millis::from_secs(back * 86_400), now, &TimeZone::UTC);
        assert_eq!(days(0), "Today");
        assert_eq!(days(1), "Yesterday");
        assert_eq!(days(30), "Saturday, 22 August");
        assert_eq!(
            day(Millis(u64::MAX), now, &TimeZone::UTC),
            "Thursday, 1 January 1970"
        );
    }
}
