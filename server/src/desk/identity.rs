//! Who a visitor is, as far as the site's own server vouches for them.

use hmac::{Hmac, KeyInit, Mac};
use holdfast_protocol::limits;
use holdfast_protocol::profile::{Identified, Identity};
use sha2::Sha256;
use thiserror::Error;

/// An identity that is not taken, in words for the site's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// Nothing, or too much.
    #[error("the id of an identity has 1 to {max} bytes; use your own number or name of the person", max = limits::IDENTITY_BYTES)]
    Length,
    /// No proof where there must be one.
    #[error(
        "this site takes an identity only with its hash; let your server make it with the key that \
         `holdfast site identity` prints"
    )]
    Missing,
    /// A proof that is none.
    #[error(
        "the identity's hash does not fit its id; it is the HMAC-SHA256 of the id under the key that \
         `holdfast site identity` prints, in lower-case hexadecimal digits"
    )]
    Wrong,
}

/// Who a visitor is by what they say, `key` being the site's key as it is printed. A hash that is there must be
/// right; whether there must be one, is the owner's choice.
///
/// # Errors
/// When it is not to be taken; the visitor is not served as somebody else instead.
pub fn prove(
    identity: &Identity,
    key: Option<&str>,
    is_required: bool,
) -> Result<Identified, Mismatch> {
    if !(1..=limits::IDENTITY_BYTES).contains(&identity.id.len()) {
        return Err(Mismatch::Length);
    }
    let verified = match &identity.hash {
        Some(hash) => {
            let key = key.ok_or(Mismatch::Wrong)?;
            is_right(key, &identity.id, hash)
                .then_some(true)
                .ok_or(Mismatch::Wrong)?
        }
        None if is_required => return Err(Mismatch::Missing),
        None => false,
    };
    Ok(Identified {
        id: identity.id.clone(),
        verified,
    })
}

/// Compares in a time that tells nothing of where they differ.
fn is_right(key: &str, id: &str, hash: &str) -> bool {
    let Some(hash) = bytes(hash) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return false;
    };
    mac.update(id.as_bytes());
    mac.verify_slice(&hash).is_ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: Vec<u8> = hex.as_bytes().iter().map(digit).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    let is_whole = pairs.remainder().is_empty();
    is_whole.then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of PROTOCOL.md.
    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const HASH: &str = "84ea49180bccb6b890c42924c3c6827dc6f2a659e2818962c8999b61c69d0af8";

    fn said(id: &str, hash: Option<&str>) -> Identity {
        Identity {
            id: id.to_owned(),
            hash: hash.map(str::to_owned),
        }
    }

    fn verified(identity: &Identity, is_required: bool) -> Result<bool, Mismatch> {
        prove(identity, Some(KEY), is_required).map(|identified| identified.verified)
    }

    #[test]
    fn the_example_of_the_protocol_is_right() {
        assert_eq!(verified(&said("user-17", Some(HASH)), true), Ok(true));
        let text = include_str!("../../../PROTOCOL.md");
        assert!(text.contains(KEY) && text.contains(HASH));
    }

    #[test]
    fn a_hash_that_is_there_must_be_right() {
        let upper = HASH.to_uppercase();
        let other = format!("0{}", &HASH[1..]);
        for hash in ["", "0", "x", &HASH[..63], &HASH[..32], &upper, &other, "é"] {
            for is_required in [false, true] {
                let found = verified(&said("user-17", Some(hash)), is_required);
                assert_eq!(found, Err(Mismatch::Wrong), "{hash}");
            }
        }
        let found = verified(&said("user-18", Some(HASH)), false);
        assert_eq!(found, Err(Mismatch::Wrong));
        let keyless = prove(&said("user-17", Some(HASH)), None, false);
        assert_eq!(keyless, Err(Mismatch::Wrong));
    }

    #[test]
    fn a_claim_is_taken_as_such_where_no_proof_is_asked_for() {
        assert_eq!(verified(&said("user-17", None), false), Ok(false));
        let found = verified(&said("user-17", None), true);
        assert_eq!(found, Err(Mismatch::Missing));
    }

    #[test]
    fn an_id_is_something_and_not_too_much() {
        assert_eq!(verified(&said("", None), false), Err(Mismatch::Length));
        let long = "x".repeat(limits::IDENTITY_BYTES + 1);
        assert_eq!(verified(&said(&long, None), false), Err(Mismatch::Length));
        assert_eq!(verified(&said(&long[1..], None), false), Ok(false));
    }
}
