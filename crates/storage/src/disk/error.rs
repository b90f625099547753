//! Why a disk operation failed, with what it was about.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A failed disk operation.
#[derive(Debug, Clone)]
pub struct DiskError {
    operation: &'static str,
    path: PathBuf,
    kind: DiskErrorKind,
    source: Option<Arc<io::Error>>,
}

/// The failures that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskErrorKind {
    /// No such file or directory.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// The disk is full, or a quota is used up.
    NoSpace,
    /// The operating system does not permit it.
    PermissionDenied,
    /// Somebody else holds the lock.
    Locked,
    /// The file is larger than such a file can be.
    TooLarge,
    /// Everything else: the disk must be taken for broken.
    Failed,
}

impl DiskError {
    /// A failure without a cause from the operating system.
    pub fn new(operation: &'static str, path: &Path, kind: DiskErrorKind) -> Self {
        Self {
            operation,
            path: path.to_owned(),
            kind,
            source: None,
        }
    }

    /// A failure that the operating system reported.
    pub fn from_system(operation: &'static str, path: &Path, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::NotFound => DiskErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => DiskErrorKind::AlreadyExists,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DiskErrorKind::NoSpace,
            io::ErrorKind::PermissionDenied => DiskErrorKind::PermissionDenied,
            io::ErrorKind::FileTooLarge => DiskErrorKind::TooLarge,
            _ => DiskErrorKind::Failed,
        };
        Self {
            operation,
            path: path.to_owned(),
            kind,
            source: Some(Arc::new(source)),
        }
    }

    /// What kind of failure it is.
    pub const fn kind(&self) -> DiskErrorKind {
        self.kind
    }

    /// The file or directory it is about.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: ", self.operation, self.path.display())?;
        match &self.source {
            Some(source) => write!(formatter, "{source}"),
            None => formatter.write_str(match self.kind {
                DiskErrorKind::NotFound => "not found",
                DiskErrorKind::AlreadyExists => "exists already",
                DiskErrorKind::NoSpace => "no space left",
                DiskErrorKind::PermissionDenied => "permission denied",
                DiskErrorKind::Locked => "locked by another process",
                DiskErrorKind::TooLarge => "larger than such a file can be",
                DiskErrorKind::Failed => "the disk failed",
            }),
        }
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_system_map_to_kinds() {
        let numbers = [
            (2, DiskErrorKind::NotFound),
            (5, DiskErrorKind::Failed),
            (13, DiskErrorKind::PermissionDenied),
            (17, DiskErrorKind::AlreadyExists),
            (27, DiskErrorKind::TooLarge),
            (28, DiskErrorKind::NoSpace),
            (122, DiskErrorKind::NoSpace),
        ];
        for (number, kind) in numbers {
            let source = io::Error::from_raw_os_error(number);
            let error = DiskError::from_system("write", Path::new("a"), source);
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
