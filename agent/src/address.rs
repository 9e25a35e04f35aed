//! An agent's address: `holdfast://SECRET@HOST:PORT/#sha256=HEX`.

use std::fmt;
use std::str::FromStr;

use holdfast_protocol::limits;
use thiserror::Error;

/// What `holdfast agent add` prints: where the server is, who this agent is, and which certificate to
/// expect. Whoever has it is this agent, so neither [`fmt::Debug`] nor [`fmt::Display`] shows the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    secret: String,
    fingerprint: Option<Fingerprint>,
}

impl Address {
    /// A name or an IP address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the login shows.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The one certificate that is accepted; where absent, the public authorities decide.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// The SHA-256 of a certificate's DER bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate.
    #[must_use]
    pub fn of(certificate_der: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate_der);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no agent's address. No variant carries the secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Another scheme, or none.
    #[error(
        "an agent's address begins with holdfast:// as in holdfast://SECRET@HOST:PORT/#sha256=HEX; \
         take the whole line that `holdfast agent add` printed"
    )]
    Scheme,
    /// Nothing before an `@`.
    #[error(
        "the address has no secret before the @; take the whole line that `holdfast agent add` printed"
    )]
    NoSecret,
    /// The secret can't be one.
    #[error(
        "the secret in the address has characters that no secret has (only letters, digits, - and _, at most \
         {max}); was a part of the line lost or doubled when it was copied?",
        max = limits::TOKEN_BYTES
    )]
    BadSecret,
    /// No host.
    #[error("the address names no host after the @")]
    NoHost,
    /// No port, or none that can be.
    #[error("the address has no port from 1 to 65535 after {0}: write it as in {0}:8443")]
    BadPort(String),
    /// Something follows the port that is not a fingerprint.
    #[error("{0:?} at the address's end is not understood; only /#sha256=HEX can follow the port")]
    BadEnd(String),
    /// The fingerprint is not 64 hexadecimal digits.
    #[error(
        "the fingerprint after #sha256= has {0} hexadecimal digits instead of 64; was the line cut \
         when it was copied? (in a shell, put the address between quotes)"
    )]
    BadFingerprint(usize),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let rest = text
            .trim()
            .strip_prefix("holdfast://")
            .ok_or(AddressError::Scheme)?;
        let (secret, rest) = rest.split_once('@').ok_or(AddressError::NoSecret)?;
        if secret.is_empty() {
            return Err(AddressError::NoSecret);
        }
        let is_secret = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if secret.len() > limits::TOKEN_BYTES || !secret.bytes().all(is_secret) {
            return Err(AddressError::BadSecret);
        }
        let end = rest.find(['/', '#', '?']).unwrap_or(rest.len());
        let (place, end) = rest.split_at(end);
        let (host, port) = parse_place(place)?;
        Ok(Self {
            host,
            port,
            secret: secret.to_owned(),
            fingerprint: parse_end(end)?,
        })
    }
}

fn parse_place(place: &str) -> Result<(String, u16), AddressError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(AddressError::NoHost)?;
            (host, rest.strip_prefix(':'))
        }
        None => match place.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() {
        return Err(AddressError::NoHost);
    }
    let port = port.and_then(|port| port.parse().ok()).filter(|&p| p != 0);
    let port = port.ok_or_else(|| AddressError::BadPort(host.to_owned()))?;
    Ok((host.to_owned(), port))
}

fn parse_end(end: &str) -> Result<Option<Fingerprint>, AddressError> {
    let end = end.strip_prefix('/').unwrap_or(end);
    if end.is_empty() {
        return Ok(None);
    }
    let hex = end
        .strip_prefix("#sha256=")
        .ok_or_else(|| AddressError::BadEnd(end.to_owned()))?;
    let mut bytes = [0; 32];
    let mut count = 0;
    for digit in hex.chars().filter(|&digit| digit != ':') {
        let value = digit
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
            .ok_or_else(|| AddressError::BadEnd(end.to_owned()))?;
        if let Some(byte) = bytes.get_mut(count / 2) {
            *byte = (*byte << 4) | value;
        }
        count += 1;
    }
    if count != 64 {
        return Err(AddressError::BadFingerprint(count));
    }
    Ok(Some(Fingerprint(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn error(text: &str) -> AddressError {
        text.parse::<Address>().unwrap_err()
    }

    #[test]
    fn a_whole_address_is_read() {
        let address: Address = format!("holdfast://s3-_cret@chat.example:8443/#sha256={HEX}\n")
            .parse()
            .unwrap();
        assert_eq!(address.host(), "chat.example");
        assert_eq!(address.port(), 8443);
        assert_eq!(address.secret(), "s3-_cret");
        assert_eq!(address.fingerprint(), Some(Fingerprint::of(b"abc")));
    }

    #[test]
    fn an_ipv6_host_and_no_fingerprint_will_do() {
        let address: Address = "holdfast://s@[::1]:1/".parse().unwrap();
        assert_eq!(address.host(), "::1");
        assert_eq!(address.fingerprint(), None);
        assert_eq!(address.to_string(), "[::1]:1");
    }

    #[test]
    fn what_is_wrong_is_said_and_the_secret_is_not() {
        assert_eq!(error("https://x"), AddressError::Scheme);
        assert_eq!(error("holdfast://host:1"), AddressError::NoSecret);
        assert_eq!(error("holdfast://@host:1"), AddressError::NoSecret);
        assert_eq!(error("holdfast://a b@host:1"), AddressError::BadSecret);
        assert_eq!(error("holdfast://s@:1"), AddressError::NoHost);
        assert_eq!(error("holdfast://s@h"), AddressError::BadPort("h".into()));
        assert_eq!(error("holdfast://s@h:0"), AddressError::BadPort("h".into()));
        assert_eq!(
            error("holdfast://s@h:1/#sha256=ab"),
            AddressError::BadFingerprint(2)
        );
        assert_eq!(
            error("holdfast://s@h:1/?x"),
            AddressError::BadEnd("?x".into())
        );
        let address: Address = format!("holdfast://hush@h:1/#sha256={HEX}")
            .parse()
            .unwrap();
        assert!(!format!("{address:?} {address}").contains("hush"));
    }
}
