//! The one-line address that an agent is given.

use std::{fmt, net::SocketAddr, str::FromStr};

use anyhow::{Context as _, Error, Result, ensure};

/// `holdfast://SECRET@HOST:PORT/#sha256=FINGERPRINT`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Who the agent is.
    pub secret: String,
    /// Where the server is.
    pub place: String,
    /// The SHA-256 of the server's certificate, in hexadecimal digits.
    pub fingerprint: String,
}

impl Address {
    /// The same agent by another way to the server, as through a [`crate::proxy::Proxy`].
    #[must_use]
    pub fn at(&self, place: SocketAddr) -> Self {
        Self {
            place: place.to_string(),
            ..self.clone()
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let take = || {
            let rest = text.strip_prefix("holdfast://")?;
            let (secret, rest) = rest.split_once('@')?;
            let (place, fingerprint) = rest.split_once("/#sha256=")?;
            Some((secret, place, fingerprint))
        };
        let (secret, place, fingerprint) =
            take().with_context(|| format!("no agent's address: {text:?}"))?;
        let is_hex = fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(
            is_hex && fingerprint.len() == 64,
            "no SHA-256 in {text:?}: {fingerprint:?}"
        );
        Ok(Self {
            secret: secret.to_owned(),
            place: place.to_owned(),
            fingerprint: fingerprint.to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            secret,
            place,
            fingerprint,
        } = self;
        write!(f, "holdfast://{secret}@{place}/#sha256={fingerprint}")
    }
}
