//! A node in the background: a session of its own, no input, output in a file. Whoever starts it
//! waits until it is ready or has failed.
//!
//! The two talk over the node's standard error, which is a pipe until the node is ready:
//!
//! ```text
//! what the node complains of while it starts, then either
//!   a zero byte and the line that says it is ready  ─> it goes on, and its errors to its log
//!   the end                                         ─> it has failed; its exit code says how
//! ```
//!
//! Not the job of this module: the node.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result};
use rustix::process::{getppid, setsid};

use super::START;
use super::arguments::StartArguments;
use crate::commands::Call;

/// The environment variable that tells a process that it is started in the background, and by
/// which process: inherited by anybody else, it says nothing.
pub(super) const STARTER: &str = "KLAMM_STARTER";

/// The environment variable for the directory of the log file, as in Kafka's scripts.
pub(super) const LOG_DIRECTORY: &str = "LOG_DIR";

/// The log file, as in Kafka's scripts.
const LOG_FILE: &str = "kafkaServer.out";

/// What a node is started with.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    /// The name that the program is called by first.
    pub(super) arguments: Vec<OsString>,
    /// All of them; without it, those of this process.
    pub(super) variables: Option<Vec<(OsString, OsString)>>,
    pub(super) directory: PathBuf,
    pub(super) log_file: PathBuf,
}

/// Whoever has started this process and waits until it is ready.
#[derive(Debug)]
pub(super) struct Starter(());

/// Where the output goes of a node that works in `directory`, with this value of `LOG_DIR`.
pub(super) fn log_file(directory: &Path, log_directory: Option<&OsStr>) -> PathBuf {
    let log_directory = log_directory.filter(|text| !text.is_empty());
    let log_directory = log_directory.unwrap_or(OsStr::new("logs"));
    directory.join(log_directory).join(LOG_FILE)
}

impl Launch {
    /// The start that these arguments ask for, of this program.
    pub(super) fn of(call: &Call, arguments: &StartArguments) -> Result<Self> {
        let mut words: Vec<OsString> = match call.program == START {
            true => vec![START.into()],
            false => ["klamm", "server", "start"].map(Into::into).into(),
        };
        for text in &arguments.overrides {
            words.push("--override".into());
            words.push(text.into());
        }
        if let Some(file) = &arguments.file {
            if file.as_os_str().as_encoded_bytes().starts_with(b"-") {
                words.push("--".into());
            }
            words.push(file.into());
        }
        let directory = std::env::current_dir().context("read working directory")?;
        let log_directory = std::env::var_os(LOG_DIRECTORY);
        Ok(Self {
            program: std::env::current_exe().context("find program")?,
            arguments: words,
            variables: None,
            log_file: log_file(&directory, log_directory.as_deref()),
            directory,
        })
    }

    /// Starts the node and waits until it is ready, or has failed; then its complaint is printed,
    /// and its exit code is returned.
    ///
    /// # Errors
    /// When it cannot be started at all.
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode> {
        let log = self.open_log();
        let shown = self.log_file.display();
        let mut log = log.with_context(|| format!("open log file {shown}"))?;
        let mut child = self.spawn(&log)?;
        let mut said = Vec::new();
        let errors = child.stderr.take();
        let mut errors = errors.context("read what the node says: no pipe")?;
        errors
            .read_to_end(&mut said)
            .context("read what the node says")?;
        let end = said.iter().position(|byte| *byte == 0);
        let (complaint, ready) = said.split_at(end.unwrap_or(said.len()));
        io::stderr().write_all(complaint)?;
        log.write_all(complaint).context("write log file")?;
        if let Some((_, line)) = ready.split_first() {
            out.write_all(line)?;
            let pid = child.id();
            writeln!(
                out,
                "it runs in the background as process {pid} and logs to {shown}"
            )?;
            out.flush()?;
            return Ok(ExitCode::SUCCESS);
        }
        let status = child.wait().context("wait for the node")?;
        if complaint.is_empty() {
            writeln!(
                io::stderr(),
                "start node: it ended before it was ready: {status}"
            )?;
        }
        Ok(ExitCode::from(exit_code(status)))
    }

    fn spawn(&self, log: &File) -> Result<Child> {
        let mut command = Command::new(&self.program);
        if let Some((name, arguments)) = self.arguments.split_first() {
            command.arg0(name).args(arguments);
        }
        if let Some(variables) = &self.variables {
            command.env_clear().envs(variables.iter().cloned());
        }
        let log = log.try_clone().context("open log file")?;
        command
            .env(STARTER, std::process::id().to_string())
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::piped());
        let shown = self.program.display();
        command.spawn().with_context(|| format!("run {shown}"))
    }

    fn open_log(&self) -> io::Result<File> {
        if let Some(directory) = self.log_file.parent() {
            fs::create_dir_all(directory)?;
        }
        File::options()
            .create(true)
            .append(true)
            .open(&self.log_file)
    }
}

impl Starter {
    /// Leaves the terminal and the session of whoever has started this process to be in the
    /// background; none if it was not started so.
    ///
    /// # Errors
    /// When the operating system refuses a session.
    pub(super) fn recognise(variables: &[(String, String)]) -> Result<Option<Self>> {
        let given = variables.iter().find(|(name, _)| name == STARTER);
        let given = given.and_then(|(_, pid)| pid.parse().ok());
        if given.is_none() || given != getppid().map(|pid| pid.as_raw_pid()) {
            return Ok(None);
        }
        setsid().context("begin session")?;
        Ok(Some(Self(())))
    }

    /// Says that the node is ready, with the line that says so to everybody. From now on errors go
    /// where output goes.
    ///
    /// # Errors
    /// When they cannot be sent there.
    pub(super) fn release(self, line: &str) -> Result<()> {
        // One write, and if nobody reads it, the node runs all the same.
        let _ = io::stderr().write_all(format!("\0{line}\n").as_bytes());
        rustix::stdio::dup2_stderr(io::stdout()).context("send errors to the log")
    }
}

/// What a shell would say that the process has ended with.
fn exit_code(status: ExitStatus) -> u8 {
    let by_signal = status.signal().map(|signal| signal + 128);
    let code = status.code().or(by_signal);
    code.and_then(|code| code.try_into().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_where_kafkas_scripts_have_it() {
        let check = |variable: Option<&str>, expected: &str| {
            let file = log_file(Path::new("/here"), variable.map(OsStr::new));
            assert_eq!(file, Path::new(expected));
        };
        check(None, "/here/logs/kafkaServer.out");
        check(Some(""), "/here/logs/kafkaServer.out");
        check(Some("/var/log/kafka"), "/var/log/kafka/kafkaServer.out");
        check(Some("log"), "/here/log/kafkaServer.out");
    }

    #[test]
    fn a_process_that_inherits_the_variable_is_not_in_the_background() {
        let recognise = |pid: &str| {
            let variables = [(STARTER.to_owned(), pid.to_owned())];
            Starter::recognise(&variables).unwrap()
        };
        assert!(recognise(&std::process::id().to_string()).is_none());
        assert!(recognise("none").is_none());
        assert!(Starter::recognise(&[]).unwrap().is_none());
    }

    #[test]
    fn an_end_by_a_signal_is_told_as_shells_do() {
        assert_eq!(exit_code(ExitStatus::from_raw(1 << 8)), 1);
        assert_eq!(exit_code(ExitStatus::from_raw(9)), 137);
    }
}
