//! The tour of the README, word for word: its commands are run, what it types is typed, and what
//! it shows has to be shown. An error names the line of the README.
//!
//! What differs from a reader's machine:
//! - `cargo run --release --` and `klamm` are the program under test. If the environment variable
//!   `KLAMM_TOUR_TOOLS` names a program, `klamm TOOL` is that program with the argument
//!   `kafka-TOOL`: Apache Kafka's own tools take the tour. The node is Klamm's in any case.
//! - The node listens on free ports, which are shown as the ports of the README.
//! - What Kafka's tools say in praise of their new protocol for groups (KIP-848) is not there.
//!
//! When something is shown, by a rule for each kind of command:
//! - A node, a producer and a consumer stay. What they show may take a while and is awaited.
//! - A command that only shows something, `--list` or `--describe`, is repeated until it shows what
//!   is written, because a cluster takes a while to get there.
//! - Any other command runs once, and has to succeed.
//!
//! Invariant: nothing is shown that is not written. What comes unexpectedly is found by the next
//! step in the same terminal, and no terminal is left before its program has ended.

mod expectation;
mod terminal;
mod transcript;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use self::expectation::{Order, fits};
use self::terminal::Terminal;
use self::transcript::{Action, Step, steps};
use crate::node::process::{FREE_PORTS, PATIENCE, listener};
use crate::program::{Place, remove_variables};

#[test]
fn the_tour_of_the_readme_is_true() {
    let mut tour = Tour::begin("tour");
    let steps = steps(&readme());
    assert!(!steps.is_empty(), "README.md: there is no tour");
    for step in &steps {
        tour.take(step);
    }
    let running: Vec<&String> = tour.running.keys().collect();
    assert!(running.is_empty(), "README.md: {running:?} go on");
}

#[test]
fn a_tour_that_is_not_true_is_told_by_its_line() {
    let text = "```console one\n$ klamm topics --version\n4.3.1\n$ klamm topics --version\n9\n```";
    let steps = steps(text);
    let failure = catch_unwind(|| {
        let mut tour = Tour::begin("tour-false");
        steps.iter().for_each(|step| tour.take(step));
    });
    let failure = failure.unwrap_err();
    let message = failure.downcast_ref::<String>().unwrap();
    let expected = "README.md:4: one: klamm topics --version: written is\n9\nand printed is";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn the_tools_of_the_tour_are_there_by_kafkas_names() {
    let place = Place::new("tour-links", "unused");
    for step in steps(&readme()) {
        if let Action::Command(words) = step.action
            && words[0] == "klamm"
        {
            let link = format!("kafka-{}.sh", words[1]);
            assert_eq!(place.linked(&link, "--version").succeeded(), "4.3.1\n");
        }
    }
}

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    std::fs::read_to_string(path).unwrap()
}

/// What is done on the way.
struct Tour {
    /// What runs, by the names of the terminals.
    running: BTreeMap<String, Running>,
    /// Apache Kafka's tools, if they are taken.
    tools: Option<OsString>,
    /// Addresses of the node, and those that the README has for them.
    addresses: Vec<(String, &'static str)>,
    // The last, so that it is removed when nothing runs any more.
    place: Place,
}

/// A program that stays.
struct Running {
    words: Vec<String>,
    terminal: Terminal,
}

const CLIENTS_ADDRESS: &str = "127.0.0.1:9092";
const CONTROLLER_ADDRESS: &str = "127.0.0.1:9093";
const NODE: &str = "cargo run --release -- server start";
const PRAISE: &str = "The consumer rebalance protocol (KIP-848) is production-ready!";

impl Tour {
    fn begin(name: &str) -> Self {
        // Cargo runs tests in the folder of the crate, and a relative path is from the workspace.
        let tools = std::env::var_os("KLAMM_TOUR_TOOLS").map(|tools| {
            let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            OsString::from(workspace.join(PathBuf::from(tools)))
        });
        Self {
            running: BTreeMap::new(),
            tools,
            addresses: Vec::new(),
            place: Place::new(name, "unused"),
        }
    }

    fn take(&mut self, step: &Step) {
        match &step.action {
            Action::Command(words) => self.run(step, words),
            Action::Type(line) => {
                let mut running = self.leave(step);
                running.terminal.type_line(line);
                self.stay(step, running);
            }
            Action::Look => {
                let running = self.leave(step);
                self.stay(step, running);
            }
            Action::EndInput => {
                let mut running = self.leave(step);
                running.terminal.end_input();
                self.end(step, running, 0);
            }
            Action::Interrupt => {
                let running = self.leave(step);
                running.terminal.interrupt();
                // What shells say of a program that SIGINT has ended; Java's programs do as well.
                self.end(step, running, 130);
            }
        }
    }

    fn run(&mut self, step: &Step, words: &[String]) {
        let is_free = !self.running.contains_key(&step.terminal);
        assert!(is_free, "{}: a program runs there", at(step));
        let has = |word: &str| words.iter().any(|other| other == word);
        if is_node(words) || has("console-producer") || has("console-consumer") {
            let running = Running {
                words: words.to_vec(),
                terminal: Terminal::start(self.command(step, words)),
            };
            return self.stay(step, running);
        }
        let deadline = Instant::now() + PATIENCE;
        let is_repeated = has("--list") || has("--describe");
        loop {
            let (status, printed) = Terminal::start(self.command(step, words)).ended();
            let printed = shown(&self.addresses, &printed);
            let is_expected = status.success() && fits(&step.printed, &printed, order(words));
            if is_expected || !is_repeated || Instant::now() >= deadline {
                return expect(step, is_expected, Some(status), &printed);
            }
        }
    }

    /// Waits for what is to be printed, if anything is, by a program that stays.
    fn stay(&mut self, step: &Step, mut running: Running) {
        if is_node(&running.words) {
            self.await_ready(step, &mut running.terminal);
        } else if !step.printed.is_empty() {
            let (addresses, order) = (&self.addresses, order(&running.words));
            let is_expected =
                |lines: &[String]| fits(&step.printed, &shown(addresses, lines), order);
            if let Err(lines) = running.terminal.wait_for(is_expected) {
                expect(step, false, None, &shown(addresses, &lines));
            }
        }
        self.running.insert(step.terminal.clone(), running);
    }

    /// Waits for the node, and learns where it is.
    fn await_ready(&mut self, step: &Step, terminal: &mut Terminal) {
        let is_ready = |line: &String| line.contains(" is ready: ");
        let lines = terminal.wait_for(|lines| lines.iter().any(is_ready));
        let lines = lines.unwrap_or_else(|lines| panic!("{}: {lines:#?}", at(step)));
        let ready = lines.last().expect("the line that was waited for");
        let of = |name| listener(ready, name).to_string();
        self.addresses = vec![
            (of("PLAINTEXT"), CLIENTS_ADDRESS),
            (of("CONTROLLER"), CONTROLLER_ADDRESS),
        ];
        let printed = shown(&self.addresses, &lines);
        let is_expected = fits(&step.printed, &printed, Order::All);
        expect(step, is_expected, None, &printed);
    }

    /// Waits for the end of a program, with this code.
    fn end(&self, step: &Step, running: Running, code: i32) {
        let (status, printed) = running.terminal.ended();
        let printed = shown(&self.addresses, &printed);
        let is_expected =
            status.code() == Some(code) && fits(&step.printed, &printed, order(&running.words));
        expect(step, is_expected, Some(status), &printed);
    }

    /// The program that runs there, which is no longer known to run.
    fn leave(&mut self, step: &Step) -> Running {
        let running = self.running.remove(&step.terminal);
        running.unwrap_or_else(|| panic!("{}: nothing runs there", at(step)))
    }

    /// The program for these words, on the node's real address.
    fn command(&self, step: &Step, words: &[String]) -> Command {
        let mut command = match &self.tools {
            Some(tools) if !is_node(words) => Command::new(tools),
            _ => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
                remove_variables(&mut command);
                command
            }
        };
        match words {
            _ if is_node(words) => {
                command.args(["server", "start", "--override", FREE_PORTS]);
            }
            [program, tool, rest @ ..] if program == "klamm" => {
                match self.tools {
                    Some(_) => command.arg(format!("kafka-{tool}")),
                    None => command.arg(tool),
                };
                command.args(rest.iter().map(|word| self.on_node(word)));
            }
            _ => panic!("{}: neither klamm nor the node", at(step)),
        }
        command.current_dir(self.place.path(""));
        command
    }

    fn on_node(&self, word: &str) -> String {
        let real = self.addresses.iter();
        real.fold(word.to_owned(), |word, (real, written)| {
            word.replace(written, real)
        })
    }
}

fn is_node(words: &[String]) -> bool {
    words.join(" ") == NODE
}

/// What is printed, as the README has it.
fn shown(addresses: &[(String, &'static str)], printed: &[String]) -> Vec<String> {
    let lines = printed.iter().filter(|line| !line.starts_with(PRAISE));
    let lines = lines.map(|line| {
        addresses
            .iter()
            .fold(line.clone(), |line, (real, written)| {
                line.replace(real, written)
            })
    });
    lines.collect()
}

/// How far the order is known of what this command prints.
fn order(words: &[String]) -> Order {
    match words.get(1).map(String::as_str) {
        Some("console-consumer") => Order::WithinPartitions,
        Some("consumer-groups") => Order::None,
        _ => Order::All,
    }
}

fn expect(step: &Step, is_expected: bool, status: Option<ExitStatus>, printed: &[String]) {
    if is_expected {
        return;
    }
    let status = status.map(|status| format!(" ({status})"));
    panic!(
        "{}: written is\n{}\nand printed is{}\n{}\n",
        at(step),
        step.printed.join("\n"),
        status.unwrap_or_default(),
        printed.join("\n")
    );
}

/// Where a step stands, and what it is.
fn at(step: &Step) -> String {
    let action = match &step.action {
        Action::Command(words) => words.join(" "),
        Action::Type(line) => format!(">{line}"),
        Action::EndInput => "^D".to_owned(),
        Action::Interrupt => "^C".to_owned(),
        Action::Look => "what is printed".to_owned(),
    };
    format!("README.md:{}: {}: {action}", step.line, step.terminal)
}
