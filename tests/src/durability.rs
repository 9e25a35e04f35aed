//! Judges by the server's system calls whether an event was on disk before anybody was told of it.
//!
//! Knows nothing of our code and of SQLite only the form of its write-ahead log: a page is written as a
//! header of 24 bytes and then the page, and a header whose second number isn't 0 ends a transaction.

use anyhow::{Context as _, Result, ensure};

use crate::strace::Call;

/// The end of the log's name in the data folder.
const WAL: &str = ".db-wal";
const FRAME_HEADER: usize = 24;

/// What goes over a socket.
const SENDS: [&str; 5] = ["write", "writev", "sendto", "sendmsg", "sendmmsg"];

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Sends of events that came after their sync.
    pub checked: usize,
    /// Different syncs that they waited for.
    pub syncs: usize,
}

/// What is known of the server's disk and sockets.
pub struct Evidence<'a> {
    calls: &'a [Call],
}

impl<'a> Evidence<'a> {
    /// The calls in the order in which they began.
    #[must_use]
    pub fn new(calls: &'a [Call]) -> Self {
        Self { calls }
    }

    /// Checks every send that has one of these texts in it: the text stood in a transaction that was
    /// written to the log as a whole, and was synced, before the send began.
    ///
    /// # Errors
    /// Names the first send that came too early, or a text that was never written or never sent.
    pub fn check_texts(&self, texts: &[String]) -> Result<Verdict> {
        let mut waited_for = Vec::new();
        let mut checked = 0;
        for text in texts {
            let synced = self.synced(text).with_context(|| format!("{text:?}"))?;
            let mut is_sent = false;
            for send in self.sends(|send| contains(&send.data, text)) {
                is_after(send, synced).with_context(|| format!("{text:?}"))?;
                is_sent = true;
                checked += 1;
            }
            ensure!(is_sent, "{text:?} was sent to nobody");
            waited_for.push(synced);
        }
        waited_for.sort_unstable();
        waited_for.dedup();
        Ok(Verdict {
            checked,
            syncs: waited_for.len(),
        })
    }

    /// The same for encrypted sockets whose own end is `place`: the last sends of `bytes` or more are these
    /// texts, one each, in this order.
    ///
    /// # Errors
    /// As [`Evidence::check_texts`].
    pub fn check_sizes(&self, place: &str, bytes: usize, texts: &[String]) -> Result<Verdict> {
        let end = format!("{place}->");
        let large: Vec<_> = self
            .sends(|send| send.file.contains(&end) && send.data.len() >= bytes)
            .collect();
        let first = large.len().checked_sub(texts.len());
        let first = first.context("fewer large sends than texts")?;
        let mut syncs = 0;
        for (send, text) in large[first..].iter().zip(texts) {
            let synced = self.synced(text).with_context(|| format!("{text:?}"))?;
            is_after(send, synced).with_context(|| format!("{text:?}"))?;
            syncs += 1;
        }
        let checked = texts.len();
        Ok(Verdict { checked, syncs })
    }

    fn sends(&self, is_wanted: impl Fn(&Call) -> bool) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| {
            SENDS.contains(&call.name.as_str()) && call.file.starts_with("TCP") && is_wanted(call)
        })
    }

    /// The line by which the transaction that brought `text` was on disk.
    fn synced(&self, text: &str) -> Result<usize> {
        let wal = || self.calls.iter().filter(|call| call.file.ends_with(WAL));
        let writes: Vec<_> = wal().filter(|call| is_write(call)).collect();
        let page = writes.iter().position(|call| contains(&call.data, text));
        let page = page.context("never written to the log")?;
        // The page with the text may be the transaction's last: then its own header says so.
        let mut headers = page.saturating_sub(1)..writes.len();
        let header = headers.find(|at| ends_transaction(writes[*at]));
        let last = header.and_then(|header| writes.get(header + 1));
        let last = last.context("its transaction was never written to its end")?;
        let (page, last) = (writes[page].done(), last.done());
        let written = page.zip(last).map(|(page, last)| page.max(last));
        let written = written.context("its transaction could not be written")?;
        let sync = wal()
            .filter(|call| is_sync(call) && call.began > written)
            .find_map(Call::done);
        sync.context("the log was never synced after it was written")
    }
}

fn is_after(send: &Call, synced: usize) -> Result<()> {
    ensure!(
        send.began > synced,
        "sent to {} on line {}, and on disk only on line {}",
        send.file,
        send.began + 1,
        synced + 1
    );
    Ok(())
}

fn is_write(call: &Call) -> bool {
    ["pwrite64", "pwritev", "write"].contains(&call.name.as_str())
}

fn is_sync(call: &Call) -> bool {
    ["fdatasync", "fsync"].contains(&call.name.as_str())
}

fn ends_transaction(call: &Call) -> bool {
    call.data.len() == FRAME_HEADER && call.data[4..8] != [0; 4]
}

fn contains(data: &[u8], text: &str) -> bool {
    data.windows(text.len()).any(|part| part == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strace::calls;

    const HEADER: &str =
        r#"1 pwrite64(3</d/h.db-wal>, "\0\0\0\2\0\0\0\0............XXXX", 24, 0) = 24"#;
    const LAST_HEADER: &str =
        r#"1 pwrite64(3</d/h.db-wal>, "\0\0\0\2\0\0\0\7............XXXX", 24, 0) = 24"#;
    const PAGE: &str = r#"1 pwrite64(3</d/h.db-wal>, "\r\0one\0\7", 4096, 24) = 4096"#;
    const OTHER_PAGE: &str = r#"1 pwrite64(3</d/h.db-wal>, "\r\0\0\7", 4096, 24) = 4096"#;
    const SYNC: &str = "1 fdatasync(3</d/h.db-wal>) = 0";
    const SYNC_BEGINS: &str = "1 fdatasync(3</d/h.db-wal> <unfinished ...>";
    const SYNC_ENDS: &str = "1 <... fdatasync resumed>) = 0";
    const OTHER_SYNC: &str = "1 fdatasync(4</d/h.db>) = 0";
    const SEND: &str = r#"2 sendto(9<TCP:[127.0.0.1:80->127.0.0.1:9]>, "\201\3one", 5, MSG_NOSIGNAL, NULL, 0) = 5"#;

    fn judge(lines: &[&str]) -> Result<Verdict, String> {
        let calls = calls(&lines.join("\n"));
        let verdict = Evidence::new(&calls).check_texts(&["one".to_owned()]);
        verdict.map_err(|error| format!("{error:#}"))
    }

    #[track_caller]
    fn complains(lines: &[&str], words: &str) {
        let error = judge(lines).unwrap_err();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn a_send_after_the_sync_is_in_order() {
        let verdict = Verdict {
            checked: 1,
            syncs: 1,
        };
        assert_eq!(judge(&[LAST_HEADER, PAGE, SYNC, SEND]), Ok(verdict));
        let long = [
            HEADER,
            PAGE,
            LAST_HEADER,
            OTHER_PAGE,
            SYNC_BEGINS,
            SYNC_ENDS,
            SEND,
        ];
        assert_eq!(judge(&long), Ok(verdict));
    }

    #[test]
    fn a_send_before_the_sync_is_noticed() {
        complains(&[LAST_HEADER, PAGE, SEND, SYNC], "sent to TCP");
        complains(&[SEND, LAST_HEADER, PAGE, SYNC], "sent to TCP");
        complains(&[SYNC, LAST_HEADER, PAGE, SEND], "never synced");
    }

    #[test]
    fn a_send_during_the_sync_is_noticed() {
        complains(
            &[LAST_HEADER, PAGE, SYNC_BEGINS, SEND, SYNC_ENDS],
            "sent to TCP",
        );
        complains(&[LAST_HEADER, PAGE, SYNC_BEGINS, SEND], "never synced");
    }

    #[test]
    fn every_send_of_a_text_counts() {
        complains(
            &[LAST_HEADER, PAGE, SEND, SYNC, SEND],
            "line 3, and on disk only on line 4",
        );
    }

    #[test]
    fn the_sync_of_another_file_does_not_count() {
        complains(&[LAST_HEADER, PAGE, OTHER_SYNC, SEND], "never synced");
        complains(&[LAST_HEADER, PAGE, OTHER_SYNC, SEND, SYNC], "sent to TCP");
    }

    #[test]
    fn a_sync_in_the_middle_of_the_transaction_does_not_count() {
        complains(
            &[HEADER, PAGE, SYNC, SEND, LAST_HEADER, OTHER_PAGE, SYNC],
            "sent to TCP",
        );
        complains(&[HEADER, PAGE, SYNC, SEND], "never written to its end");
    }

    #[test]
    fn a_sync_that_failed_or_began_too_early_does_not_count() {
        let failed = "1 fdatasync(3</d/h.db-wal>) = -1 EIO (Input/output error)";
        complains(&[LAST_HEADER, PAGE, failed, SEND], "never synced");
        let begins = "7 fdatasync(3</d/h.db-wal> <unfinished ...>";
        let ends = "7 <... fdatasync resumed>) = 0";
        complains(&[LAST_HEADER, begins, PAGE, ends, SEND], "never synced");
    }

    #[test]
    fn what_was_not_written_or_not_sent_is_no_evidence() {
        complains(&[SYNC, SEND], "never written");
        complains(&[LAST_HEADER, PAGE, SYNC], "sent to nobody");
    }

    #[test]
    fn encrypted_sends_are_told_by_their_size() {
        let send = r#"2 writev(9<TCP:[127.0.0.1:81->127.0.0.1:9]>, [{iov_base="\27\3XXXXXXXX", iov_len=10}], 1) = 10"#;
        let judge = |lines: &[&str]| {
            let calls = calls(&lines.join("\n"));
            Evidence::new(&calls).check_sizes("127.0.0.1:81", 9, &["one".to_owned()])
        };
        let verdict = judge(&[send, LAST_HEADER, PAGE, SYNC, send]).unwrap();
        assert_eq!(verdict.checked, 1);
        assert!(judge(&[LAST_HEADER, PAGE, send, SYNC]).is_err());
        assert!(judge(&[LAST_HEADER, PAGE, SYNC, SEND]).is_err());
    }
}
