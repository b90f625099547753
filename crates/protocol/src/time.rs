//! The two clocks, as a pure core is given them.

/// One moment, as both clocks show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Now {
    /// Milliseconds since some moment before the process began; never goes back. For deadlines.
    pub monotonic_ms: u64,
    /// Milliseconds since 1970, as the machine has it; may jump. For timestamps.
    pub wall_ms: i64,
}
