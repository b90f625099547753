//! `klamm dump-log`: what it prints of files that are whole, torn, blank or missing.

use std::fs;

use protocol::compression::{Codec, Compression, Compressor};
use protocol::records::{
    BatchBuilder, BatchTemplate, ControlRecordKey, ControlRecordType, NewRecord,
};

use crate::program::Place;

const LOG: &str = "00000000000000000005.log";
const INDEX: &str = "00000000000000000005.index";
const TIME_INDEX: &str = "00000000000000000005.timeindex";
const TIME_MS: i64 = 1_700_000_000_000;

fn batch(base_offset: i64, compression: Compression, values: &[&[u8]]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchTemplate {
        compression,
        ..BatchTemplate::new(base_offset)
    });
    for value in values {
        let record = NewRecord {
            timestamp_ms: TIME_MS,
            key: Some(b"k"),
            value: Some(value),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    builder.finish(&mut Compressor::new()).unwrap()
}

fn control_batch(base_offset: i64, record_type: ControlRecordType) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchTemplate {
        control: true,
        ..BatchTemplate::new(base_offset)
    });
    let record = NewRecord {
        timestamp_ms: TIME_MS,
        key: Some(&ControlRecordKey::new(record_type).encode()),
        value: Some(&[0, 0, 0, 0, 0, 0]),
        headers: &[],
    };
    builder.append(&record).unwrap();
    builder.finish(&mut Compressor::new()).unwrap()
}

/// A place with a log of two batches, 5 and 6, and 9.
fn place(name: &str) -> (Place, Vec<u8>) {
    let place = Place::new(name, "d");
    let first = batch(5, Compression::NONE, &[b"a", b"b"]);
    let second = batch(9, Compression::with_default_level(Codec::Gzip), &[b"c"]);
    let log = [first, second].concat();
    fs::write(place.path(LOG), &log).unwrap();
    (place, log)
}

#[test]
fn records_are_printed_behind_their_batch_and_gaps_at_the_end() {
    let (place, _) = place("dump-log-records");
    let ran = place.klamm(&format!("dump-log --print-data-log --files {LOG}"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let records: Vec<_> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    let record = |offset, value| {
        format!(
            "| offset: {offset} CreateTime: {TIME_MS} keySize: 1 valueSize: 1 sequence: -1 \
             headerKeys: [] key: k payload: {value}"
        )
    };
    assert_eq!(records, [record(5, "a"), record(6, "b"), record(9, "c")]);
    let path = place.path(LOG);
    let gaps = format!(
        "Non-consecutive offsets in {}\n  -1 is followed by 5\n  6 is followed by 9\n",
        path.display()
    );
    assert_eq!(ran.errors, gaps);
}

#[test]
fn a_batch_that_is_still_being_written_is_left_out_and_the_file_is_not_touched() {
    let (place, log) = place("dump-log-torn");
    let torn = &log[..log.len() - 1];
    fs::write(place.path(LOG), torn).unwrap();
    let out = place.klamm(&format!("dump-log --files {LOG}")).succeeded();
    let first = batch(5, Compression::NONE, &[b"a", b"b"]).len();
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines.len(), 4, "{out}");
    assert_eq!(
        lines[..2],
        [
            format!("Dumping {LOG}"),
            "Log starting offset: 5".to_owned()
        ]
    );
    assert!(lines[2].ends_with("isvalid: true"), "{out}");
    let trailing = torn.len() - first;
    let expected = format!("Found {trailing} invalid bytes at the end of {LOG}");
    assert_eq!(lines[3], expected);
    assert_eq!(fs::read(place.path(LOG)).unwrap(), torn);
}

#[test]
fn damage_is_shown_as_an_invalid_batch() {
    let (place, mut log) = place("dump-log-damaged");
    let last = log.len() - 1;
    log[last] ^= 1;
    fs::write(place.path(LOG), &log).unwrap();
    let out = place.klamm(&format!("dump-log --files {LOG}")).succeeded();
    assert!(out.ends_with("isvalid: false\n"), "{out}");
    // Records that cannot be inflated end the tool, after what comes before them.
    let ran = place.klamm(&format!("dump-log --files {LOG} --print-data-log"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("payload: b\n"), "{}", ran.out);
}

#[test]
fn control_records_of_an_unknown_type_are_called_so() {
    let (place, _) = place("dump-log-control");
    let log = control_batch(5, ControlRecordType::Unknown(42));
    fs::write(place.path(LOG), log).unwrap();
    let out = place
        .klamm(&format!("dump-log --files {LOG} --print-data-log"))
        .out;
    assert!(
        out.ends_with("headerKeys: [] controlType: UNKNOWN(42)\n"),
        "{out}"
    );
}

#[test]
fn blank_entries_of_a_preallocated_index_are_none() {
    let (place, _) = place("dump-log-blank");
    let first = batch(5, Compression::NONE, &[b"a", b"b"]).len();
    let entry = |relative: i32, position: usize| {
        [relative.to_be_bytes(), (position as i32).to_be_bytes()].concat()
    };
    let blank = vec![0; 8192];
    let index = [entry(1, 0), entry(4, first), blank.clone()].concat();
    fs::write(place.path(INDEX), index).unwrap();
    let time_entry = |timestamp_ms: i64, relative: i32| {
        [&timestamp_ms.to_be_bytes()[..], &relative.to_be_bytes()[..]].concat()
    };
    let times = [time_entry(TIME_MS, 1), time_entry(TIME_MS + 1, 4), blank].concat();
    fs::write(place.path(TIME_INDEX), times).unwrap();
    let ran = place.klamm(&format!("dump-log --files {INDEX},{TIME_INDEX}"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let expected = format!(
        "Dumping {INDEX}\noffset: 6 position: 0\noffset: 9 position: {first}\n\
         Dumping {TIME_INDEX}\ntimestamp: {TIME_MS} offset: 6\ntimestamp: {} offset: 9\n",
        TIME_MS + 1
    );
    assert_eq!(ran.out, expected);
    let mismatch = format!(
        "Found timestamp mismatch in :{}\n  Index timestamp: {}, log timestamp: {TIME_MS}\n",
        place.path(TIME_INDEX).display(),
        TIME_MS + 1
    );
    assert_eq!(ran.errors, mismatch);
}

#[test]
fn a_missing_index_is_not_created() {
    let (place, _) = place("dump-log-missing");
    let ran = place.klamm(&format!("dump-log --files {INDEX}"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.out, format!("Dumping {INDEX}\n"));
    assert!(
        ran.errors.starts_with(&format!("open {INDEX}: ")),
        "{}",
        ran.errors
    );
    assert!(!place.path(INDEX).exists());
}

#[test]
fn unknown_files_are_passed_over() {
    let (place, _) = place("dump-log-unknown");
    let ran = place.klamm("dump-log --files name,a.b");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.out, "Dumping name\nDumping a.b\n");
    let expected = "Ignoring unknown file name\nIgnoring unknown file a.b\n";
    assert_eq!(ran.errors, expected);
}
