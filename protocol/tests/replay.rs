//! Every input that fuzzing kept, and every one that ever showed a fault, on every run of the tests.
//!
//! `fuzz/README.md` says how the inputs come about.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

#[allow(dead_code, reason = "the properties use the rest")]
mod fuzzed;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fuzzed::TARGETS;

/// Inputs of one target, and bytes of one input: they are read by every checkout.
const MOST_INPUTS: usize = 64;
const MOST_BYTES: u64 = 4 * 1024;

#[test]
fn no_input_that_was_kept_shows_a_fault() {
    let replayed = replay("corpus");
    for (target, count) in replayed {
        assert!(count > 0, "fuzz/corpus/{target} is empty");
        assert!(count <= MOST_INPUTS, "fuzz/corpus/{target}: minimise it");
    }
}

#[test]
fn no_fault_that_was_mended_is_back() {
    replay("regressions");
}

#[test]
fn every_target_is_one_of_the_fuzzer() {
    let mut listed: Vec<String> = files(&root().join("fuzz_targets"))
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    listed.sort();
    let known: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, known);
}

/// Runs each target over its folder, names every input that shows a fault, and counts the inputs.
fn replay(folder: &str) -> Vec<(&'static str, usize)> {
    let mut counts = Vec::new();
    let mut faults = Vec::new();
    for (name, target) in TARGETS {
        let inputs = files(&root().join(folder).join(name));
        for path in &inputs {
            let bytes = fs::read(path).unwrap();
            assert!(
                bytes.len() as u64 <= MOST_BYTES,
                "{} is too large",
                path.display()
            );
            if catch_unwind(AssertUnwindSafe(|| target(&bytes))).is_err() {
                faults.push(path.display().to_string());
            }
        }
        counts.push((name, inputs.len()));
    }
    assert!(faults.is_empty(), "faults are shown by {faults:#?}");
    counts
}

/// The files of a folder in the order of their names; none where the folder is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}
