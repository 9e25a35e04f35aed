//! Writing JSON.

use super::Write;

/// Writes a member of the object that `out` ends in, unless it is to be left out.
pub fn member(out: &mut String, name: &str, value: &dyn Write) {
    if value.is_absent() {
        return;
    }
    if !out.ends_with('{') {
        out.push(',');
    }
    text(out, name);
    out.push(':');
    value.write(out);
}

/// Writes a number in decimal digits.
pub(super) fn number(out: &mut String, number: u64) {
    if number > 9 {
        self::number(out, number / 10);
    }
    out.extend(char::from_digit((number % 10) as u32, 10));
}

/// Writes a text.
pub(super) fn text(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        let escaped = match char {
            '"' | '\\' => char,
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\0'..' ' => {
                out.push_str("\\u00");
                out.push(if char < '\u{10}' { '0' } else { '1' });
                out.extend(char::from_digit(u32::from(char) & 0xf, 16));
                continue;
            }
            _ => {
                out.push(char);
                continue;
            }
        };
        out.push('\\');
        out.push(escaped);
    }
    out.push('"');
}
