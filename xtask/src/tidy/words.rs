//! Sizes, and words that must not stand where they stand.

use super::Finding;
use super::source::Source;

/// The most lines of a file; one that outgrows this is usually two things.
const MAX_LINES: usize = 450;

/// Marks of unfinished work. In two halves, so that this file has none itself.
const UNFINISHED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
];

/// Ways to turn a text into markup, in JavaScript and in web-sys.
const MARKUP: [&str; 11] = [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "createContextualFragment",
    "srcdoc",
    "set_inner_html",
    "set_outer_html",
    "insert_adjacent_html",
    "create_contextual_fragment",
    "set_srcdoc",
];

/// The one place that may wait for a foreign process by asking again.
const WAITING_ROOM: &str = "tests/src/wait.rs";

/// How a line says why it must sleep; the reason follows.
const SLEEP_REASON: &str = "// sleep: ";

/// Breaches in one file.
pub(super) fn in_source(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let count = source.text.lines().count();
    let counted = ["rs", "js", "css"]
        .iter()
        .any(|extension| source.has_extension(extension));
    if counted && count > MAX_LINES {
        let text = format!("{count} lines, {MAX_LINES} at most: split it by what it is about");
        findings.push(Finding::new(&source.path, MAX_LINES, text));
    }
    let report = |line: usize, text: String| Finding::new(&source.path, line + 1, text);
    for (line, text) in source.text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| has_word(text, word)) {
            findings.push(report(
                line,
                format!("{word}: finish it, or write an issue"),
            ));
        }
    }
    if shows_texts(source) {
        for (line, text) in source.uncommented.lines().enumerate() {
            if let Some(word) = MARKUP.iter().find(|word| has_word(text, word)) {
                findings.push(report(
                    line,
                    format!("{word} makes markup of a text: make elements and text nodes"),
                ));
            }
        }
    }
    findings.extend(sleeps(source).into_iter().map(|line| {
        let text = "a test sleeps: wait for the event, or move a virtual clock; where a delay is what is tested, say \
             so on this line or above it with `// sleep: reason`";
        report(line, text.to_owned())
    }));
    findings
}

/// The lines, counted from 0, on which a test sleeps without a reason.
fn sleeps(source: &Source) -> Vec<usize> {
    if !source.is_rust() || source.path == WAITING_ROOM {
        return Vec::new();
    }
    let texts: Vec<&str> = source.text.lines().collect();
    let has_reason = |line: usize| {
        texts
            .get(line)
            .is_some_and(|text| text.contains(SLEEP_REASON))
    };
    let is_reason = |line: usize| {
        texts
            .get(line)
            .is_some_and(|text| text.trim_start().starts_with(SLEEP_REASON))
    };
    let lines = source.code.lines().enumerate();
    lines
        .filter(|(line, _)| source.for_tests.get(*line).copied().unwrap_or(false))
        .filter(|(_, code)| code.contains("sleep("))
        .map(|(line, _)| line)
        .filter(|line| !has_reason(*line) && !line.checked_sub(1).is_some_and(is_reason))
        .collect()
}

/// Whether the file puts what people wrote on a screen of a browser.
fn shows_texts(source: &Source) -> bool {
    let browser = matches!(source.crate_folder(), "widget" | "www");
    browser
        && ["rs", "js", "html"]
            .iter()
            .any(|extension| source.has_extension(extension))
}

/// Whether `word` stands in `text` by itself, not as part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(part);
        let after = text[at + word.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, lines: &[usize]) {
        let findings = in_source(&Source::new(path, text));
        let found: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
        assert_eq!(found, lines, "{findings:?}");
    }

    #[test]
    fn a_long_file_is_refused() {
        check("www/shop.css", &"a {}\n".repeat(450), &[]);
        check("www/shop.css", &"a {}\n".repeat(451), &[450]);
        check("www/index.html", &"<p>\n".repeat(451), &[]);
    }

    #[test]
    fn unfinished_work_is_found_in_comments_too() {
        check(
            "agent/src/lib.rs",
            concat!("fn f() {}\n// TO", "DO: later\n"),
            &[2],
        );
        check(
            "agent/src/lib.rs",
            "const MASTODON: u8 = 1; // MASTODO",
            &[],
        );
    }

    #[test]
    fn a_text_never_becomes_markup() {
        check(
            "widget/src/view.rs",
            "// not innerHTML\nbody.set_inner_html(text);",
            &[2],
        );
        check("www/widget.js", "a.textContent = b\na.innerHTML = b", &[2]);
        check("server/src/main.rs", "let innerHTML = 1;", &[]);
    }

    #[test]
    fn a_test_that_sleeps_must_say_why() {
        check(
            "tests/src/proxy.rs",
            "sleep(LAG).await; // sleep: a slow line is what is tested\nsleep(LAG).await;",
            &[2],
        );
        check(
            "tests/src/proxy.rs",
            "// sleep: a slow line is what is tested\nsleep(LAG).await;",
            &[],
        );
        check("tests/src/wait.rs", "sleep(STEP).await;", &[]);
        check(
            "agent/src/lib.rs",
            "sleep(STEP).await;\n#[cfg(test)]\nfn f() { thread::sleep(STEP) }",
            &[3],
        );
    }
}
