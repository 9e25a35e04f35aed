//! The client's half, rule by rule.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

mod bench;
mod identity;
mod lines;
mod outbox;
