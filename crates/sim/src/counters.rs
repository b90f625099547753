//! How much happened in a run: printed, and the gate against runs that did nothing.

use std::fmt;
use std::ops::AddAssign;

macro_rules! counters {
    ($($(#[$meta:meta])* $name:ident $shown:literal $least:literal,)*) => {
        /// What was counted.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
        pub struct Counters { $($(#[$meta])* pub $name: u64,)* }

        impl Counters {
            /// What happened too rarely for `runs` runs together to mean anything.
            pub fn too_few(&self, runs: u64) -> Vec<String> {
                let mut few = Vec::new();
                $(if self.$name * 100 < $least * runs {
                    few.push(format!("{} {} in {runs} runs", self.$name, $shown));
                })*
                few
            }
        }

        impl AddAssign for Counters {
            fn add_assign(&mut self, other: Self) { $(self.$name += other.$name;)* }
        }

        impl fmt::Display for Counters {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(write!(formatter, " {}={}", $shown, self.$name)?;)*
                Ok(())
            }
        }
    };
}

// Name, how it is printed, and the least of it in a hundred runs.
counters! {
    /// Records that were acknowledged.
    acked "acked" 20_000,
    /// Batches that a producer sent again.
    resent "resent" 300,
    /// Records that came in fetch responses.
    read "read" 20_000,
    /// Fetches in an incremental session.
    session_fetches "session-fetches" 1_000,
    /// Offsets whose commit was acknowledged.
    committed "committed" 1_000,
    /// Committed offsets that were fetched.
    offsets_fetched "offsets-fetched" 500,
    /// Assignments that members were given.
    assigned "assigned" 1_000,
    /// Members that vanished, stood still too long or left.
    members_gone "members-gone" 50,
    /// Changes of topics.
    topics_changed "topics-changed" 50,
    /// Records that a crash was entitled to take.
    lost_unsynced "lost-unsynced" 50,
    /// Records that a crash had to leave.
    kept_synced "kept-synced" 1_000,
    /// Of them those that were to be flushed at once.
    kept_flushed "kept-flushed" 500,
    /// Index entries that were compared with a scan.
    index_entries "index-entries" 500,
    /// Times that the power was cut.
    power_losses "power-losses" 50,
    /// Times that the process was killed.
    kills "kills" 50,
    /// Clean stops before the last one.
    clean_stops "clean-stops" 50,
    /// Times that the disk stood still.
    disk_stalls "disk-stalls" 50,
    /// Times that the disk was full.
    disk_fills "disk-fills" 50,
    /// Times that all connections were reset.
    resets "resets" 50,
    /// Times that one direction of the network was held up.
    holds "holds" 50,
    /// Times that the network was slow and lost connections.
    slow_networks "slow-networks" 50,
    /// Lives that ended because the node gave up.
    gave_up "gave-up" 0,
}
