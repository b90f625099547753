//! A server with two log directories, one of which is on a slow disk: how long acknowledgements
//! take of the partitions on the other one.
//!
//! The slow disk is the file system of `benches/slow-disk`, which needs FUSE and the right to
//! mount. Both servers spread the partitions of a topic over their log directories; which one is
//! where is seen from the folders.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::load::{Load, Producing};
use super::process;
use super::servers::{Running, Server};
use super::{Bench, Figure, traffic};
use crate::workspace;

const BUILD_AND_RUN: &str = "benches/slow-disk/run";
/// Of the topic that keeps the slow disk busy, and of the one that is measured; half of them are
/// in each directory.
const PARTITIONS: u32 = 12;
const BUSY: &str = "busy";
const MEASURED: &str = "measured";
const CREATION_MAX: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Clients that fill the slow disk's partitions.
const PRODUCERS: usize = 4;

/// Whether this machine has what it takes.
pub(super) fn is_possible() -> bool {
    Path::new("/dev/fuse").exists()
}

/// What is measured at one server.
pub(super) fn measure(bench: &Bench, server: Server) -> Result<Vec<Figure>> {
    let folder = bench.fresh_folder()?;
    let disk = SlowDisk::mount(bench.root, &folder)?;
    let directories = [folder.join("data"), disk.mount.clone()];
    let running = Running::format_and_start_on(bench.program(server), &folder, &directories)?;
    let load = Load::new(bench.root, running.address());
    for topic in [BUSY, MEASURED] {
        load.create(topic, PARTITIONS)?;
    }
    let [_, slow] = spread(&directories, BUSY)?;
    let [fast, _] = spread(&directories, MEASURED)?;
    let producers = (0..PRODUCERS).map(|_| load.keep_producing(BUSY, &slow));
    let producers: Vec<Producing> = producers.collect::<Result<_>>()?;
    let work = || load.latency_of(MEASURED, bench.size.slow_disk_seconds, &fast);
    let (latency, used) = process::watch(running.id(), work)?;
    for producer in producers {
        producer.end()?;
    }
    running.kill();
    drop(disk);
    fs::remove_dir_all(folder).context("remove the server's folder")?;
    Ok(traffic::latency_figures(&latency, &used))
}

/// Which partitions of a topic are in which of two log directories. A server may still be creating
/// them when the topic is there.
fn spread(directories: &[PathBuf; 2], topic: &str) -> Result<[Vec<u32>; 2]> {
    let deadline = Instant::now() + CREATION_MAX;
    loop {
        let [one, other] = directories;
        let spread = [partitions(one, topic)?, partitions(other, topic)?];
        let [one, other] = spread.each_ref().map(Vec::len);
        if one + other == PARTITIONS as usize {
            ensure!(one > 0 && other > 0, "spread {topic}: all are in one place");
            return Ok(spread);
        }
        ensure!(
            Instant::now() < deadline,
            "spread {topic}: {one} and {other} are there"
        );
        thread::sleep(LOOK_AGAIN);
    }
}

/// The partitions of a topic that are in a log directory.
fn partitions(directory: &Path, topic: &str) -> Result<Vec<u32>> {
    let mut partitions = Vec::new();
    for folder in fs::read_dir(directory).context("list a log directory")? {
        let name = folder?.file_name();
        let number = name.to_string_lossy();
        let number = number
            .strip_prefix(topic)
            .and_then(|rest| rest.strip_prefix('-'));
        partitions.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    partitions.sort_unstable();
    Ok(partitions)
}

/// Mounted until it is dropped.
struct SlowDisk {
    process: Child,
    mount: PathBuf,
}

impl SlowDisk {
    fn mount(root: &Path, folder: &Path) -> Result<Self> {
        let (files, mount) = (folder.join("slow-files"), folder.join("slow"));
        for each in [&files, &mount] {
            fs::create_dir_all(each).context("create a folder for the slow disk")?;
        }
        let mut command = Command::new(root.join(BUILD_AND_RUN));
        command
            .arg("--folder")
            .arg(files)
            .arg("--mount")
            .arg(&mount);
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .context("start the slow disk")?;
        let output = process
            .stdout
            .take()
            .context("read the slow disk's output")?;
        let disk = Self { process, mount };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        ensure!(line == "ready\n", "mount the slow disk: it is not ready");
        Ok(disk)
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        // It unmounts when it is asked to end. There is nobody to tell if it does not.
        let id = self.process.id().to_string();
        let _ = workspace::run(Command::new("kill").arg(id));
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_those_of_the_topic_whose_folders_are_there() {
        let directory = std::env::temp_dir().join(format!("slow-disk-{}", std::process::id()));
        for name in [
            "busy-10",
            "busy-2",
            "busy-2.1-delete",
            "other-3",
            "busy-x-1",
        ] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        let found = partitions(&directory, "busy").unwrap();
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(found, [2, 10]);
    }
}
