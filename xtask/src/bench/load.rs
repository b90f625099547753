//! The client of `benches/load`: one call is one run of it, which prints one line of JSON.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace;

/// Builds the client and runs it.
const BUILD_AND_RUN: &str = "benches/load/run";
/// What it has built: looking for changes of the client would disturb what is measured.
const CLIENT: &str = "benches/load/.bin/load";
/// A call that takes longer than that is given up.
const SECONDS_MAX: &str = "240";
/// What a record's value is made of; its key and headers are empty.
pub(super) const RECORD_BYTES: &str = "1024";
/// More records than are produced while anything is measured.
const ENDLESS: &str = "1000000000";
/// Records per second when latency is measured.
pub(super) const RATE: &str = "2000";

/// The client, pointed at a server.
pub(super) struct Load<'a> {
    root: &'a Path,
    address: SocketAddr,
}

/// A client that produces until this is dropped.
pub(super) struct Producing {
    process: Child,
}

/// What was carried, in which time.
pub(super) struct Transfer {
    pub(super) bytes: f64,
    pub(super) seconds: f64,
}

/// Milliseconds from the time a record was due.
pub(super) struct Latency {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) max: f64,
    pub(super) ack_p99: f64,
    pub(super) ack_max: f64,
}

impl<'a> Load<'a> {
    pub(super) fn new(root: &'a Path, address: SocketAddr) -> Self {
        Self { root, address }
    }

    /// Builds the client if it is not built; the others need that.
    pub(super) fn create(&self, topic: &str, partitions: u32) -> Result<()> {
        let partitions = partitions.to_string();
        self.call(
            BUILD_AND_RUN,
            "create",
            topic,
            &["--partitions", &partitions],
        )?;
        Ok(())
    }

    /// # Errors
    /// When not all of them are acknowledged.
    pub(super) fn produce(&self, topic: &str, records: u64, acks: &str) -> Result<Transfer> {
        let number = records.to_string();
        let arguments = ["--records", &number, "--size", RECORD_BYTES, "--acks", acks];
        transfer(&self.call(CLIENT, "produce", topic, &arguments)?, records)
    }

    /// Reads from the beginning of all partitions.
    ///
    /// # Errors
    /// When there are not as many records in time.
    pub(super) fn consume(&self, topic: &str, records: u64) -> Result<Transfer> {
        let line = self.call(
            CLIENT,
            "consume",
            topic,
            &["--records", &records.to_string()],
        )?;
        transfer(&line, records)
    }

    /// Begins to produce into these partitions, until it is ended.
    pub(super) fn keep_producing(&self, topic: &str, partitions: &[u32]) -> Result<Producing> {
        let mut command = Command::new(self.root.join(CLIENT));
        command.args(["produce", "--bootstrap", &self.address.to_string()]);
        command.args([
            "--topic",
            topic,
            "--records",
            ENDLESS,
            "--size",
            RECORD_BYTES,
        ]);
        command.args(["--acks", "1", "--only", &listed(partitions)]);
        let process = command.spawn().context("start a producer")?;
        Ok(Producing { process })
    }

    /// # Errors
    /// When a record is lost.
    pub(super) fn latency(&self, topic: &str, seconds: u64) -> Result<Latency> {
        self.latency_of(topic, seconds, &[])
    }

    /// The same of some of the topic's partitions only; of all of them when none is given.
    ///
    /// # Errors
    /// When a record is lost.
    pub(super) fn latency_of(
        &self,
        topic: &str,
        seconds: u64,
        partitions: &[u32],
    ) -> Result<Latency> {
        let (seconds, only) = (seconds.to_string(), listed(partitions));
        let mut arguments = vec!["--rate", RATE, "--seconds", &seconds];
        if !partitions.is_empty() {
            arguments.extend(["--only", &only]);
        }
        arguments.extend(["--size", RECORD_BYTES, "--acks", "all"]);
        latency(&self.call(CLIENT, "latency", topic, &arguments)?)
    }

    fn call(&self, program: &str, what: &str, topic: &str, rest: &[&str]) -> Result<String> {
        let mut command = Command::new("timeout");
        command
            .arg(SECONDS_MAX)
            .arg(self.root.join(program))
            .arg(what);
        command.args(["--bootstrap", &self.address.to_string(), "--topic", topic]);
        let output = workspace::output(command.args(rest))?;
        String::from_utf8(output).context("read the client's answer: not UTF-8")
    }
}

impl Producing {
    /// # Errors
    /// When it ended by itself before: it met an error, and the load was not there.
    pub(super) fn end(mut self) -> Result<()> {
        let ended = self.process.try_wait().context("look after a producer")?;
        ensure!(ended.is_none(), "keep producing: it has ended");
        Ok(())
    }
}

impl Drop for Producing {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn listed(partitions: &[u32]) -> String {
    let partitions: Vec<String> = partitions.iter().map(u32::to_string).collect();
    partitions.join(",")
}

fn transfer(line: &str, records: u64) -> Result<Transfer> {
    let answer = parsed(line)?;
    let carried = number(&answer, "records")?;
    let is_complete = carried >= records as f64;
    ensure!(is_complete, "carry {records} records: {carried} were");
    Ok(Transfer {
        bytes: number(&answer, "bytes")?,
        seconds: number(&answer, "seconds")?,
    })
}

fn latency(line: &str) -> Result<Latency> {
    let answer = parsed(line)?;
    let lost = number(&answer, "lost")?;
    ensure!(lost == 0.0, "measure latency: {lost} records are lost");
    Ok(Latency {
        p50: number(&answer, "p50_ms")?,
        p99: number(&answer, "p99_ms")?,
        p999: number(&answer, "p999_ms")?,
        max: number(&answer, "max_ms")?,
        ack_p99: number(&answer, "ack_p99_ms")?,
        ack_max: number(&answer, "ack_max_ms")?,
    })
}

fn parsed(line: &str) -> Result<Value> {
    serde_json::from_str(line.trim()).with_context(|| format!("read the client's answer: {line}"))
}

fn number(answer: &Value, name: &str) -> Result<f64> {
    let number = answer.get(name).and_then(Value::as_f64);
    number.with_context(|| format!("read the client's answer: no number {name} in {answer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_fewer_records_than_asked_for_is_an_error() {
        let line = r#"{"records":10,"bytes":10240,"seconds":0.5}"#;
        let whole = transfer(line, 10).unwrap();
        assert_eq!((whole.bytes, whole.seconds), (10240.0, 0.5));
        assert!(transfer(line, 11).is_err());
    }

    #[test]
    fn a_lost_record_or_a_missing_number_is_an_error() {
        let line = r#"{"records":9,"lost":0,"p50_ms":1,"p99_ms":2.5,"p999_ms":3,"max_ms":4,
            "ack_p99_ms":2,"ack_max_ms":3}"#;
        assert_eq!(latency(line).unwrap().p99, 2.5);
        assert!(latency(&line.replace("\"lost\":0", "\"lost\":1")).is_err());
        assert!(latency(&line.replace("p999_ms", "p998_ms")).is_err());
    }
}
