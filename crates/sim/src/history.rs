//! What happened, in order: a hash of all of it, the newest lines, and the first violation.
//!
//! Invariant: only what the seed decides goes in, so that the same seed gives the same hash.

use crate::chance::mix;
use std::collections::VecDeque;

const LINES_KEPT: usize = 20_000;
const LINES_SHOWN: usize = 40;
/// What befalls the whole run, and is shown with every violation.
const ALWAYS_SHOWN: [&str; 2] = ["node", "faults"];

/// The events of a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    hash: u64,
    lines: VecDeque<(String, String)>,
    /// Of the newest event; events are ordered by it.
    sequence: u64,
    now_ms: i64,
    violation: Option<Violation>,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The file in `checker` that says what is promised.
    pub invariant: &'static str,
    /// What it is about, and what was seen.
    pub message: String,
    /// The newest events, and before them those about the same subject.
    pub history: Vec<String>,
}

impl History {
    /// Notes an event about a subject; returns its place in the order of events.
    pub(crate) fn record(&mut self, subject: &str, event: &str) -> u64 {
        for byte in subject.bytes().chain(event.bytes()) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.hash = mix(self.hash ^ self.now_ms as u64);
        self.sequence += 1;
        let line = format!("{:>7} {:>9} {subject}: {event}", self.sequence, self.now_ms);
        self.lines.push_back((subject.to_owned(), line));
        if self.lines.len() > LINES_KEPT {
            self.lines.pop_front();
        }
        self.sequence
    }

    /// Notes that a promise is broken; the first one counts.
    pub(crate) fn violate(&mut self, invariant: &'static str, subject: &str, message: &str) {
        self.record(subject, &format!("VIOLATION of {invariant}: {message}"));
        if self.violation.is_some() {
            return;
        }
        let newest = self.lines.len().saturating_sub(LINES_SHOWN);
        let about = self.lines.iter().take(newest);
        let about: Vec<_> = about
            .filter(|(about, _)| about == subject || ALWAYS_SHOWN.contains(&about.as_str()))
            .collect();
        let skipped = about.len().saturating_sub(LINES_SHOWN);
        let shown = about.into_iter().skip(skipped);
        let shown = shown.chain(self.lines.iter().skip(newest));
        self.violation = Some(Violation {
            invariant,
            message: format!("{subject}: {message}"),
            history: shown.map(|(_, line)| line.clone()).collect(),
        });
    }

    /// What time it is, in milliseconds since the run began.
    pub(crate) const fn set_now(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    pub(crate) const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }
}
