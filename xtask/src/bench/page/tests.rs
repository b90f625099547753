//! The page of results that are made up here.

use super::*;
use crate::bench::results::Measurement;

fn add(results: &mut Results, scenario: &str, server: &str, measure: &str, values: &[f64]) {
    for (value, round) in values.iter().zip(1..) {
        results.add(Measurement {
            scenario: scenario.to_owned(),
            date: "2026-01-31".to_owned(),
            server: server.to_owned(),
            round,
            measure: measure.to_owned(),
            value: *value,
        });
    }
}

#[test]
fn a_table_has_medians_extremes_and_ratios() {
    let mut results = Results::new(vec![("cores".to_owned(), "2".to_owned())]);
    add(
        &mut results,
        "produce",
        "kafka",
        "cpu_s_per_gb",
        &[3.0, 4.0, 2.0],
    );
    add(
        &mut results,
        "produce",
        "klamm",
        "cpu_s_per_gb",
        &[0.75, 0.5, 1.0],
    );
    let page = text(&results).unwrap();
    let row = "| server CPU, s per GB | 3.00 (2.00 to 4.00) | 0.75 (0.50 to 1.00) | - | 0.25 | - |";
    assert!(page.contains(row), "{page}");
    assert!(page.contains("| cores | 2 |"), "{page}");
    assert!(
        page.contains("Measured on 2026-01-31; rounds: 3."),
        "{page}"
    );
    assert!(
        page.contains("| 0.25 of Kafka's (0.75 to 3.00) | met |"),
        "{page}"
    );
}

#[test]
fn what_was_not_measured_has_no_section_and_an_open_aim() {
    let mut results = Results::default();
    add(&mut results, "build", "klamm", "seconds", &[400.0]);
    let page = text(&results).unwrap();
    assert!(
        page.contains("## Build") && !page.contains("## Latency"),
        "{page}"
    );
    assert!(page.contains("| 400 | missed |"), "{page}");
    assert!(
        page.contains("at most Kafka's | not measured | open |"),
        "{page}"
    );
}

#[test]
fn latency_shows_every_round() {
    let mut results = Results::default();
    add(
        &mut results,
        "latency",
        "klamm",
        "p99_ms",
        &[2.0, 12.5, 3.0],
    );
    let page = text(&results).unwrap();
    assert!(
        page.contains("| end to end, klamm | 2.00, 12.50, 3.00 |"),
        "{page}"
    );
}

#[test]
fn every_measure_that_is_plotted_has_a_name_of_its_own() {
    let plotted = |section: &'static Section| {
        let measures = section.measures.iter().filter(|each| each.is_plotted);
        measures.map(move |measure| plot_name(section, measure))
    };
    let names: Vec<String> = SECTIONS.iter().flat_map(plotted).collect();
    let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}
