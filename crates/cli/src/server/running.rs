//! The nodes that run on this machine under this user, as `/proc` shows them.
//!
//! Not the job of this module: which of them is meant (`selection`), and what is done to it.
//!
//! Invariant: a node here is held by a descriptor of its process, taken before anything was read,
//! and the process was alive after that. So what was read is that process's, and a signal reaches
//! it or nobody, even if its pid is given to another.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, geteuid, pidfd_open, pidfd_send_signal};

use super::presence::{PROCESS_NAME, link_target};
use super::statement::{Phase, Statement};

/// A node that runs, or has until just now.
#[derive(Debug)]
pub(super) struct RunningNode {
    pub(super) pid: Pid,
    pub(super) statement: Statement,
    process: OwnedFd,
    folder: PathBuf,
}

/// What a node was started with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) program: PathBuf,
    /// The name that the program was called by first.
    pub(super) arguments: Vec<OsString>,
    pub(super) variables: Vec<(OsString, OsString)>,
    pub(super) directory: PathBuf,
    /// Where its output goes if that is a file, or `/dev/null`.
    pub(super) log_file: Option<PathBuf>,
}

/// All nodes of this scope, by node id.
///
/// # Errors
/// When there is no `/proc` to look into.
pub(super) fn find(scope: &str) -> Result<Vec<RunningNode>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("list /proc")? {
        let name = entry.context("list /proc")?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        let node = pid.and_then(Pid::from_raw).and_then(RunningNode::at);
        found.extend(node.filter(|node| node.statement.scope == scope));
    }
    let node_id = |node: &RunningNode| node.statement.node.as_ref().map(|node| node.node_id);
    found.sort_by_key(|node| (node_id(node), node.pid.as_raw_pid()));
    Ok(found)
}

/// When a process began, in ticks since the machine did; `folder` is its own in `/proc`.
pub(super) fn begin_ticks(folder: &Path) -> io::Result<u64> {
    let stat = fs::read_to_string(folder.join("stat"))?;
    // The name of the program stands in brackets and may hold anything, more brackets too. Behind
    // it comes the third field; this is the 22nd.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    let field = fields.and_then(|fields| fields.split_whitespace().nth(19));
    let ticks = field.and_then(|field| field.parse().ok());
    ticks.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no start time in stat"))
}

impl RunningNode {
    /// The node that this process is; none if it is not, is another user's, or has ended.
    fn at(pid: Pid) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{}", pid.as_raw_pid()));
        let name = fs::read_to_string(folder.join("comm")).ok()?;
        if name.trim_end() != PROCESS_NAME {
            return None;
        }
        let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        if !is_own(&fs::read_to_string(folder.join("status")).ok()?) {
            return None;
        }
        let statement = statement(&folder)?;
        if statement.begin_ticks != begin_ticks(&folder).ok()? {
            return None;
        }
        let node = Self {
            pid,
            statement,
            process,
            folder,
        };
        // It has ended if that can be waited for without waiting.
        let has_ended = node.wait(Some(Instant::now())).ok()?;
        (!has_ended).then_some(node)
    }

    /// Sends a signal. There is no error if it has ended.
    ///
    /// # Errors
    /// When it may not be sent.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        match pidfd_send_signal(&self.process, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks it to stop, unless it does so already: asked twice, it would not stop in order.
    ///
    /// # Errors
    /// When it may not be asked.
    pub(super) fn ask_to_stop(&self) -> io::Result<()> {
        // It may have begun since it was found.
        let phase = statement(&self.folder).map(|statement| statement.phase);
        match phase.unwrap_or(self.statement.phase) {
            Phase::Stopping => Ok(()),
            Phase::Starting | Phase::Ready => self.signal(Signal::TERM),
        }
    }

    /// Waits until it has ended, or until the deadline if there is one; says whether it has.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> io::Result<bool> {
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            let mut waited = [PollFd::new(&self.process, PollFlags::IN)];
            match poll(&mut waited, timeout.as_ref()) {
                Ok(0) if left.is_some_and(|left| left > Duration::ZERO) => {}
                Ok(count) => return Ok(count > 0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What it was started with.
    ///
    /// # Errors
    /// When that cannot be read.
    pub(super) fn invocation(&self) -> io::Result<Invocation> {
        let texts = |name: &str| {
            let mut bytes = fs::read(self.folder.join(name))?;
            // Each text ends with a zero.
            bytes.pop();
            let texts = bytes.split(|byte| *byte == 0);
            io::Result::Ok(texts.map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        let variables = texts("environ")?.into_iter().filter_map(|text| {
            let mid = text.iter().position(|byte| *byte == b'=')?;
            let (name, value) = (text[..mid].to_vec(), text[mid + 1..].to_vec());
            Some((OsString::from_vec(name), OsString::from_vec(value)))
        });
        Ok(Invocation {
            program: self.program()?,
            arguments: texts("cmdline")?
                .into_iter()
                .map(OsString::from_vec)
                .collect(),
            variables: variables.collect(),
            directory: self.working_directory()?,
            log_file: self.log_file(),
        })
    }

    /// Where it works.
    ///
    /// # Errors
    /// When that cannot be read.
    pub(super) fn working_directory(&self) -> io::Result<PathBuf> {
        fs::read_link(self.folder.join("cwd"))
    }

    /// Where its output goes if that is a file, or `/dev/null`.
    pub(super) fn log_file(&self) -> Option<PathBuf> {
        let link = self.folder.join("fd/1");
        let path = fs::read_link(&link).ok()?;
        let kind = fs::metadata(&path).ok()?.file_type();
        let is_null = kind.is_char_device() && path == Path::new("/dev/null");
        (kind.is_file() || is_null).then_some(path)
    }

    /// Memory that no file stands behind, in bytes.
    pub(super) fn anonymous_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(self.folder.join("status")).ok()?;
        let mut lines = status.lines();
        let kib = lines.find_map(|line| line.strip_prefix("RssAnon:"))?;
        let kib: u64 = kib.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1 << 10)
    }

    /// The file of the program, also if it was replaced by a newer one since.
    fn program(&self) -> io::Result<PathBuf> {
        let program = fs::read_link(self.folder.join("exe"))?;
        let shown = program.to_str();
        match shown.and_then(|shown| shown.strip_suffix(" (deleted)")) {
            Some(former) if !program.exists() => Ok(former.into()),
            _ => Ok(program),
        }
    }
}

/// Whether a process is this user's with all of its user ids, by its `status`. What another's says
/// is not to be acted upon, not even by root; the owner of the folder would not tell, for a process
/// that hides its memory seems to be root's.
fn is_own(status: &str) -> bool {
    let mut lines = status.lines();
    let ids = lines.find_map(|line| line.strip_prefix("Uid:"));
    let own = geteuid().as_raw().to_string();
    ids.is_some_and(|ids| ids.split_whitespace().all(|id| id == own))
}

/// What the process says of itself whose folder this is.
fn statement(folder: &Path) -> Option<Statement> {
    let target = link_target();
    // The file is among the first that a node opens, and they come in their order.
    for entry in fs::read_dir(folder.join("fd")).ok()? {
        let path = entry.ok()?.path();
        if fs::read_link(&path).is_ok_and(|link| link == target) {
            let lines = fs::read_to_string(&path).ok()?;
            let (complete, _) = lines.rsplit_once('\n')?;
            return Statement::of_line(complete.lines().last()?);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_no_node_is_not_found() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(RunningNode::at(Pid::from_raw(own).unwrap()).is_none());
        assert!(RunningNode::at(Pid::from_raw(i32::MAX).unwrap()).is_none());
    }

    #[test]
    fn a_process_is_its_users_with_all_of_its_ids() {
        let own = geteuid().as_raw();
        let other = own + 1;
        let check = |ids: [u32; 4], expected: bool| {
            let ids = ids.map(|id| id.to_string()).join("\t");
            assert_eq!(
                is_own(&format!("Name:\tx\nUid:\t{ids}\nGid:\t0\n")),
                expected
            );
        };
        check([own; 4], true);
        check([other; 4], false);
        check([other, own, own, own], false);
        check([own, own, other, own], false);
        assert!(!is_own("Name:\tx\n"));
        assert!(is_own(&fs::read_to_string("/proc/self/status").unwrap()));
    }

    #[test]
    fn a_process_begins_when_it_does_and_not_before_the_one_that_started_it() {
        let own = begin_ticks(Path::new("/proc/self")).unwrap();
        let parent = std::os::unix::process::parent_id();
        let parent = begin_ticks(Path::new(&format!("/proc/{parent}"))).unwrap();
        assert!(parent <= own, "{parent} {own}");
        assert!(begin_ticks(Path::new("/nowhere")).is_err());
    }
}
