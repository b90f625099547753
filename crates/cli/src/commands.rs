//! The commands there are, and which one is called: `klamm storage …`, or a link to the program by
//! the name that the tool has in Apache Kafka, `kafka-storage` or `kafka-storage.sh`.
//!
//! Not the job of this module: the arguments behind the command.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{
    broker_api_versions, cluster_tool, configs, console_consumer, console_producer,
    consumer_groups, consumer_perf_test, delete_records, dump_log, features_tool, get_offsets,
    log_dirs, metadata_quorum, producer_perf_test, server, storage_tool, topics,
};

/// A command with the arguments behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// How it was called, for messages: `klamm storage` or `kafka-storage`.
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

/// A row of the table of commands.
struct Command {
    /// What stands behind `klamm`.
    words: &'static [&'static str],
    /// The name of the tool in Apache Kafka, or what it would be if there were one.
    tool: &'static str,
    about: &'static str,
    run: fn(&Call, &mut dyn Write) -> Result<ExitCode>,
}

const COMMANDS: &[Command] = &[
    Command {
        words: &["server", "start"],
        tool: server::START,
        about: "Start a node.",
        run: server::run,
    },
    Command {
        words: &["server", "stop"],
        tool: "kafka-server-stop",
        about: "Stop nodes of this machine.",
        run: server::stop,
    },
    Command {
        words: &["server", "restart"],
        tool: "kafka-server-restart",
        about: "Stop nodes and start them again.",
        run: server::restart,
    },
    Command {
        words: &["server", "status"],
        tool: "kafka-server-status",
        about: "Show the nodes of this machine.",
        run: server::status,
    },
    Command {
        words: &["storage"],
        tool: "kafka-storage",
        about: "Format log directories, and look at them.",
        run: storage_tool::run,
    },
    Command {
        words: &["dump-log"],
        tool: "kafka-dump-log",
        about: "Print what the files of a partition hold.",
        run: dump_log::run,
    },
    Command {
        words: &["configs"],
        tool: "kafka-configs",
        about: "Describe and change configurations, quotas and SCRAM credentials.",
        run: configs::run,
    },
    Command {
        words: &["topics"],
        tool: "kafka-topics",
        about: "Create, list, describe, change and delete topics.",
        run: topics::run,
    },
    Command {
        words: &["console-producer"],
        tool: "kafka-console-producer",
        about: "Write lines of standard input to a topic.",
        run: console_producer::run,
    },
    Command {
        words: &["console-consumer"],
        tool: "kafka-console-consumer",
        about: "Print the records of topics.",
        run: console_consumer::run,
    },
    Command {
        words: &["consumer-groups"],
        tool: "kafka-consumer-groups",
        about: "List, describe and delete consumer groups, and move their offsets.",
        run: consumer_groups::run,
    },
    Command {
        words: &["get-offsets"],
        tool: "kafka-get-offsets",
        about: "Print offsets of partitions.",
        run: get_offsets::run,
    },
    Command {
        words: &["delete-records"],
        tool: "kafka-delete-records",
        about: "Delete the first records of partitions.",
        run: delete_records::run,
    },
    Command {
        words: &["log-dirs"],
        tool: "kafka-log-dirs",
        about: "Show what lies in the log directories of brokers.",
        run: log_dirs::run,
    },
    Command {
        words: &["cluster"],
        tool: "kafka-cluster",
        about: "Show the id and the nodes of the cluster, and forget brokers.",
        run: cluster_tool::run,
    },
    Command {
        words: &["features"],
        tool: "kafka-features",
        about: "Describe and change the features that the cluster agrees on.",
        run: features_tool::run,
    },
    Command {
        words: &["metadata-quorum"],
        tool: "kafka-metadata-quorum",
        about: "Describe the quorum of the controllers, and change who votes in it.",
        run: metadata_quorum::run,
    },
    Command {
        words: &["broker-api-versions"],
        tool: "kafka-broker-api-versions",
        about: "List the APIs that brokers serve.",
        run: broker_api_versions::run,
    },
    Command {
        words: &["producer-perf-test"],
        tool: "kafka-producer-perf-test",
        about: "Measure how fast records are produced.",
        run: producer_perf_test::run,
    },
    Command {
        words: &["consumer-perf-test"],
        tool: "kafka-consumer-perf-test",
        about: "Measure how fast records are consumed.",
        run: consumer_perf_test::run,
    },
];

const PROGRAM: &str = "klamm";

/// How the names of Apache Kafka's tools begin: a link with such a name is meant to be one.
const TOOL_PREFIXES: [&str; 2] = ["kafka-", "connect-"];

/// What an invocation of the program asks for.
enum Request {
    Command(&'static Command, Call),
    Version,
    Help,
    Nothing,
}

/// Does what the arguments say, the name of the program first. A failure is printed.
pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    // Not locked: a node writes its log there too, from other threads.
    let mut out = Output(io::stdout());
    let outcome = execute(arguments, &mut out);
    let flushed = out.flush();
    let outcome = match outcome {
        Ok(ExitCode::SUCCESS) => flushed.map(|()| ExitCode::SUCCESS).map_err(Into::into),
        // It has been told already what failed.
        outcome => outcome,
    };
    match outcome {
        Ok(code) => code,
        // Whoever read the output has had enough of it.
        Err(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            // There is nowhere left to say that this failed as well.
            let _ = writeln!(io::stderr(), "{}", message(&error));
            ExitCode::FAILURE
        }
    }
}

/// Where a command prints; a failure says that it is one of that.
struct Output<W>(W);

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(unwritten)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(unwritten)
    }
}

fn unwritten(error: io::Error) -> io::Error {
    match error.kind() {
        // Whoever writes tries again.
        io::ErrorKind::Interrupted => error,
        kind => io::Error::new(kind, format!("write output: {error}")),
    }
}

/// What failed, then why, down to the cause; many messages end with that of their cause already.
/// Without zero bytes, which a value that is repeated may have: a terminal does not show them, and
/// whoever starts a node in the background takes one for the sign that it is ready.
fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text.replace('\0', "\\0")
}

/// What stands behind the command that starts a node, if these words do that.
pub(crate) fn arguments_of_start(words: &[String]) -> Option<Vec<String>> {
    match recognise(words) {
        Ok(Request::Command(command, call)) if command.tool == server::START => {
            Some(call.arguments)
        }
        _ => None,
    }
}

fn execute(arguments: Vec<OsString>, out: &mut dyn Write) -> Result<ExitCode> {
    let arguments = arguments.into_iter().map(OsString::into_string);
    let arguments = arguments.collect::<Result<Vec<_>, _>>();
    let Ok(arguments) = arguments else {
        bail!("read arguments: one is not valid UTF-8");
    };
    match recognise(&arguments)? {
        Request::Command(command, call) => return (command.run)(&call, out),
        Request::Version => writeln!(out, "{PROGRAM} {}", env!("CARGO_PKG_VERSION"))?,
        Request::Help => write!(out, "{}", help())?,
        Request::Nothing => bail!("{}", help().trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

fn recognise(arguments: &[String]) -> Result<Request> {
    let Some((called, rest)) = arguments.split_first() else {
        return Ok(Request::Nothing);
    };
    let name = Path::new(called).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let name = name.strip_suffix(".sh").unwrap_or(&name);
    if let Some(command) = COMMANDS.iter().find(|command| command.tool == name) {
        return Ok(command.called(command.tool.to_owned(), rest));
    }
    if TOOL_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        bail!(
            "{name}: there is no such tool in Klamm; `{PROGRAM} help` lists those that there are"
        );
    }
    match rest.first().map(String::as_str) {
        None => return Ok(Request::Nothing),
        Some("--version") => return Ok(Request::Version),
        Some("--help" | "-h") => return Ok(Request::Help),
        Some("help") => return recognise_help(&rest[1..]),
        Some(_) => {}
    }
    match find(rest) {
        Some((command, arguments)) => {
            let program = format!("{PROGRAM} {}", command.words.join(" "));
            Ok(command.called(program, arguments))
        }
        None => bail!(
            "{PROGRAM}: there is no command `{}`; `{PROGRAM} help` lists them",
            rest.join(" ")
        ),
    }
}

/// `klamm help` with the words of a command behind it.
fn recognise_help(words: &[String]) -> Result<Request> {
    if words.is_empty() {
        return Ok(Request::Help);
    }
    let mut call = vec![PROGRAM.to_owned()];
    call.extend_from_slice(words);
    call.push("--help".to_owned());
    recognise(&call)
}

/// The command whose words begin the arguments, and those behind them.
fn find(arguments: &[String]) -> Option<(&'static Command, &[String])> {
    COMMANDS.iter().find_map(|command| {
        let (words, rest) = arguments.split_at_checked(command.words.len())?;
        (words == command.words).then_some((command, rest))
    })
}

fn help() -> String {
    let mut text = format!(
        "usage: {PROGRAM} COMMAND [ARGUMENT]...\n       {PROGRAM} help [COMMAND]\n       \
         {PROGRAM} --version\n\ncommands:\n"
    );
    for command in COMMANDS {
        text.push_str(&format!(
            "  {:20}{}\n",
            command.words.join(" "),
            command.about
        ));
    }
    text.push_str(
        "\nA link to this program with the name of one of Apache Kafka's tools, such as\n\
         kafka-storage or kafka-storage.sh, is that tool.\n",
    );
    text
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
    })
}

impl Command {
    fn called(&'static self, program: String, arguments: &[String]) -> Request {
        let arguments = arguments.to_vec();
        Request::Command(self, Call { program, arguments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(line: &str) -> (String, String) {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match recognise(&arguments) {
            Ok(Request::Command(command, call)) => {
                let arguments = call.arguments.join(" ");
                (call.program, format!("{}: {arguments}", command.tool))
            }
            Ok(Request::Version) => (line.to_owned(), "version".to_owned()),
            Ok(Request::Help) => (line.to_owned(), "help".to_owned()),
            Ok(Request::Nothing) => (line.to_owned(), "nothing".to_owned()),
            Err(error) => (line.to_owned(), error.to_string()),
        }
    }

    #[test]
    fn a_command_is_called_by_words_or_by_the_name_of_kafkas_tool() {
        let check = |line, program: &str, run: &str| {
            assert_eq!(called(line), (program.to_owned(), run.to_owned()));
        };
        check(
            "klamm storage info -c x",
            "klamm storage",
            "kafka-storage: info -c x",
        );
        check(
            "/bin/kafka-storage info",
            "kafka-storage",
            "kafka-storage: info",
        );
        check("bin/kafka-storage.sh", "kafka-storage", "kafka-storage: ");
        check("renamed storage", "klamm storage", "kafka-storage: ");
        check(
            "klamm help storage",
            "klamm storage",
            "kafka-storage: --help",
        );
    }

    #[test]
    fn without_a_command_there_is_help_or_a_refusal() {
        let check = |line, run: &str| assert_eq!(called(line).1, run);
        check("klamm help", "help");
        check("klamm -h", "help");
        check("klamm --version", "version");
        check("klamm", "nothing");
        check("", "nothing");
        let refusal = "klamm: there is no command `brew tea`; `klamm help` lists them";
        check("klamm brew tea", refusal);
        check(
            "klamm help brew tea --help",
            "klamm: there is no command `brew tea --help --help`; `klamm help` lists them",
        );
    }

    #[test]
    fn a_link_with_the_name_of_a_tool_that_there_is_not_is_refused_whatever_stands_behind_it() {
        for line in [
            "bin/kafka-foo.sh",
            "kafka-foo --version",
            "kafka-foo topics",
        ] {
            let refusal = "kafka-foo: there is no such tool in Klamm; `klamm help` lists those \
                           that there are";
            assert_eq!(called(line).1, refusal, "{line}");
        }
        let (_, refusal) = called("connect-standalone.sh a.properties");
        assert!(refusal.starts_with("connect-standalone: "), "{refusal}");
        assert_eq!(called("kafkacat help").1, "help");
    }
}
