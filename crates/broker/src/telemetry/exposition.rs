//! Metrics as text: Prometheus' text format 0.0.4.
//!
//! Invariants: the samples of a family stand together, under its help and type, and families are in
//! the order of their names, whoever wrote them in whichever order.

use super::histogram::{HistogramSnapshot, Unit};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// The media type of what [`Exposition::finish`] returns.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const WRITES_TO_MEMORY: &str = "writing to a string does not fail";

/// What the samples of one name have in common.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// The name, in lower case.
    pub name: &'static str,
    /// How its samples change.
    pub kind: Kind,
    /// What it says, in one sentence.
    pub help: &'static str,
}

/// How the samples of a family change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They only grow, but for a restart.
    Counter,
    /// They go up and down.
    Gauge,
    /// They count by bucket.
    Histogram,
}

/// The value of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Never below zero.
    Unsigned(u64),
    /// Offsets, say.
    Signed(i64),
    /// Seconds, say.
    Float(f64),
}

/// Collects samples. Families without samples do not appear.
#[derive(Debug, Default)]
pub struct Exposition {
    families: BTreeMap<&'static str, Samples>,
}

#[derive(Debug)]
struct Samples {
    family: &'static Family,
    lines: String,
}

impl Exposition {
    /// Adds a sample of a counter or a gauge.
    pub fn sample(
        &mut self,
        family: &'static Family,
        labels: &[(&str, &str)],
        value: impl Into<Number>,
    ) {
        self.line(family, "", labels, value.into());
    }

    pub(super) fn histogram(
        &mut self,
        family: &'static Family,
        (label, label_value): (&str, &str),
        snapshot: &HistogramSnapshot,
        unit: Unit,
    ) {
        let mut count = 0;
        for bucket in snapshot.buckets(unit) {
            let bound = bucket.bound.unwrap_or(f64::INFINITY);
            let bound = Number::Float(bound).to_string();
            let labels = [(label, label_value), ("le", &bound)];
            count = bucket.count;
            self.line(family, "_bucket", &labels, count.into());
        }
        let labels = [(label, label_value)];
        self.line(family, "_sum", &labels, snapshot.sum(unit).into());
        self.line(family, "_count", &labels, count.into());
    }

    fn line(
        &mut self,
        family: &'static Family,
        suffix: &str,
        labels: &[(&str, &str)],
        value: Number,
    ) {
        let samples = self.families.entry(family.name).or_insert(Samples {
            family,
            lines: String::new(),
        });
        let lines = &mut samples.lines;
        lines.push_str(family.name);
        lines.push_str(suffix);
        for (index, (name, value)) in labels.iter().enumerate() {
            lines.push(if index == 0 { '{' } else { ',' });
            lines.push_str(name);
            lines.push_str("=\"");
            escape_label(lines, value);
            lines.push('"');
        }
        if !labels.is_empty() {
            lines.push('}');
        }
        writeln!(lines, " {value}").expect(WRITES_TO_MEMORY);
    }

    /// The text.
    pub fn finish(self) -> String {
        let mut text = String::new();
        for (name, Samples { family, lines }) in self.families {
            write!(text, "# HELP {name} ").expect(WRITES_TO_MEMORY);
            escape_help(&mut text, family.help);
            let kind = family.kind.name();
            write!(text, "\n# TYPE {name} {kind}\n{lines}").expect(WRITES_TO_MEMORY);
        }
        text
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unsigned(value) => value.fmt(formatter),
            Self::Signed(value) => value.fmt(formatter),
            Self::Float(f64::INFINITY) => formatter.write_str("+Inf"),
            Self::Float(value) => value.fmt(formatter),
        }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::Unsigned(value)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Signed(value)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// Help ends with its line, and a backslash begins an escape.
fn escape_help(text: &mut String, help: &str) {
    for character in help.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            _ => text.push(character),
        }
    }
}

/// The value of a label ends with its quotation mark.
fn escape_label(text: &mut String, value: &str) {
    for part in value.split_inclusive('"') {
        let before = part.strip_suffix('"');
        escape_help(text, before.unwrap_or(part));
        if before.is_some() {
            text.push_str("\\\"");
        }
    }
}
