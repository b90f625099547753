//! Records of every shape that `kafka-dump-log` can print in one line.

/// A record to be written.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) timestamp_ms: i64,
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
    pub(super) headers: Vec<(&'static str, Option<String>)>,
}

/// An endless source of records, the same ones in every run but for their timestamps.
#[derive(Debug)]
pub(super) struct Samples {
    start_ms: i64,
    state: u64,
}

impl Samples {
    /// Records with timestamps from `start_ms` on, in no order.
    pub(super) const fn new(start_ms: i64) -> Self {
        Self { start_ms, state: 7 }
    }

    /// The next record: its key and value are absent, empty, short or of some KiB.
    pub(super) fn next(&mut self) -> Sample {
        let shape = self.below(16);
        let number = self.below(1000);
        let key = match shape {
            0 => None,
            1 => Some(String::new()),
            _ => Some(format!("key-{number}")),
        };
        let value = match shape {
            2 => None,
            3 => Some(String::new()),
            4 => Some(self.noise(3000)),
            _ => Some(format!(
                "value {number}{}",
                " again".repeat(number as usize % 20)
            )),
        };
        let headers = match shape {
            13.. => vec![
                ("trace", Some(self.noise(8))),
                ("", Some(String::new())),
                ("trace", None),
            ],
            _ => Vec::new(),
        };
        let timestamp_ms = self.start_ms + self.below(3_600_000) as i64;
        Sample {
            timestamp_ms,
            key,
            value,
            headers,
        }
    }

    /// Text that hardly compresses.
    fn noise(&mut self, size: usize) -> String {
        let letters = (0..size).map(|_| (b'!' + self.below(90) as u8) as char);
        letters.collect()
    }

    /// A number below `bound`, by Knuth's linear congruential generator.
    fn below(&mut self, bound: u64) -> u64 {
        const FACTOR: u64 = 6_364_136_223_846_793_005;
        const SUMMAND: u64 = 1_442_695_040_888_963_407;
        self.state = self.state.wrapping_mul(FACTOR).wrapping_add(SUMMAND);
        (self.state >> 33) % bound
    }
}
