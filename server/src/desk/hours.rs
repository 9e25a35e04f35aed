//! Opening hours: when a site is open, and when it will be. Pure.

use std::fmt;
use std::str::FromStr;

use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// When a site is open: by the days of the week, in the site's own time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hours {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    monday: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tuesday: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wednesday: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thursday: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    friday: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    saturday: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sunday: Vec<Range>,
}

impl Hours {
    /// Whether the site is open at a moment; otherwise when it opens next, if it does within
    /// [`limits::OPENS_WITHIN_DAYS`] days. A range belongs to the day on which it begins: one that goes on after
    /// midnight into a holiday goes on, and one that would begin on a holiday does not.
    ///
    /// # Errors
    /// The moment of the next opening, where the site is closed.
    pub fn open_at(
        &self,
        unix: Millis,
        zone: &Zone,
        holidays: &[Day],
    ) -> Result<(), Option<Millis>> {
        let now = i64::try_from(unix.0).ok();
        let Some(now) = now.and_then(|now| Timestamp::from_millisecond(now).ok()) else {
            return Err(None);
        };
        let today = now.to_zoned_datetime(zone.0.clone()).date();
        let mut next: Option<Timestamp> = None;
        // Yesterday's last range may go on after midnight.
        for days in -1..=i64::from(limits::OPENS_WITHIN_DAYS) {
            let Ok(date) = today.checked_add(days.days()) else {
                break;
            };
            for (from, until) in self.spans(date, zone, holidays) {
                if from <= now && now < until {
                    return Ok(());
                }
                if from > now && from < until && next.is_none_or(|next| from < next) {
                    next = Some(from);
                }
            }
            if next.is_some() && days > 0 {
                break;
            }
        }
        Err(next.and_then(|next| u64::try_from(next.as_millisecond()).ok().map(Millis)))
    }

    fn spans(
        &self,
        date: Date,
        zone: &Zone,
        holidays: &[Day],
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let ranges = if holidays.iter().any(|day| day.0 == date) {
            &[]
        } else {
            self.of(date.weekday())
        };
        ranges.iter().filter_map(move |range| {
            let end = if range.until <= range.from {
                date.tomorrow().ok()?
            } else {
                date
            };
            Some((
                moment(date.to_datetime(range.from), zone)?,
                moment(end.to_datetime(range.until), zone)?,
            ))
        })
    }

    fn of(&self, weekday: Weekday) -> &[Range] {
        match weekday {
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
            Weekday::Sunday => &self.sunday,
        }
    }
}

/// When a clock on the wall shows this. A time that the clock jumps over is as much later as it jumps; of one that comes
/// twice it is the first.
fn moment(wall: DateTime, zone: &Zone) -> Option<Timestamp> {
    let zoned = wall.to_zoned_datetime(zone.0.clone()).ok()?;
    Some(zoned.timestamp())
}

/// A part of a day, such as `09:00-12:30`. It goes on after midnight where its end is not after its
/// begin; `24:00` is the midnight at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Range {
    from: Time,
    until: Time,
}

/// A date, such as `2026-12-25`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Date);

/// A time zone by its name in the IANA's list, such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

/// A text that says no time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HoursError {
    /// No range.
    #[error("`{0}` is no part of a day; write from and until when, such as 09:00-17:30")]
    Range(String),
    /// No date.
    #[error("`{0}` is no date; write year, month and day, such as 2026-12-25")]
    Day(String),
    /// No time zone.
    #[error("`{0}` is no time zone; write its name in the IANA's list, such as Europe/Berlin")]
    Zone(String),
}

impl FromStr for Range {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let range = text.split_once('-').and_then(|(from, until)| {
            let until = until.trim();
            let until = if until == "24:00" { "00:00" } else { until };
            Some(Self {
                from: time(from.trim())?,
                until: time(until)?,
            })
        });
        range.ok_or_else(|| HoursError::Range(text.to_owned()))
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_clock = hour.len() == 2 && minute.len() == 2;
    let number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse().ok())?
    };
    is_clock.then(|| Time::new(number(hour)?, number(minute)?, 0, 0).ok())?
}

impl FromStr for Day {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let day = Date::strptime("%Y-%m-%d", text).map(Self);
        day.map_err(|_| HoursError::Day(text.to_owned()))
    }
}

impl FromStr for Zone {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let zone = TimeZone::get(text).map(Self);
        zone.map_err(|_| HoursError::Zone(text.to_owned()))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until } = self;
        let (hour, minute) = match (until.hour(), until.minute()) {
            (0, 0) => (24, 0),
            other => other,
        };
        write!(
            f,
            "{:02}:{:02}-{hour:02}:{minute:02}",
            from.hour(),
            from.minute()
        )
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// Texts in a file and in the database, one way and back.
macro_rules! texts {
    ($($type:ty),+) => {
        $(
            impl TryFrom<String> for $type {
                type Error = HoursError;

                fn try_from(text: String) -> Result<Self, HoursError> {
                    text.parse()
                }
            }

            impl From<$type> for String {
                fn from(value: $type) -> Self {
                    value.to_string()
                }
            }
        )+
    };
}

texts!(Range, Day, Zone);

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Hours {
        toml::from_str(text).unwrap()
    }

    fn at(text: &str) -> Millis {
        let stamp: Timestamp = text.parse().unwrap();
        Millis(u64::try_from(stamp.as_millisecond()).unwrap())
    }

    fn in_berlin(hours: &Hours, holidays: &[&str], moment: &str) -> Result<(), Option<Millis>> {
        let holidays: Vec<Day> = holidays.iter().map(|day| day.parse().unwrap()).collect();
        hours.open_at(at(moment), &"Europe/Berlin".parse().unwrap(), &holidays)
    }

    #[test]
    fn a_site_is_open_from_the_first_minute_to_the_last() {
        let hours = hours("monday = [\"09:00-12:00\", \"13:00-17:00\"]");
        // 2026-11-23 is a Monday, an hour ahead of UTC.
        for (moment, opens) in [
            ("2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z"),
            ("2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z"),
            ("2026-11-23T16:00:00Z", "2026-11-30T08:00:00Z"),
        ] {
            assert_eq!(
                in_berlin(&hours, &[], moment),
                Err(Some(at(opens))),
                "{moment}"
            );
        }
        for moment in [
            "2026-11-23T08:00:00Z",
            "2026-11-23T10:59:59Z",
            "2026-11-23T15:59:59Z",
        ] {
            assert_eq!(in_berlin(&hours, &[], moment), Ok(()), "{moment}");
        }
    }

    #[test]
    fn a_range_goes_on_after_midnight() {
        let hours = hours("friday = [\"22:00-02:00\"]\nsunday = [\"00:00-24:00\"]");
        // Friday is 2026-11-27.
        assert_eq!(in_berlin(&hours, &[], "2026-11-28T00:59:59Z"), Ok(()));
        let sunday = Err(Some(at("2026-11-28T23:00:00Z")));
        assert_eq!(in_berlin(&hours, &[], "2026-11-28T01:00:00Z"), sunday);
        assert_eq!(in_berlin(&hours, &[], "2026-11-29T22:59:59Z"), Ok(()));
        let friday = Err(Some(at("2026-12-04T21:00:00Z")));
        assert_eq!(in_berlin(&hours, &[], "2026-11-29T23:00:00Z"), friday);
    }

    #[test]
    fn a_holiday_begins_nothing_and_ends_nothing() {
        let hours = hours("thursday = [\"22:00-02:00\"]\nfriday = [\"09:00-17:00\"]");
        // Christmas 2026 is a Friday.
        let holidays = ["2026-12-25"];
        assert_eq!(in_berlin(&hours, &holidays, "2026-12-25T00:30:00Z"), Ok(()));
        let new_years_eve = Err(Some(at("2026-12-31T21:00:00Z")));
        assert_eq!(
            in_berlin(&hours, &holidays, "2026-12-25T10:00:00Z"),
            new_years_eve
        );
    }

    #[test]
    fn the_clock_on_the_wall_decides_when_it_is_put_on_and_back() {
        let hours = hours("sunday = [\"01:30-09:00\"]\nmonday = [\"02:30-09:00\"]");
        // Put on at 01:00 UTC of Sunday 2026-03-29: 09:00 is at 07:00 UTC from there on.
        assert_eq!(in_berlin(&hours, &[], "2026-03-29T06:59:59Z"), Ok(()));
        let monday = Err(Some(at("2026-03-30T00:30:00Z")));
        assert_eq!(in_berlin(&hours, &[], "2026-03-29T07:00:00Z"), monday);
        // Put back at 01:00 UTC of Sunday 2026-10-25: 09:00 is at 08:00 UTC from there on.
        assert_eq!(in_berlin(&hours, &[], "2026-10-24T23:30:00Z"), Ok(()));
        assert_eq!(in_berlin(&hours, &[], "2026-10-25T07:59:59Z"), Ok(()));
        assert!(in_berlin(&hours, &[], "2026-10-25T08:00:00Z").is_err());
    }

    #[test]
    fn a_time_that_the_clock_jumps_over_comes_later_and_one_that_comes_twice_first() {
        let hours = hours("sunday = [\"02:30-04:00\"]");
        let opens = Err(Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(in_berlin(&hours, &[], "2026-03-29T01:00:00Z"), opens);
        assert_eq!(in_berlin(&hours, &[], "2026-03-29T01:59:59Z"), Ok(()));
        assert_eq!(in_berlin(&hours, &[], "2026-10-25T00:30:00Z"), Ok(()));
        assert_eq!(in_berlin(&hours, &[], "2026-10-25T02:59:59Z"), Ok(()));
    }

    #[test]
    fn who_never_opens_names_no_time() {
        assert_eq!(
            in_berlin(&Hours::default(), &[], "2026-11-23T10:00:00Z"),
            Err(None)
        );
        let once = hours("monday = [\"09:00-10:00\"]");
        assert_eq!(
            once.open_at(Millis(u64::MAX), &Zone::default(), &[]),
            Err(None)
        );
    }

    #[test]
    fn what_is_no_time_is_told_as_such() {
        for text in [
            "9-17",
            "9:00-17:00",
            "09:00",
            "09:00-25:00",
            "24:00-09:00",
            "09:60-10:00",
            "+9:00-10:00",
        ] {
            assert_eq!(
                text.parse::<Range>(),
                Err(HoursError::Range(text.to_owned()))
            );
        }
        for text in ["", "25.12.2026", "2026-13-01", "2026-02-30"] {
            assert_eq!(text.parse::<Day>(), Err(HoursError::Day(text.to_owned())));
        }
        let nowhere = "Europe/Atlantis";
        assert_eq!(
            nowhere.parse::<Zone>(),
            Err(HoursError::Zone(nowhere.to_owned()))
        );
    }

    #[test]
    fn times_are_written_as_they_are_read() {
        for text in ["09:00-17:30", "22:00-02:00", "00:00-24:00"] {
            assert_eq!(text.parse::<Range>().unwrap().to_string(), text);
        }
        assert_eq!(
            "2026-12-25".parse::<Day>().unwrap().to_string(),
            "2026-12-25"
        );
        assert_eq!(
            "Asia/Tokyo".parse::<Zone>().unwrap().to_string(),
            "Asia/Tokyo"
        );
        assert_eq!(Zone::default().to_string(), "UTC");
    }
}
