//! Waiters on their own.

use super::*;

const DEADLINE_MS: u64 = 1000;

fn taken(waiters: &mut Waiters, watched: Watched, offset: i64) -> Vec<u64> {
    let next = || waiters.take_reached(watched, Offset(offset));
    std::iter::from_fn(next)
        .map(|(reached, _)| reached.id.0)
        .collect()
}

#[test]
fn a_move_takes_exactly_those_it_satisfies_in_order_of_offset_and_arrival() {
    let mut waiters = Waiters::default();
    for offset in [7, 5, 9, 5] {
        waiters.add(Watched::LogEnd, Offset(offset), Purpose::Fetch, DEADLINE_MS);
    }
    waiters.add(
        Watched::HighWatermark,
        Offset(1),
        Purpose::Fetch,
        DEADLINE_MS,
    );
    assert_eq!(taken(&mut waiters, Watched::LogEnd, 4), [0; 0]);
    assert_eq!(taken(&mut waiters, Watched::LogEnd, 7), [1, 3, 0]);
    assert_eq!(taken(&mut waiters, Watched::LogEnd, 8), [0; 0]);
    assert_eq!(taken(&mut waiters, Watched::HighWatermark, 9), [4]);
    assert_eq!(taken(&mut waiters, Watched::LogEnd, 9), [2]);
    assert_eq!(waiters.next_deadline_ms(), None);
}

#[test]
fn the_earliest_deadline_is_told_and_expired_waiters_are_not_woken_again() {
    let mut waiters = Waiters::default();
    let late = waiters.add(Watched::LogEnd, Offset(1), Purpose::Fetch, 30);
    let early = waiters.add(Watched::LogEnd, Offset(1), Purpose::Fetch, 10);
    assert_eq!(waiters.next_deadline_ms(), Some(10));
    assert_eq!(waiters.take_expired(9), []);
    assert_eq!(waiters.take_expired(10), [early]);
    assert_eq!(waiters.next_deadline_ms(), Some(30));
    assert_eq!(taken(&mut waiters, Watched::LogEnd, 1), [late.0]);
    assert_eq!(waiters.take_expired(30), []);
}

#[test]
fn a_waiter_that_is_taken_away_is_gone_for_good() {
    let mut waiters = Waiters::default();
    let id = waiters.add(Watched::LogEnd, Offset(1), Purpose::Fetch, 30);
    assert!(waiters.remove(id));
    assert!(!waiters.remove(id));
    assert_eq!(taken(&mut waiters, Watched::LogEnd, 1), [0; 0]);
    assert_eq!(waiters.take_all(), []);
}

#[test]
fn only_reads_are_taken_when_reads_are_asked_for() {
    let mut waiters = Waiters::default();
    let purpose = Purpose::Ack { then_synced: false };
    let ack = waiters.add(Watched::HighWatermark, Offset(1), purpose, 30);
    let fetch = waiters.add(Watched::HighWatermark, Offset(1), Purpose::Fetch, 30);
    assert_eq!(waiters.take_fetches(), [fetch]);
    assert_eq!(waiters.take_all(), [ack]);
}
