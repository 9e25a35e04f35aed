//! What a site's owner sets, as it stands in a file and in the database.

use holdfast_protocol::frame::{PrechatField, PrechatKind, SiteState};
use holdfast_protocol::limits;
use holdfast_protocol::profile::one_line;
use holdfast_protocol::time::Millis;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::hours::{Day, Hours, Zone};

/// What a visitor is asked before their first message: more would be asked of nobody who wants to write.
const PRECHAT_FIELDS: usize = 10;

/// Holidays that are named one by one: those of several years.
const HOLIDAYS: usize = 200;

/// What a site's owner has set. By default nothing: always open, and nothing is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SiteSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<Zone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    greeting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    away: Option<String>,
    typing_preview: bool,
    rating: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holidays: Vec<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<Hours>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prechat: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    label: String,
    #[serde(default = "text")]
    kind: PrechatKind,
    #[serde(default)]
    required: bool,
}

fn text() -> PrechatKind {
    PrechatKind::Text
}

/// Settings that can't be so.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// Not TOML, or a word that is none of ours; the error names the line.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A text that is too long.
    #[error("`{name}` has {bytes} bytes, at most {max} are possible; shorten it")]
    Long {
        /// Which one.
        name: String,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// Hours without a place.
    #[error("`hours` and `holidays` need `timezone`, such as \"Europe/Berlin\"")]
    NoZone,
    /// Holidays of a site that is always open.
    #[error("`holidays` need `hours`: a site without them is always open")]
    NoHours,
    /// A name that is no field's.
    #[error("`{0}` can't be the name of a field of `prechat`: use 1 to {max} bytes in one line", max = limits::FIELD_NAME_BYTES)]
    FieldName(String),
    /// A name twice.
    #[error("`prechat` has two fields of the name `{0}`; rename one of them")]
    FieldTwice(String),
    /// Too many of something.
    #[error("`{name}` has {count} entries, at most {max} are possible")]
    Many {
        /// Of what.
        name: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        max: usize,
    },
}

impl SiteSettings {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When something in it can't be so; the error names the place and says what to do.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text)?;
        settings.check()?;
        Ok(settings)
    }

    /// How the site stands at a moment.
    #[must_use]
    pub fn state(&self, unix: Millis) -> SiteState {
        let zone = self.timezone.clone().unwrap_or_default();
        let opens = match &self.hours {
            Some(hours) => hours.open_at(unix, &zone, &self.holidays),
            None => Ok(()),
        };
        SiteState {
            closed: opens.is_err(),
            opens_at: opens.err().flatten(),
            greeting: self.greeting.clone(),
            away: self.away.clone(),
            prechat: self.prechat.iter().map(Field::told).collect(),
            preview: self.typing_preview,
            rating: self.rating,
        }
    }

    fn check(&self) -> Result<(), SettingsError> {
        let has_hours = self.hours.is_some();
        if self.timezone.is_none() && (has_hours || !self.holidays.is_empty()) {
            return Err(SettingsError::NoZone);
        }
        if !has_hours && !self.holidays.is_empty() {
            return Err(SettingsError::NoHours);
        }
        few("holidays", self.holidays.len(), HOLIDAYS)?;
        few("prechat", self.prechat.len(), PRECHAT_FIELDS)?;
        for (name, text) in [("greeting", &self.greeting), ("away", &self.away)] {
            if let Some(text) = text {
                short(name, text, limits::GREETING_BYTES)?;
            }
        }
        for (at, field) in self.prechat.iter().enumerate() {
            let name = &field.name;
            if name.is_empty() || *name != one_line(name, limits::FIELD_NAME_BYTES) {
                return Err(SettingsError::FieldName(name.escape_debug().to_string()));
            }
            if self
                .prechat
                .iter()
                .take(at)
                .any(|other| other.name == *name)
            {
                return Err(SettingsError::FieldTwice(name.clone()));
            }
            short(
                &format!("label of {name}"),
                &field.label,
                limits::LABEL_BYTES,
            )?;
        }
        Ok(())
    }
}

impl Field {
    fn told(&self) -> PrechatField {
        PrechatField {
            name: self.name.clone(),
            label: self.label.clone(),
            kind: self.kind,
            required: self.required,
        }
    }
}

fn few(name: &'static str, count: usize, max: usize) -> Result<(), SettingsError> {
    if count > max {
        return Err(SettingsError::Many { name, count, max });
    }
    Ok(())
}

fn short(name: &str, text: &str, max: usize) -> Result<(), SettingsError> {
    if text.len() > max {
        return Err(SettingsError::Long {
            name: name.to_owned(),
            bytes: text.len(),
            max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        timezone = "Europe/Berlin"
        greeting = "Hello! How can we help?"
        away = "We are back at nine."
        typing-preview = true
        rating = true
        holidays = ["2026-12-25", "2026-12-26"]

        [hours]
        monday = ["09:00-12:00", "13:00-17:00"]
        saturday = ["22:00-02:00"]

        [[prechat]]
        name = "email"
        label = "Your e-mail"
        kind = "email"
        required = true

        [[prechat]]
        name = "order"
        label = "Order number"
    "#;

    #[test]
    fn settings_survive_the_database_and_the_printer() {
        let settings = SiteSettings::parse(FILE).unwrap();
        let json = serde_json::to_string(&settings).unwrap();
        let read: SiteSettings = serde_json::from_str(&json).unwrap();
        assert_eq!(read, settings);
        let printed = toml::to_string(&settings).unwrap();
        assert_eq!(SiteSettings::parse(&printed).unwrap(), settings);
    }

    #[test]
    fn the_example_of_the_documentation_can_be_set() {
        let text = include_str!("../../../docs/site.md");
        let example = text
            .split("```toml")
            .nth(1)
            .and_then(|rest| rest.split("```").next());
        let settings = SiteSettings::parse(example.unwrap()).unwrap();
        assert_eq!(settings.prechat[1].kind, PrechatKind::Consent);
        assert_eq!(settings.holidays.len(), 2);
    }

    #[test]
    fn a_visitor_is_told_what_is_set() {
        let settings = SiteSettings::parse(FILE).unwrap();
        // A Monday, 09:00 in Berlin.
        let open = settings.state(Millis(1_795_420_800_000));
        assert!(!open.closed && open.preview && open.rating);
        assert_eq!(open.opens_at, None);
        assert_eq!(open.prechat[1].kind, PrechatKind::Text);
        let closed = settings.state(Millis(1_795_420_799_000));
        assert!(closed.closed);
        assert_eq!(closed.opens_at, Some(Millis(1_795_420_800_000)));
        let plain = SiteSettings::parse("").unwrap().state(Millis(0));
        assert!(plain.is_plain());
    }

    #[test]
    fn what_cannot_be_is_refused_in_words_that_name_the_place() {
        let long = format!("away = \"{}\"", "x".repeat(1025));
        let field = "[[prechat]]\nname = \"a\"\nlabel = \"A\"\n";
        let many = (0..11).map(|n| field.replace("\"a\"", &format!("\"{n}\"")));
        for (text, words) in [
            ("colour = 1", "line 1"),
            ("\nrating = \"yes\"", "line 2"),
            ("timezone = \"Berlin\"", "Europe/Berlin"),
            ("timezone = \"UTC\"\n[hours]\nmonday = [\"9-17\"]", "line 3"),
            ("timezone = \"UTC\"\n[hours]\nmontag = []", "montag"),
            ("[hours]\nmonday = []", "need `timezone`"),
            (
                "timezone = \"UTC\"\nholidays = [\"2026-12-25\"]",
                "need `hours`",
            ),
            (
                "timezone = \"UTC\"\nholidays = [\"25.12.\"]",
                "such as 2026-12-25",
            ),
            ("[[prechat]]\nname = \"a\\nb\"\nlabel = \"A\"", "one line"),
            (
                "[[prechat]]\nname = \"a\"\nlabel = \"A\"\nkind = \"colour\"",
                "line 4",
            ),
            (&field.repeat(2), "two fields of the name `a`"),
            (&many.collect::<String>(), "at most 10"),
            (&long, "at most 1024"),
        ] {
            let error = SiteSettings::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
