//! Tokens and secrets: 32 random bytes in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::key::{SiteId, VisitorId};

const BYTES: usize = 32;

/// A new token or secret of 43 characters.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn draw() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// 64 random bits.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn draw_u64() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}

/// Whether `text` is one that [`draw`] can have made.
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == BYTES)
}

/// What is kept of an agent's secret. A fast hash serves, since what it hides has 256 bits: there is
/// nothing to guess.
#[must_use]
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whose token it is.
#[must_use]
pub fn visitor_of(token: &str) -> VisitorId {
    let hash = hash(token);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    VisitorId(id)
}

/// Who the site's own person of this name is here. No token's visitor: a token has no such beginning.
#[must_use]
pub fn person_of(site: SiteId, id: &str) -> VisitorId {
    visitor_of(&format!("person of site {}: {id}", site.0))
}

/// A new key of 64 hexadecimal digits, under which a site vouches for its visitors.
///
/// # Errors
/// When the machine has no randomness to give.
pub fn draw_key() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_well_formed_and_differ() {
        let token = draw().unwrap();
        assert_eq!(token.len(), 43);
        assert!(is_well_formed(&token));
        assert_ne!(token, draw().unwrap());
        assert_ne!(visitor_of(&token), visitor_of(&draw().unwrap()));
    }

    #[test]
    fn persons_are_their_sites_own_and_no_token() {
        let ana = person_of(SiteId(1), "ana");
        assert_eq!(ana, person_of(SiteId(1), "ana"));
        assert_ne!(ana, person_of(SiteId(2), "ana"));
        assert_ne!(person_of(SiteId(1), "1: ana"), person_of(SiteId(11), "ana"));
        let token = draw().unwrap();
        assert_ne!(person_of(SiteId(1), &token), visitor_of(&token));
        assert!(!is_well_formed("person of site 1: ana"));
    }

    #[test]
    fn a_key_is_64_digits() {
        let key = draw_key().unwrap();
        assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(key, draw_key().unwrap());
    }

    #[test]
    fn what_was_not_drawn_is_recognised() {
        for text in ["", "abc", &"x".repeat(44), &"+".repeat(43), &"é".repeat(43)] {
            assert!(!is_well_formed(text), "{text}");
        }
    }
}
