//! Scenarios on a server that runs: records in, records out, and how long one takes.
//!
//! Each is counted from the start of the client's run to its end; the server was warmed up before,
//! and, where the processor's time counts, the free memory was touched.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};

use super::load::{Latency, Transfer};
use super::process::{self, Used};
use super::{Figure, Visit, machine};
use crate::workspace;

/// Of each topic, at each server.
pub(super) const PARTITIONS: u32 = 6;
const TOPIC: &str = "stream";
const GIGABYTE: f64 = 1e9;
const MEGABYTE: f64 = 1e6;

/// Many records as fast as the server takes them.
pub(super) fn produce(visit: &Visit) -> Result<Vec<Figure>> {
    visit.load.create(TOPIC, PARTITIONS)?;
    machine::touch_free_memory()?;
    let work = || visit.load.produce(TOPIC, visit.size.records, "1");
    let (transfer, used) = process::watch(visit.server.id(), work)?;
    Ok(transfer_figures(&transfer, &used))
}

/// The same records as fast as the server sends them.
pub(super) fn consume(visit: &Visit) -> Result<Vec<Figure>> {
    machine::touch_free_memory()?;
    let work = || visit.load.consume(TOPIC, visit.size.records);
    let (transfer, used) = process::watch(visit.server.id(), work)?;
    Ok(transfer_figures(&transfer, &used))
}

/// Records at a steady rate. What was produced before is on the disk first, so that the disk is
/// not busy with it.
pub(super) fn latency(visit: &Visit) -> Result<Vec<Figure>> {
    each_log(visit.server.data(), &|log| {
        File::open(log)?.sync_all().context("sync a log")
    })?;
    visit.load.create("latency", PARTITIONS)?;
    let work = || visit.load.latency("latency", visit.size.latency_seconds);
    let (latency, used) = process::watch(visit.server.id(), work)?;
    Ok(latency_figures(&latency, &used))
}

/// The same while somebody reads another topic that has to be fetched from the disk, over and over.
pub(super) fn cold(visit: &Visit) -> Result<Vec<Figure>> {
    visit.load.create("beside", PARTITIONS)?;
    let is_over = AtomicBool::new(false);
    let read_cold = || -> Result<()> {
        while !is_over.load(Ordering::Relaxed) {
            each_log(visit.server.data(), &drop_pages)?;
            visit.load.consume(TOPIC, visit.size.records)?;
        }
        Ok(())
    };
    let work = || {
        thread::scope(|scope| {
            let reader = scope.spawn(read_cold);
            let latency = visit.load.latency("beside", visit.size.cold_seconds);
            is_over.store(true, Ordering::Relaxed);
            reader.join().ok().context("read the cold topic")??;
            latency
        })
    };
    let (latency, used) = process::watch(visit.server.id(), work)?;
    let mut figures = latency_figures(&latency, &used);
    figures.push(("disk_read_mb", used.disk_read_bytes as f64 / MEGABYTE));
    Ok(figures)
}

fn transfer_figures(transfer: &Transfer, used: &Used) -> Vec<Figure> {
    let mut figures = vec![
        ("cpu_s_per_gb", used.cpu_seconds * GIGABYTE / transfer.bytes),
        ("mb_per_s", transfer.bytes / MEGABYTE / transfer.seconds),
    ];
    figures.extend(used.memory.figures());
    figures
}

pub(super) fn latency_figures(latency: &Latency, used: &Used) -> Vec<Figure> {
    let mut figures = vec![
        ("p50_ms", latency.p50),
        ("p99_ms", latency.p99),
        ("p999_ms", latency.p999),
        ("max_ms", latency.max),
        ("ack_p99_ms", latency.ack_p99),
        ("ack_max_ms", latency.ack_max),
    ];
    figures.extend(used.memory.figures());
    figures
}

/// The segments of the topic that was filled.
fn each_log(data: &Path, work: &dyn Fn(&Path) -> Result<()>) -> Result<()> {
    for folder in fs::read_dir(data).context("list the partitions")? {
        let folder = folder?;
        let name = folder.file_name();
        if !name.to_string_lossy().starts_with(&format!("{TOPIC}-")) {
            continue;
        }
        for file in fs::read_dir(folder.path()).context("list a partition")? {
            let path = file?.path();
            if path.extension().is_some_and(|ending| ending == "log") {
                work(&path)?;
            }
        }
    }
    Ok(())
}

/// Of one file only: the programs and the other topics stay in memory. `dd` that copies nothing
/// gives the advice, for which the standard library has no call.
fn drop_pages(log: &Path) -> Result<()> {
    let mut command = Command::new("dd");
    command.arg(format!("if={}", log.display()));
    workspace::run(command.args(["iflag=nocache", "count=0", "status=none"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::process::Memory;

    #[test]
    fn a_transfer_is_counted_per_gigabyte_and_second() {
        let transfer = Transfer {
            bytes: 2e9,
            seconds: 4.0,
        };
        let used = Used {
            cpu_seconds: 1.0,
            disk_read_bytes: 0,
            memory: Memory::default(),
        };
        let figures = transfer_figures(&transfer, &used);
        assert_eq!(figures[..2], [("cpu_s_per_gb", 0.5), ("mb_per_s", 500.0)]);
    }
}
