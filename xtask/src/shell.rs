//! Running other programs: openly, or into a log with a sign of life.

use std::fs::{self, OpenOptions};
use std::io::{IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often a log without a terminal gets a sign of life; many build hosts end a job that is silent for minutes.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);
/// How much of a failed program's output is shown: enough for a compiler's error.
const LAST_LINES: usize = 30;
/// How much of a log's end is read to find those lines.
const LAST_BYTES: u64 = 64 * 1024;

/// Runs `command` with this terminal's output and waits.
///
/// # Errors
/// When it can't be started, or ends with a failure.
pub(crate) fn open(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs `command` with this terminal's output and returns how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("can't start `{}`", line(command)))
}

/// What `command` printed, when it ended well.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("can't start `{}`", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` ended with {}: {}",
            line(command),
            output.status,
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command` with its output appended to `log`, and shows that it lives: how long it has run and what it
/// said last.
///
/// # Errors
/// When it can't be started, or fails; the error then holds the last lines of its output.
pub(crate) fn logged(command: &mut Command, log: &Path) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("can't write {}", log.display()))?;
    let start = file.seek(SeekFrom::End(0))?;
    writeln!(file, "$ {}", line(command))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("can't start `{}`", line(command)))?;
    let status = watch(&mut child, log, start)?;
    if !status.success() {
        let said = last_lines(log, start, LAST_LINES);
        bail!(
            "`{}` ended with {status}.\n{said}\nAll of it: {}",
            line(command),
            log.display()
        );
    }
    Ok(())
}

/// Runs `command` silently, and ends it after `limit`. True when it ended well by itself.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    let spawned = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else { return false };
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if began.elapsed() < limit => thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// The end of a log, from byte `start` on, at most `count` lines.
pub(crate) fn last_lines(log: &Path, start: u64, count: usize) -> String {
    let text = tail(log, start).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The command as one would type it, without the folder of its program.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words = std::iter::once(program.file_name().unwrap_or(program.as_os_str()));
    let words = words.chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn watch(child: &mut Child, log: &Path, start: u64) -> Result<ExitStatus> {
    let began = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let mut last_sign = began;
    loop {
        if let Some(status) = child.try_wait()? {
            if terminal {
                eprint!("\r\x1b[K");
            }
            return Ok(status);
        }
        let due = if terminal {
            Duration::from_secs(1)
        } else {
            SIGN_OF_LIFE
        };
        if last_sign.elapsed() >= due {
            last_sign = Instant::now();
            let said = last_lines(log, start, 1);
            let said: String = said.trim().chars().take(60).collect();
            let seconds = began.elapsed().as_secs();
            if terminal {
                eprint!("\r\x1b[K  {seconds} s: {said}");
            } else {
                eprintln!("  {seconds} s: {said}");
            }
        }
        thread::sleep(LOOK);
    }
}

fn tail(log: &Path, start: u64) -> Result<String> {
    let mut file = fs::File::open(log)?;
    let end = file.metadata()?.len();
    file.seek(SeekFrom::Start(start.max(end.saturating_sub(LAST_BYTES))))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
