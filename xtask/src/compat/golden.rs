//! The golden files of the protocol crate are what Kafka's own classes write: they are written anew
//! beside the tree and compared byte by byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

const PROJECT: &str = "tests/compat/java/golden/pom.xml";
/// Where the Java program writes, below the root it is given.
const FIXTURES: &str = "crates/protocol/tests";

/// Writes the golden files into the target folder and compares them with those of the tree.
pub(super) fn compare(root: &Path) -> Result<()> {
    let scratch = root.join("target/compat/golden");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).context("clear target/compat/golden")?;
    }
    let fresh = scratch.join(FIXTURES);
    fs::create_dir_all(&fresh).context("create target/compat/golden")?;
    write_golden_files(root, &scratch)?;

    let fresh = files_below(&fresh)?;
    let committed = files_below(&root.join(FIXTURES))?;
    let differences = differences(&fresh, &committed);
    if fresh.is_empty() || !differences.is_empty() {
        let count = differences.len();
        bail!(
            "compare {} golden files: {count} differ\n{}",
            fresh.len(),
            differences.join("\n")
        );
    }
    println!(
        "{} golden files are what Kafka's classes write",
        fresh.len()
    );
    Ok(())
}

fn write_golden_files(root: &Path, scratch: &Path) -> Result<()> {
    let mut argument = std::ffi::OsString::from("-Dexec.args=");
    argument.push(scratch);
    let mut maven = Command::new("mvn");
    maven.args([
        "--quiet",
        "--batch-mode",
        "-Dstyle.color=never",
        "--file",
        PROJECT,
        "compile",
        "exec:java",
    ]);
    workspace::run(maven.arg(argument).current_dir(root))
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// What one has and the other has not, or has otherwise. Files of another kind, or in a folder that
/// the program did not write into, belong to other tests and are left alone.
fn differences(fresh: &Files, committed: &Files) -> Vec<String> {
    let kinds: BTreeSet<_> = fresh
        .keys()
        .map(|path| (path.parent(), path.extension()))
        .collect();
    let of_program = committed
        .keys()
        .filter(|path| kinds.contains(&(path.parent(), path.extension())));
    let paths: BTreeSet<&PathBuf> = fresh.keys().chain(of_program).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let verdict = match (fresh.get(path), committed.get(path)) {
                (fresh, committed) if fresh == committed => return None,
                (Some(_), Some(_)) => "differs",
                (Some(_), None) => "is not in the tree",
                (None, _) => "is written by none of Kafka's classes",
            };
            Some(format!("{FIXTURES}/{} {verdict}", path.display()))
        })
        .collect()
}

/// Every file below `folder` by its relative path.
fn files_below(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        let entries = fs::read_dir(&next).with_context(|| format!("list {}", next.display()))?;
        for entry in entries {
            let path = entry
                .with_context(|| format!("list {}", next.display()))?
                .path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let content = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            let relative = path
                .strip_prefix(folder)
                .context("find path below its folder")?;
            files.insert(relative.to_path_buf(), content);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter()
            .map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn equal_files_do_not_differ_and_those_of_other_tests_are_left_alone() {
        let fresh = files(&[("golden/Fetch.txt", "a")]);
        let committed = files(&[
            ("golden/Fetch.txt", "a"),
            ("golden/main.rs", "x"),
            ("other.txt", "y"),
        ]);
        assert_eq!(differences(&fresh, &committed), [""; 0]);
    }

    #[test]
    fn changed_missing_and_surplus_files_are_told_apart() {
        let fresh = files(&[("golden/A.txt", "a"), ("golden/B.txt", "b")]);
        let committed = files(&[("golden/A.txt", "other"), ("golden/C.txt", "c")]);
        let expected = [
            "crates/protocol/tests/golden/A.txt differs",
            "crates/protocol/tests/golden/B.txt is not in the tree",
            "crates/protocol/tests/golden/C.txt is written by none of Kafka's classes",
        ];
        assert_eq!(differences(&fresh, &committed), expected);
    }
}
