//! Just enough of a lexer to tell code from comments and texts.

/// A language's way of writing comments and texts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    JavaScript,
}

/// `text` with its comments blanked out, and its texts too unless `keep_texts`. Lines stay where they are.
pub(super) fn blanked(text: &str, language: Language, keep_texts: bool) -> String {
    let mut scanner = Scanner {
        rest: text,
        out: String::with_capacity(text.len()),
    };
    let mut previous = ' ';
    while let Some(next) = scanner.rest.chars().next() {
        let in_word = previous.is_alphanumeric() || previous == '_';
        if let Some(length) = comment(scanner.rest, language) {
            scanner.take(length, false);
        } else if let Some(length) = literal(scanner.rest, language, in_word) {
            scanner.take(length, keep_texts);
        } else {
            scanner.take(next.len_utf8(), true);
        }
        previous = next;
    }
    scanner.out
}

struct Scanner<'a> {
    rest: &'a str,
    out: String,
}

impl Scanner<'_> {
    fn take(&mut self, length: usize, keep: bool) {
        let (taken, rest) = self.rest.split_at(length);
        if keep {
            self.out.push_str(taken);
        } else {
            self.out
                .extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        self.rest = rest;
    }
}

/// The length of the comment that `rest` begins with.
fn comment(rest: &str, language: Language) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = rest.get(at..at + 2).unwrap_or_default();
        if here == "/*" && (depth == 0 || language == Language::Rust) {
            depth += 1;
            at += 2;
        } else if here == "*/" {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += width(rest, at);
        }
    }
    Some(rest.len())
}

/// The length of the text or character that `rest` begins with.
fn literal(rest: &str, language: Language, in_word: bool) -> Option<usize> {
    let first = rest.chars().next()?;
    match (language, first) {
        (_, '"') | (Language::JavaScript, '\'' | '`') => Some(quoted(rest, first)),
        (Language::Rust, '\'') => character(rest),
        (Language::Rust, 'r') if !in_word => raw(rest),
        (Language::Rust, 'b' | 'c') if !in_word && rest[1..].starts_with('r') => {
            raw(&rest[1..]).map(|length| length + 1)
        }
        (Language::Rust | Language::JavaScript, _) => None,
    }
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    rest.len()
}

/// A character in quotes; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return Some(quoted(rest, '\''));
    }
    let (end, second) = chars.next()?;
    (second == '\'').then_some(end + 1)
}

/// A raw text, `rest` beginning with its `r`.
fn raw(rest: &str) -> Option<usize> {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let body = 1 + hashes;
    if !rest[body..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let found = rest[body + 1..].find(&end);
    Some(found.map_or(rest.len(), |at| body + 1 + at + end.len()))
}

fn width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str) {
        let blanked = blanked(text, Language::Rust, false);
        assert_eq!(
            blanked.split_whitespace().collect::<Vec<_>>().join(" "),
            code
        );
        assert_eq!(blanked.lines().count(), text.lines().count());
    }

    #[test]
    fn comments_and_texts_are_blanked_and_code_stays() {
        check("a // b\nc /* d /* e */ f */ g", "a c g");
        check(r#"let s = "a \" // b"; c"#, "let s = ; c");
        check("r#\"a \" b\"# + br\"c\" + d", "+ + d");
        check(
            r"if c == '\'' || c == '/' { x::<'a>() }",
            "if c == || c == { x::<'a>() }",
        );
        check("for r in b {}", "for r in b {}");
        check("\"ä\nö\"; ü", "; ü");
    }

    #[test]
    fn texts_can_be_kept_and_scripts_have_three_quotes() {
        let script = "a = 'x//y' + `//z` // gone";
        assert_eq!(
            blanked(script, Language::JavaScript, true).trim(),
            "a = 'x//y' + `//z`"
        );
        assert_eq!(
            blanked(script, Language::JavaScript, false).replace(' ', ""),
            "a=+"
        );
    }
}
