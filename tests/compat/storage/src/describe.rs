//! Says in text what a log holds and answers.

use anyhow::{Result, ensure};
use protocol::ids::LeaderEpoch;
use storage::log::Log;

use crate::consumer::{self, Isolation};
use crate::lines::{self, ReadRecord};

/// What a log holds, and the same as text.
pub(crate) struct Description {
    pub(crate) lines: Vec<String>,
    /// All records a consumer may get, aborted and undecided ones too.
    pub(crate) records: Vec<ReadRecord>,
}

/// Describes `log`, all of which counts as replicated.
pub(crate) async fn describe(log: &Log) -> Result<Description> {
    let uncommitted = read(log, Isolation::Uncommitted).await?;
    let committed = read(log, Isolation::Committed).await?;
    consumer::check_every_offset(log, &uncommitted).await?;

    let latest = log.log_end_offset();
    let leader_epoch = log.latest_epoch().map_or(-1, |(epoch, _)| epoch.0);
    let mut lines = vec![
        format!("leader-epoch {leader_epoch}"),
        format!("earliest {}", log.log_start_offset()),
        format!("latest {latest}"),
        format!("last-stable {}", log.last_stable_offset(latest)),
        format!("max-timestamp {}", lines::found(log.max_timestamp().await?)),
    ];
    let timestamps: Vec<i64> = uncommitted
        .iter()
        .map(|record| record.timestamp_ms)
        .collect();
    for timestamp in lines::looked_up(&timestamps) {
        let found = lines::found(log.offset_for_timestamp(timestamp).await?);
        lines.push(format!("timestamp {timestamp} {found}"));
    }
    for epoch in 0..=leader_epoch.max(0) + 1 {
        let end = log.end_offset_for_epoch(LeaderEpoch(epoch));
        let (found, offset) = end.map_or((-1, -1), |(epoch, offset)| (epoch.0, offset.0));
        lines.push(format!("epoch {epoch} {found} {offset}"));
    }
    log.with_producers(|producers| {
        lines.extend(
            producers
                .producers()
                .map(|(id, entry)| lines::producer(id, entry)),
        );
    });
    lines.extend(
        uncommitted
            .iter()
            .map(|record| lines::record("uncommitted", record)),
    );
    lines.extend(
        committed
            .iter()
            .map(|record| lines::record("committed", record)),
    );
    Ok(Description {
        lines,
        records: uncommitted,
    })
}

/// Reads in steps of one batch and in large ones.
async fn read(log: &Log, isolation: Isolation) -> Result<Vec<ReadRecord>> {
    let by_batch = consumer::read_all(log, isolation, 1).await?;
    let records = consumer::read_all(log, isolation, 50_000).await?;
    ensure!(
        by_batch == records,
        "read {isolation:?}: the size of the fetches makes a difference"
    );
    Ok(records)
}
