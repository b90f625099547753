//! Files that hold what nobody wrote: bits that flipped below the recovery point, entries and names
//! that cannot be.

use super::*;
use crate::disk::OpenMode;
use protocol::records::BatchMut;

fn write(fixture: &Fixture, name: &str, bytes: &[u8]) {
    let path = Path::new(DIRECTORY).join(name);
    let file = run(fixture.disk.open(&path, OpenMode::WriteOrCreate)).unwrap();
    run(file.set_size(0)).unwrap();
    run(file.write_at(&[bytes], 0)).unwrap();
}

/// A small generator of numbers (xorshift), so that a failure is told by its seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Segments with everything in them: transactions, epochs, deleted records.
fn filled(seed: u64) -> Fixture {
    let mut fixture = Fixture::with_seed(small(), seed);
    for round in 0..12 {
        fixture.leader_epoch = LeaderEpoch(round / 4);
        let fields = producer(3, 0, round);
        fixture.append(Records::of(fields, true).build()).unwrap();
        fixture
            .append(Records::plain(&[NOW_MS + i64::from(round); 3]).build())
            .unwrap();
        fixture
            .append_marker(fields, TransactionResult::Abort)
            .unwrap();
        if round == 8 {
            run(fixture.log.flush(fixture.log.log_end_offset(), NOW_MS)).unwrap();
        }
    }
    fixture
}

fn damage(fixture: &Fixture, numbers: &mut Numbers) -> String {
    let names = fixture.names();
    let name = &names[numbers.below(names.len())];
    let mut bytes = fixture.content(name);
    let at = numbers.below(bytes.len());
    let kind = numbers.below(5);
    match kind {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
        1 => bytes.truncate(at),
        2 => bytes.extend((0..1 + numbers.below(60)).map(|_| numbers.below(256) as u8)),
        3 => bytes[at..].fill(numbers.below(2) as u8 * 255),
        _ => {
            let end = (at + 8).min(bytes.len());
            for byte in &mut bytes[at..end] {
                *byte = numbers.below(256) as u8;
            }
        }
    }
    write(fixture, name, &bytes);
    format!("{name}: {kind} at {at}")
}

/// Reads all there is in every way; what is read must have been written.
fn check_reads(fixture: &Fixture, written: &BTreeMap<i64, Vec<u8>>, what: &str) {
    let log = &fixture.log;
    let (start, end) = (log.log_start_offset().0, log.log_end_offset().0);
    assert!(start <= end, "{what}");
    for offset in start..=end.min(start + 200) {
        let request = ReadRequest {
            fetch_offset: Offset(offset),
            size_max: 1,
            upper_bound: Offset(end),
            at_least_one_batch: true,
        };
        let Ok(ReadOutcome::Slice(slice)) = run(log.read(&request)) else {
            continue;
        };
        let mut bytes = vec![0; slice.size];
        let read = run(slice.file.read_at(&mut bytes, slice.position)).unwrap();
        let Ok(batch) = BatchView::parse(&bytes[..read]) else {
            continue;
        };
        if batch.check_crc().is_err() {
            continue;
        }
        let header = batch.header();
        assert!(header.last_offset() >= offset, "{what}: read {offset}");
        // Neither the base offset nor the epoch is covered by the checksum.
        assert!(
            written.values().any(|known| known[21..] == bytes[21..read]),
            "{what}: read {offset}"
        );
    }
    for timestamp in [-1, 0, NOW_MS, NOW_MS + 5, i64::MAX] {
        let _ = run(log.offset_for_timestamp(timestamp));
    }
    let _ = run(log.max_timestamp());
    let _ = log.aborted_transactions(Offset(start), Offset(end));
    let _ = log.last_stable_offset(Offset(end));
}

fn batches(bytes: &[u8]) -> BTreeMap<i64, Vec<u8>> {
    let mut batches = BTreeMap::new();
    let mut rest = bytes;
    while let Ok(batch) = BatchView::parse(rest) {
        batches.insert(batch.header().base_offset, batch.bytes().to_vec());
        rest = &rest[batch.bytes().len()..];
    }
    batches
}

#[test]
fn damage_to_any_file_never_panics_and_never_makes_records_up() {
    for seed in 1..=300 {
        let mut numbers = Numbers(seed * 0x9e37_79b9);
        let mut fixture = filled(1);
        let mut written = batches(&fixture.read_from(Offset(0), 1 << 20));
        run(fixture.log.advance_log_start(Offset(7))).unwrap();
        let is_clean = seed % 2 == 0;
        let recovery_point = fixture.log.recovery_point();
        if is_clean {
            run(fixture.log.close(NOW_MS)).unwrap();
        }
        let mut what = format!("seed {seed}, clean {is_clean}");
        for _ in 0..1 + numbers.below(3) {
            what = format!("{what}, {}", damage(&fixture, &mut numbers));
        }
        if fixture.reopen(is_clean, recovery_point).is_err() {
            continue;
        }
        check_reads(&fixture, &written, &what);
        // Gone on with, what is acknowledged is read back.
        for sequence in 0..3 {
            let fields = producer(4, 0, sequence);
            let Ok(appended) = fixture.append(Records::of(fields, true).build()) else {
                break;
            };
            let _ = fixture.append_marker(fields, TransactionResult::Abort);
            let new = fixture.read_from(appended.first_offset, 1);
            written.extend(batches(&new));
        }
        let _ = run(fixture.log.roll(NOW_MS));
        let end = fixture.log.log_end_offset();
        if run(fixture.log.close(NOW_MS)).is_ok() && fixture.reopen(true, end).is_ok() {
            assert_eq!(fixture.log.log_end_offset(), end, "{what}");
            check_reads(&fixture, &written, &what);
        }
    }
}

#[test]
fn a_flipped_bit_below_the_recovery_point_ends_the_log_there() {
    let mut fixture = Fixture::new(LogConfig {
        segment_bytes: 1 << 20,
        ..small()
    });
    for _ in 0..20 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    run(fixture.log.flush(Offset(20), NOW_MS)).unwrap();
    let batch_bytes = fixture.read(Offset(0), 1, Offset(20)).unwrap().len();
    let name = "00000000000000000000.log";
    let sound = fixture.content(name);
    for flipped in 0..20 {
        let mut bytes = sound.clone();
        bytes[flipped * batch_bytes + 70] ^= 1;
        write(&fixture, name, &bytes);
        fixture.reopen(false, Offset(20)).unwrap();
        let end = fixture.log.log_end_offset();
        let read = fixture.read_from(Offset(0), 1 << 20);
        assert_eq!(read.len(), fixture.file_size(name).unwrap() as usize);
        assert_eq!(
            read.len(),
            end.0 as usize * batch_bytes,
            "flipped {flipped}"
        );
        write(&fixture, name, &sound);
    }
}

#[test]
fn an_aborted_transaction_behind_the_log_end_is_not_believed() {
    let mut fixture = Fixture::new(small());
    let fields = producer(3, 0, 0);
    fixture.append(Records::of(fields, true).build()).unwrap();
    fixture
        .append_marker(fields, TransactionResult::Abort)
        .unwrap();
    let expected = fixture.log.aborted_transactions(Offset(0), Offset(2));
    let name = "00000000000000000000.txnindex";
    fixture.restart_with(|fixture| {
        let mut bytes = fixture.content(name);
        bytes[18] = 0x10;
        write(fixture, name, &bytes);
    });
    assert_eq!(
        fixture.log.aborted_transactions(Offset(0), Offset(2)),
        expected
    );
    let fields = producer(3, 0, 1);
    fixture.append(Records::of(fields, true).build()).unwrap();
    fixture
        .append_marker(fields, TransactionResult::Abort)
        .unwrap();
    assert_eq!(
        fixture.log.aborted_transactions(Offset(0), Offset(4)).len(),
        2
    );
}

#[test]
fn a_follower_puts_offsets_that_are_far_apart_into_segments_of_their_own() {
    let mut fixture = Fixture::new(LogConfig {
        compact: true,
        ..small()
    });
    let mut batches = Vec::new();
    for at in [0, 1, 1 << 32, 1 << 40] {
        let mut batch = Records::plain(&[NOW_MS]).build();
        BatchMut::parse(&mut batch).unwrap().set_base_offset(at);
        batches.extend(batch);
    }
    let append = fixture
        .log
        .append_as_follower(&batches, LeaderEpoch(0), NOW_MS);
    run(append).unwrap();
    let end = fixture.log.log_end_offset();
    run(fixture.log.flush(end, NOW_MS)).unwrap();
    let recovery_point = Offset(0);
    fixture.reopen(false, recovery_point).unwrap();
    assert_eq!(fixture.log.log_end_offset(), end);
    assert_eq!(fixture.read_from(Offset(0), 1 << 20), batches);
}

#[test]
fn the_last_offsets_of_all_are_refused_and_not_passed() {
    let fixture = Fixture::new(small());
    for at in [i64::MAX, i64::MAX - 1] {
        let mut batch = Records::plain(&[NOW_MS]).build();
        BatchMut::parse(&mut batch).unwrap().set_base_offset(at);
        let append = fixture
            .log
            .append_as_follower(&batch, LeaderEpoch(0), NOW_MS);
        assert_eq!(run(append).is_ok(), at == i64::MAX - 1, "{at}");
    }
    let mut fixture = fixture;
    assert_eq!(fixture.log.log_end_offset(), Offset(i64::MAX));
    assert!(fixture.append(Records::plain(&[NOW_MS]).build()).is_err());
    fixture.restart();
    assert_eq!(fixture.log.log_end_offset(), Offset(i64::MAX));
}

#[test]
fn files_of_the_last_offset_of_all_are_opened_like_others() {
    for suffix in [
        "log",
        "log.swap",
        "index",
        "txnindex",
        "snapshot",
        "log.cleaned",
    ] {
        for is_clean in [false, true] {
            let mut fixture = Fixture::new(small());
            fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
            run(fixture.log.close(NOW_MS)).unwrap();
            write(
                &fixture,
                &format!("{}.{suffix}", "09223372036854775807"),
                &[0; 24],
            );
            let _ = fixture.reopen(is_clean, Offset(1));
            let _ = fixture.append(Records::plain(&[NOW_MS]).build());
        }
    }
}

#[test]
fn producers_are_known_also_when_their_snapshots_were_taken_away() {
    let mut fixture = Fixture::new(small());
    let batch = Records::of(producer(3, 0, 0), true).build();
    fixture.append(batch.clone()).unwrap();
    fixture.restart_with(|fixture| {
        let snapshot = Path::new(DIRECTORY).join("00000000000000000001.snapshot");
        run(fixture.disk.remove_file(&snapshot)).unwrap();
    });
    assert_eq!(fixture.log.first_unstable_offset(), Some(Offset(0)));
    assert!(fixture.append(batch).unwrap().is_duplicate);
}
