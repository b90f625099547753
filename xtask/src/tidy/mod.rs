//! What the compiler and Clippy do not check: layers and fences between crates, sizes, headers and
//! names of files, pages, blobs, and the list of dependencies.
//!
//! Each rule is one function from a file, a crate or the whole list to its [`Finding`]s. The whole
//! check also runs as a test of this crate, so `cargo test --workspace` sees it.

mod crates;
mod dependencies;
mod fences;
mod files;
mod layers;
mod naming;
mod pages;
mod source;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use files::TrackedFile;

/// One thing that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from one; zero when the finding is about the whole file.
    line: usize,
    message: String,
}

type FileRule = fn(&TrackedFile) -> Vec<Finding>;

const FILE_RULES: &[FileRule] = &[
    files::large_blob,
    files::path_of_one_machine,
    naming::banned_name,
    pages::one_title,
    source::long_file,
    source::long_line,
    source::missing_header,
    source::unfinished_work,
    source::ignored_test,
    source::sleeping_test,
];

/// Prints what is not tidy.
///
/// # Errors
/// When anything is not.
pub(crate) fn run(root: &Path) -> Result<()> {
    let findings = findings(root)?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("check tree: {} things are not tidy", findings.len());
    }
    Ok(())
}

fn findings(root: &Path) -> Result<Vec<Finding>> {
    let files = files::tracked(root)?;
    let crates = crates::of_workspaces(root)?;
    let mut findings: Vec<Finding> = files
        .iter()
        .flat_map(|file| FILE_RULES.iter().flat_map(|rule| rule(file)))
        .collect();
    findings.extend(crates.iter().flat_map(layers::wrong_edges));
    findings.extend(crates.iter().flat_map(|each| fences::missing(each, &files)));
    findings.extend(dependencies::not_as_used(&crates, &files));
    Ok(findings)
}

impl Finding {
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            message: message.into(),
        }
    }

    /// `index` is that of the line, counted from zero.
    fn at_line(path: &str, index: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: index + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.path, self.message),
            line => write!(formatter, "{}:{line}: {}", self.path, self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_tree_is_tidy() {
        let root = crate::workspace::root().unwrap();
        let findings: Vec<String> = findings(&root)
            .unwrap()
            .iter()
            .map(Finding::to_string)
            .collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
