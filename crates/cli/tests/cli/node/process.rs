//! A node as a process: started on free ports, stopped, killed, measured.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::program::Place;

/// How long anything here may take; only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Listeners on ports that are free.
pub(crate) const FREE_PORTS: &str = "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0";

/// A node that is ready; killed when dropped.
pub(crate) struct Node {
    child: Child,
    lines: Receiver<String>,
    /// What it printed before it was ready.
    pub(crate) printed: Vec<String>,
    /// Where clients connect to.
    pub(crate) address: SocketAddr,
    /// Where brokers and administrators connect to the controller.
    pub(crate) controller_address: SocketAddr,
}

impl Node {
    /// Starts one in `place`, with its data in `klamm-data`, and waits until it is ready.
    pub(crate) fn start(place: &Place, overrides: &[&str]) -> Self {
        Self::start_as(command(place, overrides))
    }

    /// Starts one by this command.
    pub(crate) fn start_as(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut printed = Vec::new();
        let ready = loop {
            let line = lines.recv_timeout(PATIENCE).unwrap();
            // What it logs comes there too.
            if line.starts_with("node ") {
                break line;
            }
            printed.push(line);
        };
        Self {
            address: listener(&ready, "PLAINTEXT"),
            controller_address: listener(&ready, "CONTROLLER"),
            child,
            lines,
            printed,
        }
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(self) -> ExitStatus {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> ExitStatus {
        // What it prints ends when it does.
        let ended = loop {
            if let Err(ended) = self.lines.recv_timeout(PATIENCE) {
                break ended;
            }
        };
        assert_eq!(ended, RecvTimeoutError::Disconnected);
        self.child.wait().unwrap()
    }

    /// Ends it at once, by SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What the system says of its memory under this name, in bytes.
    pub(crate) fn memory_bytes(&self, name: &str) -> usize {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib = line.unwrap().split_whitespace().next().unwrap();
        kib.parse::<usize>().unwrap() << 10
    }

    /// A connection without anything on it.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

/// Starts a node that does not come up: it ends with 1 and this complaint.
pub(crate) fn expect_refusal(place: &Place, overrides: &[&str], complaint: &str) {
    let output = command(place, overrides).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.trim_end(), complaint);
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of this listener, from the line that says that the node is ready.
pub(crate) fn listener(ready: &str, name: &str) -> SocketAddr {
    let (_, address) = ready.split_once(&format!("{name}://")).unwrap();
    let end = address.find([',', ';']).unwrap();
    address[..end].parse().unwrap()
}

/// `klamm server start` in `place`, on free ports.
pub(crate) fn command(place: &Place, overrides: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
    configure(&mut command, place, overrides);
    command
}

/// Gives a command that starts a node its directory and its arguments.
pub(crate) fn configure(command: &mut Command, place: &Place, overrides: &[&str]) {
    command.current_dir(place.path(""));
    command.args(["server", "start", "--override", FREE_PORTS]);
    for text in overrides {
        command.args(["--override", text]);
    }
}
