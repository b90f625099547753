//! Tests of the leader epochs: one rule each, and against a model that knows every record's epoch.

use proptest::prelude::*;

use super::*;

fn epochs(entries: &[(i32, i64)]) -> LeaderEpochs {
    let mut epochs = LeaderEpochs::default();
    for &(epoch, start) in entries {
        assert!(epochs.assign(LeaderEpoch(epoch), Offset(start)));
    }
    epochs
}

fn entries(epochs: &LeaderEpochs) -> Vec<(i32, i64)> {
    epochs
        .iter()
        .map(|(epoch, start)| (epoch.0, start.0))
        .collect()
}

fn end_offset_of(epochs: &LeaderEpochs, epoch: i32) -> Option<(i32, i64)> {
    let (epoch, end) = epochs.end_offset_of(LeaderEpoch(epoch), Offset(100))?;
    Some((epoch.0, end.0))
}

#[test]
fn a_file_of_kafka_reads_and_prints_the_same() {
    let text = b"0\n2\n0 0\n2 88\n";
    let epochs = LeaderEpochs::decode(text).unwrap();
    assert_eq!(entries(&epochs), [(0, 0), (2, 88)]);
    assert_eq!(epochs.encode(), text);
    assert_eq!(LeaderEpochs::decode(b"").unwrap(), LeaderEpochs::default());
    let error = LeaderEpochs::decode(b"0\n1\n-1 0\n").unwrap_err();
    assert_eq!(error.to_string(), "line 3 is malformed: `-1 0`");
}

#[test]
fn the_latest_epoch_keeps_its_start() {
    let mut epochs = epochs(&[(1, 10), (2, 20)]);
    assert!(!epochs.assign(LeaderEpoch(2), Offset(20)));
    assert!(!epochs.assign(LeaderEpoch(2), Offset(25)));
    assert!(!epochs.assign(LeaderEpoch::NONE, Offset(30)));
    assert_eq!(entries(&epochs), [(1, 10), (2, 20)]);
}

#[test]
fn a_new_epoch_removes_what_contradicts_it() {
    let history = [(1, 10), (2, 20), (4, 40)];
    for (epoch, start, expected) in [
        (5, 40, &[(1, 10), (2, 20), (5, 40)][..]),
        (5, 15, &[(1, 10), (5, 15)]),
        (4, 30, &[(1, 10), (2, 20), (4, 30)]),
        (2, 50, &[(1, 10), (2, 50)]),
        (0, 50, &[(0, 50)]),
        (5, 0, &[(5, 0)]),
    ] {
        let mut epochs = epochs(&history);
        assert!(epochs.assign(LeaderEpoch(epoch), Offset(start)));
        assert_eq!(entries(&epochs), expected, "{epoch} {start}");
    }
}

#[test]
fn end_offsets_are_those_of_offset_for_leader_epoch() {
    let epochs = epochs(&[(2, 20), (4, 40), (7, 70)]);
    assert_eq!(end_offset_of(&epochs, -1), None);
    assert_eq!(end_offset_of(&epochs, 1), Some((1, 20)));
    assert_eq!(end_offset_of(&epochs, 2), Some((2, 40)));
    assert_eq!(end_offset_of(&epochs, 3), Some((2, 40)));
    assert_eq!(end_offset_of(&epochs, 6), Some((4, 70)));
    assert_eq!(end_offset_of(&epochs, 7), Some((7, 100)));
    assert_eq!(end_offset_of(&epochs, 8), None);
    assert_eq!(end_offset_of(&LeaderEpochs::default(), 0), None);
}

#[test]
fn an_empty_epoch_at_the_end_of_the_log_is_truncated() {
    let mut epochs = epochs(&[(1, 10), (2, 20), (3, 30)]);
    assert!(!epochs.truncate_from_end(Offset(31)));
    assert!(epochs.truncate_from_end(Offset(30)));
    assert_eq!(entries(&epochs), [(1, 10), (2, 20)]);
    assert!(epochs.truncate_from_end(Offset(0)));
    assert_eq!(epochs.latest(), None);
}

#[test]
fn the_epoch_that_covers_the_new_start_moves_there() {
    let history = [(1, 10), (2, 20), (3, 30)];
    for (start, changes, expected) in [
        (5, false, &history[..]),
        (10, false, &history),
        (11, true, &[(1, 11), (2, 20), (3, 30)]),
        (20, true, &[(2, 20), (3, 30)]),
        (99, true, &[(3, 99)]),
    ] {
        let mut epochs = epochs(&history);
        assert_eq!(
            epochs.truncate_from_start(Offset(start)),
            changes,
            "{start}"
        );
        assert_eq!(entries(&epochs), expected, "{start}");
    }
}

#[test]
fn neighbours_of_an_epoch_need_not_be_adjacent_numbers() {
    let epochs = epochs(&[(2, 20), (4, 40)]);
    assert_eq!(epochs.previous(LeaderEpoch(4)), Some(LeaderEpoch(2)));
    assert_eq!(epochs.previous(LeaderEpoch(2)), None);
    assert_eq!(epochs.next(LeaderEpoch(2)), Some(LeaderEpoch(4)));
    assert_eq!(epochs.next(LeaderEpoch(4)), None);
    assert_eq!(epochs.earliest(), Some((LeaderEpoch(2), Offset(20))));
}

/// What happens to a log, and with it to the history.
#[derive(Debug, Clone)]
enum Step {
    Append { epochs_later: i32, count: usize },
    TruncateEnd { kept: usize },
    TruncateStart { removed: usize },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3, 1..4_usize)
            .prop_map(|(epochs_later, count)| Step::Append { epochs_later, count }),
        1 => (0..30_usize).prop_map(|kept| Step::TruncateEnd { kept }),
        1 => (0..6_usize).prop_map(|removed| Step::TruncateStart { removed }),
    ]
}

proptest! {
    /// The model is the log itself: the epoch of every record in it.
    #[test]
    fn the_history_answers_as_the_records_do(steps in prop::collection::vec(any_step(), 1..30)) {
        let mut records: Vec<(i64, i32)> = Vec::new();
        let mut epochs = LeaderEpochs::default();
        let (mut end, mut epoch) = (0, 0);
        for step in steps {
            match step {
                Step::Append { epochs_later, count } => {
                    epoch += epochs_later;
                    for _ in 0..count {
                        epochs.assign(LeaderEpoch(epoch), Offset(end));
                        records.push((end, epoch));
                        end += 1;
                    }
                }
                Step::TruncateEnd { kept } => {
                    records.truncate(kept.max(1));
                    let Some(&(last, last_epoch)) = records.last() else { continue };
                    end = last + 1;
                    epoch = last_epoch;
                    epochs.truncate_from_end(Offset(end));
                }
                Step::TruncateStart { removed } => {
                    records.drain(..removed.min(records.len().saturating_sub(1)));
                    let Some(&(start, _)) = records.first() else { continue };
                    epochs.truncate_from_start(Offset(start));
                }
            }
            for &(offset, epoch) in &records {
                prop_assert_eq!(epochs.epoch_at(Offset(offset)), Some(LeaderEpoch(epoch)));
            }
            if let Some(&(start, _)) = records.first() {
                prop_assert_eq!(epochs.epoch_at(Offset(start - 1)), None);
            }
            for asked in 0..=epoch + 1 {
                let found = epochs.end_offset_of(LeaderEpoch(asked), Offset(end));
                let floor = records.iter().rev().find(|record| record.1 <= asked);
                let next = records.iter().find(|record| record.1 > asked);
                let expected = match (floor, next) {
                    (Some(floor), Some(next)) => Some((floor.1, next.0)),
                    (None, Some(next)) => Some((asked, next.0)),
                    (Some(floor), None) if floor.1 == asked => Some((asked, end)),
                    _ => None,
                };
                prop_assert_eq!(found.map(|(epoch, end)| (epoch.0, end.0)), expected);
            }
            prop_assert_eq!(&LeaderEpochs::decode(&epochs.encode()).unwrap(), &epochs);
        }
    }
}
