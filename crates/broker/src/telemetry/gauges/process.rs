//! What the operating system says of the process, under the names that Prometheus' own libraries
//! use. Read from `/proc`; where that is missing or reads otherwise, the samples are missing.
//!
//! Not for simulated nodes: these numbers are those of the whole process.

use super::GaugeSource;
use crate::telemetry::exposition::{Exposition, Number};
use crate::telemetry::families;
use std::fs;

/// `USER_HZ`: the unit of times in `/proc`, the same on all of Linux that Rust's tier 1 has.
const TICKS_PER_SECOND: f64 = 100.0;

/// For the process, once.
#[derive(Debug)]
pub struct ProcessGauges;

/// The parts of `/proc/self/stat` that are wanted.
#[derive(Debug, PartialEq)]
struct Stat {
    cpu_ticks: u64,
    thread_count: u64,
    /// Since the system was started.
    start_ticks: u64,
    virtual_bytes: u64,
}

impl GaugeSource for ProcessGauges {
    fn collect(&self, exposition: &mut Exposition) {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        exposition.sample(&families::BUILD_INFO, &version, 1_u64);
        let mut sample = |family, value: Option<Number>| {
            if let Some(value) = value {
                exposition.sample(family, &[], value);
            }
        };
        let stat = read("/proc/self/stat").and_then(|text| Stat::parse(&text));
        if let Some(stat) = stat {
            let cpu_seconds = stat.cpu_ticks as f64 / TICKS_PER_SECOND;
            sample(&families::PROCESS_CPU_SECONDS, Some(cpu_seconds.into()));
            sample(&families::PROCESS_THREADS, Some(stat.thread_count.into()));
            let virtual_bytes = Some(stat.virtual_bytes.into());
            sample(&families::PROCESS_VIRTUAL_MEMORY_BYTES, virtual_bytes);
            let boot_seconds = read("/proc/stat").and_then(|text| field(&text, "btime "));
            let start_seconds = boot_seconds
                .map(|boot| (boot as f64 + stat.start_ticks as f64 / TICKS_PER_SECOND).into());
            sample(&families::PROCESS_START_TIME_SECONDS, start_seconds);
        }
        let resident_kibibytes = read("/proc/self/status").and_then(|text| field(&text, "VmRSS:"));
        let resident_bytes = resident_kibibytes.map(|count| (count * 1024).into());
        sample(&families::PROCESS_RESIDENT_MEMORY_BYTES, resident_bytes);
        let open_fds = fs::read_dir("/proc/self/fd").ok();
        let open_fds = open_fds.map(|entries| (entries.count() as u64).into());
        sample(&families::PROCESS_OPEN_FDS, open_fds);
        let fds_max = read("/proc/self/limits").and_then(|text| field(&text, "Max open files"));
        sample(&families::PROCESS_MAX_FDS, fds_max.map(Number::from));
    }
}

impl Stat {
    /// Fields are counted from behind the name of the program, which may contain anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, behind_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = behind_name.split_whitespace().collect();
        let number = |position: usize| fields.get(position)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: number(11)?.checked_add(number(12)?)?,
            thread_count: number(17)?,
            start_ticks: number(19)?,
            virtual_bytes: number(20)?,
        })
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The number that follows `name` at the begin of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_called_anything() {
        let text = "7 (a) 1 (b)) S 1 7 7 0 -1 4194560 99 0 0 0 250 50 0 0 20 0 9 0 1234 4096 1 2";
        let stat = Stat {
            cpu_ticks: 300,
            thread_count: 9,
            start_ticks: 1234,
            virtual_bytes: 4096,
        };
        assert_eq!(Stat::parse(text), Some(stat));
    }

    #[test]
    fn what_reads_otherwise_is_left_out() {
        for text in [
            "",
            "7 (a",
            "7 (a) S 1 7",
            "7 (a) S a b c d e f g h i j k l m n o p q r s t",
        ] {
            assert_eq!(Stat::parse(text), None, "{text}");
        }
        assert_eq!(
            field("Max open files  1024  4096", "Max open files"),
            Some(1024)
        );
        assert_eq!(field("Max open files  unlimited", "Max open files"), None);
        assert_eq!(field("cpu 1\nbtime 77\n", "btime "), Some(77));
    }
}
