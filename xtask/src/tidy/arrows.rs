//! Who may know whom: between crates by their Cargo.toml, inside the server by the paths in its source.

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Finding;
use super::source::Source;

/// Each crate's folder, and those of ours that it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("server", &["holdfast-protocol"]),
    ("widget", &["holdfast-protocol"]),
    ("agent", &["holdfast-protocol"]),
    ("simulation", &["holdfast-protocol", "holdfast"]),
    ("tests", &["holdfast-protocol", "holdfast-agent"]),
    ("bench", &["holdfast-protocol", "holdfast-tests"]),
    ("xtask", &[]),
];

/// Each layer of the server, and those below it that it may know.
const LAYERS: &[(&str, &[&str])] = &[
    ("listen", &["link"]),
    ("link", &["log", "presence", "desk"]),
    ("log", &["store"]),
    ("presence", &[]),
    ("desk", &[]),
    ("store", &[]),
];

/// The modules that put the layers together, and so know all of them. What is neither here nor a layer is a tool of
/// the layers, and knows the store no more than they do.
const ASSEMBLY: &[&str] = &["main", "lib", "cli", "serve", "admin"];

/// What the protocol must not touch, and what to use instead.
const IMPURE: &[(&str, &str)] = &[
    ("std::time::Instant", "take the time as an argument"),
    ("std::time::SystemTime", "take the time as an argument"),
    ("std::fs", "leave files to the callers"),
    ("std::net", "leave sockets to the callers"),
    ("std::thread", "leave threads to the callers"),
    ("std::env", "take it as an argument"),
    ("std::process", "leave processes to the callers"),
    ("rand", "take random numbers as arguments"),
    ("getrandom", "take random numbers as arguments"),
    ("tokio", "leave tasks to the callers"),
    ("web_sys", "leave the browser to the widget"),
    ("js_sys", "leave the browser to the widget"),
];

/// The same as packages.
const IMPURE_PACKAGES: &[&str] = &[
    "rand",
    "rand_core",
    "fastrand",
    "getrandom",
    "tokio",
    "web-sys",
    "js-sys",
    "wasm-bindgen",
];

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Breaches in a Cargo.toml.
pub(super) fn in_manifest(source: &Source) -> Result<Vec<Finding>> {
    let folder = source.crate_folder();
    let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == folder) else {
        return Ok(Vec::new());
    };
    let manifest: Table = source
        .text
        .parse()
        .with_context(|| format!("{} is no TOML", source.path))?;
    let mut tables: Vec<&Table> = vec![&manifest];
    if let Some(Value::Table(targets)) = manifest.get("target") {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    let mut findings = Vec::new();
    for section in SECTIONS {
        let dependencies = tables
            .iter()
            .filter_map(|table| table.get(section)?.as_table())
            .flatten();
        for (key, value) in dependencies {
            let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
            let line = line_of(&source.text, key);
            if package.starts_with("holdfast") && !allowed.contains(&package) {
                let text = format!(
                    "{folder} depends on {package}; {}",
                    if package == "holdfast" {
                        "nothing may: start the program, or speak to its ports"
                    } else {
                        "imports run one way, see ARCHITECTURE.md: move what both need into protocol"
                    }
                );
                findings.push(Finding::new(&source.path, line, text));
            }
            if folder == "protocol"
                && section == "dependencies"
                && IMPURE_PACKAGES.contains(&package)
            {
                let text = format!(
                    "protocol depends on {package}: take time, ids and randomness as arguments"
                );
                findings.push(Finding::new(&source.path, line, text));
            }
        }
    }
    Ok(findings)
}

/// Breaches in a Rust source.
pub(super) fn in_source(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (line, path) in paths(&source.code) {
        let for_tests = source.for_tests.get(line - 1).copied().unwrap_or(false);
        // A test of one layer may put the real ones below it together; SQL has its home even then.
        let text = sql_breach(source, &path).or_else(|| {
            let breach = || layer_breach(source, &path).or_else(|| purity_breach(source, &path));
            (!for_tests).then(breach).flatten()
        });
        findings.extend(text.map(|text| Finding::new(&source.path, line, text)));
    }
    findings
}

fn layer_breach(source: &Source, path: &str) -> Option<String> {
    let inside = source.path.strip_prefix("server/src/")?;
    let own = inside.split(['/', '.']).next()?;
    let used = match path.strip_prefix("crate::") {
        Some(rest) => rest,
        None => climbed(inside, path)?,
    };
    let used = used.split("::").next()?;
    let known = LAYERS.iter().any(|(name, _)| *name == used);
    if !known || used == own || ASSEMBLY.contains(&own) {
        return None;
    }
    let allowed = match LAYERS.iter().find(|(name, _)| *name == own) {
        Some((_, allowed)) => allowed.contains(&used),
        None => used != "store",
    };
    (!allowed).then(|| {
        format!(
            "{own} uses {used}, against `listen -> link -> log | presence | desk` and `log -> store`: \
             pass it in from above, or move it down"
        )
    })
}

/// What `super::…` leads to in the crate's root, seen from the file `inside` its `src`.
fn climbed<'a>(inside: &str, path: &'a str) -> Option<&'a str> {
    let depth = inside
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .matches('/')
        .count()
        + 1;
    let mut rest = path;
    for _ in 0..depth {
        rest = rest.strip_prefix("super::")?;
    }
    Some(rest)
}

/// What speaks to SQLite without the server's help: the judge of whether a database is whole, and the measure of what
/// SQLite itself can do.
const BESIDE_THE_STORE: [&str; 2] = ["tests/src/integrity.rs", "bench/src/seed.rs"];

fn sql_breach(source: &Source, path: &str) -> Option<String> {
    let at_home = source.path.starts_with("server/src/store/")
        || source.path == "server/src/store.rs"
        || BESIDE_THE_STORE.contains(&source.path.as_str());
    (begins_with(path, "rusqlite") && !at_home).then(|| {
        "SQL lives in server/src/store only: give the store a function for this".to_owned()
    })
}

fn purity_breach(source: &Source, path: &str) -> Option<String> {
    if !source.path.starts_with("protocol/src/") {
        return None;
    }
    let (found, instead) = IMPURE
        .iter()
        .find(|(forbidden, _)| begins_with(path, forbidden))?;
    Some(format!("protocol uses {found}: {instead}"))
}

fn begins_with(path: &str, start: &str) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn line_of(manifest: &str, key: &str) -> usize {
    let at = manifest.lines().position(|line| {
        line.trim_start()
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    });
    at.map_or(1, |at| at + 1)
}

/// Every path in `code` with its line, `use a::{b, c::d}` being two.
fn paths(code: &str) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = is_word(tokens[at].1) && tokens.get(at + 1).is_some_and(|next| next.1 == "::");
        at = if begins {
            branch(&tokens, at, String::new(), &mut found)
        } else {
            at + 1
        };
    }
    found
}

/// Reads one branch of a path from token `at` on; returns the token after it.
fn branch(
    tokens: &[(usize, &str)],
    mut at: usize,
    prefix: String,
    found: &mut Vec<(usize, String)>,
) -> usize {
    let mut path = prefix;
    while let Some((line, token)) = tokens.get(at).copied() {
        if token == "{" && path.ends_with("::") {
            at += 1;
            while tokens.get(at).is_some_and(|(_, token)| *token != "}") {
                let next = branch(tokens, at, path.clone(), found);
                at = next.max(at + 1);
            }
            return at + 1;
        }
        if !is_word(token) {
            return at;
        }
        path.push_str(token);
        at += 1;
        if tokens.get(at).is_some_and(|(_, token)| *token == "::") {
            path.push_str("::");
            at += 1;
            let goes_on = tokens
                .get(at)
                .is_some_and(|(_, token)| is_word(token) || *token == "{");
            if goes_on {
                continue;
            }
            path.truncate(path.len() - 2);
        }
        found.push((line, path));
        return at;
    }
    at
}

fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            let length = match word {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                length => length,
            };
            tokens.push((number + 1, &rest[..length]));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, lines: &[usize]) {
        let source = Source::new(path, text);
        let findings = if source.is_manifest() {
            in_manifest(&source).unwrap()
        } else {
            in_source(&source)
        };
        let found: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
        assert_eq!(found, lines, "{findings:?}");
    }

    #[test]
    fn a_path_with_braces_is_several() {
        let found = paths("use a::{b, c::{self, D}, e::*};\nf::g::<h::I>(j)");
        let shown: Vec<String> = found
            .iter()
            .map(|(line, path)| format!("{line} {path}"))
            .collect();
        assert_eq!(
            shown,
            [
                "1 a::b",
                "1 a::c::self",
                "1 a::c::D",
                "1 a::e",
                "2 f::g",
                "2 h::I"
            ]
        );
    }

    #[test]
    fn a_layer_knows_those_below_it_only() {
        check(
            "server/src/link/visitor.rs",
            "use crate::log::Log;\nuse crate::listen::Http;",
            &[2],
        );
        check(
            "server/src/link/visitor.rs",
            "use crate::{\n log::Log,\n store::Store,\n};",
            &[3],
        );
        check(
            "server/src/link/visitor.rs",
            "// crate::store\nsuper::super::store::open()",
            &[2],
        );
        check(
            "server/src/link.rs",
            "super::store::open();\nsuper::log::open()",
            &[1],
        );
        check("server/src/listen/http.rs", "use crate::log::Log;", &[1]);
        check("server/src/desk.rs", "use crate::limits::MAX;", &[]);
        check(
            "server/src/config.rs",
            "use crate::presence::Grace;\nuse crate::store::Store;",
            &[2],
        );
        check("server/src/presence.rs", "use crate::desk::Queue;", &[1]);
        check("server/src/log/mod.rs", "use crate::store::Store;", &[]);
        check("server/src/main.rs", "use crate::store::Store;", &[]);
        check("server/src/link/tests.rs", "use crate::store::Store;", &[]);
    }

    #[test]
    fn crates_depend_in_one_direction() {
        check(
            "agent/Cargo.toml",
            "[dependencies]\nholdfast-protocol.workspace = true\n",
            &[],
        );
        check(
            "agent/Cargo.toml",
            "[dependencies]\nx = \"1\"\nholdfast = { path = \"../server\" }\n",
            &[3],
        );
        check(
            "tests/Cargo.toml",
            "[dev-dependencies]\nserver = { package = \"holdfast\", path = \"\" }\n",
            &[2],
        );
        check(
            "widget/Cargo.toml",
            "[target.'cfg(unix)'.dependencies]\nholdfast-agent = \"1\"\n",
            &[2],
        );
        check(
            "protocol/Cargo.toml",
            "[dependencies]\nrand = \"1\"\n\n[dev-dependencies]\nrand = \"1\"\n",
            &[2],
        );
    }

    #[test]
    fn sql_stays_in_the_store() {
        check("server/src/store/mod.rs", "use rusqlite::Connection;", &[]);
        check(BESIDE_THE_STORE[0], "use rusqlite::Connection;", &[]);
        check(
            "server/src/log/append.rs",
            "fn f(c: &rusqlite::Connection) {}",
            &[1],
        );
    }

    #[test]
    fn the_protocol_has_no_clock_and_its_tests_may() {
        let text = "use std::{fmt, time::{Duration, Instant}};\n#[cfg(test)]\nmod tests {\n use std::env::var;\n}\n";
        check("protocol/src/client.rs", text, &[1]);
        check("agent/src/client.rs", text, &[]);
    }
}
