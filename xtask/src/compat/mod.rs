//! Comparisons with Apache Kafka itself, which a plain `cargo test` cannot make because they need
//! Java, Python, Go and the network. A scenario is a row of [`SCENARIOS`] and passes or fails as a
//! whole.

mod clients;
mod compaction;
mod directories;
mod dump_log;
mod golden;
mod metadata_log;
mod metadata_shell;
mod node;
mod storage_tool;
mod sweep;
mod tools_kafka;
mod tools_klamm;
mod tour;

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
        name: "compaction",
        work: compaction::compare,
    },
    Stage {
        name: "compaction-node",
        work: compaction::test_node,
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
    Stage {
        name: "tools-kafka",
        work: tools_kafka::compare,
    },
    Stage {
        name: "tools-klamm",
        work: tools_klamm::compare,
    },
    Stage {
        name: "tour",
        work: tour::take,
    },
    Stage {
        name: "client-java-2.7.0",
        work: |root| clients::compare(root, &clients::JAVA_OLD),
    },
    Stage {
        name: "client-java-4.3.1",
        work: |root| clients::compare(root, &clients::JAVA),
    },
    Stage {
        name: "client-python",
        work: |root| clients::compare(root, &clients::PYTHON),
    },
    Stage {
        name: "client-go",
        work: |root| clients::compare(root, &clients::GO),
    },
];

/// All scenarios of this beginning.
const CLIENT: &str = "client-";

/// Runs the scenarios of these names, or all of them if there is none. `clients` is the name of
/// those of the clients; `clients-kafka` asks Apache Kafka what Klamm is asked there.
pub(crate) fn run(root: &Path, names: &[String]) -> Result<()> {
    match names {
        [] => stages::run(root, SCENARIOS),
        [name] if name == "clients" => {
            let of_clients = |stage: &&Stage| stage.name.starts_with(CLIENT);
            let chosen: Vec<Stage> = SCENARIOS.iter().filter(of_clients).copied().collect();
            stages::run(root, &chosen)
        }
        [name, rest @ ..] if name == "clients-kafka" => clients::run_with_kafka(root, rest),
        names => {
            let chosen: Result<Vec<Stage>> = names.iter().map(|name| scenario(name)).collect();
            stages::run(root, &chosen?)
        }
    }
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
             our-directories, compaction, compaction-node, dump-log, metadata-log, \
             storage-tool, metadata-shell, sweep, sweep-kafka, tools-kafka, tools-klamm, tour, \
             client-java-2.7.0, client-java-4.3.1, client-python, client-go"
        );
    }
}
