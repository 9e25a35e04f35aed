//! What the fuzz targets hold, as plain functions: `fuzz/` runs them under libFuzzer, `replay.rs` runs them over
//! the inputs that stand in the repository.

mod decode;
pub(crate) mod frames;
mod honest;
mod ledger;
mod reader;
pub(crate) mod run;
mod saved;
mod script;
mod shell;

use holdfast_protocol::client::{Agent, Visitor};
use holdfast_protocol::frame::{AgentDown, AgentUp, VisitorDown, VisitorUp};
use holdfast_protocol::limits::{DOWN_FRAME_BYTES, UP_FRAME_BYTES};

/// One target: it panics where the bytes show something that must not be.
pub(crate) type Target = fn(&[u8]);

/// Every target with the name of its folder in `fuzz/corpus`.
pub(crate) const TARGETS: [(&str, Target); 8] = [
    ("agent_client", shell::run::<Agent>),
    ("agent_down", |bytes| {
        decode::check::<AgentDown>(bytes, DOWN_FRAME_BYTES);
    }),
    ("agent_up", |bytes| {
        decode::check::<AgentUp>(bytes, UP_FRAME_BYTES);
    }),
    ("reader", reader::run),
    ("saved", saved::run),
    ("visitor_client", shell::run::<Visitor>),
    ("visitor_down", |bytes| {
        decode::check::<VisitorDown>(bytes, DOWN_FRAME_BYTES);
        decode::check_compact(bytes);
    }),
    ("visitor_up", |bytes| {
        decode::check::<VisitorUp>(bytes, UP_FRAME_BYTES);
    }),
];
