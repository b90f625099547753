//! Klamm's own tools against Klamm: they print what Apache Kafka's tools printed against Kafka, and
//! end with the same exit codes. The commands and the answers are the transcript that
//! `tests/compat/tools` describes.
//!
//! What was played is left in `target/compat/tools-klamm`, beside what was asked for.

mod normal;
mod transcript;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use self::normal::Normal;
use self::transcript::{Kind, Step, Transcript};
use super::directories::scratch;
use super::node::{Node, Server};
use crate::workspace;

const FOLDER: &str = "tests/compat/tools";
/// Makes the answers equal in what our tools may say otherwise.
const ACCEPTED: &str = "accepted-klamm.sed";
/// The option of commands that talk to a controller, which one of our tools does not.
const CONTROLLER: &str = "--bootstrap-controller";
const NOT_TO_CONTROLLERS: &str = "kafka-configs";
/// A Java process that SIGTERM ends says so too, but Kafka's tools ran in a process that went on.
const TERMINATED: i32 = 143;
const SECONDS_MAX: &str = "30";
const ATTEMPTS_MAX: usize = 100;
const ATTEMPT_AGAIN: Duration = Duration::from_millis(100);

/// Plays the recorded commands against a new node.
pub(super) fn compare(root: &Path) -> Result<()> {
    let scratch = scratch(root, "tools-klamm")?;
    let recorded = fs::read_to_string(root.join(FOLDER).join("transcript.txt"))
        .context("read the transcript")?;
    let mut expected = Transcript::parse(&recorded);
    expected.retain(|step| {
        let is_to_controller = step.arguments().any(|word| word == CONTROLLER);
        !is_to_controller || step.tool() != NOT_TO_CONTROLLERS
    });

    let tools = link_tools(root, &scratch, &expected)?;
    let node = Node::start(root, Server::Klamm, &scratch)?;
    let mut player = Player {
        root: root.to_owned(),
        tools,
        broker: node.address(),
        controller: node.controller_address(),
        normal: Normal::new(node.address(), node.controller_address())?,
        beside: None,
    };
    let played = expected.answered_by(|step| player.play(step));
    let played = match played {
        Ok(played) => played,
        Err(error) => return Err(error.context(node.last_words())),
    };
    node.stop()?;

    let theirs = scratch.join("expected.txt");
    let ours = scratch.join("transcript.txt");
    fs::write(&theirs, expected.text()).context("write what is expected")?;
    fs::write(&ours, played.text()).context("write what was played")?;
    let accepted = root.join(FOLDER).join(ACCEPTED);
    let mut edit = Command::new("sed");
    edit.args(["-E", "-i", "-f"]).arg(accepted);
    workspace::run(edit.args([&theirs, &ours]))?;
    workspace::run(Command::new("diff").arg("--unified").args([theirs, ours]))
}

/// The program by each name that the tools have in Kafka; the folder of the links.
fn link_tools(root: &Path, scratch: &Path, transcript: &Transcript) -> Result<PathBuf> {
    let program = workspace::built(root, "klamm")?;
    let program = program.canonicalize().context("find the program")?;
    let links = scratch.join("bin");
    fs::create_dir(&links).context("create the folder of the tools")?;
    for name in transcript.tools() {
        symlink(&program, links.join(name)).with_context(|| format!("link {name}"))?;
    }
    Ok(links)
}

/// Runs commands one after the other, and at most one beside them.
struct Player {
    /// From where the files are found that commands name.
    root: PathBuf,
    tools: PathBuf,
    broker: SocketAddr,
    controller: SocketAddr,
    normal: Normal,
    beside: Option<Child>,
}

impl Player {
    /// The lines of the answer.
    fn play(&mut self, step: &Step) -> Result<Vec<String>> {
        match step.kind {
            Kind::Beside => {
                self.beside = Some(self.start(step)?);
                Ok(Vec::new())
            }
            Kind::EndBeside => {
                let process = self.beside.take();
                let process = process.context("end a command: none runs beside")?;
                let id = process.id().to_string();
                workspace::run(Command::new("kill").arg(id))?;
                self.end(step, process)
            }
            Kind::Run => {
                let mut answer = self.run(step)?;
                for _ in 0..ATTEMPTS_MAX {
                    if step.is_awaited_in(&answer) {
                        break;
                    }
                    thread::sleep(ATTEMPT_AGAIN);
                    answer = self.run(step)?;
                }
                Ok(answer)
            }
        }
    }

    fn run(&self, step: &Step) -> Result<Vec<String>> {
        self.end(step, self.start(step)?)
    }

    fn start(&self, step: &Step) -> Result<Child> {
        let mut command = Command::new("timeout");
        command.arg(SECONDS_MAX).arg(self.tools.join(step.tool()));
        let broker = self.broker.to_string();
        let controller = self.controller.to_string();
        command.args(step.arguments().map(|word| {
            let word = word.replace("CONTROLLER", &controller);
            word.replace("SERVER", &broker)
        }));
        command.current_dir(&self.root).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().context("start a tool")?;
        let mut input = process.stdin.take().context("its input is not piped")?;
        // A tool that fails may not wait for its input.
        let _ = input.write_all(step.input.as_bytes());
        Ok(process)
    }

    fn end(&self, step: &Step, process: Child) -> Result<Vec<String>> {
        let output = process.wait_with_output().context("wait for a tool")?;
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        let is_measured = step.tool().contains("perf-test");
        let mut answer = self.normal.lines("  ", &stdout, is_measured);
        answer.extend(self.normal.lines("  2| ", &stderr, is_measured));
        let is_ended = step.kind == Kind::EndBeside && status.code() == Some(TERMINATED);
        if !status.success() && !is_ended {
            let code = status.code();
            let code = code.map_or_else(|| status.to_string(), |code| code.to_string());
            answer.push(format!("  exit {code}"));
        }
        Ok(answer)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if let Some(mut process) = self.beside.take() {
            // It may have ended already, which is as good.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
