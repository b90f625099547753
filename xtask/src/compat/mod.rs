//! Comparisons with Apache Kafka itself, which a plain `cargo test` cannot make because they need
//! Java and the network. A scenario is a row of [`SCENARIOS`] and passes or fails as a whole.

mod directories;
mod dump_log;
mod golden;
mod metadata_log;
mod metadata_shell;
mod storage_tool;
mod sweep;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::stages::{self, Stage};
use crate::workspace;

const SCENARIOS: &[Stage] = &[
    Stage {
        name: "golden",
        work: golden::compare,
    },
    Stage {
        name: "kafka",
        work: check_kafka,
    },
    Stage {
        name: "kafka-directories",
        work: directories::read_kafkas,
    },
    Stage {
        name: "our-directories",
        work: directories::written_for_kafka,
    },
    Stage {
        name: "dump-log",
        work: dump_log::compare,
    },
    Stage {
        name: "metadata-log",
        work: metadata_log::hand_over,
    },
    Stage {
        name: "storage-tool",
        work: storage_tool::compare,
    },
    Stage {
        name: "metadata-shell",
        work: metadata_shell::compare,
    },
    Stage {
        name: "sweep",
        work: sweep::compare,
    },
    Stage {
        name: "sweep-kafka",
        work: sweep::check_recording,
    },
];

/// Runs the scenarios of these names, or all of them if there is none.
pub(crate) fn run(root: &Path, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return stages::run(root, SCENARIOS);
    }
    let chosen: Result<Vec<Stage>> = names.iter().map(|name| scenario(name)).collect();
    stages::run(root, &chosen?)
}

/// Apache Kafka itself runs here, which every comparison with a live broker builds on.
fn check_kafka(root: &Path) -> Result<()> {
    workspace::run(Command::new(root.join("tests/compat/kafka/check")).current_dir(root))
}

fn scenario(name: &str) -> Result<Stage> {
    let found = SCENARIOS
        .iter()
        .find(|scenario| scenario.name == name)
        .copied();
    found.with_context(|| format!("find scenario: `{name}` is not one of {}", all_names()))
}

fn all_names() -> String {
    SCENARIOS
        .iter()
        .map(|scenario| scenario.name)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scenario_is_an_error_that_names_the_known_ones() {
        let error = run(Path::new("."), &["nonsense".to_owned()])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "find scenario: `nonsense` is not one of golden, kafka, kafka-directories, \
             our-directories, dump-log, metadata-log, storage-tool, metadata-shell, sweep, \
             sweep-kafka"
        );
    }
}
