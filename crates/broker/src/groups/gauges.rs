//! What the coordinators say of their groups: Kafka's `GroupMetadataManager` and
//! `group-coordinator-metrics`.
//!
//! Coordinators are asked each time and count in their turn, while whoever collects does not wait:
//! the numbers are those of the time before, none at first. Kafka's are up to a minute old.

use std::sync::{Arc, Mutex, PoisonError};

use coordinator::GroupCounts;
use protocol::ErrorCode;

use super::{Command, Groups, Led};
use crate::telemetry::Exposition;
use crate::telemetry::GaugeSource;
use crate::telemetry::families;

/// What a coordinator has counted when it was last asked; being loaded before that.
#[derive(Debug, Clone)]
pub(super) struct LastCounts(Arc<Mutex<Result<GroupCounts, ErrorCode>>>);

impl Default for LastCounts {
    fn default() -> Self {
        let loading = Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
        Self(Arc::new(Mutex::new(loading)))
    }
}

impl LastCounts {
    fn set(&self, counts: Result<GroupCounts, ErrorCode>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }

    fn get(&self) -> Result<GroupCounts, ErrorCode> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Led {
    fn count_again(&self) {
        let counts = self.counts.clone();
        let look = Command::Look(Box::new(move |coordinator| {
            counts.set(coordinator.counts());
        }));
        // A task that has ended counts nothing any more.
        let _ = self.commands.send(look);
    }
}

impl GaugeSource for Groups {
    fn collect(&self, exposition: &mut Exposition) {
        let mut counts = GroupCounts::default();
        let (mut active, mut loading, mut failed) = (0_u64, 0_u64, 0_u64);
        for led in self.lock().led.values() {
            match led.counts.get() {
                Ok(counted) => {
                    active += 1;
                    counts = counts.plus(counted);
                }
                Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS) => loading += 1,
                Err(_) => failed += 1,
            }
            led.count_again();
        }
        for (family, count) in [
            (&families::NUM_GROUPS, counts.groups()),
            (&families::NUM_GROUPS_EMPTY, counts.empty),
            (
                &families::NUM_GROUPS_PREPARING_REBALANCE,
                counts.preparing_rebalance,
            ),
            (
                &families::NUM_GROUPS_COMPLETING_REBALANCE,
                counts.completing_rebalance,
            ),
            (&families::NUM_GROUPS_STABLE, counts.stable),
            // A dead group is one that is not there.
            (&families::NUM_GROUPS_DEAD, 0),
            (&families::NUM_OFFSETS, counts.offsets),
        ] {
            exposition.sample(family, &[], count);
        }
        let classic = [("protocol", "classic")];
        exposition.sample(&families::GROUP_COUNT, &classic, counts.groups());
        for (state, count) in [("loading", loading), ("active", active), ("failed", failed)] {
            exposition.sample(&families::NUM_PARTITIONS, &[("state", state)], count);
        }
    }
}
