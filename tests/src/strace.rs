//! Reads what `strace -f -yy` wrote: which system call began and ended where in the order of all.
//!
//! strace stops a thread before and after each call and writes in the order of the stops. A call whose
//! beginning stands below another's end therefore began after that one had ended.

use std::collections::HashMap;

/// A system call on a file or a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// What the first argument stands for: a path, or the two ends of a socket.
    pub file: String,
    /// All bytes that it was given, several buffers one after the other.
    pub data: Vec<u8>,
    /// The line on which it begins.
    pub began: usize,
    /// How it ended; nothing where the log does not tell.
    pub end: Option<End>,
}

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The line on which it stands.
    pub line: usize,
    /// Whether it did what it was asked for.
    pub is_well: bool,
}

impl Call {
    /// The line on which it ended well, if it did.
    #[must_use]
    pub fn done(&self) -> Option<usize> {
        self.end.filter(|end| end.is_well).map(|end| end.line)
    }
}

/// The calls of a log, in the order in which they began. Lines that are no calls are passed over.
#[must_use]
pub fn calls(log: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut unfinished: HashMap<&str, usize> = HashMap::new();
    for (number, line) in log.lines().enumerate() {
        let Some((thread, text)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let text = text.trim_start();
        if text.starts_with("<... ") {
            if let Some(call) = unfinished.remove(thread) {
                calls[call].end = end(number, text);
            }
        } else if let Some((name, arguments)) = text.split_once('(')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            let end = if text.ends_with("<unfinished ...>") {
                unfinished.insert(thread, calls.len());
                None
            } else {
                end(number, text)
            };
            calls.push(Call {
                name: name.to_owned(),
                file: file(arguments).to_owned(),
                data: strings(arguments),
                began: number,
                end,
            });
        }
    }
    calls
}

/// What follows the last `=` is the result: a number, where it is negative with a reason.
fn end(line: usize, text: &str) -> Option<End> {
    let (_, result) = text.rsplit_once(") ")?;
    let result = result.trim_start().strip_prefix("= ")?;
    let is_well = result
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit());
    Some(End { line, is_well })
}

/// `13</data/holdfast.db-wal>, …` and `20<TCP:[127.0.0.1:1->127.0.0.1:2]>, …`.
fn file(arguments: &str) -> &str {
    let Some((descriptor, rest)) = arguments.split_once('<') else {
        return "";
    };
    if !descriptor.bytes().all(|byte| byte.is_ascii_digit()) {
        return "";
    }
    // A socket's name has an arrow in it.
    let end = if rest.starts_with("TCP") { "]>" } else { ">" };
    rest.split_once(end).map_or("", |(name, _)| name)
}

/// The bytes of all quoted strings.
fn strings(arguments: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = arguments.bytes().peekable();
    let mut is_inside = false;
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => is_inside = !is_inside,
            b'\\' if is_inside => {
                let Some(escaped) = rest.next() else { break };
                let Some(mut value) = digit(escaped) else {
                    bytes.push(plain(escaped));
                    continue;
                };
                for _ in 0..2 {
                    let Some(next) = rest.peek().copied().and_then(digit) else {
                        break;
                    };
                    value = value.wrapping_mul(8).wrapping_add(next);
                    rest.next();
                }
                bytes.push(value);
            }
            byte if is_inside => bytes.push(byte),
            _ => {}
        }
    }
    bytes
}

fn digit(byte: u8) -> Option<u8> {
    (b'0'..=b'7').contains(&byte).then(|| byte - b'0')
}

fn plain(escaped: u8) -> u8 {
    match escaped {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'v' => 0x0b,
        b'f' => 0x0c,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_a_file_bytes_and_an_end() {
        let log = r#"77    pwrite64(13</d/a.db-wal>, "a\0\20\1772\"\\\n", 8, 24) = 8"#;
        let call = Call {
            name: "pwrite64".to_owned(),
            file: "/d/a.db-wal".to_owned(),
            data: b"a\0\x10\x7f2\"\\\n".to_vec(),
            began: 0,
            end: Some(End {
                line: 0,
                is_well: true,
            }),
        };
        assert_eq!(calls(log), [call]);
    }

    #[test]
    fn an_interrupted_line_ends_where_it_is_resumed() {
        let log = "1 fdatasync(3</d/wal> <unfinished ...>\n\
            2 sendto(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"x) = 1\", 6, MSG_NOSIGNAL, NULL, 0) = 6\n\
            1 <... fdatasync resumed>)          = 0\n\
            2 fsync(3</d/wal> <unfinished ...>\n\
            2 +++ exited with 0 +++";
        let calls = calls(log);
        let places: Vec<_> = calls.iter().map(|c| (c.began, c.done())).collect();
        assert_eq!(places, [(0, Some(2)), (1, Some(1)), (3, None)]);
        assert_eq!(calls[1].file, "TCP:[127.0.0.1:1->127.0.0.1:2");
        assert_eq!(calls[1].data, b"x) = 1");
    }

    #[test]
    fn a_call_that_failed_is_not_done() {
        let log = "1 fdatasync(3</d/wal>) = -1 EIO (Input/output error)\n1 fsync(3</d/wal>) = ?";
        assert!(calls(log).iter().all(|call| call.done().is_none()));
    }

    #[test]
    fn several_buffers_are_one_run_of_bytes() {
        let log = r#"1 writev(9<TCP:[a->b]>, [{iov_base="ab", iov_len=2}, {iov_base="c", iov_len=1}], 2) = 3"#;
        assert_eq!(calls(log)[0].data, b"abc");
    }
}
