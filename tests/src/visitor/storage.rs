//! What a tab keeps in files, so that a SIGKILL takes nothing of it.
//!
//! * `TAB.state`: token, outbox, cursor, and how much of the screen is valid: one value, replaced in one step
//!   (written beside, then renamed). It is what the widget keeps in sessionStorage.
//! * `TAB.screen.N`: what the screen shows of the log, a line each. It is only appended to; what stands behind the
//!   length in the state was not kept, and is cut off at the next start. A screen that begins anew is the next file.
//! * `TAB.paper`: what its person wrote, for the judge alone: `wrote` before the message is handed to the client,
//!   `kept` once the state holds it. A message that was wrote and never kept was lost under its writer's hands before
//!   any screen showed it as theirs.
//! * `NAME.token`: the visitor's token, for all tabs.
//!
//! Nothing is synced to the disk: processes are killed here, not machines.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use holdfast_protocol::client::{Saved, Visitor};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::checker::{Line, Writer};

/// The open files of a tab.
#[derive(Debug)]
pub struct Storage {
    folder: PathBuf,
    tab: String,
    screen: File,
    extent: Extent,
    paper: File,
    next: u64,
}

/// What a tab goes on with.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// The visitor's token, once there is one.
    pub token: Option<String>,
    /// Outbox and cursor.
    pub saved: Saved<Visitor>,
    extent: Extent,
}

/// How much of which screen file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Extent {
    life: u64,
    bytes: u64,
}

/// A line of the paper file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Note {
    Wrote { n: u64, text: String },
    Kept { n: u64 },
}

/// A line of the screen file.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    from: Writer,
    text: String,
}

/// What a person wrote, as the judge reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What.
    pub text: String,
    /// Whether their own screen has shown it as kept.
    pub is_kept: bool,
}

impl Storage {
    /// Opens a tab's files and cuts off what a crash has left behind the last state.
    ///
    /// # Errors
    /// When a file can't be read or written.
    pub fn open(folder: &Path, tab: &str) -> Result<(Self, Kept)> {
        let kept = read_state(folder, tab)?;
        let screen = open_file(&screen_path(folder, tab, kept.extent.life))?;
        screen.set_len(kept.extent.bytes)?;
        let path = folder.join(format!("{tab}.paper"));
        let notes: Vec<Note> = read_lines(&path)?;
        let paper = open_file(&path)?;
        let text = fs::read(&path)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        paper.set_len(whole.map_or(0, |end| end as u64 + 1))?;
        let last = notes.iter().map(|note| match note {
            Note::Wrote { n, .. } | Note::Kept { n } => *n,
        });
        let storage = Self {
            folder: folder.to_owned(),
            tab: tab.to_owned(),
            screen,
            extent: kept.extent,
            paper,
            next: last.max().unwrap_or(0) + 1,
        };
        Ok((storage, kept))
    }

    /// The number of the next message.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Notes that the person writes this; returns its number.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn note_wrote(&mut self, text: &str) -> Result<u64> {
        let n = self.next;
        self.next += 1;
        let text = text.to_owned();
        append(&mut self.paper, &Note::Wrote { n, text })?;
        Ok(n)
    }

    /// Notes that the message of this number is safe.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn note_kept(&mut self, n: u64) -> Result<()> {
        append(&mut self.paper, &Note::Kept { n })?;
        Ok(())
    }

    /// Shows a line of the log. It counts from the next [`Storage::save`] on.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn show(&mut self, from: Writer, text: String) -> Result<()> {
        self.extent.bytes += append(&mut self.screen, &Shown { from, text })?;
        Ok(())
    }

    /// Begins an empty screen, which counts from the next [`Storage::save`] on.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn clear(&mut self) -> Result<()> {
        let life = self.extent.life + 1;
        self.screen = open_file(&screen_path(&self.folder, &self.tab, life))?;
        self.screen.set_len(0)?;
        self.extent = Extent { life, bytes: 0 };
        Ok(())
    }

    /// Keeps token, outbox, cursor and screen as one value.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn save(&self, token: Option<String>, saved: Saved<Visitor>) -> Result<()> {
        let extent = self.extent;
        let kept = Kept {
            token,
            saved,
            extent,
        };
        let path = self.folder.join(format!("{}.state", self.tab));
        replace(&path, &serde_json::to_vec(&kept)?)
    }
}

/// The visitor's token, once it was given.
#[must_use]
pub fn read_token(folder: &Path, visitor: &str) -> Option<String> {
    fs::read_to_string(folder.join(format!("{visitor}.token"))).ok()
}

/// Keeps the visitor's token for all of their tabs.
///
/// # Errors
/// When the file can't be written.
pub fn write_token(folder: &Path, visitor: &str, token: &str) -> Result<()> {
    replace(&folder.join(format!("{visitor}.token")), token.as_bytes())
}

/// What a tab's person wrote, in order.
///
/// # Errors
/// When the file can't be read.
pub fn read_paper(folder: &Path, tab: &str) -> Result<Vec<Written>> {
    let mut written: Vec<(u64, Written)> = Vec::new();
    for note in read_lines(&folder.join(format!("{tab}.paper")))? {
        match note {
            Note::Wrote { n, text } => {
                let is_kept = false;
                written.push((n, Written { text, is_kept }));
            }
            Note::Kept { n } => {
                let line = written.iter_mut().rev().find(|(number, _)| *number == n);
                line.context("kept and never written")?.1.is_kept = true;
            }
        }
    }
    Ok(written.into_iter().map(|(_, line)| line).collect())
}

/// What a tab's screen shows of the log, as the tab itself would show it after a start.
///
/// # Errors
/// When a file can't be read.
pub fn read_screen(folder: &Path, tab: &str) -> Result<Vec<Line>> {
    let extent = read_state(folder, tab)?.extent;
    let mut text = fs::read(screen_path(folder, tab, extent.life)).unwrap_or_default();
    text.truncate(usize::try_from(extent.bytes)?);
    let shown: Vec<Shown> = parse_lines(&text)?;
    Ok(shown
        .into_iter()
        .map(|Shown { from, text }| Line { writer: from, text })
        .collect())
}

/// How many messages of a tab wait for their event or were refused.
///
/// # Errors
/// When the file can't be read.
pub fn read_waiting(folder: &Path, tab: &str) -> Result<usize> {
    Ok(read_state(folder, tab)?.saved.outbox.len())
}

fn read_state(folder: &Path, tab: &str) -> Result<Kept> {
    let path = folder.join(format!("{tab}.state"));
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).context("a damaged state"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Kept::default()),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

fn screen_path(folder: &Path, tab: &str, life: u64) -> PathBuf {
    folder.join(format!("{tab}.screen.{life}"))
}

fn open_file(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    let mut file = options
        .open(path)
        .with_context(|| format!("open {}", path.display()))?;
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

fn append(file: &mut File, line: &impl Serialize) -> Result<u64> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)?;
    Ok(text.len() as u64)
}

fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = path.with_added_extension("new");
    fs::write(&draft, bytes)?;
    fs::rename(&draft, path).with_context(|| format!("write {}", path.display()))
}

fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    parse_lines(&fs::read(path).unwrap_or_default())
        .with_context(|| format!("in {}", path.display()))
}

/// The whole lines; a last one without its end was broken off by a kill.
fn parse_lines<T: DeserializeOwned>(text: &[u8]) -> Result<Vec<T>> {
    text.split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
        .map(|line| Ok(serde_json::from_slice(line)?))
        .collect()
}
