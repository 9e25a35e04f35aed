//! What a server asks its machine for by plain functions: the wall clock, randomness, and how long the disk
//! takes. One history runs on one thread, so the answers lie in the thread.

use std::cell::RefCell;

use holdfast_protocol::time::Millis;
use tokio::time::Instant;

use crate::rng::Rng;

/// The wall clock when a history begins: some day in 2026.
const DAWN: u64 = 1_780_000_000_000;

/// A token's characters: 32 bytes in base64url.
const TOKEN: usize = 43;

struct Ambient {
    rng: Rng,
    start: Instant,
    /// How far the wall clock has jumped.
    jumped: i64,
    /// The disk does nothing before this moment.
    stalled: Option<Instant>,
}

thread_local! {
    static AMBIENT: RefCell<Option<Ambient>> = const { RefCell::new(None) };
}

/// Begins a history on this thread.
pub(crate) fn begin(seed: u64) {
    AMBIENT.set(Some(Ambient {
        rng: Rng::new(seed),
        start: Instant::now(),
        jumped: 0,
        stalled: None,
    }));
}

/// Lets the wall clock jump.
pub(crate) fn jump(millis: i64) {
    with(|ambient| ambient.jumped += millis);
}

/// Stalls the disk for so long from now on; zero ends a stall.
pub(crate) fn stall(span: Millis) {
    with(|ambient| ambient.stalled = Some(Instant::now() + holdfast::clock::span(span)));
}

/// The wall clock.
pub(crate) fn wall() -> Millis {
    with(|ambient| {
        let passed = ambient.start.elapsed().as_millis() as u64;
        Millis((DAWN + passed).saturating_add_signed(ambient.jumped))
    })
}

/// How long the disk takes for what it is asked for now.
pub(crate) fn pause() -> Millis {
    with(|ambient| {
        let now = Instant::now();
        match ambient.stalled {
            Some(until) if until > now => Millis((until - now).as_millis() as u64),
            Some(_) | None => Millis(ambient.rng.next() % 4),
        }
    })
}

/// A visitor's token.
#[expect(clippy::unnecessary_wraps, reason = "the server's own draw can fail")]
pub(crate) fn draw_token() -> Result<String, getrandom::Error> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    Ok(with(|ambient| {
        let letters = (1..TOKEN).map(|_| LETTERS[ambient.rng.index(LETTERS.len())]);
        // The last character holds the last four bits only.
        letters.chain([b'A']).map(char::from).collect()
    }))
}

fn with<R>(ask: impl FnOnce(&mut Ambient) -> R) -> R {
    AMBIENT.with_borrow_mut(|ambient| ask(ambient.as_mut().unwrap()))
}
