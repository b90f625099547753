//! Reads, one behaviour at a time.

use super::*;

/// A log of 60 batches with two records each, over several segments.
fn filled() -> Fixture {
    let mut fixture = Fixture::new(small());
    for at in 0..60 {
        fixture
            .append(Records::plain(&[NOW_MS + at, NOW_MS + at]).build())
            .unwrap();
    }
    assert!(fixture.log.segment_count() > 3);
    fixture
}

fn read(fixture: &Fixture, request: ReadRequest) -> ReadOutcome {
    run(fixture.log.read(&request)).unwrap()
}

fn request(fetch_offset: i64) -> ReadRequest {
    ReadRequest {
        fetch_offset: Offset(fetch_offset),
        size_max: 1,
        upper_bound: Offset(i64::MAX),
        at_least_one_batch: false,
    }
}

#[test]
fn offsets_outside_of_the_log_are_out_of_range_and_its_end_is_not() {
    let fixture = filled();
    run(fixture.log.advance_log_start(Offset(10))).unwrap();
    for offset in [9, 121] {
        let outcome = read(&fixture, request(offset));
        let ReadOutcome::OutOfRange {
            log_start_offset,
            log_end_offset,
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!(
            (log_start_offset, log_end_offset),
            (Offset(10), Offset(120))
        );
    }
    assert!(matches!(read(&fixture, request(120)), ReadOutcome::AtEnd));
    assert!(matches!(read(&fixture, request(10)), ReadOutcome::Slice(_)));
}

#[test]
fn a_slice_is_as_long_as_allowed_and_the_first_batch_whole_only_if_asked() {
    let fixture = filled();
    for offset in [0, 51, 119] {
        let ReadOutcome::Slice(slice) = read(&fixture, request(offset)) else {
            panic!()
        };
        assert_eq!(slice.size, 1);
        assert!(slice.first_batch_size > 100);
        let whole = ReadRequest {
            at_least_one_batch: true,
            ..request(offset)
        };
        let ReadOutcome::Slice(slice) = read(&fixture, whole) else {
            panic!()
        };
        assert_eq!(slice.size, slice.first_batch_size);
        let wide = ReadRequest {
            size_max: 1 << 20,
            ..request(offset)
        };
        let ReadOutcome::Slice(slice) = read(&fixture, wide) else {
            panic!()
        };
        assert!(slice.size <= 1500, "a slice is of one segment");
    }
}

#[test]
fn nothing_behind_the_upper_bound_is_read() {
    let fixture = filled();
    for bound in [2, 40, 60, 118] {
        let before = ReadRequest {
            upper_bound: Offset(bound),
            ..request(bound)
        };
        assert!(matches!(read(&fixture, before), ReadOutcome::AtEnd));
        let bytes = fixture
            .read(Offset(bound - 2), 1 << 20, Offset(bound))
            .unwrap();
        let last = BatchView::parse(&bytes).unwrap();
        assert_eq!(last.bytes().len(), bytes.len());
        assert_eq!(last.header().next_offset(), bound);
    }
}

#[test]
fn timestamps_are_found_at_the_precision_of_records() {
    let mut fixture = Fixture::new(small());
    for codec in [Codec::None, Codec::Gzip] {
        let mut records = Records::plain(&[NOW_MS, NOW_MS + 50, NOW_MS + 20]);
        records.codec = codec;
        fixture.append(records.build()).unwrap();
        fixture.leader_epoch.0 += 1;
    }
    let find = |timestamp| {
        let found = run(fixture.log.offset_for_timestamp(timestamp)).unwrap();
        found.map(|found| {
            (
                found.timestamp - NOW_MS,
                found.offset.0,
                found.leader_epoch.0,
            )
        })
    };
    assert_eq!(find(0), Some((0, 0, 0)));
    assert_eq!(find(NOW_MS + 10), Some((50, 1, 0)));
    assert_eq!(find(NOW_MS + 51), None);
    run(fixture.log.advance_log_start(Offset(3))).unwrap();
    let found = run(fixture.log.offset_for_timestamp(NOW_MS + 20))
        .unwrap()
        .unwrap();
    assert_eq!((found.timestamp, found.offset), (NOW_MS + 50, Offset(4)));
}

#[test]
fn the_largest_timestamp_counts_below_the_log_start_as_well() {
    let mut fixture = Fixture::new(small());
    fixture
        .append(Records::plain(&[NOW_MS, NOW_MS + 50]).build())
        .unwrap();
    fixture
        .append(Records::plain(&[NOW_MS + 20]).build())
        .unwrap();
    run(fixture.log.advance_log_start(Offset(2))).unwrap();
    let max = run(fixture.log.max_timestamp()).unwrap().unwrap();
    assert_eq!((max.timestamp, max.offset), (NOW_MS + 50, Offset(1)));
}

#[test]
fn an_index_that_lies_is_not_believed() {
    let mut fixture = filled();
    let expected = fixture.read_from(Offset(0), 1 << 20);
    run(fixture.log.close(NOW_MS)).unwrap();
    let names = fixture.names();
    for name in names.iter().filter(|name| name.ends_with("index")) {
        let path = Path::new(DIRECTORY).join(name);
        for position in 0..fixture.file_size(name).unwrap() {
            fixture
                .disk
                .flip_bit(&path, position, (position % 8) as u32)
                .unwrap();
        }
        let end = fixture.log.log_end_offset();
        fixture.reopen(true, end).unwrap();
        assert_eq!(fixture.read_from(Offset(0), 1 << 20), expected);
        for at in [0, 7, 30, 59] {
            let found = run(fixture.log.offset_for_timestamp(NOW_MS + at))
                .unwrap()
                .unwrap();
            assert_eq!(
                (found.timestamp, found.offset),
                (NOW_MS + at, Offset(2 * at))
            );
        }
        run(fixture.log.close(NOW_MS)).unwrap();
    }
}

#[test]
fn a_batch_that_is_damaged_on_the_disk_is_reported_and_not_stepped_over() {
    let mut fixture = filled();
    fixture.restart();
    let path = Path::new(DIRECTORY).join("00000000000000000000.log");
    // The magic of the first batch.
    fixture.disk.flip_bit(&path, 16, 5).unwrap();
    let error = run(fixture.log.read(&request(0))).unwrap_err();
    assert!(
        matches!(error, LogError::Corrupt { position: 0, .. }),
        "{error}"
    );
}

#[test]
fn a_slice_comes_with_its_own_aborted_transactions_and_not_with_all_that_follow() {
    let mut fixture = Fixture::new(small());
    for at in 0..60 {
        let of = producer(at, 0, 0);
        fixture.append(Records::of(of, true).build()).unwrap();
        let aborts = producer(at, 0, -1);
        fixture
            .append_marker(aborts, TransactionResult::Abort)
            .unwrap();
    }
    assert!(fixture.log.segment_count() > 3);
    for restarts in [false, true] {
        if restarts {
            fixture.restart();
        }
        for offset in 0..119 {
            check_aborted(&fixture, Offset(offset));
        }
    }
}

/// Reads about two batches from an offset on, and looks at what is aborted of them.
fn check_aborted(fixture: &Fixture, offset: Offset) {
    let end = fixture.log.log_end_offset();
    let request = ReadRequest {
        size_max: 200,
        upper_bound: end,
        at_least_one_batch: true,
        ..request(offset.0)
    };
    let ReadOutcome::Slice(slice) = read(fixture, request) else {
        panic!("{offset}")
    };
    let found = run(fixture.log.aborted_transactions_in(&slice, offset, end)).unwrap();
    let mut bytes = vec![0; slice.size];
    run(slice.file.read_at(&mut bytes, slice.position)).unwrap();
    let (mut rest, mut next) = (bytes.as_slice(), offset);
    while let Ok(batch) = BatchView::parse(rest) {
        next = Offset(batch.header().next_offset());
        rest = &rest[batch.bytes().len()..];
    }
    let needed = fixture.log.aborted_transactions(offset, next);
    assert_eq!(found[..needed.len()], needed, "from {offset}");
    assert!(found.len() <= needed.len() + 3, "from {offset}: {found:?}");
}
