//! Failures that a test orders.

use std::path::Path;

use super::super::DiskErrorKind;

/// A failure to come. It happens once.
#[derive(Debug, Clone)]
pub struct Fault {
    /// What will fail.
    pub operation: Operation,
    /// How the path of the file or directory ends; every path ends with the empty suffix.
    pub path_suffix: String,
    /// How many such operations succeed before; 0 for the next one to fail.
    pub successes_before: u64,
    /// How it fails. A write that fails has written an arbitrary part of its bytes.
    pub kind: DiskErrorKind,
}

/// An operation of a disk, a file or a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening a file.
    Open,
    /// Listing a directory.
    List,
    /// Creating directories.
    CreateDirectories,
    /// Renaming; the path is the one before.
    Rename,
    /// Making a file read-only.
    SetReadOnly,
    /// Removing a file.
    RemoveFile,
    /// Removing a directory.
    RemoveDirectory,
    /// Making a directory's names durable.
    SyncDirectory,
    /// Asking for the room there is.
    Space,
    /// Locking a file.
    Lock,
    /// Asking for a file's size.
    Size,
    /// Reading from a file.
    Read,
    /// Writing to a file.
    Write,
    /// Making a file's content durable.
    Sync,
    /// Cutting or extending a file.
    SetSize,
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    ordered: Vec<Fault>,
}

impl Faults {
    pub(super) fn order(&mut self, fault: Fault) {
        self.ordered.push(fault);
    }

    /// Counts an operation, and says how it is to fail if it is.
    pub(super) fn meet(&mut self, operation: Operation, path: &Path) -> Option<DiskErrorKind> {
        let mut due = None;
        for (index, fault) in self.ordered.iter_mut().enumerate() {
            if !fault.matches(operation, path) {
                continue;
            }
            if fault.successes_before > 0 {
                fault.successes_before -= 1;
            } else if due.is_none() {
                due = Some(index);
            }
        }
        due.map(|index| self.ordered.remove(index).kind)
    }

    pub(super) fn clear(&mut self) {
        self.ordered.clear();
    }
}

impl Fault {
    fn matches(&self, operation: Operation, path: &Path) -> bool {
        let path = path.as_os_str().as_encoded_bytes();
        self.operation == operation && path.ends_with(self.path_suffix.as_bytes())
    }
}

impl Operation {
    /// The verb in error messages.
    pub(super) const fn verb(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::List => "list",
            Self::CreateDirectories => "create",
            Self::Rename => "rename",
            Self::SetReadOnly => "protect",
            Self::RemoveFile | Self::RemoveDirectory => "remove",
            Self::SyncDirectory | Self::Sync => "sync",
            Self::Lock => "lock",
            Self::Size => "stat",
            Self::Read => "read",
            Self::Write => "write",
            Self::SetSize => "resize",
            Self::Space => "measure",
        }
    }
}
