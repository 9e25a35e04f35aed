//! What can be configured: by flags, by the environment and by a TOML file, in this order of strength.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use clap::Args;
use holdfast_protocol::frame::{Beat, Heartbeat};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use serde::Deserialize;

use crate::presence::Grace;

/// The offline queue is promised for two days.
const RETAIN_DAYS_MIN: u32 = 2;

const RETAIN_DAYS: u32 = 30;

/// What may be left out, by flag or environment (the same names with `HOLDFAST_`), and in the file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// The data folder, in the file.
    #[arg(skip)]
    data: Option<PathBuf>,
    /// Address of the visitors' port and of the pages [default: 127.0.0.1:8080]
    #[arg(long, env = "HOLDFAST_HTTP", value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Address of the agents' port [default: 127.0.0.1:8443]
    #[arg(long, env = "HOLDFAST_AGENTS", value_name = "ADDR")]
    agents: Option<SocketAddr>,
    /// The agents' port as agents reach it, for the addresses that `agent add` prints
    #[arg(long, env = "HOLDFAST_AGENTS_PUBLIC", value_name = "HOST:PORT")]
    agents_public: Option<String>,
    /// Serve the demo shop at `/`, with the site "demo"
    #[arg(long, env = "HOLDFAST_DEMO", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    demo: Option<bool>,
    /// Days that messages are kept, 2 at least [default: 30]
    #[arg(long, env = "HOLDFAST_RETAIN_DAYS", value_name = "DAYS")]
    retain_days: Option<u32>,
    /// Certificate for the agents' port, PEM; without it one is made
    #[arg(long, env = "HOLDFAST_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Key of that certificate, PEM
    #[arg(long, env = "HOLDFAST_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Heartbeat where a person waits, and when a silent peer is dead [default: 3s/9s]
    #[arg(long, env = "HOLDFAST_HEARTBEAT_STRICT", value_name = "EVERY/DEAD")]
    heartbeat_strict: Option<BeatSpec>,
    /// The same elsewhere [default: 25s/40s]
    #[arg(long, env = "HOLDFAST_HEARTBEAT_CALM", value_name = "EVERY/DEAD")]
    heartbeat_calm: Option<BeatSpec>,
    /// How long a handshake may take [default: 5s]
    #[arg(long, env = "HOLDFAST_HANDSHAKE", value_name = "SPAN")]
    handshake: Option<Span>,
    /// A cut of an agent that is shorter shows nobody as gone [default: 30s]
    #[arg(long, env = "HOLDFAST_AGENT_GRACE", value_name = "SPAN")]
    agent_grace: Option<Span>,
    /// A cut of a visitor that is shorter shows nobody as gone [default: 10s]
    #[arg(long, env = "HOLDFAST_VISITOR_GRACE", value_name = "SPAN")]
    visitor_grace: Option<Span>,
}

/// What holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Address of the visitors' port.
    pub http: SocketAddr,
    /// Address of the agents' port.
    pub agents: SocketAddr,
    /// The agents' port as agents reach it, where that differs.
    pub agents_public: Option<String>,
    /// Whether the demo shop is served.
    pub demo: bool,
    /// How long events are kept.
    pub retain: Millis,
    /// Certificate and key for the agents' port, where they are given.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The times of the heartbeat.
    pub heartbeat: Heartbeat,
    /// How long a handshake may take.
    pub handshake: Millis,
    /// How long a cut may last before it shows.
    pub grace: Grace,
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// When it can't be read, or says something unknown; the error names the place.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("can't read --config {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in --config {}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// These settings, and the weaker ones where these say nothing.
    #[must_use]
    pub fn or(self, weaker: Self) -> Self {
        Self {
            data: self.data.or(weaker.data),
            http: self.http.or(weaker.http),
            agents: self.agents.or(weaker.agents),
            agents_public: self.agents_public.or(weaker.agents_public),
            demo: self.demo.or(weaker.demo),
            retain_days: self.retain_days.or(weaker.retain_days),
            tls_cert: self.tls_cert.or(weaker.tls_cert),
            tls_key: self.tls_key.or(weaker.tls_key),
            heartbeat_strict: self.heartbeat_strict.or(weaker.heartbeat_strict),
            heartbeat_calm: self.heartbeat_calm.or(weaker.heartbeat_calm),
            handshake: self.handshake.or(weaker.handshake),
            agent_grace: self.agent_grace.or(weaker.agent_grace),
            visitor_grace: self.visitor_grace.or(weaker.visitor_grace),
        }
    }

    /// What holds, `data` being what the flag or the environment says.
    ///
    /// # Errors
    /// When something can't be so; the error says what to change.
    pub fn resolve(self, data: Option<PathBuf>) -> anyhow::Result<Config> {
        let days = self.retain_days.unwrap_or(RETAIN_DAYS);
        ensure!(
            days >= RETAIN_DAYS_MIN,
            "--retain-days {days} is too short: a message must wait for its reader for \
             {RETAIN_DAYS_MIN} days at least"
        );
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => bail!("--tls-cert needs --tls-key with the certificate's key"),
            (None, Some(_)) => bail!("--tls-key needs --tls-cert with the key's certificate"),
        };
        let usual = Heartbeat::default();
        Ok(Config {
            data: data.or(self.data).unwrap_or_else(|| "data".into()),
            http: self.http.unwrap_or_else(|| local(8080)),
            agents: self.agents.unwrap_or_else(|| local(8443)),
            agents_public: self.agents_public,
            demo: self.demo.unwrap_or(false),
            retain: Millis::from_secs(u64::from(days) * 24 * 60 * 60),
            tls,
            heartbeat: Heartbeat {
                strict: self.heartbeat_strict.map_or(usual.strict, |beat| beat.0),
                calm: self.heartbeat_calm.map_or(usual.calm, |beat| beat.0),
            },
            handshake: self.handshake.map_or(limits::HANDSHAKE, |span| span.0),
            grace: Grace {
                agent: self
                    .agent_grace
                    .map_or(Millis::from_secs(30), |span| span.0),
                visitor: self
                    .visitor_grace
                    .map_or(Millis::from_secs(10), |span| span.0),
            },
        })
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A span of time, such as `500ms`, `3s`, `2m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(Millis);

/// A text that is no span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not a number with a unit.
    #[error("`{0}` is no span of time; write one such as 500ms, 3s or 2m")]
    Span(String),
    /// Not two spans.
    #[error(
        "`{0}` is no heartbeat; write how often and after what silence a peer is dead, such as 3s/9s"
    )]
    Beat(String),
    /// The second is not longer than the first.
    #[error(
        "`{0}` would call every peer dead between two beats; the second span must be the longer one"
    )]
    Order(String),
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000)];
        let span = units.iter().find_map(|(unit, millis)| {
            let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
            number.checked_mul(*millis)
        });
        span.map(|span| Self(Millis(span)))
            .ok_or_else(|| SpanError::Span(text.to_owned()))
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

/// The times of one pace, such as `3s/9s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BeatSpec(Beat);

impl FromStr for BeatSpec {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (every, dead) = text
            .split_once('/')
            .ok_or_else(|| SpanError::Beat(text.to_owned()))?;
        let (Span(every_ms), Span(dead_ms)) = (every.parse()?, dead.parse()?);
        if every_ms == Millis(0) || dead_ms <= every_ms {
            return Err(SpanError::Order(text.to_owned()));
        }
        Ok(Self(Beat { every_ms, dead_ms }))
    }
}

impl TryFrom<String> for BeatSpec {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> anyhow::Result<Config> {
        Settings::parse(text)?.resolve(None)
    }

    #[test]
    fn the_stronger_settings_win_one_by_one() {
        let file =
            Settings::parse("http = \"127.0.0.1:1\"\nagents = \"127.0.0.1:2\"\nretain-days = 3");
        let flags = Settings {
            http: Some(local(9)),
            demo: Some(true),
            ..Settings::default()
        };
        let config = flags.or(file.unwrap()).resolve(Some("x".into())).unwrap();
        assert_eq!(config.http, local(9));
        assert_eq!(config.agents, local(2));
        assert_eq!(config.retain, Millis::from_secs(3 * 86_400));
        assert!(config.demo);
        assert_eq!(config.data, Path::new("x"));
    }

    #[test]
    fn the_flag_for_data_is_stronger_than_the_file() {
        let file = Settings::parse("data = \"from-file\"").unwrap();
        let resolve = |flag: Option<&str>| {
            let config = file.clone().resolve(flag.map(Into::into));
            config.unwrap().data
        };
        assert_eq!(resolve(None), Path::new("from-file"));
        assert_eq!(resolve(Some("flag")), Path::new("flag"));
    }

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        for (text, words) in [
            ("retain-days = 1", "too short"),
            ("tls-cert = \"a\"", "--tls-key"),
            ("heartbeat-strict = \"9s/3s\"", "longer one"),
            ("heartbeat-strict = \"9s\"", "such as 3s/9s"),
            ("handshake = \"soon\"", "such as 500ms"),
            ("colour = 1", "colour"),
        ] {
            let error = format!("{:#}", config(text).unwrap_err());
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn spans_are_read() {
        for (text, millis) in [("500ms", 500), ("3s", 3000), ("2m", 120_000)] {
            assert_eq!(text.parse(), Ok(Span(Millis(millis))));
        }
        let beat = config("heartbeat-calm = \"1s/2500ms\"")
            .unwrap()
            .heartbeat
            .calm;
        assert_eq!(beat.dead_ms, Millis(2500));
    }
}
