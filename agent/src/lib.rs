//! The agent's side of Holdfast: a connection that loses nothing, for people and for programs.
//!
//! * [`address`]: where the server is, who this agent is, which certificate is expected.
//! * [`shell`]: the connection. It drives the protocol's state machine, moves bytes, and has no rules
//!   of its own.
//! * [`state`]: outbox and cursor in a file.
//! * [`model`]: what is known of the site's conversations; pure.
//! * [`receipts`]: what this client has to say about how far it has come; pure.
//! * [`json`]: the lines of the JSON mode.
//!
//! The terminal interface is the binary's.

pub mod address;
pub mod clock;
pub mod json;
mod line;
pub mod model;
pub mod receipts;
pub mod sanitise;
pub mod shell;
pub mod state;
mod tls;

pub use shell::{Config, Event, Handle, Request, connect};
