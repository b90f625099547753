//! What a server has cost, as the operating system accounts for it in `/proc`.
//!
//! Invariant: everything is of the whole process, threads that have ended included.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// The unit of times in `/proc/PID/stat`: Linux shows hundredths of a second on every machine.
const TICKS_PER_SECOND: f64 = 100.0;
const SAMPLE_EACH: Duration = Duration::from_millis(20);
const MEBIBYTE: f64 = 1_048_576.0;

/// What a server has used while something was going on.
#[derive(Clone, Copy, Default)]
pub(super) struct Used {
    /// User and system time of all its threads.
    pub(super) cpu_seconds: f64,
    /// Bytes that were fetched from the disk for it.
    pub(super) disk_read_bytes: u64,
    pub(super) memory: Memory,
}

/// Memory in bytes, or the largest that was seen.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Memory {
    /// Heap, stacks and the like: pages that no file is behind.
    pub(super) anonymous: u64,
    /// Pages of files that the process has mapped.
    pub(super) file: u64,
    /// The most that was ever resident, by the kernel's own count since the start.
    pub(super) resident_peak: u64,
}

impl Memory {
    /// In mebibytes, by the names that the results have.
    pub(super) fn figures(self) -> [(&'static str, f64); 3] {
        let mebibytes = |bytes: u64| bytes as f64 / MEBIBYTE;
        [
            ("anonymous_mib", mebibytes(self.anonymous)),
            ("file_mib", mebibytes(self.file)),
            ("resident_mib", mebibytes(self.resident_peak)),
        ]
    }

    fn larger(self, other: Self) -> Self {
        Self {
            anonymous: self.anonymous.max(other.anonymous),
            file: self.file.max(other.file),
            resident_peak: self.resident_peak.max(other.resident_peak),
        }
    }
}

/// Does `work` and says what the process has used meanwhile.
///
/// # Errors
/// That of the work, or when there is no such process.
pub(super) fn watch<T>(id: u32, work: impl FnOnce() -> Result<T>) -> Result<(T, Used)> {
    let cpu_before = cpu_seconds(id)?;
    let read_before = disk_read_bytes(id)?;
    let is_over = AtomicBool::new(false);
    let (outcome, memory) = thread::scope(|scope| {
        let sampler = scope.spawn(|| sample(id, &is_over));
        let outcome = work();
        is_over.store(true, Ordering::Relaxed);
        (outcome, sampler.join())
    });
    let memory = memory.ok().context("watch the server's memory")??;
    let used = Used {
        cpu_seconds: cpu_seconds(id)? - cpu_before,
        disk_read_bytes: disk_read_bytes(id)? - read_before,
        memory,
    };
    Ok((outcome?, used))
}

fn sample(id: u32, is_over: &AtomicBool) -> Result<Memory> {
    let mut largest = memory(&read(id, "status")?)?;
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(SAMPLE_EACH);
        largest = largest.larger(memory(&read(id, "status")?)?);
    }
    Ok(largest)
}

fn cpu_seconds(id: u32) -> Result<f64> {
    let ticks = cpu_ticks(&read(id, "stat")?).context("read /proc/PID/stat: no times")?;
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

fn disk_read_bytes(id: u32) -> Result<u64> {
    number_after(&read(id, "io")?, "read_bytes:")
}

fn read(id: u32, name: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{id}/{name}"))
        .with_context(|| format!("read /proc/PID/{name}"))
}

/// The program's name is in parentheses and may hold anything, blanks and parentheses too.
fn cpu_ticks(stat: &str) -> Option<u64> {
    const USER_TIME: usize = 11;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(USER_TIME);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

fn memory(status: &str) -> Result<Memory> {
    let bytes = |name| number_after(status, name).map(|kibibytes| kibibytes * 1024);
    Ok(Memory {
        anonymous: bytes("RssAnon:")?,
        file: bytes("RssFile:")?,
        resident_peak: bytes("VmHWM:")?,
    })
}

fn number_after(text: &str, name: &str) -> Result<u64> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("read /proc: no number after {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_program_name() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("42 (a) S 1"), None);
    }

    #[test]
    fn memory_is_read_in_bytes_and_a_missing_line_is_an_error() {
        let status = "Name:\ta\nVmHWM:\t   30 kB\nRssAnon:\t   10 kB\nRssFile:\t    20 kB\n";
        let expected = Memory {
            anonymous: 10 << 10,
            file: 20 << 10,
            resident_peak: 30 << 10,
        };
        assert_eq!(memory(status).unwrap(), expected);
        assert!(memory("Name:\ta\n").is_err());
    }

    #[test]
    fn watching_ourselves_sees_the_work_and_its_memory() {
        let work = || {
            let filled = vec![1_u8; 32 << 20];
            Ok(filled.iter().map(|byte| u64::from(*byte)).sum::<u64>())
        };
        let (sum, used) = watch(std::process::id(), work).unwrap();
        assert_eq!(sum, 32 << 20);
        assert!(used.memory.resident_peak >= 32 << 20, "{:?}", used.memory);
        assert!(used.cpu_seconds >= 0.0);
    }
}
