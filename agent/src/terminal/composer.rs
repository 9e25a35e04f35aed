//! A text that is being written: grapheme by grapheme, on lines that wrap.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A text with a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Composer {
    text: String,
    /// A byte offset, always between two graphemes.
    cursor: usize,
}

/// The text as it stands on a screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Byte ranges of the text, without the line feeds.
    pub(crate) rows: Vec<Range<usize>>,
    /// Where the cursor stands: row and column.
    pub(crate) cursor: (usize, usize),
}

impl Composer {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Takes the text away.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts a text that came back before what has been written since.
    pub(crate) fn give_back(&mut self, text: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let front = format!("{text}{gap}");
        self.text.insert_str(0, &front);
        self.cursor += front.len();
    }

    /// Writes at the cursor. Line ends of any kind become line feeds, tabs spaces.
    pub(crate) fn insert(&mut self, text: &str) {
        let text = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\t', "    ");
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    pub(crate) fn backspace(&mut self) {
        let start = self.before();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    pub(crate) fn delete(&mut self) {
        let end = self.after();
        self.text.replace_range(self.cursor..end, "");
    }

    /// Deletes the word before the cursor and the space after it.
    pub(crate) fn delete_word(&mut self) {
        let start = self.word_start();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// Deletes from the line's beginning to the cursor.
    pub(crate) fn delete_to_start(&mut self) {
        let start = self.line_start();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// Deletes from the cursor to the line's end.
    pub(crate) fn delete_to_end(&mut self) {
        let end = self.line_end();
        self.text.replace_range(self.cursor..end, "");
    }

    pub(crate) fn left(&mut self) {
        self.cursor = self.before();
    }

    pub(crate) fn right(&mut self) {
        self.cursor = self.after();
    }

    pub(crate) fn word_left(&mut self) {
        self.cursor = self.word_start();
    }

    pub(crate) fn word_right(&mut self) {
        let rest = &self.text[self.cursor..];
        let word = rest.trim_start();
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        self.cursor = self.text.len() - word.len() + end;
    }

    pub(crate) fn home(&mut self) {
        self.cursor = self.line_start();
    }

    pub(crate) fn end(&mut self) {
        self.cursor = self.line_end();
    }

    /// Moves a row up on a screen of that width. Returns whether there was one.
    pub(crate) fn up(&mut self, width: usize) -> bool {
        let layout = self.layout(width);
        let (row, column) = layout.cursor;
        row > 0 && self.go_to(&layout, row - 1, column)
    }

    /// Moves a row down on a screen of that width. Returns whether there was one.
    pub(crate) fn down(&mut self, width: usize) -> bool {
        let layout = self.layout(width);
        let (row, column) = layout.cursor;
        row + 1 < layout.rows.len() && self.go_to(&layout, row + 1, column)
    }

    /// Wraps the text at words, and words that are longer than a row anywhere. A row has room for the cursor
    /// behind its last character.
    pub(crate) fn layout(&self, width: usize) -> Layout {
        let room = width.saturating_sub(1).max(1);
        let mut rows = Vec::new();
        let mut start = 0;
        for line in self.text.split('\n') {
            wrap(line, start, room, &mut rows);
            start += line.len() + 1;
        }
        let row = rows.iter().rposition(|row| row.start <= self.cursor);
        let row = row.unwrap_or(0);
        let before = rows
            .get(row)
            .map_or("", |range| &self.text[range.start..self.cursor]);
        Layout {
            cursor: (row, before.width()),
            rows,
        }
    }

    fn go_to(&mut self, layout: &Layout, row: usize, column: usize) -> bool {
        let Some(range) = layout.rows.get(row) else {
            return false;
        };
        let mut at = range.start;
        let mut width = 0;
        for grapheme in self.text[range.clone()].graphemes(true) {
            width += grapheme.width();
            if width > column {
                break;
            }
            at += grapheme.len();
        }
        // The end of a wrapped row is the beginning of the next one.
        let is_wrapped = layout
            .rows
            .get(row + 1)
            .is_some_and(|next| next.start == at);
        self.cursor = at;
        if is_wrapped && at > range.start {
            self.left();
        }
        true
    }

    fn before(&self) -> usize {
        let last = self.text[..self.cursor].graphemes(true).next_back();
        self.cursor - last.map_or(0, str::len)
    }

    fn after(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_start(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        before.rfind(char::is_whitespace).map_or(0, |at| {
            at + before[at..].chars().next().map_or(0, char::len_utf8)
        })
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let rest = self.text[self.cursor..].find('\n');
        rest.map_or(self.text.len(), |at| self.cursor + at)
    }
}

fn wrap(line: &str, start: usize, room: usize, rows: &mut Vec<Range<usize>>) {
    let mut row = start;
    let mut width = 0;
    let mut after_space = None;
    for (at, grapheme) in line.grapheme_indices(true) {
        let at = start + at;
        let is_space = grapheme.chars().all(char::is_whitespace);
        if width + grapheme.width() > room && !is_space {
            let end = after_space.take().unwrap_or(at);
            rows.push(row..end);
            row = end;
            width = line[end - start..at - start].width();
        }
        width += grapheme.width();
        if is_space {
            after_space = Some(at + grapheme.len());
        }
    }
    rows.push(row..start + line.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composer(text: &str) -> Composer {
        let mut composer = Composer::default();
        composer.insert(text);
        composer
    }

    fn rows(composer: &Composer, width: usize) -> Vec<&str> {
        let layout = composer.layout(width);
        layout
            .rows
            .into_iter()
            .map(|row| &composer.text[row])
            .collect()
    }

    #[test]
    fn words_wrap_and_long_ones_are_cut() {
        assert_eq!(rows(&composer("one two three"), 9), ["one two ", "three"]);
        assert_eq!(rows(&composer("abcdefghij"), 5), ["abcd", "efgh", "ij"]);
        assert_eq!(rows(&composer("你好世界"), 5), ["你好", "世界"]);
        assert_eq!(rows(&composer("a\n\nb"), 5), ["a", "", "b"]);
    }

    #[test]
    fn the_cursor_moves_by_graphemes_and_rows() {
        let mut text = composer("ab👩‍👩‍👧c");
        text.left();
        text.backspace();
        assert_eq!(text.text(), "abc");
        let mut text = composer("first\nsecond");
        assert!(text.up(40));
        assert_eq!(text.layout(40).cursor, (0, 5));
        assert!(!text.up(40));
        assert!(text.down(40));
        assert!(!text.down(40));
    }

    #[test]
    fn up_through_a_wrapped_row_ends_at_the_top() {
        let mut text = composer("abcdefghijkl");
        for _ in 0..2 {
            assert!(text.up(5));
        }
        assert!(!text.up(5));
    }

    #[test]
    fn words_and_lines_are_deleted() {
        let mut text = composer("one two  ");
        text.delete_word();
        assert_eq!(text.text(), "one ");
        let mut text = composer("one\ntwo");
        text.delete_to_start();
        assert_eq!(text.text(), "one\n");
    }

    #[test]
    fn what_comes_back_stands_before_what_was_written_since() {
        let mut text = composer("new");
        text.give_back("old");
        assert_eq!(text.text(), "old\nnew");
        assert_eq!(text.layout(20).cursor, (1, 3));
    }
}
