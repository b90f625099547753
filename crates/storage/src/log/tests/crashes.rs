//! Crashes and failures at every disk operation of a schedule that touches everything.

use super::*;
use crate::disk::simulated::{Fault, Operation};
use crate::disk::{DiskErrorKind, OpenMode};
use crate::transaction_index::AbortedTransaction;
use protocol::records::BatchMut;

const OPERATIONS: [Operation; 10] = [
    Operation::Open,
    Operation::List,
    Operation::Rename,
    Operation::RemoveFile,
    Operation::SyncDirectory,
    Operation::Size,
    Operation::Read,
    Operation::Write,
    Operation::Sync,
    Operation::SetSize,
];

/// What the schedule has achieved so far.
struct Progress {
    /// Where each batch ended that was appended and not truncated; the first is the start.
    ends: Vec<Offset>,
    flushed: Offset,
    done: bool,
}

/// Appends, rolls, flushes, removes, truncates and closes, as far as it gets.
fn perform(fixture: &mut Fixture, progress: &mut Progress) -> Result<(), AppendError> {
    progress.ends.push(Offset(0));
    for round in 0..3 {
        let fields = producer(3, 0, round * 2);
        append(fixture, progress, Records::of(fields, true).build())?;
        append(fixture, progress, Records::plain(&[NOW_MS; 3]).build())?;
        append(
            fixture,
            progress,
            Records::of(producer(3, 0, round * 2 + 1), true).build(),
        )?;
        let result = TransactionResult::Abort;
        let appended = fixture.append_marker(fields, result)?;
        progress.ends.push(appended.last_offset.next());
        run(fixture.log.roll(NOW_MS))?;
        let up_to = progress.ends[progress.ends.len() - 2];
        run(fixture.log.flush(up_to, NOW_MS))?;
        progress.flushed = up_to;
    }
    let cut = progress.ends[progress.ends.len() - 3];
    // From here on nothing above is promised, whether or not the truncation gets to its end.
    progress.flushed = progress.flushed.min(cut);
    let ends = progress.ends.clone();
    run(fixture.log.truncate_to(cut, NOW_MS))?;
    progress.ends.retain(|end| *end <= cut);
    assert_eq!(ends.len(), progress.ends.len() + 2);
    append(fixture, progress, Records::plain(&[NOW_MS]).build())?;
    run(fixture.log.advance_log_start(Offset(7)))?;
    run(fixture
        .log
        .apply_retention(fixture.log.log_end_offset(), NOW_MS))?;
    run(fixture.log.delete_due(NOW_MS + 100_000))?;
    append(fixture, progress, Records::plain(&[NOW_MS]).build())?;
    run(fixture.log.close(NOW_MS))?;
    progress.flushed = fixture.log.log_end_offset();
    progress.done = true;
    Ok(())
}

fn append(
    fixture: &mut Fixture,
    progress: &mut Progress,
    batch: Vec<u8>,
) -> Result<(), AppendError> {
    let appended = fixture.append(batch)?;
    progress.ends.push(appended.last_offset.next());
    Ok(())
}

/// Lets the operation fail after some that succeed; returns whether the schedule got to its end.
fn check(operation: Operation, successes_before: u64, kind: DiskErrorKind) -> bool {
    let mut fixture = Fixture::with_seed(small(), successes_before);
    fixture.disk.order_fault(Fault {
        operation,
        path_suffix: String::new(),
        successes_before,
        kind,
    });
    let mut progress = Progress {
        ends: Vec::new(),
        flushed: Offset(0),
        done: false,
    };
    let performed = perform(&mut fixture, &mut progress);
    assert_eq!(performed.is_ok(), progress.done);
    fixture.crash();
    let end = fixture.log.log_end_offset();
    let what = format!("{operation:?} {successes_before}: {performed:?}");
    assert!(
        end >= progress.flushed,
        "{what}: {end} of {}",
        progress.flushed
    );
    // A truncation that did not get to its end has cut or has not.
    let is_end = progress.ends.contains(&end) || end == fixture.log.log_start_offset();
    assert!(
        is_end,
        "{what}: ends at {end}, batches end at {:?}",
        progress.ends
    );
    let bytes = fixture.read_from(fixture.log.log_start_offset(), 1 << 20);
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let batch = BatchView::parse(rest).unwrap();
        batch.check_crc().unwrap();
        assert!(
            progress
                .ends
                .contains(&Offset(batch.header().next_offset())),
            "{what}"
        );
        rest = &rest[batch.bytes().len()..];
    }
    // The log can be gone on with, and closed.
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    fixture.restart();
    assert_eq!(fixture.log.log_end_offset(), end.next());
    progress.done
}

#[test]
fn a_crash_after_any_disk_operation_that_failed_loses_nothing_that_was_flushed() {
    for operation in OPERATIONS {
        let failures = (0..).take_while(|count| !check(operation, *count, DiskErrorKind::Failed));
        let failures = failures.count();
        assert!(
            failures > 0 || operation == Operation::List,
            "{operation:?} happens"
        );
    }
}

#[test]
fn a_disk_that_is_full_at_any_write_loses_nothing_that_was_flushed() {
    for operation in [Operation::Open, Operation::Write, Operation::SetSize] {
        let mut done_count = 0;
        for successes_before in 0..200 {
            done_count += u32::from(check(operation, successes_before, DiskErrorKind::NoSpace));
        }
        assert!(done_count > 0, "{operation:?}");
    }
}

#[test]
fn a_segment_that_was_truncated_away_does_not_come_back() {
    for seed in 0..50 {
        // Where there is compaction, a gap between segments is no sign of a loss.
        let config = LogConfig {
            compact: true,
            ..small()
        };
        let mut fixture = Fixture::with_seed(config, seed);
        for _ in 0..2 {
            fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
            run(fixture.log.roll(NOW_MS)).unwrap();
        }
        run(fixture.log.flush(Offset(2), NOW_MS)).unwrap();
        let end = run(fixture.log.truncate_to(Offset(1), NOW_MS)).unwrap();
        assert_eq!((end, fixture.log.recovery_point()), (Offset(1), Offset(1)));
        fixture.crash();
        assert_eq!(fixture.log.log_end_offset(), Offset(1), "seed {seed}");
    }
}

#[test]
fn gaps_that_compaction_has_left_are_no_loss_even_if_the_topic_is_not_compacted_any_more() {
    let mut fixture = Fixture::new(small());
    for at in 0..60 {
        let mut batch = Records::plain(&[NOW_MS]).build();
        let mut moved = BatchMut::parse(&mut batch).unwrap();
        moved.set_base_offset(at * 3);
        let append = fixture
            .log
            .append_as_follower(&batch, LeaderEpoch(0), NOW_MS);
        run(append).unwrap();
    }
    assert!(fixture.log.segment_count() > 3);
    let before = fixture.read_from(Offset(0), 1 << 20);
    // The process died, the page cache did not: nothing is lost.
    fixture.reopen(false, Offset(0)).unwrap();
    assert_eq!(fixture.log.log_end_offset(), Offset(59 * 3 + 1));
    assert_eq!(fixture.read_from(Offset(0), 1 << 20), before);
}

#[test]
fn a_recovery_reads_the_batches_of_producers_once() {
    let reads = |producer_id: Option<i64>| {
        let mut fixture = Fixture::new(LogConfig::default());
        for sequence in 0..100 {
            let records = Records {
                producer: producer_id.map(|id| producer(id, 0, sequence)),
                value_bytes: 20_000,
                ..Records::plain(&[NOW_MS])
            };
            fixture.append(records.build()).unwrap();
        }
        let before = fixture.disk.counters().reads;
        fixture.reopen(false, Offset::ZERO).unwrap();
        assert_eq!(fixture.log.log_end_offset(), Offset(100));
        let known = fixture.log.lock().producers.producers().len();
        assert_eq!(known, usize::from(producer_id.is_some()));
        fixture.disk.counters().reads - before
    };
    assert_eq!(reads(Some(3)), reads(None));
    assert!(reads(None) < 30, "{} reads", reads(None));
}

#[test]
fn aborted_transactions_made_anew_by_a_recovery_outlive_the_next_crash() {
    let mut fixture = Fixture::new(LogConfig {
        segment_bytes: 1 << 20,
        ..small()
    });
    let fields = producer(3, 0, 0);
    fixture.append(Records::of(fields, true).build()).unwrap();
    fixture
        .append_marker(fields, TransactionResult::Abort)
        .unwrap();
    for _ in 0..10 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    let recovery_point = fixture.log.log_end_offset();
    run(fixture.log.flush(recovery_point, NOW_MS)).unwrap();
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    let expected = fixture.log.aborted_transactions(Offset(0), Offset(12));
    assert_eq!(expected.len(), 1);
    // Part of a later entry reached the disk: no marker is where it says.
    let torn = AbortedTransaction {
        last_offset: Offset(4),
        ..expected[0]
    };
    let path = Path::new(DIRECTORY).join("00000000000000000000.txnindex");
    let file = run(fixture.disk.open(&path, OpenMode::Write)).unwrap();
    let position = AbortedTransaction::SIZE_BYTES as u64;
    run(file.write_at(&[&torn.encode()], position)).unwrap();
    for _ in 0..3 {
        // The process is killed: nothing that was written is lost.
        fixture.reopen(false, recovery_point).unwrap();
        let aborted = fixture.log.aborted_transactions(Offset(0), Offset(12));
        assert_eq!(aborted, expected);
    }
}
