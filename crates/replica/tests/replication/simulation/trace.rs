//! What happened, as a hash over its text, and as text if somebody wants to read it. Text is dear,
//! so runs that are only checked leave it out.

use std::fmt::{self, Write};

pub(super) struct Trace {
    pub(super) hash: u64,
    pub(super) events: u64,
    pub(super) wants: Wants,
}

/// What is made of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Nothing,
    Hash,
    Text,
}

impl Trace {
    pub(super) fn new() -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            events: 0,
            wants: Wants::Nothing,
        }
    }

    pub(super) fn note(&mut self, now_ms: u64, what: fmt::Arguments<'_>) {
        self.events += 1;
        if self.wants == Wants::Nothing {
            return;
        }
        write!(self, "{now_ms} {what}").expect("a hash takes any text");
        if self.wants == Wants::Text {
            println!("{now_ms:>6} {what}");
        }
    }
}

impl Write for Trace {
    /// FNV-1a.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}
