//! The floor that any server on this machine and runtime has: what is left when a server receives
//! records, checks their checksum, writes them to the page cache, and sends them by `sendfile`.
//!
//! Not the job of this program: flushing, indexes on disk, validation, sessions, groups, or being
//! safe to show to strangers. It starts empty, has every topic that somebody names, and speaks just
//! enough for `benches/load`.

#![forbid(unsafe_code)]

mod answer;
mod connection;
mod log;
mod records;
mod requests;
mod server;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use server::Server;
use tokio::net::TcpListener;

const USAGE: &str = "usage: null-server --port P --data DIR [--partitions N]";

fn main() -> Result<()> {
    let (port, folder, partition_count) = read_arguments(std::env::args().skip(1))?;
    std::fs::create_dir_all(&folder).context("create data directory")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let server = Arc::new(Server::new(folder, partition_count, port));
        writeln!(io::stdout(), "ready")?;
        loop {
            let (stream, _) = listener.accept().await?;
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                if let Err(failure) = connection::serve(&server, stream).await {
                    // A connection whose failure cannot even be told is still only a connection.
                    let _told = writeln!(io::stderr(), "serve connection: {failure:#}");
                }
            });
        }
    })
}

/// The port, the folder for data, and how many partitions each topic has.
fn read_arguments(arguments: impl Iterator<Item = String>) -> Result<(u16, PathBuf, i32)> {
    let arguments: Vec<String> = arguments.collect();
    let (pairs, []) = arguments.as_chunks::<2>() else {
        bail!(USAGE);
    };
    let mut given: HashMap<&str, &str> = pairs
        .iter()
        .map(|[name, value]| (name.as_str(), value.as_str()))
        .collect();
    let port = given.remove("--port").context(USAGE)?;
    let folder = given.remove("--data").context(USAGE)?;
    let partition_count = given.remove("--partitions").unwrap_or("1");
    if !given.is_empty() {
        bail!(USAGE);
    }
    let partition_count = partition_count.parse().context("read --partitions")?;
    if partition_count < 1 {
        bail!("read --partitions: a topic has at least one");
    }
    let port = port.parse().context("read --port")?;
    Ok((port, PathBuf::from(folder), partition_count))
}
