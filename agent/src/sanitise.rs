//! Texts of strangers, made fit for a terminal.

use std::borrow::Cow;

/// The text with every character made visible that would command a terminal, reorder what stands beside it, or
/// hide: control characters (C0 as their Unicode pictures, C1 and the rest as `⟨U+…⟩`), bidirectional
/// embeddings, overrides and isolates, and separators. Line feeds stay, a tab becomes spaces.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            '\u{0}'..'\u{20}' => clean.extend(char::from_u32(0x2400 + u32::from(char))),
            '\u{7f}' => clean.push('\u{2421}'),
            hostile if is_hostile(hostile) => {
                clean.push_str(&format!("⟨U+{:04X}⟩", u32::from(hostile)));
            }
            harmless => clean.push(harmless),
        }
    }
    Cow::Owned(clean)
}

/// The same on one line: line feeds and runs of white space become one space.
#[must_use]
pub fn clean_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    clean(&words.join(" ")).into_owned()
}

fn is_hostile(char: char) -> bool {
    match char {
        '\n' => false,
        // Embeddings, overrides and isolates (Unicode annex 9). The plain marks U+200E and U+200F stand
        // in ordinary Arabic and Hebrew and reorder nothing beyond their neighbours.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // Line and paragraph separators, interlinear annotations, the byte order mark.
        '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{feff}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_sequence_survives() {
        let hostile = "\u{1b}]0;owned\u{7}\u{9b}2J\u{7f}\r\u{8}";
        let shown = clean(hostile);
        assert_eq!(shown, "␛]0;owned␇⟨U+009B⟩2J␡␍␈");
        assert!(!shown.chars().any(char::is_control));
    }

    #[test]
    fn overrides_are_shown_instead_of_obeyed() {
        assert_eq!(clean("a\u{202e}b\u{2066}c"), "a⟨U+202E⟩b⟨U+2066⟩c");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "Grüß Gott, 你好 👩‍👩‍👧 شكرا\nzweite Zeile";
        assert!(matches!(clean(text), Cow::Borrowed(same) if same == text));
        assert_eq!(clean("a\r\nb\tc"), "a\nb    c");
        assert_eq!(clean_line(" a \n\n b\u{1b} "), "a b␛");
    }
}
