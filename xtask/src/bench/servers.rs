//! The servers that are measured: built once, then started on fresh folders and free ports.
//!
//! Invariant: a server that was started here has ended when its [`Running`] is gone.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::last_lines;
use super::traffic::PARTITIONS;
use crate::workspace;

const KAFKA: &str = "tests/compat/kafka/run";
/// What Kafka's own start script gives a broker.
const KAFKA_HEAP: &str = "-Xms1G -Xmx1G";
const KAFKA_COLLECTOR: &str = "-XX:-UseSerialGC -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
    -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent";
const START_MAX: Duration = Duration::from_secs(120);
const STOP_MAX: Duration = Duration::from_secs(60);
const ANSWER_MAX: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// ApiVersions, version 0, correlation id 7, no client id, with its length before it.
const API_VERSIONS: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];

/// Which server it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Server {
    /// Apache Kafka, with the heap and the collector of its start script.
    Kafka,
    /// The release build of this tree.
    Klamm,
    /// Receives, checks the checksum, writes; sends files. What any server has to spend.
    Null,
}

impl Server {
    pub(super) const ALL: [Self; 3] = [Self::Kafka, Self::Klamm, Self::Null];
    /// Those that one would use.
    pub(super) const REAL: [Self; 2] = [Self::Kafka, Self::Klamm];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Klamm => "klamm",
            Self::Null => "null",
        }
    }
}

/// Where a server's program is.
pub(super) struct Program {
    server: Server,
    path: PathBuf,
}

/// One for each of [`Server::ALL`], in that order.
///
/// # Errors
/// When one does not build.
pub(super) fn programs(root: &Path) -> Result<Vec<Program>> {
    let path = |server| match server {
        Server::Kafka => Ok(root.join(KAFKA)),
        Server::Klamm => workspace::built_for_release(root, "klamm"),
        Server::Null => workspace::built_for_release(root, "null-server"),
    };
    let program = |server| {
        Ok(Program {
            server,
            path: path(server)?,
        })
    };
    Server::ALL.into_iter().map(program).collect()
}

impl Program {
    fn format(&self, configuration: &Path) -> Result<()> {
        let mut command = Command::new(&self.path);
        match self.server {
            Server::Kafka => command.arg("kafka-storage"),
            Server::Klamm => command.arg("storage"),
            Server::Null => return Ok(()),
        };
        command.args(["format", "--standalone", "--cluster-id"]);
        command.args(["iykqZaBdSNekMPfftoQUpg", "--config"]);
        workspace::output(command.arg(configuration))?;
        Ok(())
    }

    fn start(&self, folder: &Path, port: u16) -> Command {
        let mut command = Command::new(&self.path);
        let configuration = folder.join("server.properties");
        match self.server {
            Server::Kafka => command
                .arg("kafka-server-start")
                .arg(configuration)
                .env("KAFKA_HEAP_OPTS", KAFKA_HEAP)
                .env("KAFKA_OPTS", KAFKA_COLLECTOR),
            Server::Klamm => command.args(["server", "start"]).arg(configuration),
            Server::Null => command
                .args(["--port", &port.to_string(), "--data"])
                .arg(folder.join("data"))
                .args(["--partitions", &PARTITIONS.to_string()]),
        };
        command
    }
}

/// A server that answers.
pub(super) struct Running {
    process: Child,
    address: SocketAddr,
    data: PathBuf,
    ready_after: Duration,
}

impl Running {
    /// Starts it on an empty, formatted folder and returns when it has answered.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub(super) fn format_and_start(program: &Program, folder: &Path) -> Result<Self> {
        Self::format_and_start_on(program, folder, &[folder.join("data")])
    }

    /// The same with these log directories, the first of which is `data` in the folder.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub(super) fn format_and_start_on(
        program: &Program,
        folder: &Path,
        directories: &[PathBuf],
    ) -> Result<Self> {
        let (port, controller) = workspace::free_ports()?;
        let configuration = folder.join("server.properties");
        fs::write(&configuration, properties(directories, port, controller))
            .context("write server.properties")?;
        fs::create_dir_all(folder.join("data")).context("create a folder for data")?;
        program.format(&configuration)?;
        Self::start(program, folder, port)
    }

    /// Starts it on what is in the folder. The time until it answers is that since the start of
    /// the process.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub(super) fn start(program: &Program, folder: &Path, port: u16) -> Result<Self> {
        let output = folder.join("server.out");
        let sink = File::create(&output).context("create server.out")?;
        let mut command = program.start(folder, port);
        command.stdout(sink.try_clone()?).stderr(sink);
        let begin = Instant::now();
        let process = command.spawn().context("start a server")?;
        let mut running = Self {
            process,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            data: folder.join("data"),
            ready_after: Duration::ZERO,
        };
        while answer(running.address).is_err() {
            if let Some(status) = running.process.try_wait()? {
                bail!("start a server: {status}\n{}", last_lines(&output));
            }
            let has_time = begin.elapsed() < START_MAX;
            ensure!(
                has_time,
                "start a server: it does not answer\n{}",
                last_lines(&output)
            );
            thread::sleep(LOOK_AGAIN);
        }
        running.ready_after = begin.elapsed();
        Ok(running)
    }

    /// Ends it by SIGTERM.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(super) fn stop(mut self) -> Result<()> {
        workspace::run(Command::new("kill").arg(self.id().to_string()))?;
        let deadline = Instant::now() + STOP_MAX;
        while self.process.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "stop a server: it does not end");
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Ends it at once by SIGKILL.
    pub(super) fn kill(self) {
        drop(self);
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of its logs.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// From the start of the process to its first answer.
    pub(super) fn ready_ms(&self) -> f64 {
        self.ready_after.as_secs_f64() * 1000.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks for the versions of its requests, as every client does first.
fn answer(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.write_all(&API_VERSIONS)?;
    let mut start = [0; 8];
    stream.read_exact(&mut start)?;
    ensure!(
        start[4..] == API_VERSIONS[8..12],
        "read an answer: not to our request"
    );
    Ok(())
}

/// Kafka's defaults, but for what a single node needs.
fn properties(directories: &[PathBuf], broker: u16, controller: u16) -> String {
    let directories = directories.iter().map(|each| each.display().to_string());
    let directories: Vec<String> = directories.collect();
    format!(
        "process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
",
        directories.join(",")
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn only_an_answer_to_our_request_counts() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let serve = thread::spawn(move || {
            for correlation in [7_u8, 8] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; API_VERSIONS.len()];
                stream.read_exact(&mut request).unwrap();
                stream
                    .write_all(&[0, 0, 0, 4, 0, 0, 0, correlation])
                    .unwrap();
            }
        });
        assert!(answer(address).is_ok());
        assert!(answer(address).is_err());
        serve.join().unwrap();
        assert!(answer(address).is_err());
    }
}
