//! A terminal: the program that runs in it, and what it has printed, both streams as they come.
//!
//! Not the job of this module: which program, and what it should print.
//!
//! It is no terminal to the program, which therefore prints no `>` to show that it waits.

use std::io::{BufRead, BufReader, PipeReader, Write, pipe};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::node::process::PATIENCE;

/// A program that runs; killed when dropped.
pub(super) struct Terminal {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What was printed that nobody has looked at.
    printed: Vec<String>,
}

impl Terminal {
    pub(super) fn start(mut command: Command) -> Self {
        let (reader, writer) = pipe().unwrap();
        command.stderr(writer.try_clone().unwrap()).stdout(writer);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        Self {
            input: child.stdin.take(),
            child,
            lines: lines(reader),
            printed: Vec::new(),
        }
    }

    pub(super) fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("more may be typed");
        // A program that has ended takes nothing; its end is looked at later.
        let _ = writeln!(input, "{line}");
    }

    pub(super) fn end_input(&mut self) {
        self.input = None;
    }

    pub(super) fn interrupt(&self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::INT);
    }

    /// Waits until `is_expected` of everything that was printed since the last time; if that does
    /// not happen, that is returned as an error.
    pub(super) fn wait_for(
        &mut self,
        is_expected: impl Fn(&[String]) -> bool,
    ) -> Result<Vec<String>, Vec<String>> {
        let deadline = Instant::now() + PATIENCE;
        while !is_expected(&self.printed) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.printed.push(line),
                Err(_) => return Err(std::mem::take(&mut self.printed)),
            }
        }
        Ok(std::mem::take(&mut self.printed))
    }

    /// Waits for the end of the program; what was printed since the last time. A program that
    /// does not end is killed, which its status shows.
    pub(super) fn ended(mut self) -> (ExitStatus, Vec<String>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.printed.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    break;
                }
            }
        }
        let status = self.child.wait().unwrap();
        (status, std::mem::take(&mut self.printed))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(reader: PipeReader) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
