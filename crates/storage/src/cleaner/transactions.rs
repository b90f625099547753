//! Which transactions are decided how, on a walk over the batches of a log from its start (KIP-98).
//!
//! Records of aborted transactions go. A marker stays as long as a batch of its transaction does:
//! without it, nobody would know how the transaction has ended.
//!
//! Invariant: one walk keeps one tracker, from segment to segment and from group to group: a
//! transaction may begin in one and end in another (KAFKA-8351).

use std::collections::{BTreeMap, BTreeSet};

use protocol::ids::Offset;
use protocol::records::{BatchHeader, ControlRecordType};

use crate::transaction_index::AbortedTransaction;

/// The transactions that are open at some place of the walk.
#[derive(Debug, Default)]
pub(super) struct TransactionTracker {
    /// Those that will be aborted and have not begun yet, by first offset and producer.
    ahead: BTreeMap<(Offset, i64), AbortedTransaction>,
    /// Those that will be aborted, by producer.
    aborted: BTreeMap<i64, OpenAbort>,
    /// The producers with an open transaction that will be committed.
    committed: BTreeSet<i64>,
    /// The aborted ones that have kept a batch, so that readers have to know of them.
    retained: Vec<AbortedTransaction>,
}

#[derive(Debug)]
struct OpenAbort {
    transaction: AbortedTransaction,
    has_batch: bool,
}

impl TransactionTracker {
    /// Learns of aborted transactions of the part of the log that comes next. Those that were told
    /// already may be among them.
    pub(super) fn expect(&mut self, transactions: Vec<AbortedTransaction>) {
        for transaction in transactions {
            let key = (transaction.first_offset, transaction.producer_id.0);
            self.ahead.insert(key, transaction);
        }
    }

    /// Steps over a batch of records; returns whether they were aborted.
    pub(super) fn on_records(&mut self, header: &BatchHeader) -> bool {
        self.begin_up_to(Offset(header.last_offset()));
        if !header.attributes.is_transactional() {
            return false;
        }
        match self.aborted.get_mut(&header.producer_id) {
            Some(open) => {
                open.has_batch = true;
                true
            }
            None => {
                self.committed.insert(header.producer_id);
                false
            }
        }
    }

    /// Steps over a control batch with this record, or with none; returns whether nothing of its
    /// transaction is left, so that it may go.
    pub(super) fn on_control(
        &mut self,
        header: &BatchHeader,
        record_type: Option<ControlRecordType>,
    ) -> bool {
        self.begin_up_to(Offset(header.last_offset()));
        match record_type {
            None => true,
            Some(ControlRecordType::Abort) => match self.aborted.remove(&header.producer_id) {
                Some(open) if open.has_batch => {
                    self.retained.push(open.transaction);
                    false
                }
                _ => true,
            },
            Some(ControlRecordType::Commit) => !self.committed.remove(&header.producer_id),
            Some(_) => false,
        }
    }

    /// The aborted transactions of markers stepped over since the last call that readers have to
    /// know of, in the order of the markers.
    pub(super) fn take_retained(&mut self) -> Vec<AbortedTransaction> {
        std::mem::take(&mut self.retained)
    }

    fn begin_up_to(&mut self, offset: Offset) {
        while let Some(next) = self.ahead.first_entry() {
            if next.key().0 > offset {
                return;
            }
            let transaction = next.remove();
            let producer_id = transaction.producer_id.0;
            self.aborted.entry(producer_id).or_insert(OpenAbort {
                transaction,
                has_batch: false,
            });
        }
    }
}
