//! What the figures were measured on: what `/proc` says, without names and paths; and the one thing
//! about it that is brought to the same state before each count, the free memory.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace;

/// Pairs of what it is and how it is there.
pub(super) fn facts(root: &Path) -> Result<Vec<(String, String)>> {
    let read = |path: &str| fs::read_to_string(path).with_context(|| format!("read {path}"));
    let cores = std::thread::available_parallelism().context("count the cores")?;
    let processor = value_of(&read("/proc/cpuinfo")?, "model name").unwrap_or_default();
    let memory = value_of(&read("/proc/meminfo")?, "MemTotal").unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease")?;
    let root = root.canonicalize().context("find the tree")?;
    let file_system = file_system(&read("/proc/self/mounts")?, &root.to_string_lossy());
    let facts = [
        ("cores", format!("{cores}, {processor}")),
        ("memory", memory_text(&memory)),
        ("kernel", format!("Linux {}", kernel.trim())),
        ("file system", file_system),
        (
            "compiler",
            first_line(Command::new("rustc").arg("--version"))?,
        ),
    ];
    Ok(facts.map(|(name, value)| (name.to_owned(), value)).into())
}

/// Today in UTC, such as 2026-01-31.
pub(super) fn date() -> Result<String> {
    first_line(Command::new("date").args(["-u", "+%F"]))
}

/// What part of the memory that is available is touched.
const TOUCHED_SHARE: usize = 4;
const PAGE_BYTES: usize = 4096;

/// Touches a part of the free memory and gives it back.
///
/// The hypervisor of a virtual machine takes free pages away and gives them back when they are
/// touched, which is counted as system time of whoever touches them: of a server that writes to the
/// page cache, more than all the rest, or nothing, by chance.
///
/// # Errors
/// When `/proc/meminfo` does not say what is available.
pub(super) fn touch_free_memory() -> Result<()> {
    let memory = fs::read_to_string("/proc/meminfo").context("read /proc/meminfo")?;
    let available = value_of(&memory, "MemAvailable").context("find the available memory")?;
    let kibibytes: usize = available.trim_end_matches(" kB").parse()?;
    let mut touched = vec![0_u8; kibibytes * 1024 / TOUCHED_SHARE];
    for page in touched.chunks_mut(PAGE_BYTES) {
        *std::hint::black_box(&mut page[0]) = 1;
    }
    Ok(())
}

fn first_line(command: &mut Command) -> Result<String> {
    let output = workspace::output(command)?;
    let text = String::from_utf8_lossy(&output);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn value_of(text: &str, name: &str) -> Option<String> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let value = pairs.find_map(|(key, value)| (key.trim() == name).then_some(value))?;
    Some(value.trim().to_owned())
}

fn memory_text(kibibytes: &str) -> String {
    let number: f64 = kibibytes
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or_default();
    format!("{:.1} GiB", number / 1_048_576.0)
}

/// The type of the file system that is mounted nearest above `path`.
fn file_system(mounts: &str, path: &str) -> String {
    let fields = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    let above = mounts.lines().filter_map(fields).filter(|(folder, _)| {
        let rest = path.strip_prefix(folder.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    // The later of two at the same place hides the earlier.
    let nearest = above.max_by_key(|(folder, _)| folder.len());
    nearest.map_or_else(|| "unknown".to_owned(), |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "a / ext4 rw 0 0\nb /data xfs rw 0 0\nc /data/one tmpfs rw 0 0\n";

    #[test]
    fn the_nearest_file_system_counts_by_whole_names() {
        assert_eq!(file_system(MOUNTS, "/data/one/tree"), "tmpfs");
        assert_eq!(file_system(MOUNTS, "/data/oneself"), "xfs");
        assert_eq!(file_system(MOUNTS, "/srv"), "ext4");
        assert_eq!(file_system("", "/srv"), "unknown");
    }

    #[test]
    fn memory_is_shown_in_gibibytes() {
        let text = "MemTotal:       16777216 kB\nMemFree: 1 kB\n";
        assert_eq!(
            memory_text(&value_of(text, "MemTotal").unwrap()),
            "16.0 GiB"
        );
    }
}
