//! What the kernel knows of a process, and what a list of samples says.

use anyhow::{Context as _, Result};

/// Clock ticks of `/proc/PID/stat` in a second, on every Linux there is.
const TICKS: f64 = 100.0;

/// A page of memory, in KiB.
const PAGE_KIB: f64 = 4.0;

/// A process that is looked at from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauge {
    pid: u32,
}

impl Gauge {
    pub(crate) fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Its number in the system.
    pub(crate) fn pid(self) -> u32 {
        self.pid
    }

    /// Its share of the machine's memory (PSS), in KiB.
    pub(crate) fn memory_kib(self) -> Result<f64> {
        let text = self.read("smaps_rollup")?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("no Pss")?.parse()?)
    }

    /// The processor time that it has used, in seconds, in user and kernel mode.
    pub(crate) fn cpu_s(self) -> Result<f64> {
        let text = self.read("stat")?;
        let (_, rest) = text.rsplit_once(')').context("no name")?;
        let mut fields = rest.split_whitespace().skip(11);
        let mut next = || -> Result<f64> { Ok(fields.next().context("no time")?.parse()?) };
        Ok((next()? + next()?) / TICKS)
    }

    fn read(self, name: &str) -> Result<String> {
        let path = format!("/proc/{}/{name}", self.pid);
        std::fs::read_to_string(&path).with_context(|| path)
    }
}

/// What the kernel itself holds of the machine's memory that grows with sockets: its slabs, and what stands in TCP's
/// queues; in KiB.
///
/// # Errors
/// When the system has no such file, or another one than Linux has.
pub(crate) fn kernel_kib() -> Result<f64> {
    let memory = std::fs::read_to_string("/proc/meminfo").context("/proc/meminfo")?;
    let slab = number_after(&memory, "Slab:", "").context("no Slab")?;
    let sockets = std::fs::read_to_string("/proc/net/sockstat").context("/proc/net/sockstat")?;
    let pages = number_after(&sockets, "TCP:", " mem ").context("no memory of TCP")?;
    Ok(slab + pages * PAGE_KIB)
}

/// How often a queue of those who wait to be accepted was full, on the whole machine since it was started.
///
/// # Errors
/// When the system has no such file, or another one than Linux has.
pub(crate) fn listen_overflows() -> Result<u64> {
    let path = "/proc/net/netstat";
    let text = std::fs::read_to_string(path).context(path)?;
    let number = column(&text, "TcpExt:", "ListenOverflows");
    Ok(number.context("no ListenOverflows")?.parse()?)
}

/// What stands under `name`, where a line of names is followed by one of values, and both begin with `line`.
fn column<'a>(text: &'a str, line: &str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|it| it.strip_prefix(line));
    let (names, values) = (lines.next()?, lines.next()?);
    let mut pairs = names.split_whitespace().zip(values.split_whitespace());
    pairs.find(|(it, _)| *it == name).map(|(_, value)| value)
}

/// The number that follows `word` in the line that begins with `line`.
fn number_after(text: &str, line: &str, word: &str) -> Option<f64> {
    let line = text.lines().find_map(|it| it.strip_prefix(line))?;
    let (_, number) = line.split_once(word)?;
    number.split_whitespace().next()?.parse().ok()
}

/// The value below which `part` of the samples lie; 0 where there are none.
pub(crate) fn quantile(samples: &mut [f64], part: f64) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    samples.sort_by(f64::total_cmp);
    let last = samples.len() - 1;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list that fits into memory"
    )]
    let at = (last as f64 * part).round() as usize;
    samples[at.min(last)]
}

/// The middle one.
pub(crate) fn median(samples: &mut [f64]) -> f64 {
    quantile(samples, 0.5)
}

#[cfg(test)]
mod tests {
    use super::column;

    #[test]
    fn a_value_stands_under_its_name() {
        let text = "TcpExt: TW ListenOverflows ListenDrops\nTcpExt: 7 60440 3\nIpExt: InOctets\nIpExt: 9\n";
        assert_eq!(column(text, "TcpExt:", "ListenOverflows"), Some("60440"));
        assert_eq!(column(text, "IpExt:", "InOctets"), Some("9"));
        assert_eq!(column(text, "IpExt:", "ListenOverflows"), None);
    }
}
