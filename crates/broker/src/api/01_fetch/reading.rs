//! Reading all partitions of a fetch, and waiting until there is enough to be read.
//!
//! A fetch reads in rounds: each finds all there is, in the order of the session, within the limits
//! of the request. A round that finds too little is forgotten when a partition moves.
//!
//! Not the job of this file: moving bytes, and the answer.

use super::request::{Limits, Reader};
use super::targets::Target;
use crate::broker::Broker;
use crate::fetch_sessions::{FetchContext, PartitionRequest};
use crate::partitions::{Found, LocalPartition, PartitionRead, ReadLimits, RecordsWait};
use net::file_slice::FileSlice;
use net::request_context::RequestContext;
use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, Offset};
use replica::{ClientRead, EpochEnd, FollowerFetch, ReadBounds};
use std::sync::Arc;
use std::time::Duration;
use storage::transaction_index::AbortedTransaction;
use tokio::sync::Notify;

/// A fetch under way.
pub(super) struct Fetch {
    pub(super) broker: Arc<Broker>,
    pub(super) context: RequestContext,
    pub(super) throttle: Duration,
    pub(super) session: FetchContext,
    /// One for each partition of the session.
    pub(super) targets: Vec<Target>,
    pub(super) reader: Reader,
    pub(super) limits: Limits,
    /// When it is answered whatever there is, on the monotonic clock.
    pub(super) deadline_ms: u64,
}

/// What one round has found.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// One for each partition.
    pub(super) parts: Vec<Part>,
    /// Bytes of records in all of them.
    pub(super) bytes: usize,
    /// The same, and what is there of batches that do not fit: who asks again gets those.
    bytes_there: usize,
    /// Whether the client has to be told of something at once.
    is_urgent: bool,
}

/// What a round has found of one partition.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) error_code: ErrorCode,
    /// None beside an error.
    pub(super) bounds: Option<ReadBounds>,
    pub(super) records: Option<FileSlice>,
    /// Bytes of records that were found within the limits, whether the first batch fits or not.
    size_there: usize,
    pub(super) diverging: Option<EpochEnd>,
    pub(super) aborted: Option<Vec<AbortedTransaction>>,
    /// Up to where was looked.
    seen: Offset,
    /// Whether there is more, which only another fetch can read.
    continues: bool,
}

impl Fetch {
    /// Waits for enough after a round that has not found it, or until the time is over.
    pub(super) async fn wait(&self, mut round: Round) -> Round {
        let environment = &self.broker.environment;
        let deadline = environment.clock.instant_at(self.deadline_ms);
        let expired = async {
            match deadline {
                Some(deadline) => environment.timers.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let mut expired = std::pin::pin!(expired);
        let listener = Arc::new(Notify::new());
        while !self.is_enough(&round) {
            if let Some(_places) = self.listen(&round, &listener) {
                tokio::select! {
                    biased;
                    () = listener.notified() => {}
                    () = &mut expired => return self.read().await,
                }
            }
            round = self.read().await;
        }
        round
    }

    /// Reads each partition once.
    pub(super) async fn read(&self) -> Round {
        let mut round = Round {
            parts: Vec::with_capacity(self.targets.len()),
            ..Round::default()
        };
        for (requested, target) in self.session.partitions().iter().zip(&self.targets) {
            let part = match target {
                Target::Here(partition) => {
                    let limits = ReadLimits {
                        size_max: (self.limits.bytes_max.saturating_sub(round.bytes))
                            .min(requested.request.bytes_max),
                        at_least_one_batch: round.bytes == 0,
                    };
                    self.read_partition(partition, &requested.request, limits)
                        .await
                }
                Target::Elsewhere(_, error) | Target::Refused(error) => Part::failed(*error),
            };
            let is_refused = matches!(target, Target::Refused(_));
            round.is_urgent |= part.is_urgent() && !is_refused;
            round.bytes += part.records_size();
            round.bytes_there += part.size_there;
            round.parts.push(part);
        }
        round
    }

    /// Counts what was asked for, once for all rounds.
    pub(super) fn count_requests(&self, round: &Round) {
        for (target, part) in self.targets.iter().zip(&round.parts) {
            if let Target::Here(partition) = target {
                partition.metrics().fetch_requested();
                if !part.is_expected() {
                    partition.metrics().fetch_failed();
                }
            }
        }
    }

    /// Whether a round is an answer although there is still time.
    pub(super) fn is_enough(&self, round: &Round) -> bool {
        let has_target = |target: &Target| !matches!(target, Target::Refused(_));
        round.is_urgent
            || round.bytes_there >= self.limits.bytes_min
            || !self.targets.iter().any(has_target)
    }

    async fn read_partition(
        &self,
        partition: &LocalPartition,
        request: &PartitionRequest,
        limits: ReadLimits,
    ) -> Part {
        let read = match self.reader {
            Reader::Consumer(isolation) => {
                let read = ClientRead {
                    current_leader_epoch: request.current_leader_epoch,
                    fetch_offset: request.fetch_offset,
                    last_fetched_epoch: request.last_fetched_epoch,
                    isolation,
                };
                let read = partition.read(&read, limits).await;
                read.map(|read| {
                    let seen = read.bounds.end(isolation);
                    Part::of(read, seen)
                })
            }
            Reader::Replica { id, epoch } => {
                // Taken first: what comes in during the read is waited for in vain otherwise.
                let log_end_offset = partition.log().log_end_offset();
                let fetch = FollowerFetch {
                    replica: id,
                    broker_epoch: epoch,
                    current_leader_epoch: request.current_leader_epoch.unwrap_or(LeaderEpoch::NONE),
                    fetch_offset: request.fetch_offset,
                    last_fetched_epoch: request.last_fetched_epoch,
                    log_start_offset: request.log_start_offset,
                };
                let read = partition.read_for_follower(&fetch, limits).await;
                read.map(|read| Part::of(read, log_end_offset))
            }
        };
        read.unwrap_or_else(Part::failed)
    }

    /// Has the listener told when a partition moves behind what a round has seen of it; none if one
    /// has moved already.
    fn listen(&self, round: &Round, listener: &Arc<Notify>) -> Option<Vec<RecordsWait>> {
        let isolation = self.reader.isolation();
        let mut places = Vec::with_capacity(self.targets.len());
        for (target, part) in self.targets.iter().zip(&round.parts) {
            let Target::Here(partition) = target else {
                continue;
            };
            // The fetch keeps its own time, so the partitions need not.
            match partition.wait_for_records(isolation, part.seen, u64::MAX, listener) {
                Ok(Some(place)) => places.push(place),
                Ok(None) | Err(_) => return None,
            }
        }
        Some(places)
    }
}

impl Part {
    fn of(read: PartitionRead, seen: Offset) -> Self {
        let part = Self {
            error_code: ErrorCode::NONE,
            bounds: Some(read.bounds),
            records: None,
            size_there: 0,
            diverging: None,
            aborted: read.aborted,
            seen,
            continues: false,
        };
        match read.found {
            // A first batch that is cut off is of no use to anybody.
            Found::Records {
                slice,
                first_batch_size,
                continues_elsewhere,
            } if first_batch_size <= slice.size => Self {
                size_there: slice.size,
                records: Some(slice),
                continues: continues_elsewhere,
                ..part
            },
            Found::Records { slice, .. } => Self {
                size_there: slice.size,
                ..part
            },
            Found::Nothing => part,
            Found::Diverging(end) => Self {
                diverging: Some(end),
                ..part
            },
        }
    }

    const fn failed(error_code: ErrorCode) -> Self {
        Self {
            error_code,
            bounds: None,
            records: None,
            size_there: 0,
            diverging: None,
            aborted: None,
            seen: Offset::ZERO,
            continues: false,
        }
    }

    /// Whether waiting for more is of no use.
    const fn is_urgent(&self) -> bool {
        let is_failed = !matches!(self.error_code, ErrorCode::NONE);
        is_failed || self.diverging.is_some() || self.continues
    }

    /// Whether it was read, or could not be for a reason in the nature of things. Kafka counts only
    /// other failures.
    const fn is_expected(&self) -> bool {
        matches!(
            self.error_code,
            ErrorCode::NONE
                | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                | ErrorCode::NOT_LEADER_OR_FOLLOWER
                | ErrorCode::UNKNOWN_LEADER_EPOCH
                | ErrorCode::FENCED_LEADER_EPOCH
                | ErrorCode::OFFSET_OUT_OF_RANGE
                | ErrorCode::KAFKA_STORAGE_ERROR
        )
    }

    fn records_size(&self) -> usize {
        self.records.as_ref().map_or(0, |slice| slice.size)
    }
}
