//! The rules of the house that no compiler knows.
//!
//! Reading source as text finds a forgotten rule, not a determined breaker of it; that is what reviews are for.

mod arrows;
mod lexer;
mod source;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::Result;

/// One breach: where, what, and what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    /// Counted from 1.
    line: usize,
    text: String,
}

impl Finding {
    fn new(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            text: text.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.text)
    }
}

/// Every breach in the checkout at `root`, in the order of files and lines.
///
/// # Errors
/// When a file can't be read, or a Cargo.toml is none.
pub(crate) fn findings(root: &Path) -> Result<Vec<Finding>> {
    let sources = source::read_all(root)?;
    let mut findings = Vec::new();
    for source in &sources {
        findings.extend(arrows::in_source(source));
        findings.extend(words::in_source(source));
    }
    for source in sources.iter().filter(|source| source.is_manifest()) {
        findings.extend(arrows::in_manifest(source)?);
    }
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Repo;

    #[test]
    fn the_checkout_keeps_the_rules_of_the_house() {
        let repo = Repo::find().unwrap();
        let findings = findings(repo.root()).unwrap();
        let shown: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(shown.is_empty(), "\n{}", shown.join("\n"));
    }
}
