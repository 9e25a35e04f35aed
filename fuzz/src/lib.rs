//! The bodies of the fuzz targets, which stand with the protocol's tests because these replay the corpus.

#[path = "../../protocol/tests/fuzzed/mod.rs"]
#[allow(dead_code, reason = "the properties use the rest")]
mod fuzzed;

/// Runs the target of that name over an input.
///
/// # Panics
/// Where the input shows a fault, or no target has that name.
pub fn run(name: &str, bytes: &[u8]) {
    let (_, target) = fuzzed::TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no target is named {name}"));
    target(bytes);
}
