//! A broker that follows the partition's leader: what to fetch next, and what the answers do.
//!
//! Not the job of this module: connections, fetch sessions and back-off times.
//!
//! Invariants:
//! - An answer counts only if its fetch is the one that would be sent now.
//! - The high watermark follows the leader's only after the records of the same answer are in the
//!   log, and never in an answer that asks for truncation (KAFKA-14704).
//! - It is lowered before the log is truncated below it, and the effect says so (KAFKA-19474).

mod truncation;

use protocol::ErrorCode;
use protocol::ids::{BrokerId, LeaderEpoch, Offset};

use crate::partition::Standing;
use crate::{Context, Effect, EpochEnd, PartitionAssignment};

/// The state that only a follower has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Follower {
    /// None while the partition has no leader.
    leader: Option<BrokerId>,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Fetch, or wait for the answer.
    Fetching,
    /// The records of an answer are being appended; then this is known.
    Appending {
        high_watermark: Offset,
        log_start_offset: Offset,
    },
    /// The log is being truncated.
    Truncating,
    /// The leader does not have our log end; it is asked what it has.
    OutOfRange,
    /// The leader is of a later epoch than we know of; metadata will tell.
    Fenced,
}

/// What to fetch from the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextFetch {
    /// The leader.
    pub leader: BrokerId,
    /// The leader epoch that the asker knows.
    pub current_leader_epoch: LeaderEpoch,
    /// From where on.
    pub fetch_offset: Offset,
    /// The epoch of the last record that the asker has.
    pub last_fetched_epoch: Option<LeaderEpoch>,
    /// The first offset of the log.
    pub log_start_offset: Offset,
}

/// The leader's answer to a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderAnswer {
    /// The fetch that is answered.
    pub fetch: NextFetch,
    /// What it brought.
    pub result: Result<LeaderData, ErrorCode>,
}

/// What a successful answer says besides the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaderData {
    /// Whether there are records to append.
    pub has_records: bool,
    /// Where the logs part, if they do.
    pub diverging: Option<EpochEnd>,
    /// Below it records are committed.
    pub high_watermark: Offset,
    /// The first offset of the log.
    pub log_start_offset: Offset,
}

/// What the leader has, by ListOffsets under `current_leader_epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaderOffsets {
    /// The leader epoch that the asker knows.
    pub current_leader_epoch: LeaderEpoch,
    /// The first offset of the log.
    pub log_start_offset: Offset,
    /// The offset behind the last record.
    pub log_end_offset: Offset,
}

impl Follower {
    /// Begins to follow in a new leader epoch.
    pub(crate) fn new(
        context: &Context<'_>,
        standing: &mut Standing,
        assignment: &PartitionAssignment,
        effects: &mut Vec<Effect>,
    ) -> Self {
        let mut follower = Self {
            leader: assignment.leader,
            step: Step::Fetching,
        };
        let Some(leader) = assignment.leader else {
            effects.push(Effect::StopFetching);
            return follower;
        };
        let log_end = context.log.log_end_offset();
        if context.log.latest_epoch().is_none() && log_end > standing.high_watermark {
            // Records without epochs cannot be compared with the leader's; only committed ones are
            // sure to be there as well.
            let committed = standing.high_watermark;
            follower.truncate_to(standing, committed, effects);
        }
        let epoch = assignment.leader_epoch;
        effects.push(Effect::FetchFrom { leader, epoch });
        follower
    }

    /// Takes the leader's answer to a fetch.
    pub(crate) fn on_leader_answer(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        answer: &LeaderAnswer,
        effects: &mut Vec<Effect>,
    ) {
        let asked = NextFetch {
            log_start_offset: context.log.log_start_offset(),
            ..answer.fetch
        };
        // Late answers are dropped. The epoch of the last record belongs to the question: our log
        // may end at the same offset again, but with other records than were found to part.
        if self.next_fetch(context, standing) != Some(asked) {
            return;
        }
        let leader = asked.leader;
        let data = match &answer.result {
            Ok(data) => data,
            Err(ErrorCode::OFFSET_OUT_OF_RANGE) => {
                self.step = Step::OutOfRange;
                let epoch = standing.leader_epoch;
                effects.push(Effect::AskLeaderOffsets { leader, epoch });
                return;
            }
            Err(ErrorCode::FENCED_LEADER_EPOCH) => {
                self.step = Step::Fenced;
                return;
            }
            Err(_) => {
                effects.push(Effect::BackOff);
                return;
            }
        };
        if let Some(end) = data.diverging {
            let to = truncation::target(context.log, end);
            self.truncate_to(standing, to, effects);
        } else if data.has_records {
            self.step = Step::Appending {
                high_watermark: data.high_watermark,
                log_start_offset: data.log_start_offset,
            };
            effects.push(Effect::AppendFetched);
        } else {
            let (high_watermark, start) = (data.high_watermark, data.log_start_offset);
            follow_bounds(context, standing, high_watermark, start, effects);
        }
    }

    /// The records of the last answer are in the log.
    pub(crate) fn on_fetched_appended(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        effects: &mut Vec<Effect>,
    ) {
        if let Step::Appending {
            high_watermark,
            log_start_offset,
        } = self.step
        {
            self.step = Step::Fetching;
            follow_bounds(context, standing, high_watermark, log_start_offset, effects);
        }
    }

    /// The records of the last answer could not be appended; they are fetched again.
    pub(crate) fn on_append_refused(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.step, Step::Appending { .. }) {
            self.step = Step::Fetching;
            effects.push(Effect::BackOff);
        }
    }

    /// The log is truncated as asked.
    pub(crate) fn on_truncated(&mut self, context: &Context<'_>, standing: &mut Standing) {
        if self.step == Step::Truncating {
            self.step = Step::Fetching;
            // A log that begins anew has nothing below its start (KAFKA-9491).
            standing.bound_by(context.log);
        }
    }

    /// Takes what the leader has, after it did not have our log end.
    pub(crate) fn on_leader_offsets(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        answer: Result<LeaderOffsets, ErrorCode>,
        effects: &mut Vec<Effect>,
    ) {
        if self.step != Step::OutOfRange {
            return;
        }
        self.step = Step::Fetching;
        let offsets = match answer {
            Ok(offsets) if offsets.current_leader_epoch == standing.leader_epoch => offsets,
            _ => {
                effects.push(Effect::BackOff);
                return;
            }
        };
        let log_end = context.log.log_end_offset();
        if offsets.log_end_offset < log_end {
            // Only an unclean election gives a leader less than its followers and no epoch in
            // common.
            self.truncate_to(standing, offsets.log_end_offset, effects);
        } else if offsets.log_start_offset > log_end {
            self.step = Step::Truncating;
            let start = offsets.log_start_offset;
            effects.push(Effect::TruncateFullyAndStartAt(start));
        }
    }

    /// What to fetch now; none while something else has to happen first.
    pub(crate) fn next_fetch(
        &self,
        context: &Context<'_>,
        standing: &Standing,
    ) -> Option<NextFetch> {
        let leader = self.leader.filter(|_| self.step == Step::Fetching)?;
        Some(NextFetch {
            leader,
            current_leader_epoch: standing.leader_epoch,
            fetch_offset: context.log.log_end_offset(),
            last_fetched_epoch: context.log.latest_epoch(),
            log_start_offset: context.log.log_start_offset(),
        })
    }

    fn truncate_to(&mut self, standing: &mut Standing, to: Offset, effects: &mut Vec<Effect>) {
        let before = standing.high_watermark;
        standing.high_watermark = before.min(to);
        self.step = Step::Truncating;
        effects.push(Effect::Truncate {
            to,
            lost_below: (to < before).then_some(before),
        });
    }
}

/// Moves the high watermark and the log start offset up as the leader has, inside our log.
fn follow_bounds(
    context: &Context<'_>,
    standing: &mut Standing,
    high_watermark: Offset,
    log_start_offset: Offset,
    effects: &mut Vec<Effect>,
) {
    let reached = high_watermark.min(context.log.log_end_offset());
    if reached > standing.high_watermark {
        standing.high_watermark = reached;
        effects.push(Effect::HighWatermarkMoved(reached));
    }
    let start = log_start_offset.min(standing.high_watermark);
    if start > context.log.log_start_offset() {
        effects.push(Effect::AdvanceLogStart(start));
    }
}
