//! A directory with nodes in it that no other test sees.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::Value;

use crate::node::process::FREE_PORTS;
use crate::program::{Place, Ran};

/// The place and the scope of a test; what still runs at the end is killed.
pub(super) struct Stage {
    pub(super) place: Place,
    scope: String,
}

impl Stage {
    pub(super) fn new(name: &str) -> Self {
        Self {
            place: Place::new(name, "unused"),
            scope: format!("{name} {}", std::process::id()),
        }
    }

    /// A command here; `name` is what the program is called by.
    pub(super) fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let link = self.place.path(name);
        if !link.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_klamm"), &link).unwrap();
        }
        let mut command = Command::new(link);
        command.current_dir(self.place.path("")).args(arguments);
        self.enter(&mut command);
        command
    }

    /// Makes a command one of this stage.
    pub(super) fn enter(&self, command: &mut Command) {
        command.env("KLAMM_SCOPE", &self.scope);
        command.env_remove("LOG_DIR").env_remove("SIGNAL");
    }

    /// Runs `klamm server` with these arguments, split at spaces.
    pub(super) fn server(&self, arguments: &str) -> Ran {
        let mut command = self.command("klamm", &["server"]);
        command.args(arguments.split_whitespace());
        ran(command)
    }

    /// Runs `kafka-server-stop`.
    pub(super) fn script(&self, arguments: &[&str]) -> Ran {
        ran(self.command("kafka-server-stop.sh", arguments))
    }

    /// Sends a signal to all nodes.
    pub(super) fn signal(&self, name: &str) {
        let mut command = self.command("kafka-server-stop", &[]);
        assert_eq!(ran(command.env("SIGNAL", name)).succeeded(), "");
    }

    /// A command that starts a node in the background, with its data in `data` and its log in
    /// `log`.
    pub(super) fn launch(&self, node_id: i32, overrides: &[&str]) -> Command {
        let mut command = self.command("klamm", &["server", "start", "-daemon"]);
        let own = format!("node.id={node_id}");
        let data = format!("log.dirs=data-{node_id}");
        for text in [FREE_PORTS, &own, &data].iter().chain(overrides) {
            command.args(["--override", text]);
        }
        command.env("LOG_DIR", format!("log-{node_id}"));
        command
    }

    /// Starts a node in the background and waits until it is ready.
    pub(super) fn start(&self, node_id: i32) -> String {
        ran(self.launch(node_id, &[])).succeeded()
    }

    /// What the status says of all nodes.
    pub(super) fn nodes(&self) -> Vec<Value> {
        let document: Value = serde_json::from_str(&self.server("status --json").out).unwrap();
        document["nodes"].as_array().unwrap().clone()
    }

    /// The file with the output of a node.
    pub(super) fn log(&self, node_id: i32) -> String {
        self.place.read(&format!("log-{node_id}/kafkaServer.out"))
    }

    /// The place without links, as `/proc` shows it.
    pub(super) fn folder(&self) -> PathBuf {
        self.place.path("").canonicalize().unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let mut command = self.command("kafka-server-stop", &[]);
        let _ = command.env("SIGNAL", "KILL").output();
    }
}

/// A process that is waited for, though it is nobody's child here.
pub(super) struct Process(std::os::fd::OwnedFd);

impl Process {
    pub(super) fn of(node: &Value) -> Self {
        let pid = node["pid"].as_i64().unwrap().try_into().unwrap();
        let pid = Pid::from_raw(pid).unwrap();
        Self(pidfd_open(pid, PidfdFlags::empty()).unwrap())
    }

    pub(super) fn expect_end(&self) {
        let mut waited = [PollFd::new(&self.0, PollFlags::IN)];
        assert_eq!(poll(&mut waited, None).unwrap(), 1);
    }
}

pub(super) fn ran(mut command: impl std::borrow::BorrowMut<Command>) -> Ran {
    command.borrow_mut().output().unwrap().into()
}

/// A process that is called as nodes are, and is none.
pub(super) fn impostor(stage: &Stage, configure: impl FnOnce(&mut Command)) -> Child {
    let link = stage.place.path("klamm-server");
    std::os::unix::fs::symlink(Path::new("/bin/cat"), &link).unwrap();
    let mut command = Command::new(link);
    configure(&mut command);
    command.spawn().unwrap()
}
