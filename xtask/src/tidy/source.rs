//! The files that the rules are about.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::lexer::{Language, blanked};

/// Folders that hold nothing of ours.
const FOREIGN: &[&str] = &["target", "node_modules", "data", "dist"];
/// Folders of ours in spite of the dot.
const DOTTED: &[&str] = &[".cargo", ".ci", ".config"];
/// What we read.
const EXTENSIONS: &[&str] = &["rs", "js", "css", "html", "toml"];

/// One file, and what of it is code.
pub(super) struct Source {
    /// From the root of the checkout, with slashes.
    pub(super) path: String,
    pub(super) text: String,
    /// Without comments and texts.
    pub(super) code: String,
    /// Without comments.
    pub(super) uncommented: String,
    /// For each line, counted from 0, whether it is compiled for tests only.
    pub(super) for_tests: Vec<bool>,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let extension = path.rsplit('.').next().unwrap_or_default();
        let (code, uncommented) = match extension {
            "rs" => (
                blanked(text, Language::Rust, false),
                blanked(text, Language::Rust, true),
            ),
            "js" => (
                blanked(text, Language::JavaScript, false),
                blanked(text, Language::JavaScript, true),
            ),
            _ => (text.to_owned(), text.to_owned()),
        };
        let for_tests = lines_for_tests(&code, is_test_file(path));
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            uncommented,
            for_tests,
        }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(super) fn is_manifest(&self) -> bool {
        self.path == "Cargo.toml" || self.path.ends_with("/Cargo.toml")
    }

    pub(super) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// The folder of the crate that the file belongs to.
    pub(super) fn crate_folder(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }
}

/// Reads every file of ours below `root`.
pub(super) fn read_all(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    read_below(root, "", &mut sources)?;
    mark_test_modules(&mut sources);
    Ok(sources)
}

fn read_below(root: &Path, folder: &str, sources: &mut Vec<Source>) -> Result<()> {
    let path = root.join(folder);
    let entries = fs::read_dir(&path).with_context(|| format!("can't read {}", path.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let relative = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let kind = entry.file_type()?;
        let hidden = name.starts_with('.') && !DOTTED.contains(&name.as_str());
        if kind.is_dir() && !hidden && !FOREIGN.contains(&name.as_str()) {
            read_below(root, &relative, sources)?;
        } else if kind.is_file()
            && EXTENSIONS
                .iter()
                .any(|known| name.ends_with(&format!(".{known}")))
        {
            let text = fs::read_to_string(entry.path())
                .with_context(|| format!("can't read {relative} as text"))?;
            sources.push(Source::new(&relative, &text));
        }
    }
    Ok(())
}

fn is_test_file(path: &str) -> bool {
    let stem = Path::new(path)
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    path.split('/').any(|part| part == "tests") || stem == "tests" || stem.ends_with("_tests")
}

/// `#[cfg(test)] mod name;` makes a file of another name one for tests.
fn mark_test_modules(sources: &mut [Source]) {
    let mut prefixes = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let folder = source.path.trim_end_matches(".rs");
        let folder = ["/mod", "/lib", "/main"]
            .iter()
            .find_map(|end| folder.strip_suffix(end))
            .unwrap_or(folder);
        for (attribute, _) in source.code.match_indices("#[cfg(test)]") {
            let item = source.code[attribute + "#[cfg(test)]".len()..].trim_start();
            let module = item
                .strip_prefix("mod ")
                .and_then(|rest| rest.split_once(';'));
            if let Some((name, _)) = module.filter(|(name, _)| !name.contains('{')) {
                prefixes.push(format!("{folder}/{}", name.trim()));
            }
        }
    }
    for source in sources {
        let inside = |prefix: &String| {
            source
                .path
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        if prefixes.iter().any(inside) {
            source.for_tests.fill(true);
        }
    }
}

fn lines_for_tests(code: &str, all: bool) -> Vec<bool> {
    let mut lines = vec![all; code.lines().count()];
    for (start, _) in code.match_indices("#[cfg(test)]") {
        let end = start + item_length(&code[start..]);
        let first = code[..start].matches('\n').count();
        let last = code[..end].matches('\n').count();
        for line in lines.iter_mut().take(last + 1).skip(first) {
            *line = true;
        }
    }
    lines
}

/// The length of the item that `code` begins with: up to its semicolon, or the end of its braces.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            ';' if depth == 0 => return at,
            '{' => depth += 1,
            '}' if depth <= 1 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_test_module_are_known() {
        let source = Source::new(
            "agent/src/lib.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n",
        );
        assert_eq!(source.for_tests, [false, true, true, true, true, false]);
    }

    #[test]
    fn a_module_in_another_file_is_for_tests_when_its_declaration_says_so() {
        let mut sources = vec![
            Source::new(
                "protocol/src/lib.rs",
                "#[cfg(test)]\nmod sim;\nmod frame;\n",
            ),
            Source::new("protocol/src/sim/net.rs", "fn a() {}\n"),
            Source::new("protocol/src/frame.rs", "fn a() {}\n"),
            Source::new("agent/tests/resume.rs", "fn a() {}\n"),
        ];
        mark_test_modules(&mut sources);
        let marked: Vec<bool> = sources.iter().map(|source| source.for_tests[0]).collect();
        assert_eq!(marked, [true, true, false, true]);
    }
}
