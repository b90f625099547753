//! Appends, one behaviour at a time.

use protocol::ErrorCode;

use super::*;
use crate::disk::DiskErrorKind;
use crate::disk::simulated::{Fault, Operation};
use crate::producer_state::RefusedBatch;

#[test]
fn a_leader_assigns_offsets_and_its_epoch_and_changes_nothing_else() {
    let mut fixture = Fixture::new(small());
    fixture.leader_epoch = LeaderEpoch(3);
    for first in [0, 2, 4] {
        let sent = Records::plain(&[NOW_MS, NOW_MS + 1]).build();
        let appended = fixture.append(sent.clone()).unwrap();
        assert_eq!(
            (appended.first_offset, appended.last_offset),
            (Offset(first), Offset(first + 1))
        );
        let stored = fixture.read(Offset(first), 1, Offset(first + 2)).unwrap();
        let header = *BatchView::parse(&stored).unwrap().header();
        assert_eq!(
            (header.base_offset, header.partition_leader_epoch),
            (first, 3)
        );
        assert_eq!(stored[16..], sent[16..]);
    }
    assert_eq!(
        fixture.log.latest_epoch(),
        Some((LeaderEpoch(3), Offset(0)))
    );
    run(fixture.log.flush(Offset(4), NOW_MS)).unwrap();
    let epochs = fixture.file_size("leader-epoch-checkpoint");
    assert_eq!(epochs, Some("0\n1\n3 0\n".len() as u64));
}

#[test]
fn a_batch_that_is_too_large_is_refused_as_is_one_larger_than_a_segment() {
    let config = LogConfig {
        max_message_bytes: 1000,
        segment_bytes: 600,
        ..small()
    };
    let mut fixture = Fixture::new(config);
    let mut records = Records::plain(&[NOW_MS]);
    records.value_bytes = 1000;
    let refused = fixture.append(records.build()).unwrap_err();
    assert!(
        matches!(refused, AppendError::RecordTooLarge { .. }),
        "{refused}"
    );
    records.value_bytes = 700;
    let refused = fixture.append(records.build()).unwrap_err();
    assert_eq!(
        refused.error_code(),
        ErrorCode::RECORD_LIST_TOO_LARGE,
        "{refused}"
    );
    assert_eq!(fixture.log.log_end_offset(), Offset(0));
}

#[test]
fn a_batch_may_inflate_to_64_times_the_bytes_it_may_have_and_no_more() {
    let mut fixture = Fixture::new(LogConfig {
        segment_bytes: 1 << 20,
        ..small()
    });
    let mut records = Records::plain(&[NOW_MS]);
    records.codec = Codec::Zstd;
    records.value_bytes = 63 << 20;
    fixture.append(records.build()).unwrap();
    records.value_bytes = 65 << 20;
    let refused = fixture.append(records.build()).unwrap_err();
    let code = refused.error_code();
    assert_eq!(code, ErrorCode::MESSAGE_TOO_LARGE, "{refused}");
    assert_eq!(fixture.log.log_end_offset(), Offset(1));
}

#[test]
fn a_damaged_batch_is_refused() {
    let mut fixture = Fixture::new(small());
    let mut batch = Records::plain(&[NOW_MS]).build();
    let last = batch.len() - 1;
    batch[last] ^= 1;
    assert!(matches!(
        fixture.append(batch).unwrap_err(),
        AppendError::Produce(_)
    ));
}

#[test]
fn log_append_time_replaces_the_timestamps() {
    let config = LogConfig {
        log_append_time: true,
        ..small()
    };
    let mut fixture = Fixture::new(config);
    let appended = fixture.append(Records::plain(&[5, 6]).build()).unwrap();
    assert_eq!(appended.log_append_time_ms, Some(NOW_MS));
    let found = run(fixture.log.offset_for_timestamp(7)).unwrap().unwrap();
    assert_eq!((found.timestamp, found.offset), (NOW_MS, Offset(0)));
}

#[test]
fn the_topics_compression_is_applied() {
    let compression = Some(Compression::with_default_level(Codec::Zstd));
    let mut fixture = Fixture::new(LogConfig {
        compression,
        ..small()
    });
    fixture
        .append(Records::plain(&[NOW_MS, NOW_MS]).build())
        .unwrap();
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    let stored = fixture.read(Offset(2), 1, Offset(3)).unwrap();
    let header = *BatchView::parse(&stored).unwrap().header();
    assert_eq!(header.attributes.codec().unwrap(), Codec::Zstd);
    assert_eq!((header.base_offset, header.partition_leader_epoch), (2, 0));
    BatchView::parse(&stored).unwrap().check_crc().unwrap();
}

#[test]
fn a_retry_is_answered_with_the_first_try_and_a_gap_is_refused() {
    let mut fixture = Fixture::new(small());
    let first = Records::of(producer(9, 0, 0), false).build();
    fixture.append(first.clone()).unwrap();
    fixture
        .append(Records::of(producer(9, 0, 1), false).build())
        .unwrap();
    let again = fixture.append(first).unwrap();
    assert!(again.is_duplicate);
    assert_eq!(
        (again.first_offset, again.last_offset),
        (Offset(0), Offset(0))
    );
    let gap = fixture
        .append(Records::of(producer(9, 0, 3), false).build())
        .unwrap_err();
    let expected = |error: &AppendError| {
        matches!(
            error,
            AppendError::Producer(RefusedBatch::OutOfOrderSequence { .. })
        )
    };
    assert!(expected(&gap), "{gap}");
    assert_eq!(fixture.log.log_end_offset(), Offset(2));
}

#[test]
fn a_crash_leaves_five_batches_of_a_producer_to_be_recognised_and_a_clean_stop_the_last() {
    let mut fixture = Fixture::new(small());
    let sent = |sequence| Records::of(producer(9, 0, sequence), false).build();
    for sequence in 0..5 {
        fixture.append(sent(sequence)).unwrap();
    }
    fixture.reopen(false, Offset(0)).unwrap();
    for sequence in 0..5 {
        assert!(fixture.append(sent(sequence)).unwrap().is_duplicate);
    }
    // The snapshot of a clean stop holds one batch, as Kafka's does.
    fixture.restart();
    assert!(fixture.append(sent(4)).unwrap().is_duplicate);
    let older = fixture.append(sent(3)).unwrap_err();
    let is_out_of_order = matches!(
        older,
        AppendError::Producer(RefusedBatch::OutOfOrderSequence { .. })
    );
    assert!(is_out_of_order, "{older}");
}

#[test]
fn readers_of_committed_records_stop_at_an_open_transaction() {
    let mut fixture = Fixture::new(small());
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    fixture
        .append(Records::of(producer(5, 0, 0), true).build())
        .unwrap();
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    assert_eq!(fixture.log.first_unstable_offset(), Some(Offset(1)));
    assert_eq!(fixture.log.last_stable_offset(Offset(3)), Offset(1));
    fixture
        .append_marker(producer(5, 0, -1), TransactionResult::Abort)
        .unwrap();
    // The marker is at 3 and not replicated yet.
    assert_eq!(fixture.log.last_stable_offset(Offset(3)), Offset(1));
    assert_eq!(fixture.log.last_stable_offset(Offset(4)), Offset(4));
    let aborted = fixture.log.aborted_transactions(Offset(0), Offset(4));
    let [transaction] = aborted.as_slice() else {
        panic!("{aborted:?}")
    };
    assert_eq!(
        (transaction.first_offset, transaction.last_offset),
        (Offset(1), Offset(3))
    );
    fixture.restart();
    assert_eq!(
        fixture.log.aborted_transactions(Offset(0), Offset(4)),
        aborted
    );
    assert_eq!(fixture.file_size("00000000000000000000.txnindex"), Some(34));
}

#[test]
fn segments_roll_by_size_by_time_and_when_an_index_is_full() {
    let mut fixture = Fixture::new(LogConfig {
        segment_bytes: 400,
        ..small()
    });
    while fixture.log.segment_count() == 1 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    assert!(fixture.log.size_bytes() <= 400 + 100);

    let mut fixture = Fixture::new(LogConfig {
        segment_ms: 1000,
        ..small()
    });
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    fixture
        .append(Records::plain(&[NOW_MS + 1000]).build())
        .unwrap();
    assert_eq!(
        fixture.log.segment_count(),
        1,
        "records decide, not the clock"
    );
    fixture
        .append(Records::plain(&[NOW_MS + 1001]).build())
        .unwrap();
    assert_eq!(fixture.log.segment_count(), 2);

    let config = LogConfig {
        segment_bytes: 1 << 20,
        index_interval_bytes: 1,
        ..small()
    };
    let mut fixture = Fixture::new(config);
    while fixture.log.segment_count() == 1 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    assert_eq!(
        fixture.log.log_end_offset(),
        Offset(20),
        "18 entries, and two batches around them"
    );
}

#[test]
fn an_offset_too_far_from_the_base_begins_a_segment_of_its_own() {
    let fixture = Fixture::new(small());
    for base_offset in [0, i64::from(i32::MAX) + 1, 1 << 40] {
        let mut batch = Records::plain(&[NOW_MS]).build();
        batch[..8].copy_from_slice(&base_offset.to_be_bytes());
        batch[12..16].copy_from_slice(&0_i32.to_be_bytes());
        let appended = run(fixture
            .log
            .append_as_follower(&batch, LeaderEpoch(0), NOW_MS))
        .unwrap();
        assert_eq!(appended.last_offset, Offset(base_offset));
    }
    assert_eq!(fixture.log.segment_count(), 3);
    assert_eq!(
        fixture.read(Offset(1), 1, Offset(i64::MAX)).unwrap().len(),
        96
    );
}

#[test]
fn a_follower_takes_what_continues_its_log_and_nothing_else() {
    let mut leader = Fixture::new(small());
    for epoch in [0, 0, 2, 5] {
        leader.leader_epoch = LeaderEpoch(epoch);
        leader
            .append(Records::plain(&[NOW_MS, NOW_MS]).build())
            .unwrap();
    }
    let follower = Fixture::new(small());
    let bytes = leader.read_from(Offset(0), 1 << 20);
    let appended = run(follower
        .log
        .append_as_follower(&bytes, LeaderEpoch(5), NOW_MS))
    .unwrap();
    assert_eq!(
        (appended.first_offset, appended.last_offset),
        (Offset(0), Offset(7))
    );
    assert_eq!(follower.read_from(Offset(0), 1 << 20), bytes);
    let ends = [(1, 0, 4), (2, 2, 6), (5, 5, 8)];
    for (epoch, found, end) in ends {
        let ended = follower.log.end_offset_for_epoch(LeaderEpoch(epoch));
        assert_eq!(ended, Some((LeaderEpoch(found), Offset(end))));
    }
    let again = run(follower
        .log
        .append_as_follower(&bytes, LeaderEpoch(5), NOW_MS))
    .unwrap_err();
    assert!(
        matches!(again, AppendError::UnexpectedOffset { .. }),
        "{again}"
    );
    let mut damaged = leader.read(Offset(6), 1, Offset(8)).unwrap();
    damaged[70] ^= 1;
    let refused = run(follower
        .log
        .append_as_follower(&damaged, LeaderEpoch(5), NOW_MS))
    .unwrap_err();
    assert!(matches!(refused, AppendError::Batch(_)), "{refused}");
}

#[test]
fn a_full_disk_refuses_appends_until_there_is_space_again() {
    let mut fixture = Fixture::new(small());
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    let before = fixture.read_from(Offset(0), 1 << 20);
    fixture.disk.order_fault(Fault {
        operation: Operation::Write,
        path_suffix: ".log".to_owned(),
        successes_before: 0,
        kind: DiskErrorKind::NoSpace,
    });
    let refused = fixture
        .append(Records::plain(&[NOW_MS, NOW_MS]).build())
        .unwrap_err();
    assert!(
        matches!(refused, AppendError::Log(LogError::Disk(_))),
        "{refused}"
    );
    assert!(fixture.health.failure().is_none());
    assert_eq!(fixture.read_from(Offset(0), 1 << 20), before);
    assert_eq!(
        fixture.file_size("00000000000000000000.log"),
        Some(before.len() as u64)
    );
    let appended = fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    assert_eq!(appended.first_offset, Offset(1));
    fixture.restart();
    assert_eq!(fixture.log.log_end_offset(), Offset(2));
}

#[test]
fn a_snapshot_of_the_producers_that_finds_no_space_is_saved_by_a_later_flush() {
    let mut fixture = Fixture::new(small());
    while !fixture.log.is_flush_due(NOW_MS) {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    fixture.disk.order_fault(Fault {
        operation: Operation::Write,
        path_suffix: ".snapshot.tmp".to_owned(),
        successes_before: 0,
        kind: DiskErrorKind::NoSpace,
    });
    let end = fixture.log.log_end_offset();
    run(fixture.log.flush(end, NOW_MS)).unwrap_err();
    assert!(fixture.health.failure().is_none());
    assert_eq!(fixture.log.recovery_point(), Offset(0));
    run(fixture.log.flush(end, NOW_MS)).unwrap();
    assert_eq!(fixture.log.recovery_point(), end);
}

#[test]
fn a_failed_write_or_sync_takes_the_directory_offline() {
    for (operation, suffix) in [(Operation::Write, ".log"), (Operation::Sync, ".index")] {
        let mut fixture = Fixture::new(small());
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
        fixture.disk.order_fault(Fault {
            operation,
            path_suffix: suffix.to_owned(),
            successes_before: 0,
            kind: DiskErrorKind::Failed,
        });
        if operation == Operation::Write {
            fixture
                .append(Records::plain(&[NOW_MS]).build())
                .unwrap_err();
        } else {
            run(fixture.log.flush(Offset(1), NOW_MS)).unwrap_err();
        }
        assert!(fixture.health.failure().is_some());
        assert_eq!(run(fixture.health.failed()).kind(), DiskErrorKind::Failed);
        assert_eq!(fixture.log.recovery_point(), Offset(0));
        let refused = fixture
            .append(Records::plain(&[NOW_MS]).build())
            .unwrap_err();
        assert!(
            matches!(refused, AppendError::Log(LogError::Offline(_))),
            "{refused}"
        );
        assert_eq!(fixture.log.log_end_offset(), Offset(1));
    }
}

#[test]
fn a_closed_log_is_read_and_not_changed() {
    let mut fixture = Fixture::new(small());
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    run(fixture.log.close(NOW_MS)).unwrap();
    let refused = fixture
        .append(Records::plain(&[NOW_MS]).build())
        .unwrap_err();
    assert!(
        matches!(refused, AppendError::Log(LogError::Closed)),
        "{refused}"
    );
    assert!(fixture.read(Offset(0), 1, Offset(1)).is_some());
}

#[test]
fn a_follower_leaves_out_epochs_that_it_does_not_know_of() {
    let mut leader = Fixture::new(small());
    for epoch in [0, 1, 2, 2] {
        leader.leader_epoch = LeaderEpoch(epoch);
        leader.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    let follower = Fixture::new(small());
    let bytes = leader.read_from(Offset(0), 1 << 20);
    let appended = run(follower
        .log
        .append_as_follower(&bytes, LeaderEpoch(1), NOW_MS))
    .unwrap();
    assert_eq!(appended.last_offset, Offset(1));
    assert_eq!(follower.log.log_end_offset(), Offset(2));
    assert_eq!(
        follower.log.latest_epoch(),
        Some((LeaderEpoch(1), Offset(1)))
    );
}

#[test]
fn a_follower_spreads_what_it_fetched_over_segments() {
    let mut leader = Fixture::new(LogConfig {
        segment_bytes: 1 << 20,
        ..small()
    });
    for _ in 0..40 {
        leader.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    let bytes = leader.read_from(Offset(0), 1 << 20);
    let follower = Fixture::new(LogConfig {
        segment_bytes: 1000,
        ..small()
    });
    run(follower
        .log
        .append_as_follower(&bytes, LeaderEpoch(0), NOW_MS))
    .unwrap();
    assert_eq!(follower.log.segment_count(), 4);
    assert_eq!(follower.read_from(Offset(0), 1 << 20), bytes);
}
