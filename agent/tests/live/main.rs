//! The client against a server that says what the test tells it to, over real TLS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a helper fails its test, and picks one of many"
)]

mod common;
mod connection;
mod json_mode;
