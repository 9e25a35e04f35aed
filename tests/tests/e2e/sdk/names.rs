//! What a page may call and hear is the same in the script, in the declarations and in the documentation.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result, ensure};

type Names = BTreeSet<String>;

fn read(path: &str) -> Result<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).with_context(|| path.to_owned())
}

/// What stands between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Result<&'a str> {
    let (_, after) = text.split_once(start).with_context(|| start.to_owned())?;
    let (part, _) = after.split_once(end).with_context(|| end.to_owned())?;
    Ok(part)
}

/// Every second part of what this mark divides: what it encloses.
fn enclosed(text: &str, mark: char) -> Names {
    text.split(mark)
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// What stands before `mark` at the beginning of the lines of a declared interface.
fn members(declarations: &str, interface: &str, mark: char) -> Result<Names> {
    let body = between(declarations, &format!("interface {interface} {{\n"), "\n}")?;
    let member = |line: &str| {
        let line = line.strip_prefix("  ")?;
        let is_name = line.starts_with(|first: char| first.is_ascii_lowercase() || first == '"');
        let end = if line.starts_with('"') {
            "\":"
        } else {
            &mark.to_string()
        };
        let (name, _) = line.split_once(end)?;
        let name = name.split(['<', '?']).next()?;
        is_name.then(|| name.trim_matches('"').to_owned())
    };
    Ok(body.lines().filter_map(member).collect())
}

/// The names in the first column of a table, without what follows a bracket.
fn column(documentation: &str, heading: &str, index: usize) -> Result<Names> {
    let part = between(documentation, &format!("\n| {heading} |"), "\n\n")?;
    let cells = part.lines().skip(2);
    let cells = cells.filter_map(|row| row.split('|').nth(index));
    let names = cells.flat_map(|cell| enclosed(cell, '`'));
    let bare = |name: String| name.split('(').next().map(str::to_owned);
    Ok(names.filter_map(bare).collect())
}

fn listed(script: &str, name: &str) -> Result<Names> {
    Ok(enclosed(
        between(script, &format!("const {name} = ["), "]")?,
        '"',
    ))
}

#[test]
fn script_declarations_and_documentation_know_the_same_names() -> Result<()> {
    let script = read("www/sdk.js")?;
    let declared = read("www/holdfast.d.ts")?;
    let documented = read("docs/embed.md")?;

    let mut calls = listed(&script, "NAMES")?;
    calls.append(&mut listed(&script, "PERSONAL")?);
    calls.append(&mut listed(&script, "SAYING")?);
    let events = listed(&script, "EVENTS")?;
    ensure!(
        calls.len() > 15 && events.len() > 10,
        "{calls:?} {events:?}"
    );
    for (what, known, in_declarations, in_documentation) in [
        (
            "calls",
            calls,
            members(&declared, "HoldfastApi", '(')?,
            column(&documented, "call", 1)?,
        ),
        (
            "events",
            events,
            members(&declared, "HoldfastEvents", ':')?,
            column(&documented, "event", 1)?,
        ),
    ] {
        ensure!(
            known == in_declarations,
            "{what}: sdk.js {known:?}, holdfast.d.ts {in_declarations:?}"
        );
        ensure!(
            known == in_documentation,
            "{what}: sdk.js {known:?}, docs/embed.md {in_documentation:?}"
        );
    }

    // Options have names of their own in the tag, and those that scripts give.
    let mut options = listed(&script, "OPTIONS")?;
    let words = between(&script, "const WORDS = {", "};")?;
    let keys = words.lines().filter_map(|line| line.trim().split_once(':'));
    options.extend(keys.map(|(name, _)| name.to_owned()));
    let mut declares = members(&declared, "HoldfastOptions", ':')?;
    let boot = "HoldfastBootOptions extends HoldfastOptions";
    declares.append(&mut members(&declared, boot, ':')?);
    let documents = column(&documented, "attribute", 2)?;
    ensure!(
        options == declares && options == documents,
        "options: sdk.js {options:?}, holdfast.d.ts {declares:?}, docs/embed.md {documents:?}"
    );
    Ok(())
}
