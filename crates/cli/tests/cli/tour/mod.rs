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
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use self::expectation::{Order, fits};
use self::terminal::Terminal;
use self::transcript::{Action, Step, steps};
use crate::node::process::{FREE_PORTS, PATIENCE, listener};
use crate::program::Place;

#[test]
fn the_tour_of_the_readme_is_true() {
    let mut tour = Tour::begin("tour");
    let steps = steps(&readme());
    assert!(!steps.is_empty(), "README.md: there is no tour");
    for step in &steps {
        tour.take(step);
    }
    let running: Vec<&String> = tour.terminals.keys().collect();
    assert!(running.is_empty(), "README.md: {running:?} go on");
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
    /// Those in which a program runs, and how it was called.
    terminals: BTreeMap<String, (Vec<String>, Terminal)>,
    /// Apache Kafka's tools, if they are taken.
    tools: Option<OsString>,
    /// Addresses of the node, and those that the README has for them.
    addresses: Vec<(String, &'static str)>,
    // The last, so that it is removed when nothing runs any more.
    place: Place,
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
            terminals: BTreeMap::new(),
            tools,
            addresses: Vec::new(),
            place: Place::new(name, "unused"),
        }
    }

    fn take(&mut self, step: &Step) {
        match &step.action {
            Action::Command(words) => self.run(step, words),
            Action::Type(line) => {
                self.running(step).1.type_line(line);
                if !step.printed.is_empty() {
                    self.await_printed(step);
                }
            }
            Action::Look => self.await_printed(step),
            Action::EndInput => {
                self.running(step).1.end_input();
                self.end(step, &[0]);
            }
            Action::Interrupt => {
                self.running(step).1.interrupt();
                // As shells have it of what SIGINT ended, or in order.
                self.end(step, &[0, 130]);
            }
        }
    }

    fn run(&mut self, step: &Step, words: &[String]) {
        let busy = self.terminals.get(&step.terminal);
        assert!(busy.is_none(), "{}: a program runs there", at(step));
        let does = |word: &str| words.iter().any(|other| other == word);
        if does("start") || does("console-producer") || does("console-consumer") {
            let terminal = Terminal::start(self.command(step, words));
            let running = (words.to_vec(), terminal);
            self.terminals.insert(step.terminal.clone(), running);
            if !step.printed.is_empty() {
                self.await_printed(step);
            }
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        let is_repeated = does("--list") || does("--describe");
        loop {
            let (status, printed) = Terminal::start(self.command(step, words)).ended();
            let printed = shown(&self.addresses, &printed);
            let is_expected = status.success() && fits(&step.printed, &printed, order(words));
            if !is_expected && is_repeated && Instant::now() < deadline {
                continue;
            }
            return expect(step, is_expected, Some(status), &printed);
        }
    }

    /// Waits for what the program that runs there is to print.
    fn await_printed(&mut self, step: &Step) {
        let (words, mut terminal) = self.running_taken(step);
        let mut addresses = self.addresses.clone();
        if words.join(" ") == NODE {
            let ready = terminal.wait_for(|lines| lines.iter().any(|line| is_ready(line)));
            let lines = ready.unwrap_or_else(|lines| panic!("{}: {lines:#?}", at(step)));
            addresses = addresses_in(lines.last().expect("a line that says so"));
            let is_expected = fits(&step.printed, &shown(&addresses, &lines), Order::All);
            expect(step, is_expected, None, &shown(&addresses, &lines));
        } else {
            let awaited = terminal
                .wait_for(|lines| fits(&step.printed, &shown(&addresses, lines), order(&words)));
            if let Err(printed) = awaited {
                expect(step, false, None, &printed);
            }
        }
        self.addresses = addresses;
        let running = (words, terminal);
        self.terminals.insert(step.terminal.clone(), running);
    }

    /// Waits for the end of the program that runs there, with one of these codes.
    fn end(&mut self, step: &Step, codes: &[i32]) {
        let (words, terminal) = self.running_taken(step);
        let (status, printed) = terminal.ended();
        let printed = shown(&self.addresses, &printed);
        let is_expected = status.code().is_some_and(|code| codes.contains(&code))
            && fits(&step.printed, &printed, order(&words));
        expect(step, is_expected, Some(status), &printed);
    }

    fn running(&mut self, step: &Step) -> &mut (Vec<String>, Terminal) {
        let running = self.terminals.get_mut(&step.terminal);
        running.unwrap_or_else(|| panic!("{}: nothing runs there", at(step)))
    }

    fn running_taken(&mut self, step: &Step) -> (Vec<String>, Terminal) {
        let running = self.terminals.remove(&step.terminal);
        running.unwrap_or_else(|| panic!("{}: nothing runs there", at(step)))
    }

    /// The program for these words, on the node's real address.
    fn command(&self, step: &Step, words: &[String]) -> Command {
        let klamm = env!("CARGO_BIN_EXE_klamm");
        let is_node = words.join(" ") == NODE;
        let mut command = match (&words[..], &self.tools) {
            _ if is_node => {
                let mut command = Command::new(klamm);
                command.args(["server", "start", "--override", FREE_PORTS]);
                command
            }
            ([program, tool, rest @ ..], Some(tools)) if program == "klamm" => {
                let mut command = Command::new(tools);
                command.arg(format!("kafka-{tool}"));
                command.args(rest.iter().map(|word| self.on_node(word)));
                command
            }
            ([program, rest @ ..], None) if program == "klamm" => {
                let mut command = Command::new(klamm);
                command.args(rest.iter().map(|word| self.on_node(word)));
                command
            }
            _ => panic!("{}: neither klamm nor the node", at(step)),
        };
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

fn is_ready(line: &str) -> bool {
    line.contains(" is ready: ")
}

fn addresses_in(ready: &str) -> Vec<(String, &'static str)> {
    let of = |name| listener(ready, name).to_string();
    vec![
        (of("PLAINTEXT"), CLIENTS_ADDRESS),
        (of("CONTROLLER"), CONTROLLER_ADDRESS),
    ]
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
