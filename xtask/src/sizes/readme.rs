//! What README.md says of the sizes, against what was built.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::{AWAITED, SCRIPT, Size, Sizes};
use crate::repo::Repo;

const README: &str = "README.md";

/// What the pasted script loads, beside the wasm.
const SDK: &str = "sdk.js";

/// What only pages with mistakes load.
const HINTS: &str = "hints.js";

/// So many bytes may lie between a figure and the truth: README.md writes tenths of a kilobyte, and tools of another version
/// build a little more or less.
const TOLERANCE: usize = 200;

/// How the sentence begins that says what follows once the panel was opened.
const LATER_SENTENCE: &str = "Once a visitor has opened the panel, ";

/// One row of the table: how its line begins, and its sizes in bytes.
struct Row {
    label: &'static str,
    gzip: usize,
    brotli: usize,
}

/// Compares README.md with what was built.
///
/// # Errors
/// When it says something else; the error says what is to be written there.
pub(super) fn compare(repo: &Repo, sizes: &Sizes) -> Result<()> {
    let path = repo.root().join(README);
    let text = fs::read_to_string(&path).with_context(|| format!("can't read {README}"))?;
    let wrong = wrong(&text, &rows(&sizes.first), later(&sizes.later));
    ensure!(
        wrong.is_empty(),
        "{README} says something else about the sizes than what was built. Write there:\n{}",
        wrong.join("\n")
    );
    Ok(())
}

fn rows(sizes: &[Size]) -> [Row; 6] {
    let row = |label, is_in: fn(&str) -> bool| {
        let sizes = sizes.iter().filter(|size| is_in(&size.name));
        let (gzip, brotli) = sizes.fold((0, 0), |(gzip, brotli), size| {
            (gzip + size.gzip, brotli + size.brotli)
        });
        Row {
            label,
            gzip,
            brotli,
        }
    };
    [
        row("| the script that you paste, on every page |", |name| {
            name == SCRIPT
        }),
        row("| JavaScript |", |name| name == SDK),
        row(
            "| JavaScript for an accent and for identity, on pages that use them |",
            |name| AWAITED.contains(&name),
        ),
        row("| the words of one language, the longest here |", |name| {
            name.ends_with(".json")
        }),
        row("| wasm, with styles and icons in it |", |name| {
            name.ends_with(".wasm")
        }),
        row("| **Holdfast together** |", |_| true),
    ]
}

/// What follows once the panel was opened, in bytes of brotli.
fn later(sizes: &[Size]) -> usize {
    let follows = sizes.iter().filter(|size| size.name != HINTS);
    follows.map(|size| size.brotli).sum()
}

/// What is to be written into README.md instead of what it says.
fn wrong(text: &str, rows: &[Row], later: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        let figures = text.lines().find_map(|line| line.strip_prefix(row.label));
        let said: Vec<_> = figures.unwrap_or_default().split('|').map(bytes).collect();
        let is_right = matches!(said[..], [Some(gzip), Some(brotli), ..]
            if is_near(gzip, row.gzip) && is_near(brotli, row.brotli));
        if !is_right {
            let bold = if row.label.contains("**") { "**" } else { "" };
            let [gzip, brotli] = [row.gzip, row.brotli].map(kilobytes);
            wrong.push(format!(
                "{} {bold}{gzip} KB{bold} | {bold}{brotli} KB{bold} |",
                row.label
            ));
        }
    }
    let said = text.split(LATER_SENTENCE).nth(1).and_then(bytes);
    if !said.is_some_and(|said| is_near(said, later)) {
        wrong.push(format!(
            "{LATER_SENTENCE}{} KB more follow",
            kilobytes(later)
        ));
    }
    wrong
}

/// A text that begins with a number of kilobytes, in bold perhaps, in bytes.
fn bytes(text: &str) -> Option<usize> {
    let number = text.trim_start_matches([' ', '*']).split(' ').next()?;
    let (whole, tenth) = number.split_once('.')?;
    Some(1_000 * whole.parse::<usize>().ok()? + 100 * tenth.parse::<usize>().ok()?)
}

fn kilobytes(bytes: usize) -> String {
    let tenths = (bytes + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn is_near(said: usize, built: usize) -> bool {
    said.abs_diff(built) <= TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "| in all | gzip | brotli |
| wasm | 58.0 KB | 50.4 KB |
| **both** | **60.1 KB** | **52.0 KB** |
| a peer | 111 KB | |
Once a visitor has opened the panel, 8.6 KB more follow: menu, emoji.";

    fn said_of(wasm: (usize, usize), both: (usize, usize), later: usize) -> Vec<String> {
        let row = |label, (gzip, brotli)| Row {
            label,
            gzip,
            brotli,
        };
        wrong(
            TEXT,
            &[row("| wasm |", wasm), row("| **both** |", both)],
            later,
        )
    }

    #[test]
    fn a_rounding_is_no_difference() {
        assert!(said_of((58_049, 50_351), (60_100, 52_000), 8_616).is_empty());
        assert!(said_of((58_200, 50_200), (59_900, 52_200), 8_400).is_empty());
    }

    #[test]
    fn what_is_to_be_written_is_said() {
        assert_eq!(
            said_of((58_000, 43_861), (60_100, 45_450), 8_900),
            [
                "| wasm | 58.0 KB | 43.9 KB |",
                "| **both** | **60.1 KB** | **45.5 KB** |",
                "Once a visitor has opened the panel, 8.9 KB more follow",
            ]
        );
        assert_eq!(said_of((57_799, 50_400), (60_100, 52_000), 8_600).len(), 1);
    }

    #[test]
    fn a_figure_that_is_missing_is_wrong() {
        let row = Row {
            label: "| a peer |",
            gzip: 111_000,
            brotli: 0,
        };
        assert_eq!(wrong(TEXT, &[row], 8_600).len(), 1);
        assert_eq!(wrong("", &[], 8_600).len(), 1);
    }
}
