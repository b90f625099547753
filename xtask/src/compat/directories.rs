//! The crate `storage` and Apache Kafka read each other's log directories, and respect each
//! other's locks. The work is done by `tests/compat/java/directories` and `tests/compat/storage`;
//! here it is put in order.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace;

const JAVA: &str = "tests/compat/java/directories";
const RUN_KAFKA: &str = "tests/compat/kafka/run";
/// Longer than a broker needs to find out that it cannot start.
const BROKER_SECONDS_MAX: &str = "60";

/// What Apache Kafka has written, after an orderly stop and after SIGKILL, reads here as it did
/// there, and there again afterwards; and neither of the two gets a log directory that the other
/// one holds.
pub(super) fn read_kafkas(root: &Path) -> Result<()> {
    let scratch = scratch(root, "kafka-directories")?;
    workspace::run(Command::new(root.join(JAVA).join("write")).arg(&scratch))?;
    for ending in ["clean", "killed"] {
        let directory = scratch.join(ending);
        workspace::run(&mut ours(root, "read", &directory))?;
        let mut reopen = Command::new(root.join(JAVA).join("reopen"));
        workspace::run(reopen.arg(&scratch).arg(ending))?;
        workspace::run(&mut ours(root, "reopened", &directory))?;
    }
    check_locks(root, &scratch)
}

/// What was written here reads in Apache Kafka's log and in its `kafka-dump-log` as it was written,
/// after a close and after a crash.
pub(super) fn written_for_kafka(root: &Path) -> Result<()> {
    let scratch = scratch(root, "our-directories")?;
    workspace::run(&mut ours(root, "write", &scratch))?;
    workspace::run(Command::new(root.join(JAVA).join("read")).arg(&scratch))?;
    workspace::run(&mut ours(root, "check", &scratch))
}

fn check_locks(root: &Path, scratch: &Path) -> Result<()> {
    let file = scratch.join(".lock");
    let here = || ours(root, "lock", &file);
    let theirs = || {
        let mut command = Command::new(root.join(RUN_KAFKA));
        command.arg("klamm.directories.Lock").arg(&file);
        command.env("CLASSPATH", root.join(JAVA).join("target/classes"));
        command
    };
    check_lock(here(), theirs()).context("lock a file here, then with Kafka's class")?;
    check_lock(theirs(), here()).context("lock a file with Kafka's class, then here")?;
    check_broker(root, scratch).context("start a broker on a log directory that is locked here")
}

/// The second program must not get the lock while the first one holds it, and must afterwards.
fn check_lock(first: Command, mut second: Command) -> Result<()> {
    let holder = Holder::start(first)?;
    let answer = workspace::output(second.stdin(Stdio::null()))?;
    ensure!(answer == b"refused\n", "a held lock was not refused");
    holder.stop()?;
    let answer = workspace::output(&mut second)?;
    ensure!(answer == b"locked\n", "a lock was not released");
    Ok(())
}

fn check_broker(root: &Path, scratch: &Path) -> Result<()> {
    // The node of the script has two log directories; the lock of the second is enough.
    let holder = Holder::start(ours(root, "lock", &scratch.join("killed/b/.lock")))?;
    let broker = Command::new("timeout")
        .arg(BROKER_SECONDS_MAX)
        .arg(root.join(RUN_KAFKA))
        .arg("kafka-server-start")
        .arg(scratch.join("server.properties"))
        .output()
        .context("start the broker")?;
    holder.stop()?;
    let complaint = String::from_utf8_lossy(&broker.stderr);
    let is_refused = complaint.contains("Failed to acquire lock on file .lock in");
    ensure!(
        !broker.status.success() && is_refused,
        "{}: {complaint}",
        broker.status
    );
    Ok(())
}

/// A program that holds a lock until its standard input ends.
struct Holder(Child);

impl Holder {
    fn start(mut command: Command) -> Result<Self> {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = piped.spawn().context("start a program that locks")?;
        let out = program.stdout.take().context("its output is not piped")?;
        let mut answer = String::new();
        BufReader::new(out).read_line(&mut answer)?;
        if answer != "locked\n" {
            bail!("a program that locks says `{}`", answer.trim());
        }
        Ok(Self(program))
    }

    fn stop(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        let status = self.0.wait()?;
        ensure!(status.success(), "a program that locks ends with {status}");
        Ok(())
    }
}

/// The program of `tests/compat/storage`, built if need be.
pub(super) fn ours(root: &Path, work: &str, path: &Path) -> Command {
    let mut command = workspace::cargo(root);
    command.args(["run", "--quiet", "--package", "compat-storage", "--", work]);
    command.arg(path);
    command
}

/// An empty folder below the target folder.
pub(super) fn scratch(root: &Path, name: &str) -> Result<PathBuf> {
    let scratch = root.join("target/compat").join(name);
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("clear {}", scratch.display()))?;
    }
    fs::create_dir_all(&scratch).with_context(|| format!("create {}", scratch.display()))?;
    Ok(scratch)
}
