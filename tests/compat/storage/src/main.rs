//! Reads log directories that Apache Kafka has written, writes some for Apache Kafka to read, and
//! locks one.
//!
//! Not the job of this program: running Apache Kafka. `tests/compat/java/directories` does, and
//! describes the text that both sides compare.

#![forbid(unsafe_code)]

mod check;
mod compact;
mod comparison;
mod consumer;
mod describe;
mod lines;
mod lock;
mod node;
mod read;
mod write;

use std::path::Path;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    match arguments[..] {
        ["read", directory] => runtime.block_on(read::read(Path::new(directory))),
        ["write", directory] => runtime.block_on(write::write(Path::new(directory))),
        ["reopened", directory] => read::compare_reopened(Path::new(directory)),
        ["check", directory] => check::check(Path::new(directory)),
        ["compact", directory] => runtime.block_on(compact::compact(Path::new(directory))),
        ["lock", file] => runtime.block_on(lock::lock(Path::new(file))),
        _ => bail!(
            "usage: compat-storage read DIRECTORY | write DIRECTORY | check DIRECTORY | \
             compact DIRECTORY | lock FILE"
        ),
    }
}
