//! A node, and tools that talk to it while somebody types.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use protocol::ErrorCode;
use rustix::process::{Pid, Signal, kill_process};

use crate::node::client::Client;
use crate::node::process::{Node, PATIENCE};
use crate::program::{Place, Ran};

/// A node whose groups do not wait for further members at first.
pub(super) struct Stage {
    pub(super) place: Place,
    pub(super) node: Node,
}

/// A tool that runs; killed when dropped.
pub(super) struct Tool {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

impl Stage {
    pub(super) fn start(name: &str) -> Self {
        let place = Place::new(name, "unused");
        let overrides = ["group.initial.rebalance.delay.ms=0"];
        let node = Node::start(&place, &overrides);
        Self { place, node }
    }

    pub(super) fn create_topic(&self, name: &str, partition_count: i32) {
        let client = Client::connect(self.node.address);
        let created = client.create_topic(name, partition_count, &[]);
        assert_eq!(created.0, ErrorCode::NONE);
    }

    /// The console producer for a topic, with further arguments, split at spaces.
    pub(super) fn producer(&self, topic: &str, arguments: &str) -> Tool {
        let arguments = format!("console-producer --topic {topic} {arguments}");
        self.tool(&arguments)
    }

    /// The console consumer.
    pub(super) fn consumer(&self, arguments: &str) -> Tool {
        self.tool(&format!("console-consumer {arguments}"))
    }

    /// Types this and waits for the end.
    pub(super) fn produce(&self, topic: &str, arguments: &str, input: &str) -> Ran {
        let mut producer = self.producer(topic, arguments);
        producer.type_in(input);
        producer.ended()
    }

    fn tool(&self, arguments: &str) -> Tool {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
        command.current_dir(self.place.path(""));
        command.args(arguments.split_whitespace());
        let server = self.node.address.to_string();
        Tool::start(command.args(["--bootstrap-server", &server]))
    }
}

impl Tool {
    pub(super) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            lines: lines(child.stdout.take().unwrap()),
            errors: lines(child.stderr.take().unwrap()),
            child,
        }
    }

    pub(super) fn type_in(&mut self, text: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// The next line that it prints.
    pub(super) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// A line that it has printed already.
    pub(super) fn printed(&self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end, without further input; what it did that nobody has looked at.
    pub(super) fn ended(mut self) -> Ran {
        drop(self.child.stdin.take());
        self.rest()
    }

    /// Sends a signal and waits for its end; the input stays open.
    pub(super) fn stopped(mut self, signal: Signal) -> Ran {
        self.signal(signal);
        self.rest()
    }

    fn rest(&mut self) -> Ran {
        let out = rest(&self.lines);
        let errors = rest(&self.errors);
        let code = self.child.wait().unwrap().code();
        Ran { code, out, errors }
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// All lines to the end of the output.
fn rest(lines: &Receiver<String>) -> String {
    let mut text = String::new();
    while let Ok(line) = lines.recv_timeout(PATIENCE) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}
