//! The rows, as a table for people and as JSON for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

/// One thing that was measured, beside what bounds it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Row {
    value: f64,
    unit: &'static str,
    /// What the baseline of the same run took, or the budget where there is nothing to compare with.
    baseline: f64,
    ratio: f64,
    #[serde(skip)]
    against: &'static str,
}

/// All rows so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: BTreeMap<&'static str, Row>,
    order: Vec<&'static str>,
}

impl Report {
    /// Adds a row; `against` says in words what the baseline is.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        value: f64,
        unit: &'static str,
        baseline: f64,
        against: &'static str,
    ) {
        let ratio = if baseline == 0.0 {
            0.0
        } else {
            value / baseline
        };
        let row = Row {
            value,
            unit,
            baseline,
            ratio,
            against,
        };
        eprintln!("  {name:<22} {value:>10.2} {unit:<9} {baseline:>10.2}  {ratio:.2}");
        self.rows.insert(name, row);
        self.order.push(name);
    }

    /// Writes the rows as one JSON object.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.rows)?;
        std::fs::write(path, text + "\n").with_context(|| format!("write {}", path.display()))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| row | ours | unit | baseline | ratio | the baseline is |"
        )?;
        writeln!(f, "| --- | ---: | --- | ---: | ---: | --- |")?;
        for name in &self.order {
            let Some(row) = self.rows.get(name) else {
                continue;
            };
            writeln!(
                f,
                "| `{name}` | {} | {} | {} | {:.2} | {} |",
                short(row.value),
                row.unit,
                short(row.baseline),
                row.ratio,
                row.against
            )?;
        }
        Ok(())
    }
}

/// Three digits that count, as far as they are behind the point.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        middle if middle >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}
