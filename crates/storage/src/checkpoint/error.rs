//! Why a small text file could not be read.

use std::path::PathBuf;

use crate::disk::DiskError;

/// Why a file gave no content.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CheckpointError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The file is there but not of the format.
    #[error("read {}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: MalformedFile,
    },
}

/// What is wrong with the content of a file. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedFile {
    /// The version is none that is known.
    #[error("version {version} is unknown")]
    UnknownVersion {
        /// The version found.
        version: i32,
    },
    /// A line is not of the format.
    #[error("line {line} is malformed: `{text}`")]
    Line {
        /// Which line.
        line: usize,
        /// Its first characters.
        text: String,
    },
    /// A line of a properties file has a `\u` that stands for no character. What else is in the
    /// line may be a password, so it is not repeated.
    #[error("line {line} is malformed: a \\u in it stands for no character")]
    Escape {
        /// Which line.
        line: usize,
    },
    /// There are more or fewer entries than the file itself announces.
    #[error("{announced} entries are announced, {found} were found")]
    EntryCount {
        /// The number announced.
        announced: i64,
        /// The number found.
        found: usize,
    },
    /// A property that must be there is not.
    #[error("property {key} is missing")]
    MissingProperty {
        /// The property.
        key: &'static str,
    },
    /// A property has a value that it cannot have.
    #[error("property {key} has the impossible value `{value}`")]
    Property {
        /// The property.
        key: &'static str,
        /// The first characters of its value.
        value: String,
    },
}

impl MalformedFile {
    /// A line that is not of the format.
    pub(crate) fn line(line: usize, text: &[u8]) -> Self {
        let text = beginning(&String::from_utf8_lossy(text));
        Self::Line { line, text }
    }

    /// A value that the property cannot have.
    pub(crate) fn property(key: &'static str, value: &str) -> Self {
        let value = beginning(value);
        Self::Property { key, value }
    }
}

/// As much of a text as an error message bears.
fn beginning(text: &str) -> String {
    text.chars().take(80).collect()
}
