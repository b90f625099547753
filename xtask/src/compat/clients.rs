//! Clients that people use, against Klamm and against Apache Kafka: each program below
//! `tests/compat/clients` says what it saw, and has to see at Klamm what it saw at Kafka.
//!
//! The recorded answers come from Apache Kafka and from nothing else, and there is no list of
//! accepted differences.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::directories::scratch;
use super::node::{Node, Server};

const FOLDER: &str = "tests/compat/clients";
/// Of one run, and of the downloads before the first one.
const SECONDS_MAX: &str = "600";

/// A client program and the name of its recorded answers.
pub(super) struct Client {
    name: &'static str,
    folder: &'static str,
    version: Option<&'static str>,
}

pub(super) const JAVA_OLD: Client = Client {
    name: "java-2.7.0",
    folder: "java",
    version: Some("2.7.0"),
};

pub(super) const JAVA: Client = Client {
    name: "java-4.3.1",
    folder: "java",
    version: Some("4.3.1"),
};

pub(super) const PYTHON: Client = Client {
    name: "python",
    folder: "python",
    version: None,
};

pub(super) const GO: Client = Client {
    name: "go",
    folder: "go",
    version: None,
};

const ALL: [&Client; 4] = [&JAVA_OLD, &JAVA, &PYTHON, &GO];

/// The client sees at Klamm what it saw at Apache Kafka.
pub(super) fn compare(root: &Path, client: &Client) -> Result<()> {
    check(root, client, Server::Klamm)
}

/// The clients see at Apache Kafka what they saw when that was recorded; all of them, or those that
/// are named. With `--record` it is recorded anew.
pub(super) fn run_with_kafka(root: &Path, arguments: &[String]) -> Result<()> {
    let is_record = |argument: &&String| argument.as_str() == "--record";
    let (records, names): (Vec<_>, Vec<_>) = arguments.iter().partition(is_record);
    let clients: Result<Vec<&Client>> = names.iter().map(|name| client(name)).collect();
    let clients = match clients? {
        none if none.is_empty() => ALL.to_vec(),
        some => some,
    };
    for client in clients {
        if records.is_empty() {
            check(root, client, Server::Kafka)?;
        } else {
            record(root, client)?;
        }
    }
    Ok(())
}

fn client(name: &str) -> Result<&'static Client> {
    let names = || ALL.map(|client| client.name).join(", ");
    let found = ALL.into_iter().find(|client| client.name == name);
    found.with_context(|| format!("find client: `{name}` is not one of {}", names()))
}

fn check(root: &Path, client: &Client, server: Server) -> Result<()> {
    let path = recorded(root, client);
    let expected = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let seen = answers(root, client, server)?;
    let differences = differences(&expected, &seen);
    ensure!(
        differences.is_empty(),
        "client {}: not what was recorded from Apache Kafka (-) but (+)\n{differences}",
        client.name
    );
    println!("{} lines as recorded", expected.lines().count());
    Ok(())
}

fn record(root: &Path, client: &Client) -> Result<()> {
    let seen = answers(root, client, Server::Kafka)?;
    let path = recorded(root, client);
    fs::write(&path, seen).with_context(|| format!("write {}", path.display()))?;
    println!("recorded {}", path.display());
    Ok(())
}

fn recorded(root: &Path, client: &Client) -> PathBuf {
    let file = format!("{}.txt", client.name);
    root.join(FOLDER).join("recorded").join(file)
}

/// What the client prints when it has run all scenarios against a fresh node.
fn answers(root: &Path, client: &Client, server: Server) -> Result<String> {
    let beside = match server {
        Server::Klamm => "klamm",
        Server::Kafka => "kafka",
    };
    let scratch = scratch(root, &format!("client-{}-{beside}", client.name))?;
    let node = Node::start(root, server, &scratch)?;
    let program = root.join(FOLDER).join(client.folder).join("run");
    let mut run = Command::new("timeout");
    run.args([SECONDS_MAX]).arg(program).args(client.version);
    run.arg(node.address().to_string());
    let start = Instant::now();
    let output = run
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("start client {}", client.name))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!(
            "run client {}: {}\n{text}\nthe node says:\n{}",
            client.name,
            output.status,
            node.last_words()
        );
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{} against {beside}: {seconds:.1} s", client.name);
    node.stop()?;
    Ok(text)
}

/// The lines of one text that the other has not in their place, those of `expected` marked by `-`
/// and those of `seen` by `+`. Empty if the texts are equal.
fn differences(expected: &str, seen: &str) -> String {
    let expected: Vec<&str> = expected.lines().collect();
    let seen: Vec<&str> = seen.lines().collect();
    let common = common_lines(&expected, &seen);
    let mut text = String::new();
    let (mut left, mut right) = (0, 0);
    while left < expected.len() || right < seen.len() {
        if left < expected.len() && right < seen.len() && expected[left] == seen[right] {
            left += 1;
            right += 1;
        } else if right == seen.len()
            || (left < expected.len() && common[left + 1][right] >= common[left][right + 1])
        {
            let _ = writeln!(text, "-{}", expected[left]);
            left += 1;
        } else {
            let _ = writeln!(text, "+{}", seen[right]);
            right += 1;
        }
    }
    text
}

/// At `[i][j]`, how many lines `one` from `i` on and `other` from `j` on have in common, in order.
fn common_lines(one: &[&str], other: &[&str]) -> Vec<Vec<usize>> {
    let mut common = vec![vec![0; other.len() + 1]; one.len() + 1];
    for left in (0..one.len()).rev() {
        for right in (0..other.len()).rev() {
            common[left][right] = if one[left] == other[right] {
                common[left + 1][right + 1] + 1
            } else {
                common[left + 1][right].max(common[left][right + 1])
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(differences("a\nb\n", "a\nb\n"), "");
        assert_eq!(differences("", ""), "");
    }

    #[test]
    fn a_difference_names_the_lines_of_both_and_leaves_out_the_others() {
        let expected = "admin\ta=1\nadmin\tb=2\nacks\tc=3\n";
        let seen = "admin\ta=1\nadmin\tb=4\nacks\tc=3\nmore\td=5\n";
        assert_eq!(
            differences(expected, seen),
            "-admin\tb=2\n+admin\tb=4\n+more\td=5\n"
        );
    }

    #[test]
    fn lines_in_another_order_differ() {
        assert_eq!(differences("a\nb\n", "b\na\n"), "-a\n+a\n");
    }

    #[test]
    fn an_unknown_client_is_an_error_that_names_the_known_ones() {
        let error = run_with_kafka(Path::new("."), &["perl".to_owned()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "find client: `perl` is not one of java-2.7.0, java-4.3.1, python, go"
        );
    }
}
