//! Holdfast's server: live chat whose messages survive every cut.
//!
//! ```text
//! listen -> link -> log | presence | desk        log -> store
//! ```
//!
//! Around them: [`cli`] and [`admin`] are the commands, [`config`] and [`folder`] what they work with, and
//! [`serve`] puts the server together.

pub mod admin;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod folder;
pub mod key;
pub mod link;
pub mod listen;
pub mod log;
pub mod presence;
pub mod secret;
pub mod serve;
pub mod store;
