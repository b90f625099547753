//! The page about metrics against the metrics.

use crate::telemetry::families;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../../../docs/operations/metrics.md");

/// The names in the first column of the page's tables.
fn documented() -> BTreeSet<&'static str> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

#[test]
fn the_page_lists_every_family_and_no_other() {
    let existing: BTreeSet<&str> = families::ALL.iter().map(|family| family.name).collect();
    assert_eq!(documented(), existing);
    assert_eq!(existing.len(), families::ALL.len(), "a name twice");
}

#[test]
fn only_counters_end_in_total() {
    for family in families::ALL {
        let is_counter = family.kind == crate::telemetry::Kind::Counter;
        assert_eq!(
            family.name.ends_with("_total"),
            is_counter,
            "{}",
            family.name
        );
    }
}
