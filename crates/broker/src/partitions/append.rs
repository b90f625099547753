//! Appends as leader, and what their acknowledgements wait for.
//!
//! Not the job of this module: decoding requests, and writing responses.
//!
//! Invariant: an append that is in the log is known to the core, also when the request was given up
//! in the midst of it.

use protocol::ErrorCode;
use protocol::ids::Offset;
use protocol::records::{BatchError, InvalidRecord, ProduceError};
use replica::{AckCondition, Acks, Admission, Waiting};
use storage::log::{AppendError, AppendOrigin, Appended, Codecs, LeaderAppend};
use tokio::sync::oneshot;

use super::LocalPartition;
use super::local_partition::{State, Waiter};

/// What a record of any magic is at least, in bytes.
const RECORD_OVERHEAD_MIN: i32 = 14;

/// How to append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProduceAppend {
    /// Whom the answer waits for.
    pub acks: Acks,
    /// Who appends.
    pub origin: AppendOrigin,
    /// The version of the produce request; it decides whether zstd is allowed.
    pub produce_version: i16,
    /// How long the acknowledgement may take, from the append on.
    pub timeout_ms: u64,
}

/// When an append may be answered.
#[derive(Debug)]
pub enum Ack {
    /// Now.
    Ready,
    /// When the acknowledgement is there: see [`PendingAck::wait`].
    Waiting(PendingAck),
}

/// An acknowledgement to come. It holds no bytes; dropping it changes nothing.
#[derive(Debug)]
pub struct PendingAck {
    answer: oneshot::Receiver<Result<(), ErrorCode>>,
}

/// Why nothing was appended, or why it cannot be acknowledged. What is not known stays out of the
/// response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProduceFailure {
    /// The error of the partition.
    pub error_code: ErrorCode,
    /// What a person is told of a batch that is none, as in Kafka.
    pub message: Option<String>,
    /// The records that were refused.
    pub records: Vec<InvalidRecord>,
    /// Where the log starts; only if it was the records that were refused, as in Kafka.
    pub log_start_offset: Option<Offset>,
}

impl PendingAck {
    /// Waits for the acknowledgement.
    ///
    /// # Errors
    /// When it did not come in time, or the node does not lead the partition any more.
    pub async fn wait(self) -> Result<(), ErrorCode> {
        match self.answer.await {
            Ok(outcome) => outcome,
            // The partition is gone, and with it who would have answered.
            Err(_) => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
        }
    }
}

impl Ack {
    /// Waits for the acknowledgement, if there is one to wait for.
    ///
    /// # Errors
    /// As [`PendingAck::wait`].
    pub async fn wait(self) -> Result<(), ErrorCode> {
        match self {
            Self::Ready => Ok(()),
            Self::Waiting(pending) => pending.wait().await,
        }
    }
}

impl LocalPartition {
    /// Appends as leader. The bytes are not needed any more when this returns; the acknowledgement
    /// says what there is to wait for.
    ///
    /// # Errors
    /// When nothing was appended, or it was and can never be acknowledged.
    pub async fn append(
        &self,
        batches: &mut [u8],
        append: ProduceAppend,
        codecs: &mut Codecs,
    ) -> Result<(Appended, Ack), ProduceFailure> {
        let size_bytes = batches.len() as u64;
        self.metrics().produce_requested();
        let outcome = self.append_uncounted(batches, append, codecs).await;
        match &outcome {
            Ok((appended, _)) => self.metrics().appended(appended.offset_count(), size_bytes),
            Err(failure) => {
                if failure.error_code == ErrorCode::MESSAGE_TOO_LARGE {
                    self.metrics().bytes_rejected(size_bytes);
                }
                if !failure.is_expected() {
                    self.metrics().produce_failed();
                }
            }
        }
        outcome
    }

    async fn append_uncounted(
        &self,
        batches: &mut [u8],
        append: ProduceAppend,
        codecs: &mut Codecs,
    ) -> Result<(Appended, Ack), ProduceFailure> {
        let _lifecycle = self.lifecycle.read().await;
        let admission = self.with_core(|state, context| state.core.admit(context, append.acks))?;
        let leader_append = LeaderAppend {
            leader_epoch: admission.leader_epoch,
            origin: append.origin,
            produce_version: append.produce_version,
            now_ms: self.surroundings.wall_ms(),
        };
        let mut in_midst = InMidst(Some(self));
        let appended = self.log().append_as_leader(batches, &leader_append, codecs);
        let appended = appended.await.map_err(|error| self.refused(&error))?;
        in_midst.0 = None;
        if !appended.is_duplicate {
            self.surroundings.flush_wanted.notify_one();
        }
        let ack = self.acknowledge(admission, &appended, append.timeout_ms)?;
        Ok((appended, ack))
    }

    fn acknowledge(
        &self,
        admission: Admission,
        appended: &Appended,
        timeout_ms: u64,
    ) -> Result<Ack, ErrorCode> {
        self.with_core(|state, context| {
            state.moved(context);
            let condition = AckCondition {
                required_offset: appended.last_offset.next(),
                is_synced: false,
                deadline_ms: context.now.monotonic_ms.saturating_add(timeout_ms),
            };
            let waiting = state.core.await_ack(context, admission, condition)?;
            Ok(state.ack(waiting))
        })
    }

    fn refused(&self, error: &AppendError) -> ProduceFailure {
        if let AppendError::Log(error) = error {
            self.log_failed(error);
        }
        let error_code = error.error_code();
        let mut failure = ProduceFailure::from(error_code);
        if let AppendError::Produce(refused) = error
            && !refused.invalid_records().is_empty()
        {
            failure.records = refused.invalid_records().to_vec();
        }
        failure.message = match error {
            AppendError::Produce(ProduceError::Batch(BatchError::UnknownMagic(magic))) => {
                Some(format!("Invalid magic found in record: {magic}"))
            }
            AppendError::Produce(ProduceError::Batch(BatchError::LengthTooSmall(size)))
                if *size < RECORD_OVERHEAD_MIN =>
            {
                Some(format!(
                    "Record size {size} is less than the minimum record overhead \
                     ({RECORD_OVERHEAD_MIN})"
                ))
            }
            _ => None,
        };
        let says_start = !is_refused_unseen(error)
            && !matches!(
                error_code,
                ErrorCode::MESSAGE_TOO_LARGE
                    | ErrorCode::RECORD_LIST_TOO_LARGE
                    | ErrorCode::CORRUPT_MESSAGE
                    | ErrorCode::KAFKA_STORAGE_ERROR
            );
        failure.log_start_offset = says_start.then(|| self.log().log_start_offset());
        failure
    }
}

impl State {
    /// An acknowledgement that is there, or comes when the core wakes who waits for it.
    pub(super) fn ack(&mut self, waiting: Waiting) -> Ack {
        match waiting {
            Waiting::Ready => Ack::Ready,
            Waiting::Until(id) => {
                let (sender, answer) = oneshot::channel();
                self.waiting.insert(id, Waiter::Ack(sender));
                Ack::Waiting(PendingAck { answer })
            }
        }
    }
}

impl ProduceFailure {
    /// Whether it is in the nature of things. Kafka counts only other failures.
    const fn is_expected(&self) -> bool {
        matches!(
            self.error_code,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                | ErrorCode::NOT_LEADER_OR_FOLLOWER
                | ErrorCode::MESSAGE_TOO_LARGE
                | ErrorCode::RECORD_LIST_TOO_LARGE
                | ErrorCode::CORRUPT_MESSAGE
                | ErrorCode::KAFKA_STORAGE_ERROR
        )
    }
}

impl From<ErrorCode> for ProduceFailure {
    fn from(error_code: ErrorCode) -> Self {
        Self {
            error_code,
            message: None,
            records: Vec::new(),
            log_start_offset: None,
        }
    }
}

/// Whether the records are refused for their form, before Kafka looks at the log.
const fn is_refused_unseen(error: &AppendError) -> bool {
    matches!(
        error,
        AppendError::Produce(
            ProduceError::NoBatch
                | ProduceError::MoreThanOneBatch(_)
                | ProduceError::ZstdNotAllowed(_)
                | ProduceError::Batch(
                    BatchError::Truncated { .. } | BatchError::UnsupportedMagic(_)
                )
        )
    )
}

/// Tells the core of what may be in the log although the append was given up or has failed.
struct InMidst<'a>(Option<&'a LocalPartition>);

impl Drop for InMidst<'_> {
    fn drop(&mut self) {
        if let Some(partition) = self.0 {
            partition.moved();
        }
    }
}
