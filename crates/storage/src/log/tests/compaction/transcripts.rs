//! What single cleanings leave, case by case.

use super::*;

fn keys_and_offsets(log: &CompactedLog) -> Vec<(u8, i64)> {
    let batches = log.batches();
    let records = batches.iter().filter(|batch| !batch.is_control);
    let records = records.flat_map(|batch| &batch.records);
    records
        .map(|record| (record.key.as_ref().unwrap()[0], record.offset))
        .collect()
}

#[test]
fn the_last_record_of_each_key_stays_at_its_offset() {
    let mut log = CompactedLog::new(compacted(), 1);
    let plain = BatchTemplate::new(0);
    log.append_records(&plain, &[(1, Some(1)), (2, Some(1)), (1, Some(2))]);
    log.append_records(&plain, &[(3, Some(1)), (2, Some(2))]);
    log.roll();
    log.append_records(&plain, &[(3, Some(2))]);
    assert_eq!(log.clean(), Offset(5));
    assert_eq!(keys_and_offsets(&log), [(1, 2), (3, 3), (2, 4), (3, 5)]);
    let batches = log.batches();
    assert_eq!((batches[0].base_offset, batches[0].last_offset), (0, 2));
    assert_eq!(log.log.cleaned_to(), Some(Offset(5)));
    log.restart();
    assert_eq!(log.batches(), batches);
    log.roll();
    assert_eq!(log.clean(), Offset(6));
    assert_eq!(keys_and_offsets(&log), [(1, 2), (2, 4), (3, 5)]);
}

#[test]
fn a_tombstone_gets_its_horizon_from_the_first_cleaning_and_goes_when_it_has_passed() {
    let mut log = CompactedLog::new(compacted(), 1);
    let plain = BatchTemplate::new(0);
    log.append_records(&plain, &[(1, Some(1)), (1, None), (2, Some(1))]);
    log.roll();
    log.clean();
    let horizon = Some(NOW_MS + 1000);
    assert_eq!(log.batches()[0].delete_horizon_ms, horizon);
    assert_eq!(keys_and_offsets(&log), [(1, 1), (2, 2)]);
    for wait_ms in [0, 999] {
        log.now_ms = NOW_MS + wait_ms;
        log.append_records(&plain, &[(3, Some(1))]);
        log.roll();
        log.clean();
        assert_eq!(log.batches()[0].delete_horizon_ms, horizon);
        assert_eq!(keys_and_offsets(&log)[0], (1, 1));
    }
    log.now_ms = NOW_MS + 1000;
    log.append_records(&plain, &[(3, Some(2))]);
    log.roll();
    log.clean();
    assert_eq!(keys_and_offsets(&log), [(2, 2), (3, 5)]);
    let first = &log.batches()[0].records[0];
    assert_eq!(first.timestamp_ms, NOW_MS, "the record's time is its own");
}

#[test]
fn aborted_records_go_and_their_marker_stays_until_its_horizon() {
    let mut log = CompactedLog::new(compacted(), 1);
    let fields = producer(7, 0, 0);
    log.append_records(&BatchTemplate::new(0), &[(1, Some(1))]);
    log.append_records(&transactional(fields), &[(1, Some(2)), (2, Some(2))]);
    log.append_marker(fields, TransactionResult::Abort);
    // Somebody else's batch is the last of the segment, this one's sequence is told by another.
    log.append_records(&transactional(producer(7, 0, 2)), &[(3, Some(3))]);
    log.append_marker(fields, TransactionResult::Commit);
    log.append_records(&BatchTemplate::new(0), &[(4, Some(1))]);
    log.roll();
    let markers = |log: &CompactedLog| -> Vec<_> {
        let batches = log.batches();
        let markers = batches.iter().filter_map(|batch| batch.marker);
        markers.collect()
    };
    let both = [TransactionResult::Abort, TransactionResult::Commit];
    log.clean();
    assert_eq!(keys_and_offsets(&log), [(1, 0), (3, 4), (4, 6)]);
    assert_eq!(markers(&log), both);
    assert_eq!(log.log.aborted_transactions(Offset(0), Offset(7)).len(), 1);
    // Now there is nothing that the abort marker is needed for, which begins its horizon.
    log.append_records(&BatchTemplate::new(0), &[(5, Some(1))]);
    log.roll();
    log.clean();
    assert_eq!(markers(&log), both);
    assert_eq!(log.log.aborted_transactions(Offset(0), Offset(7)), []);
    log.now_ms += 1000;
    log.append_records(&BatchTemplate::new(0), &[(6, Some(1))]);
    log.roll();
    log.clean();
    assert_eq!(markers(&log), [TransactionResult::Commit]);
}

#[test]
fn a_transaction_over_several_groups_of_segments_stays_whole() {
    let mut log = CompactedLog::new(compacted(), 1);
    for (round, result) in [TransactionResult::Commit, TransactionResult::Abort]
        .into_iter()
        .enumerate()
    {
        for index in 0..30 {
            let fields = producer(7, 0, 30 * round as i32 + index);
            log.append_records(&transactional(fields), &[(index as u8, Some(1))]);
        }
        log.append_marker(producer(7, 0, -1), result);
    }
    log.append_records(&BatchTemplate::new(0), &[(99, Some(1))]);
    log.roll();
    assert!(log.log.segment_count() > 4);
    log.clean();
    let aborted = log.log.aborted_transactions(Offset(0), Offset(i64::MAX));
    let visible = committed(&log.batches(), &aborted);
    assert_eq!(visible.len(), 31, "the committed ones, and the last");
    log.crash();
    let end = log.log.log_end_offset();
    assert_eq!(log.log.last_stable_offset(end), end);
}

#[test]
fn an_open_transaction_keeps_all_behind_it_from_cleaning() {
    let mut log = CompactedLog::new(compacted(), 1);
    log.append_records(&BatchTemplate::new(0), &[(1, Some(1)), (1, Some(2))]);
    log.roll();
    log.append_records(&transactional(producer(7, 0, 0)), &[(1, Some(3))]);
    log.append_records(&BatchTemplate::new(0), &[(2, Some(1)), (2, Some(2))]);
    log.roll();
    assert_eq!(log.clean(), Offset(2));
    let expected = [(1, 1), (1, 2), (2, 3), (2, 4)];
    assert_eq!(keys_and_offsets(&log), expected);
}

#[test]
fn a_producer_is_known_by_an_empty_batch_when_its_records_are_replaced() {
    let mut log = CompactedLog::new(compacted(), 1);
    let template = |sequence| BatchTemplate {
        producer: Some(producer(7, 2, sequence)),
        ..BatchTemplate::new(0)
    };
    log.append_records(&template(0), &[(1, Some(1))]);
    log.append_records(&template(1), &[(1, Some(2)), (2, Some(2))]);
    log.append_records(&BatchTemplate::new(0), &[(1, Some(3)), (2, Some(3))]);
    log.roll();
    log.clean();
    let batches = log.batches();
    assert_eq!(keys_and_offsets(&log), [(1, 3), (2, 4)]);
    assert_eq!(batches.len(), 2);
    assert_eq!(batches[0].producer, (7, 2, 1));
    assert_eq!((batches[0].base_offset, batches[0].last_offset), (1, 2));
    // Without a snapshot the batch is all that is left to tell of the producer.
    for name in log
        .names()
        .iter()
        .filter(|name| name.ends_with(".snapshot"))
    {
        run(log.disk.remove_file(&Path::new(DIRECTORY).join(name))).unwrap();
    }
    run(log.disk.sync_directory(Path::new(DIRECTORY))).unwrap();
    log.crash();
    let last = log.log.with_producers(|producers| {
        let entry = producers.producer(ProducerId(7)).unwrap();
        (entry.producer_epoch(), entry.last_sequence())
    });
    assert_eq!(last, (ProducerEpoch(2), 2));
}

#[test]
fn a_cleaning_with_little_memory_goes_on_where_it_has_ended() {
    let mut log = CompactedLog::new(compacted(), 1);
    log.map_keys = 4;
    for round in 0..3 {
        for key in 0..10 {
            log.append_records(&BatchTemplate::new(0), &[(key, Some(round))]);
        }
    }
    log.roll();
    let mut ends = vec![log.clean()];
    while ends[ends.len() - 1] < Offset(30) {
        ends.push(log.clean());
    }
    assert!(
        ends.is_sorted_by(|a, b| a < b) && ends.len() >= 7,
        "{ends:?}"
    );
    let expected: Vec<_> = (0..10).map(|key| (key, i64::from(key) + 20)).collect();
    assert_eq!(keys_and_offsets(&log), expected);
    assert_eq!(log.log.segment_count(), 2, "small segments become one");
}

#[test]
fn a_damaged_batch_stops_the_cleaning_and_nothing_is_lost() {
    let mut log = CompactedLog::new(compacted(), 1);
    log.append_records(&BatchTemplate::new(0), &[(1, Some(1)), (1, Some(2))]);
    log.roll();
    let path = Path::new(DIRECTORY).join("00000000000000000000.log");
    log.disk.flip_bit(&path, 70, 3).unwrap();
    let failure = log.try_clean().unwrap().unwrap_err();
    assert!(failure.is_of_the_log(), "{failure}");
    assert!(log.names().iter().all(|name| !name.ends_with(".cleaned")));
    log.disk.flip_bit(&path, 70, 3).unwrap();
    assert_eq!(keys_and_offsets(&log), [(1, 0), (1, 1)]);
}

#[test]
fn a_truncation_during_a_cleaning_ends_it() {
    struct Truncates<'a>(&'a Log);
    impl Pace for Truncates<'_> {
        fn pass(&self, _: u64) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + '_>> {
            Box::pin(async {
                self.0.truncate_to(Offset(600), NOW_MS).await.unwrap();
                true
            })
        }
    }
    let config = LogConfig {
        segment_bytes: 1 << 20,
        ..compacted()
    };
    let mut log = CompactedLog::new(config, 1);
    for round in 0..40 {
        let records: Vec<_> = (0..60).map(|key| (key, Some(round))).collect();
        log.append_records(&BatchTemplate::new(0), &records);
    }
    log.roll();
    let summary = log.log.compaction_summary(Offset(2400));
    let range = summary.cleaning_range(0, NOW_MS);
    let settings = CleanerSettings {
        map: MapLimits {
            bytes_max: 1 << 20,
            load_factor: 0.9,
        },
        io_buffer_bytes: 4096,
    };
    let mut cleaner = Cleaner::new(settings, KeyHasher::new([1; 16]));
    let cleaned = run(cleaner.clean(&log.log, range, &Truncates(&log.log), NOW_MS));
    assert!(matches!(cleaned, Err(CleaningError::GivenUp)));
    assert_eq!(log.log.log_end_offset(), Offset(600));
    assert_eq!(log.batches().len(), 10);
    assert_eq!(log.log.cleaned_to(), None);
}

#[test]
fn replaced_segments_are_read_to_the_end_and_then_removed() {
    let mut log = CompactedLog::new(compacted(), 1);
    let fields = producer(7, 0, 0);
    log.append_records(&transactional(fields), &[(1, Some(1))]);
    log.append_marker(fields, TransactionResult::Abort);
    log.append_records(&BatchTemplate::new(0), &[(1, Some(1)), (1, Some(2))]);
    log.roll();
    let request = ReadRequest {
        fetch_offset: Offset(0),
        size_max: 1 << 20,
        upper_bound: Offset(4),
        at_least_one_batch: true,
    };
    let ReadOutcome::Slice(slice) = run(log.log.read(&request)).unwrap() else {
        panic!("there are records");
    };
    let before = log.batches();
    log.append_records(&transactional(producer(7, 0, 1)), &[(2, Some(1))]);
    log.append_marker(fields, TransactionResult::Commit);
    log.roll();
    log.clean();
    log.append_records(&BatchTemplate::new(0), &[(9, Some(1))]);
    log.roll();
    log.clean();
    let mut bytes = vec![0; slice.size];
    run(slice.file.read_at(&mut bytes, slice.position)).unwrap();
    assert_eq!(parse(&bytes), before);
    let told = run(log
        .log
        .aborted_transactions_in(&slice, Offset(0), Offset(4)));
    assert_eq!(told.unwrap().len(), 1, "its bytes hold an aborted record");
    let now = log.log.aborted_transactions(Offset(0), Offset(4));
    assert_eq!(now, [], "those of the log do not any more");
    assert!(log.names().iter().any(|name| name.ends_with(".deleted")));
    run(log.log.delete_due(log.now_ms + 300)).unwrap();
    let mut names = log.names();
    names.retain(|name| name.ends_with(".deleted") || name.ends_with(".cleaned"));
    assert_eq!(names, Vec::<String>::new());
}
