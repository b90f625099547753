//! What is in the directory: Kafka's layouts, rolls, retention, truncation, leftovers.

use std::num::NonZeroUsize;

use super::*;
use crate::disk::{OpenMode, RealDisk};

fn write(fixture: &Fixture, name: &str, bytes: &[u8]) {
    let path = Path::new(DIRECTORY).join(name);
    let file = run(fixture.disk.open(&path, OpenMode::WriteOrCreate)).unwrap();
    run(file.set_size(0)).unwrap();
    run(file.write_at(&[bytes], 0)).unwrap();
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// A partition written by Apache Kafka 4.3.1: a committed transaction, an aborted one, and one that
/// was open for long and then aborted.
const KAFKA_LOG: &str = "
    0000 0000 0000 0000 0000 0042 0000 0000 02d3 e4ba 4d00 1000 0000 0000 0001 a1f9
    b4e8 9400 0001 a1f9 b4e8 9400 0000 0000 0000 0600 0000 0000 0000 0000 0120 0000
    0002 6b12 636f 6d6d 6974 7465 6400 0000 0000 0000 0001 0000 0042 0000 0000 02e9
    88e5 9200 3000 0000 0000 0001 a1f9 b4eb 5100 0001 a1f9 b4eb 5100 0000 0000 0000
    0600 01ff ffff ff00 0000 0120 0000 0008 0000 0001 0c00 0000 0000 0000 0000 0000
    0000 0002 0000 0040 0000 0000 028a 7393 6c00 1000 0000 0000 0001 a1f9 b4eb 2a00
    0001 a1f9 b4eb 2a00 0000 0000 0000 0600 0100 0000 0000 0000 011c 0000 0002 6b0e
    6162 6f72 7465 6400 0000 0000 0000 0003 0000 0042 0000 0000 02d0 19e4 f500 3000
    0000 0000 0001 a1f9 b4eb ab00 0001 a1f9 b4eb ab00 0000 0000 0000 0600 02ff ffff
    ff00 0000 0120 0000 0008 0000 0000 0c00 0000 0000 0000 0000 0000 0000 0004 0000
    003d 0000 0000 0245 89dd e900 1000 0000 0000 0001 a1f9 b4eb b600 0001 a1f9 b4eb
    b600 0000 0000 0000 0600 0200 0000 0000 0000 0116 0000 0002 6b08 6f70 656e 0000
    0000 0000 0000 0500 0000 4200 0000 0002 cb69 d472 0030 0000 0000 0000 01a1 f9c2
    b350 0000 01a1 f9c2 b350 0000 0000 0000 0006 0003 ffff ffff 0000 0001 2000 0000
    0800 0000 000c 0000 0000 0000 00";

const KAFKA_TXNINDEX: &str = "
    0000 0000 0000 0000 0006 0000 0000 0000 0002 0000 0000 0000 0003 0000 0000 0000
    0004 0000 0000 0000 0000 0006 0000 0000 0000 0004 0000 0000 0000 0005 0000 0000
    0000 0006";

const KAFKA_SNAPSHOT: &str = "
    0001 1bfa 7eda 0000 0001 0000 0000 0000 0006 0003 ffff ffff ffff ffff ffff ffff
    0000 0000 0000 01a1 f9c2 b350 0000 0000 ffff ffff ffff ffff";

#[test]
fn the_indexes_of_a_log_of_kafka_are_made_again_to_the_same_bytes() {
    let mut fixture = Fixture::new(LogConfig::default());
    run(fixture.log.close(NOW_MS)).unwrap();
    write(&fixture, "00000000000000000000.log", &hex(KAFKA_LOG));
    fixture.reopen(false, Offset(0)).unwrap();
    assert_eq!(fixture.log.log_end_offset(), Offset(6));
    assert_eq!(fixture.read_from(Offset(0), 1 << 20), hex(KAFKA_LOG));
    let aborted = fixture.log.aborted_transactions(Offset(0), Offset(6));
    assert_eq!(aborted.len(), 2);
    assert_eq!(fixture.log.last_stable_offset(Offset(6)), Offset(6));
    run(fixture.log.close(NOW_MS)).unwrap();
    assert_eq!(
        fixture.content("00000000000000000000.txnindex"),
        hex(KAFKA_TXNINDEX)
    );
    assert_eq!(
        fixture.content("00000000000000000006.snapshot"),
        hex(KAFKA_SNAPSHOT)
    );
    assert_eq!(
        fixture.content("00000000000000000000.timeindex"),
        hex("000001a1f9c2b350 00000005")
    );
    assert_eq!(fixture.content("00000000000000000000.index"), b"");
    assert_eq!(fixture.content("leader-epoch-checkpoint"), b"0\n1\n0 0\n");
}

#[test]
fn an_active_segment_has_preallocated_indexes_and_a_closed_one_just_its_entries() {
    let mut fixture = Fixture::new(LogConfig {
        segment_index_bytes: 1000,
        ..small()
    });
    for _ in 0..10 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    let sizes = |fixture: &Fixture| {
        let index = fixture.file_size("00000000000000000000.index").unwrap();
        (
            index,
            fixture.file_size("00000000000000000000.timeindex").unwrap(),
        )
    };
    assert_eq!(sizes(&fixture), (1000, 996));
    run(fixture.log.roll(NOW_MS)).unwrap();
    // 96 bytes a batch, an entry every second one: 4 of them. The timestamp is always the same.
    assert_eq!(sizes(&fixture), (4 * 8, 12));
    let index = fixture.content("00000000000000000000.index");
    assert_eq!(index[..8], hex("00000002 000000c0"));
    assert_eq!(fixture.file_size("00000000000000000010.index"), Some(1000));
    fixture.restart();
    assert!(
        fixture
            .names()
            .contains(&"00000000000000000010.snapshot".to_owned())
    );
}

#[test]
fn a_preallocated_segment_ends_where_its_batches_do() {
    let config = LogConfig {
        preallocate: true,
        ..small()
    };
    let mut fixture = Fixture::new(config);
    for _ in 0..3 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    assert_eq!(fixture.file_size("00000000000000000000.log"), Some(1500));
    run(fixture.log.flush(Offset(3), NOW_MS)).unwrap();
    fixture.crash();
    assert_eq!(fixture.log.log_end_offset(), Offset(3));
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    fixture.restart();
    assert_eq!(fixture.file_size("00000000000000000000.log"), Some(4 * 96));
}

#[test]
fn expired_segments_are_renamed_and_removed_after_the_delay() {
    let config = LogConfig {
        retention_ms: Some(1000),
        file_delete_delay_ms: 50,
        ..small()
    };
    let mut fixture = Fixture::new(config);
    for at in 0..3 {
        fixture
            .append(Records::plain(&[NOW_MS + 1000 * at]).build())
            .unwrap();
        run(fixture.log.roll(NOW_MS)).unwrap();
    }
    let retain = |fixture: &Fixture, high_watermark, now_ms| {
        run(fixture.log.apply_retention(Offset(high_watermark), now_ms)).unwrap()
    };
    assert_eq!(retain(&fixture, 3, NOW_MS + 1000), 0);
    assert_eq!(
        retain(&fixture, 0, NOW_MS + 1001),
        0,
        "nothing above the high watermark goes"
    );
    assert_eq!(retain(&fixture, 3, NOW_MS + 1001), 1);
    assert_eq!(fixture.log.log_start_offset(), Offset(1));
    let deleted = "00000000000000000000.log.deleted".to_owned();
    assert!(fixture.names().contains(&deleted));
    assert_eq!(
        run(fixture.log.delete_due(NOW_MS + 1050)).unwrap(),
        Some(NOW_MS + 1051)
    );
    assert_eq!(run(fixture.log.delete_due(NOW_MS + 1051)).unwrap(), None);
    assert!(!fixture.names().iter().any(|name| name.contains("deleted")));
    assert_eq!(fixture.log.log_end_offset(), Offset(3));
}

#[test]
fn a_log_whose_records_have_all_expired_goes_on_with_an_empty_segment() {
    let config = LogConfig {
        retention_ms: Some(1000),
        ..small()
    };
    let mut fixture = Fixture::new(config);
    fixture
        .append(Records::of(producer(4, 0, 0), false).build())
        .unwrap();
    let removed = run(fixture.log.apply_retention(Offset(1), NOW_MS + 5000)).unwrap();
    assert_eq!(
        (
            removed,
            fixture.log.segment_count(),
            fixture.log.size_bytes()
        ),
        (1, 1, 0)
    );
    assert_eq!(fixture.log.log_start_offset(), Offset(1));
    fixture.restart();
    // KIP-360: the producer is known although its records are gone.
    let appended = fixture
        .append(Records::of(producer(4, 0, 1), false).build())
        .unwrap();
    assert_eq!(appended.first_offset, Offset(1));
}

#[test]
fn the_oldest_segments_go_while_the_log_is_too_large() {
    let config = LogConfig {
        retention_bytes: Some(3000),
        ..small()
    };
    let mut fixture = Fixture::new(config);
    for _ in 0..80 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    let end = fixture.log.log_end_offset();
    assert!(run(fixture.log.apply_retention(end, NOW_MS)).unwrap() > 0);
    let size_bytes = fixture.log.size_bytes();
    assert!((3000..4500).contains(&size_bytes), "{size_bytes}");
}

#[test]
fn deleting_records_moves_the_start_and_then_removes_segments_below_it() {
    let mut fixture = Fixture::new(LogConfig {
        delete: false,
        compact: true,
        ..small()
    });
    for _ in 0..40 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    assert!(run(fixture.log.advance_log_start(Offset(20))).unwrap());
    assert!(!run(fixture.log.advance_log_start(Offset(5))).unwrap());
    let error = run(fixture.log.advance_log_start(Offset(41))).unwrap_err();
    assert!(
        matches!(error, LogError::OffsetOutOfRange { .. }),
        "{error}"
    );
    assert_eq!(
        run(fixture.log.apply_retention(Offset(40), NOW_MS)).unwrap(),
        1
    );
    assert_eq!(fixture.log.log_start_offset(), Offset(20));
    fixture.restart();
    assert_eq!(fixture.log.log_start_offset(), Offset(20));
}

#[test]
fn a_leader_epoch_is_known_after_a_crash_as_soon_as_a_batch_of_it_is_durable() {
    let mut fixture = Fixture::new(small());
    for epoch in [3, 5, 7] {
        let syncs = fixture.disk.counters().syncs;
        fixture.leader_epoch = LeaderEpoch(epoch);
        run(fixture.log.assign_leader_epoch(LeaderEpoch(epoch))).unwrap();
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
        assert_eq!(fixture.disk.counters().syncs, syncs);
        if epoch == 5 {
            run(fixture.log.flush(Offset(1), NOW_MS)).unwrap();
        }
    }
    let log = &fixture.log;
    let epochs = log.latest_epoch();
    assert_eq!(epochs, Some((LeaderEpoch(7), Offset(2))));
    run(log.flush(Offset(3), NOW_MS)).unwrap();
    run(log.assign_leader_epoch(LeaderEpoch(9))).unwrap();
    fixture.crash();
    assert_eq!(fixture.log.latest_epoch(), epochs);
    let of_middle = fixture.log.end_offset_for_epoch(LeaderEpoch(5));
    assert_eq!(of_middle, Some((LeaderEpoch(5), Offset(2))));
}

#[test]
fn a_leader_epoch_outlasts_a_clean_stop_and_the_retention_of_its_batches() {
    let mut fixture = Fixture::new(LogConfig {
        retention_ms: Some(1000),
        ..small()
    });
    fixture.leader_epoch = LeaderEpoch(4);
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    fixture.restart();
    let latest = fixture.log.latest_epoch();
    assert_eq!(latest, Some((LeaderEpoch(4), Offset(0))));
    fixture.leader_epoch = LeaderEpoch(6);
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    let removed = run(fixture.log.apply_retention(Offset(2), NOW_MS + 2000));
    assert_eq!(removed.unwrap(), 1);
    let latest = fixture.log.latest_epoch().map(|(epoch, _)| epoch);
    assert_eq!(latest, Some(LeaderEpoch(6)));
    fixture.crash();
    let recovered = fixture.log.latest_epoch().map(|(epoch, _)| epoch);
    assert_eq!(recovered, latest);
}

#[test]
fn a_leader_epoch_without_batches_costs_no_sync_at_a_clean_stop_and_none_at_the_next_start() {
    let syncs_with = |epochs: &[i32]| {
        let mut fixture = Fixture::new(small());
        for epoch in epochs {
            run(fixture.log.assign_leader_epoch(LeaderEpoch(*epoch))).unwrap();
        }
        run(fixture.log.close(NOW_MS)).unwrap();
        fixture.reopen(true, Offset(0)).unwrap();
        let counters = fixture.disk.counters();
        (counters.syncs, counters.directory_syncs)
    };
    assert_eq!(syncs_with(&[1, 2]), syncs_with(&[]));
}

#[test]
fn an_epoch_that_was_truncated_and_comes_again_is_saved_again() {
    let mut fixture = Fixture::new(small());
    let one = || Records::plain(&[NOW_MS]).build();
    fixture.append(one()).unwrap();
    fixture.leader_epoch = LeaderEpoch(5);
    for _ in 0..2 {
        run(fixture.log.truncate_to(Offset(1), NOW_MS)).unwrap();
        fixture.append(one()).unwrap();
        run(fixture.log.flush(Offset(2), NOW_MS)).unwrap();
    }
    fixture.crash();
    assert_eq!(
        fixture.log.latest_epoch(),
        Some((LeaderEpoch(5), Offset(1)))
    );
}

#[test]
fn truncating_takes_epochs_along_also_one_without_records() {
    let mut fixture = Fixture::new(small());
    fixture
        .append(Records::plain(&[NOW_MS, NOW_MS]).build())
        .unwrap();
    run(fixture.log.assign_leader_epoch(LeaderEpoch(4))).unwrap();
    assert_eq!(
        fixture.log.latest_epoch(),
        Some((LeaderEpoch(4), Offset(2)))
    );
    assert_eq!(
        run(fixture.log.truncate_to(Offset(2), NOW_MS)).unwrap(),
        Offset(2)
    );
    assert_eq!(
        fixture.log.latest_epoch(),
        Some((LeaderEpoch(0), Offset(0)))
    );
    // Within a batch, the whole batch goes.
    assert_eq!(
        run(fixture.log.truncate_to(Offset(1), NOW_MS)).unwrap(),
        Offset(0)
    );
    assert_eq!(fixture.log.latest_epoch(), None);
    fixture.restart();
    assert_eq!(fixture.log.latest_epoch(), None);
}

#[test]
fn leftovers_of_interrupted_operations_are_tidied_up() {
    let mut fixture = Fixture::new(small());
    for _ in 0..4 {
        fixture
            .append(Records::plain(&[NOW_MS, NOW_MS]).build())
            .unwrap();
        run(fixture.log.roll(NOW_MS)).unwrap();
    }
    run(fixture.log.close(NOW_MS)).unwrap();
    // The first two segments were compacted into one that keeps one batch of them.
    let kept = fixture.content("00000000000000000002.log");
    write(&fixture, "00000000000000000000.log.swap", &kept);
    write(&fixture, "00000000000000000000.index.swap", b"");
    write(&fixture, "00000000000000000000.timeindex.swap", b"");
    write(&fixture, "00000000000000000004.log.cleaned", b"unfinished");
    write(
        &fixture,
        "00000000000000000006.log.swap",
        b"of a group that is not complete",
    );
    write(
        &fixture,
        "00000000000000000001.log.deleted",
        b"on its way out",
    );
    write(&fixture, "00000000000000000077.index", b"of no segment");
    write(&fixture, "00000000000000000077.timeindex", b"of no segment");
    write(&fixture, "other", b"no file of a log");
    fixture.reopen(true, Offset(8)).unwrap();
    let names = fixture.names();
    let logs: Vec<_> = names.iter().filter(|name| name.contains(".log")).collect();
    let expected = [
        "00000000000000000000.log",
        "00000000000000000004.log",
        "00000000000000000006.log",
        "00000000000000000008.log",
    ];
    assert_eq!(logs, expected);
    assert!(
        names
            .iter()
            .all(|name| !name.starts_with("00000000000000000077"))
    );
    assert!(names.contains(&"other".to_owned()));
    assert_eq!(fixture.log.log_end_offset(), Offset(8));
    let read = fixture.read_from(Offset(0), 1 << 20);
    assert_eq!(BatchView::parse(&read).unwrap().header().base_offset, 2);
}

#[test]
fn a_renamed_directory_is_used_under_its_new_name() {
    let mut fixture = Fixture::new(small());
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    let renamed = Path::new("topic-0.deadbeef-delete");
    run(fixture.log.rename_directory(renamed)).unwrap();
    run(fixture.log.roll(NOW_MS)).unwrap();
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    run(fixture.log.close(NOW_MS)).unwrap();
    let names = run(fixture.disk.list(renamed)).unwrap();
    assert!(
        names
            .iter()
            .any(|entry| entry.name == "00000000000000000001.log")
    );
    assert_eq!(fixture.read_from(Offset(0), 1 << 20).len(), 2 * 96);
}

#[test]
fn a_flush_is_due_by_count_by_time_and_after_a_roll() {
    let config = LogConfig {
        flush_messages: Some(2),
        flush_ms: Some(100),
        ..small()
    };
    let mut fixture = Fixture::new(config);
    assert!(
        !fixture.log.is_flush_due(NOW_MS + 1000),
        "there is nothing to flush"
    );
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    assert!(!fixture.log.is_flush_due(NOW_MS + 99));
    assert!(fixture.log.is_flush_due(NOW_MS + 100));
    fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    assert!(fixture.log.is_flush_due(NOW_MS));
    run(fixture.log.flush(Offset(1), NOW_MS)).unwrap();
    assert_eq!(fixture.log.recovery_point(), Offset(1));
    assert!(!fixture.log.is_flush_due(NOW_MS));
    run(fixture.log.roll(NOW_MS)).unwrap();
    assert!(fixture.log.is_flush_due(NOW_MS));
    run(fixture.log.flush(Offset(2), NOW_MS)).unwrap();
    assert!(!fixture.log.is_flush_due(NOW_MS + 1000));
}

#[test]
fn a_log_on_the_real_disk_is_written_closed_opened_and_read() {
    let directory = std::env::temp_dir().join(format!("klamm-log-{}", std::process::id()));
    let partition = directory.join("topic-0");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(NonZeroUsize::new(16).unwrap()));
        disk.create_directories(&partition).await.unwrap();
        let mut expected = 0;
        for clean_stop in [true, true, false] {
            let opened = OpenOptions {
                directory: partition.clone(),
                ..options(&small(), clean_stop)
            };
            let log = Log::open(disk.clone(), Arc::default(), opened)
                .await
                .unwrap();
            assert_eq!(log.log_end_offset(), Offset(expected));
            let append = LeaderAppend {
                leader_epoch: LeaderEpoch(0),
                origin: AppendOrigin::Client,
                produce_version: 9,
                now_ms: NOW_MS,
            };
            let mut codecs = Codecs::default();
            for _ in 0..50 {
                let mut batch = Records::plain(&[NOW_MS]).build();
                log.append_as_leader(&mut batch, &append, &mut codecs)
                    .await
                    .unwrap();
            }
            expected += 50;
            for offset in 0..expected {
                let request = ReadRequest {
                    fetch_offset: Offset(offset),
                    size_max: 10,
                    upper_bound: log.log_end_offset(),
                    at_least_one_batch: true,
                };
                let ReadOutcome::Slice(slice) = log.read(&request).await.unwrap() else {
                    panic!()
                };
                let mut bytes = vec![0; slice.size];
                slice
                    .file
                    .read_at(&mut bytes, slice.position)
                    .await
                    .unwrap();
                assert_eq!(
                    BatchView::parse(&bytes).unwrap().header().base_offset,
                    offset
                );
            }
            log.close(NOW_MS).await.unwrap();
        }
    });
    std::fs::remove_dir_all(&directory).unwrap();
}
