//! The files of the tree as git sees them, and the rules that hold for every one of them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Finding;
use crate::workspace;

const BLOB_BYTES_MAX: usize = 1 << 20;

/// Files that may be larger: they are read by tests and cannot be smaller. Shrinks only.
const LARGE_BLOBS: &[&str] = &[];

/// A file that git tracks, or would once it is added.
pub(super) struct TrackedFile {
    /// Relative to the root, with slashes.
    pub(super) path: String,
    bytes: Vec<u8>,
}

/// Every file that is tracked or new, but not ignored.
pub(super) fn tracked(root: &Path) -> Result<Vec<TrackedFile>> {
    let listing = workspace::output(
        Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
                "--deduplicate",
            ])
            .current_dir(root),
    )?;
    let listing = String::from_utf8(listing).context("list files: a name is not UTF-8")?;
    let names = listing.split('\0').filter(|name| !name.is_empty());
    // A tracked file that was just deleted is still listed.
    let present = names.filter(|name| root.join(name).is_file());
    present
        .map(|name| {
            let bytes =
                std::fs::read(root.join(name)).with_context(|| format!("read file: {name}"))?;
            Ok(TrackedFile::new(name, bytes))
        })
        .collect()
}

/// Large files make every clone slow for ever.
pub(super) fn large_blob(file: &TrackedFile) -> Vec<Finding> {
    if file.bytes.len() <= BLOB_BYTES_MAX || LARGE_BLOBS.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let message = format!("is {} bytes, more than {BLOB_BYTES_MAX}", file.bytes.len());
    vec![Finding::in_file(&file.path, message)]
}

/// A path that exists on one machine only breaks on every other.
pub(super) fn path_of_one_machine(file: &TrackedFile) -> Vec<Finding> {
    let private = [
        concat!("/", "work/"),
        concat!("/", "root/"),
        concat!("/", "home/"),
    ];
    let mut findings = Vec::new();
    for (index, line) in file.text().lines().enumerate() {
        for folder in private {
            let is_absolute = line
                .match_indices(folder)
                .any(|(at, _)| starts_a_path(line, at));
            if is_absolute {
                let message = format!("names a path of one machine, `{folder}`");
                findings.push(Finding::at_line(&file.path, index, message));
            }
        }
    }
    findings
}

/// Whether the slash at `at` begins a path, and does not go on with one (`target/work/`) or with
/// the address of a web page.
fn starts_a_path(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    before.is_none_or(|before| !before.is_alphanumeric() && !"_-.~/}$*".contains(before))
}

impl TrackedFile {
    pub(super) fn new(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.to_owned(),
            bytes: bytes.into(),
        }
    }

    /// The content, or nothing if it is not text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Written by `cargo xtask codegen`.
    pub(super) fn is_generated(&self) -> bool {
        self.text().starts_with("// @generated")
    }

    /// Holds nothing but tests; modules of tests inside other files are not meant.
    pub(super) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_a_mebibyte_is_found() {
        let at_limit = TrackedFile::new("a.bin", vec![0; BLOB_BYTES_MAX]);
        assert_eq!(large_blob(&at_limit), []);
        let over_limit = TrackedFile::new("a.bin", vec![0; BLOB_BYTES_MAX + 1]);
        assert_eq!(large_blob(&over_limit).len(), 1);
    }

    #[test]
    fn a_path_of_one_machine_is_found_at_its_line() {
        let text = format!("first\nsee {}x for more\n", concat!("/", "home/"));
        let findings = path_of_one_machine(&TrackedFile::new("a.md", text));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 2);
    }

    #[test]
    fn a_folder_of_the_same_name_further_down_is_fine() {
        let text = format!(
            "target{0}x, https://example.org{0}x\n",
            concat!("/", "work/")
        );
        assert_eq!(path_of_one_machine(&TrackedFile::new("a.md", text)), []);
    }
}
