//! JSON as a tree, read strictly (RFC 8259).

use std::cell::Cell;

use super::Read;

/// Values in values: the deepest frame has seven, and the stack holds this many.
const DEPTH: u32 = 64;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// What a member is that is not there.
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that is not negative.
    Number(u64),
    /// Any other number; no member of ours has one.
    OtherNumber,
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// Members by name, in their order.
    Object(Vec<(String, Self)>),
}

impl Value {
    /// Reads a text that is one value and nothing else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH)?;
        reader.token().is_none().then_some(value)
    }
}

/// A value that is being read as one of the types that have words. Whoever finds that it does not fit says so, and goes on
/// with anything: to stop at each member that may not fit would be a third of the reader's code.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub(super) value: &'a Value,
    is_unfit: &'a Cell<bool>,
}

impl<'a> Source<'a> {
    /// Reads a whole value; nothing where it does not fit.
    pub(super) fn read<T: Read>(value: &Value) -> Option<T> {
        let is_unfit = Cell::new(false);
        let read = T::read(Source {
            value,
            is_unfit: &is_unfit,
        });
        (!is_unfit.get()).then_some(read)
    }

    /// Says that the value does not fit: what is read of the whole text is dropped.
    pub fn refuse(self) {
        self.is_unfit.set(true);
    }

    /// The member of this name. The value does not fit where the member is missing and required, of another kind or
    /// there twice, and where this is no object.
    #[must_use]
    pub fn member<T: Read>(self, name: &str) -> T {
        T::read(self.find(name))
    }

    /// The same, of a member that may be missing.
    #[must_use]
    pub fn member_or_default<T: Read + Default>(self, name: &str) -> T {
        let member = self.find(name);
        if member.is_absent() {
            T::default()
        } else {
            T::read(member)
        }
    }

    /// Whether this is a member that is not there.
    #[must_use]
    pub fn is_absent(self) -> bool {
        matches!(self.value, Value::Absent)
    }

    /// Of an object with one member: its name, and the value.
    pub(super) fn only_member(self) -> (&'a str, Self) {
        if let [(name, value)] = self.members() {
            return (name, self.of(value));
        }
        self.refuse();
        ("", self)
    }

    /// The members of an object.
    pub(super) fn members(self) -> &'a [(String, Value)] {
        if let Value::Object(members) = self.value {
            return members;
        }
        self.refuse();
        &[]
    }

    /// The text of a text.
    pub(super) fn text(self) -> &'a str {
        if let Value::Text(text) = self.value {
            return text;
        }
        self.refuse();
        ""
    }

    /// The value does not fit where a word of it is not the one that is left.
    pub(super) fn expect(self, word: &str, left: &str) {
        if word != left {
            self.refuse();
        }
    }

    /// Another value of the same text.
    pub(super) fn of(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    fn find(self, wanted: &str) -> Self {
        let mut found = self.of(&Value::Absent);
        for (name, value) in self.members() {
            if name == wanted {
                if !found.is_absent() {
                    self.refuse();
                }
                found = self.of(value);
            }
        }
        found
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        match self.token()? {
            b'n' => self.rest_of_word("ull", Value::Null),
            b't' => self.rest_of_word("rue", Value::Bool(true)),
            b'f' => self.rest_of_word("alse", Value::Bool(false)),
            b'"' => self.rest_of_text().map(Value::Text),
            b'[' => self.rest_of_list(depth),
            b'{' => self.rest_of_object(depth),
            first => self.rest_of_number(first),
        }
    }

    fn rest_of_list(&mut self, depth: u32) -> Option<Value> {
        let mut values = Vec::new();
        if self.skip_token(b']') {
            return Some(Value::List(values));
        }
        loop {
            values.push(self.value(depth)?);
            match self.token()? {
                b',' => {}
                b']' => return Some(Value::List(values)),
                _ => return None,
            }
        }
    }

    fn rest_of_object(&mut self, depth: u32) -> Option<Value> {
        let mut members = Vec::new();
        if self.skip_token(b'}') {
            return Some(Value::Object(members));
        }
        loop {
            let name = self
                .skip_token(b'"')
                .then(|| self.rest_of_text())
                .flatten()?;
            if !self.skip_token(b':') {
                return None;
            }
            members.push((name, self.value(depth)?));
            match self.token()? {
                b',' => {}
                b'}' => return Some(Value::Object(members)),
                _ => return None,
            }
        }
    }

    fn rest_of_text(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let start = self.at;
            let end = loop {
                match self.next()? {
                    end @ (b'"' | b'\\') => break end,
                    0..b' ' => return None,
                    _ => {}
                }
            };
            text.push_str(self.text.get(start..self.at - 1)?);
            if end == b'"' {
                return Some(text);
            }
            text.push(self.rest_of_escape()?);
        }
    }

    fn rest_of_escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            itself @ (b'"' | b'\\' | b'/') => char::from(itself),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                let is_high = (0xd800..0xdc00).contains(&unit);
                if !is_high {
                    return char::from_u32(unit);
                }
                // UTF-16 writes what lies beyond its first plane as two units.
                let low = (self.next()? == b'\\' && self.next()? == b'u').then(|| self.hex());
                let low = low.flatten().filter(|low| (0xdc00..0xe000).contains(low))?;
                return char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.next()?).to_digit(16)?;
        }
        Some(unit)
    }

    fn rest_of_number(&mut self, first: u8) -> Option<Value> {
        let mut is_ours = first != b'-';
        let first = if is_ours { first } else { self.next()? };
        let mut number = u64::from(char::from(first).to_digit(10)?);
        while number > 0
            && let Some(digit) = self.skip_digit()
        {
            let longer = number
                .checked_mul(10)
                .and_then(|ten| ten.checked_add(digit));
            is_ours &= longer.is_some();
            number = longer.unwrap_or(u64::MAX);
        }
        if self.skip(b'.') {
            is_ours = false;
            self.skip_digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            is_ours = false;
            let _ = self.skip(b'+') || self.skip(b'-');
            self.skip_digits()?;
        }
        Some(if is_ours {
            Value::Number(number)
        } else {
            Value::OtherNumber
        })
    }

    fn skip_digits(&mut self) -> Option<()> {
        self.skip_digit()?;
        while self.skip_digit().is_some() {}
        Some(())
    }

    fn skip_digit(&mut self) -> Option<u64> {
        let digit = char::from(self.peek()?).to_digit(10)?;
        self.at += 1;
        Some(u64::from(digit))
    }

    fn rest_of_word(&mut self, rest: &str, value: Value) -> Option<Value> {
        rest.bytes().all(|byte| self.skip(byte)).then_some(value)
    }

    fn skip_token(&mut self, byte: u8) -> bool {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.skip(byte)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.next()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
