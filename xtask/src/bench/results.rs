//! What was measured, as lines of a table that is kept beside the page.
//!
//! A line that starts with `#` is a fact about the machine; the others have the columns scenario,
//! date, server, round, measure and value. Not what a value means: that is the page's.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use super::statistics::{Summary, summary};

/// One value of one round.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Measurement {
    pub(super) scenario: String,
    pub(super) date: String,
    pub(super) server: String,
    pub(super) round: u32,
    pub(super) measure: String,
    pub(super) value: f64,
}

/// All values, and where they were taken.
#[derive(Default, PartialEq, Debug)]
pub(super) struct Results {
    facts: Vec<(String, String)>,
    measurements: Vec<Measurement>,
}

impl Results {
    pub(super) fn new(facts: Vec<(String, String)>) -> Self {
        Self {
            facts,
            measurements: Vec::new(),
        }
    }

    /// Those of a file; none when there is no file.
    ///
    /// # Errors
    /// When a line is not understood.
    pub(super) fn read(file: &Path) -> Result<Self> {
        match fs::read_to_string(file) {
            Ok(text) => Self::from_text(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).context("read results"),
        }
    }

    /// The scenarios of `newer` take the place of what was measured of them before.
    pub(super) fn replaced_by(mut self, newer: Self) -> Self {
        let is_new = |name: &str| newer.measurements.iter().any(|each| each.scenario == name);
        self.measurements.retain(|each| !is_new(&each.scenario));
        self.measurements.extend(newer.measurements);
        self.facts = newer.facts;
        self
    }

    pub(super) fn add(&mut self, measurement: Measurement) {
        self.measurements.push(measurement);
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).context("create the folder of the results")?;
        }
        fs::write(file, self.to_text()?).context("write results")
    }

    pub(super) fn facts(&self) -> &[(String, String)] {
        &self.facts
    }

    /// The day on which a scenario was measured, if it was.
    pub(super) fn date(&self, scenario: &str) -> Option<&str> {
        let mut measurements = self.measurements.iter();
        let first = measurements.find(|each| each.scenario == scenario)?;
        Some(&first.date)
    }

    /// In the order of the rounds.
    pub(super) fn values(&self, scenario: &str, server: &str, measure: &str) -> Vec<f64> {
        let wanted = |each: &&Measurement| {
            (each.scenario.as_str(), each.server.as_str()) == (scenario, server)
                && each.measure == measure
        };
        let mut found: Vec<_> = self.measurements.iter().filter(wanted).collect();
        found.sort_by_key(|each| each.round);
        found.iter().map(|each| each.value).collect()
    }

    pub(super) fn summary(&self, scenario: &str, server: &str, measure: &str) -> Option<Summary> {
        summary(&self.values(scenario, server, measure))
    }

    fn from_text(text: &str) -> Result<Self> {
        let mut results = Self::default();
        for line in text.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            match columns[..] {
                ["#", name, value] => results.facts.push((name.to_owned(), value.to_owned())),
                [scenario, date, server, round, measure, value] => results.add(Measurement {
                    scenario: scenario.to_owned(),
                    date: date.to_owned(),
                    server: server.to_owned(),
                    round: round
                        .parse()
                        .with_context(|| format!("read round: {line}"))?,
                    measure: measure.to_owned(),
                    value: value
                        .parse()
                        .with_context(|| format!("read value: {line}"))?,
                }),
                _ => anyhow::bail!("read results: `{line}` has not the columns of a result"),
            }
        }
        Ok(results)
    }

    fn to_text(&self) -> Result<String> {
        let mut text = String::new();
        for (name, value) in &self.facts {
            writeln!(text, "#\t{name}\t{value}")?;
        }
        for each in &self.measurements {
            let Measurement {
                scenario,
                date,
                server,
                round,
                measure,
                value,
            } = each;
            writeln!(
                text,
                "{scenario}\t{date}\t{server}\t{round}\t{measure}\t{value:.3}"
            )?;
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#\tcores\t2\n\
        latency\t2026-01-31\tklamm\t2\tp99_ms\t4.500\n\
        latency\t2026-01-31\tklamm\t1\tp99_ms\t2.000\n\
        build\t2026-01-30\tklamm\t1\tseconds\t90.000\n";

    #[test]
    fn results_are_read_as_they_were_written() {
        let results = Results::from_text(TEXT).unwrap();
        assert_eq!(results.to_text().unwrap(), TEXT);
        assert_eq!(results.values("latency", "klamm", "p99_ms"), [2.0, 4.5]);
        assert_eq!(results.date("build"), Some("2026-01-30"));
        assert_eq!(results.date("cold"), None);
    }

    #[test]
    fn a_line_that_is_no_result_is_an_error() {
        assert!(Results::from_text("latency\tklamm\n").is_err());
        assert!(Results::from_text(&TEXT.replace("4.500", "fast")).is_err());
    }

    #[test]
    fn a_later_run_replaces_the_scenarios_it_has_measured() {
        let newer = "#\tcores\t4\nbuild\t2026-02-01\tklamm\t1\tseconds\t80.000\n";
        let old = Results::from_text(TEXT).unwrap();
        let both = old.replaced_by(Results::from_text(newer).unwrap());
        assert_eq!(both.values("build", "klamm", "seconds"), [80.0]);
        assert_eq!(both.values("latency", "klamm", "p99_ms").len(), 2);
        assert_eq!(both.facts()[0].1, "4");
    }
}
