//! What values are made of: numbers, texts, lists, and what may be left out.

use super::value::{Source, Value};
use super::write;
use super::{Read, Write};

impl Read for u64 {
    fn read(from: Source<'_>) -> Self {
        if let Value::Number(number) = from.value {
            return *number;
        }
        from.refuse();
        0
    }
}

impl Write for u64 {
    fn write(&self, out: &mut String) {
        write::number(out, *self);
    }
}

impl Read for u32 {
    fn read(from: Source<'_>) -> Self {
        u64::read(from).try_into().unwrap_or_else(|_| {
            from.refuse();
            0
        })
    }
}

impl Write for u32 {
    fn write(&self, out: &mut String) {
        u64::from(*self).write(out);
    }
}

impl Read for bool {
    fn read(from: Source<'_>) -> Self {
        if let Value::Bool(is_so) = from.value {
            return *is_so;
        }
        from.refuse();
        false
    }
}

impl Write for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Read for String {
    fn read(from: Source<'_>) -> Self {
        from.text().to_owned()
    }
}

impl Write for String {
    fn write(&self, out: &mut String) {
        write::text(out, self);
    }
}

impl Write for str {
    fn write(&self, out: &mut String) {
        write::text(out, self);
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(from: Source<'_>) -> Self {
        let mut list = Self::new();
        if let Value::List(values) = from.value {
            for value in values {
                list.push(T::read(from.of(value)));
            }
        } else {
            from.refuse();
        }
        list
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

impl<T: Write> Write for [T] {
    fn write(&self, out: &mut String) {
        let mut before = '[';
        for value in self {
            out.push(before);
            value.write(out);
            before = ',';
        }
        out.push_str(if self.is_empty() { "[]" } else { "]" });
    }
}

impl<T: Read> Read for Option<T> {
    fn read(from: Source<'_>) -> Self {
        if let Value::Absent | Value::Null = from.value {
            None
        } else {
            Some(T::read(from))
        }
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, out: &mut String) {
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Write + ?Sized> Write for &T {
    fn write(&self, out: &mut String) {
        (*self).write(out);
    }

    fn is_absent(&self) -> bool {
        (*self).is_absent()
    }
}
