//! What the figures are asked to be, and whether they are.

use super::results::Results;
use super::servers::Server;

const MEMORY_MIB_MAX: f64 = 100.0;
const LATENCY_MS_MAX: f64 = 10.0;
const READY_MS_MAX: f64 = 100.0;
const RECOVERY_MS_MAX: f64 = 1000.0;
const BUILD_SECONDS_MAX: f64 = 360.0;
const OURS: &str = Server::Klamm.name();

/// One aim.
pub(super) struct Target {
    pub(super) aim: &'static str,
    /// Nothing when what it needs was not measured.
    pub(super) outcome: fn(&Results) -> Option<Outcome>,
}

/// What was measured, in words, and whether that is enough.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Outcome {
    pub(super) measured: String,
    pub(super) is_met: bool,
}

pub(super) const TARGETS: &[Target] = &[
    Target {
        aim: "server CPU per produced GB at most a third of Kafka's",
        outcome: |results| cpu(results, "produce", 1.0 / 3.0),
    },
    Target {
        aim: "server CPU per consumed GB at most Kafka's",
        outcome: |results| cpu(results, "consume", 1.0),
    },
    Target {
        aim: "end-to-end p99 at 2,000 records/s at most 10 ms in four of five rounds",
        outcome: |results| latency(&results.values("latency", OURS, "p99_ms")),
    },
    Target {
        aim: "anonymous memory under load at most 100 MiB, in every round",
        outcome: memory,
    },
    Target {
        aim: "ready at most 100 ms after the start on an empty directory",
        outcome: |results| at_most(results, "ready", "ready_ms", READY_MS_MAX),
    },
    Target {
        aim: "ready at most 1,000 ms after kill -9 with 2 GB in 1,000 partitions",
        outcome: |results| at_most(results, "recovery", "ready_ms", RECOVERY_MS_MAX),
    },
    Target {
        aim: "a clean release build at most 360 s",
        outcome: |results| at_most(results, "build", "seconds", BUILD_SECONDS_MAX),
    },
    Target {
        aim: "a consumer of cold data stalls no acknowledgement of other partitions: their p99 at \
              most 10 ms in four of five rounds",
        outcome: |results| latency(&results.values("cold", OURS, "ack_p99_ms")),
    },
    Target {
        aim: "a slow disk stalls no acknowledgement of partitions on other disks: their p99 at \
              most 10 ms in four of five rounds",
        outcome: |results| latency(&results.values("slow-disk", OURS, "ack_p99_ms")),
    },
];

fn cpu(results: &Results, scenario: &str, ratio_max: f64) -> Option<Outcome> {
    let ours = results.summary(scenario, OURS, "cpu_s_per_gb")?.median;
    let kafka = results
        .summary(scenario, Server::Kafka.name(), "cpu_s_per_gb")?
        .median;
    Some(Outcome {
        measured: format!("{:.2} of Kafka's ({ours:.2} to {kafka:.2})", ours / kafka),
        is_met: ours <= kafka * ratio_max,
    })
}

/// Four of five, with any number of rounds.
fn latency(values: &[f64]) -> Option<Outcome> {
    let met = values
        .iter()
        .filter(|value| **value <= LATENCY_MS_MAX)
        .count();
    (!values.is_empty()).then(|| Outcome {
        measured: format!("in {met} of {} rounds", values.len()),
        is_met: met * 5 >= values.len() * 4,
    })
}

fn memory(results: &Results) -> Option<Outcome> {
    let scenarios = ["produce", "consume", "latency", "cold"].into_iter();
    let summaries = scenarios.filter_map(|each| results.summary(each, OURS, "anonymous_mib"));
    let most = summaries.map(|summary| summary.max).reduce(f64::max)?;
    Some(Outcome {
        measured: format!("{most:.0} MiB at most"),
        is_met: most <= MEMORY_MIB_MAX,
    })
}

fn at_most(results: &Results, scenario: &str, measure: &str, max: f64) -> Option<Outcome> {
    let median = results.summary(scenario, OURS, measure)?.median;
    Some(Outcome {
        measured: format!("{median:.0}"),
        is_met: median <= max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::Measurement;

    fn results(rows: &[(&str, &str, &str, f64)]) -> Results {
        let mut results = Results::default();
        for (scenario, server, measure, value) in rows {
            results.add(Measurement {
                scenario: (*scenario).to_owned(),
                date: "2026-01-31".to_owned(),
                server: (*server).to_owned(),
                round: 1,
                measure: (*measure).to_owned(),
                value: *value,
            });
        }
        results
    }

    #[test]
    fn four_of_five_rounds_are_enough_and_three_are_not() {
        assert!(latency(&[1.0, 2.0, 3.0, 10.0, 50.0]).unwrap().is_met);
        assert!(!latency(&[1.0, 2.0, 3.0, 10.1, 50.0]).unwrap().is_met);
        assert_eq!(latency(&[]), None);
    }

    #[test]
    fn cpu_is_compared_with_the_part_of_kafkas_that_is_asked_for() {
        let rows = [
            ("produce", "kafka", "cpu_s_per_gb", 3.0),
            ("produce", "klamm", "cpu_s_per_gb", 1.2),
        ];
        let results = results(&rows);
        assert!(!cpu(&results, "produce", 1.0 / 3.0).unwrap().is_met);
        assert!(cpu(&results, "produce", 0.5).unwrap().is_met);
        assert_eq!(cpu(&results, "consume", 1.0), None);
    }

    #[test]
    fn the_worst_scenario_decides_about_memory() {
        let rows = [
            ("produce", "klamm", "anonymous_mib", 20.0),
            ("consume", "klamm", "anonymous_mib", 101.0),
            ("consume", "kafka", "anonymous_mib", 900.0),
        ];
        let outcome = memory(&results(&rows)).unwrap();
        assert_eq!(
            (outcome.measured.as_str(), outcome.is_met),
            ("101 MiB at most", false)
        );
    }
}
