//! A fresh single node for the clients, Klamm's or Apache Kafka's, on a free port of 127.0.0.1.
//!
//! Both get the same configuration. What is said to the node is the clients' business.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace;

const KAFKA: &str = "tests/compat/kafka/run";
/// It lives for seconds only, so the optimising compiler would not pay.
const KAFKA_HEAP: &str = "-Xms128m -Xmx512m -XX:TieredStopAtLevel=1";
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What both make of an orderly end by SIGTERM.
const STOPPED: i32 = 143;
const OUTPUT_LINES_MAX: usize = 40;

/// Whose server it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Klamm,
    Kafka,
}

impl Server {
    /// The program that is Kafka's `kafka-storage` there, and the one that is `kafka-server-start`.
    fn programs(self, root: &Path) -> Result<(Command, Command)> {
        if self == Self::Klamm {
            let program = workspace::built(root, "klamm")?;
            let mut start = Command::new(&program);
            start.args(["server", "start"]);
            let mut storage = Command::new(program);
            storage.arg("storage");
            return Ok((storage, start));
        }
        let kafka = |name: &str| {
            let mut command = Command::new(root.join(KAFKA));
            command.arg(name).env("KAFKA_HEAP_OPTS", KAFKA_HEAP);
            command
        };
        Ok((kafka("kafka-storage"), kafka("kafka-server-start")))
    }
}

/// A node that runs; it is killed when it is dropped without [`Node::stop`].
pub(super) struct Node {
    process: Child,
    output: PathBuf,
    address: SocketAddr,
    controller_address: SocketAddr,
}

impl Node {
    /// Formats and starts a node in `scratch`, an empty folder, and returns when it listens.
    ///
    /// # Errors
    /// When it cannot be built or does not come up in a minute.
    pub(super) fn start(root: &Path, server: Server, scratch: &Path) -> Result<Self> {
        let (broker, controller) = workspace::free_ports()?;
        let configuration = scratch.join("server.properties");
        fs::write(&configuration, properties(scratch, broker, controller))
            .context("write server.properties")?;
        let (mut storage, mut start) = server.programs(root)?;
        storage.args(["format", "--standalone", "--cluster-id"]);
        storage.args(["iykqZaBdSNekMPfftoQUpg", "--config"]);
        workspace::output(storage.arg(&configuration))?;

        let output = scratch.join("node.out");
        let sink = File::create(&output).context("create node.out")?;
        start.stdout(sink.try_clone()?).stderr(sink);
        let process = start.arg(&configuration).spawn().context("start a node")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, broker));
        let controller_address = SocketAddr::from((Ipv4Addr::LOCALHOST, controller));
        let mut node = Self {
            process,
            output,
            address,
            controller_address,
        };
        node.listening()?;
        Ok(node)
    }

    /// Ends it by SIGTERM.
    ///
    /// # Errors
    /// When it does not end in half a minute, or not in order.
    pub(super) fn stop(mut self) -> Result<()> {
        let id = self.process.id().to_string();
        workspace::run(Command::new("kill").arg(id))?;
        let deadline = Instant::now() + STOP_MAX;
        while self.ended()?.is_none() && Instant::now() < deadline {
            thread::sleep(LOOK_AGAIN);
        }
        let status = self.ended()?.context("stop the node: it does not end")?;
        let is_orderly = status.code() == Some(STOPPED);
        ensure!(is_orderly, "stop the node: {status}\n{}", self.last_words());
        Ok(())
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn controller_address(&self) -> SocketAddr {
        self.controller_address
    }

    /// The end of what it wrote.
    pub(super) fn last_words(&self) -> String {
        let text = fs::read(&self.output).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(OUTPUT_LINES_MAX)..].join("\n")
    }

    fn listening(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.ended()? {
                bail!("start a node: {status}\n{}", self.last_words());
            }
            let has_time = Instant::now() < deadline;
            ensure!(has_time, "start a node: it does not listen");
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.try_wait().context("look after the node")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn properties(scratch: &Path, broker: u16, controller: u16) -> String {
    format!(
        "process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={}
offsets.topic.num.partitions=5
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
",
        scratch.join("data").display()
    )
}
