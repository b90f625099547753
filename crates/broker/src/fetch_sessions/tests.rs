//! Sessions and their cache, at given times.

use super::cache::EVICTION_MS;
use super::*;
use proptest::prelude::*;
use protocol::Uuid;
use protocol::ids::Offset;
use std::sync::Arc;

const CAUGHT_UP: AnsweredPartition = AnsweredPartition {
    high_watermark: Offset(10),
    log_start_offset: Offset(0),
    has_records: false,
    is_error: false,
    is_notable: false,
};
const RECORDS: AnsweredPartition = AnsweredPartition {
    has_records: true,
    ..CAUGHT_UP
};
const FAILED: AnsweredPartition = AnsweredPartition {
    high_watermark: Offset(-1),
    log_start_offset: Offset(-1),
    has_records: false,
    is_error: true,
    is_notable: false,
};

fn sessions(slots: usize) -> FetchSessions {
    FetchSessions::new(slots, Chance::from_seed(7))
}

fn key(topic: &str, partition: i32) -> PartitionKey {
    PartitionKey {
        topic: TopicKey::Name(topic.into()),
        partition,
    }
}

fn at(key: PartitionKey, fetch_offset: i64) -> RequestedPartition {
    RequestedPartition {
        key,
        request: PartitionRequest {
            current_leader_epoch: None,
            fetch_offset: Offset(fetch_offset),
            last_fetched_epoch: None,
            log_start_offset: Offset(-1),
            bytes_max: 1_000,
        },
        known_name: None,
    }
}

fn named(session_id: i32, session_epoch: i32, partitions: &[i32]) -> SessionRequest {
    SessionRequest {
        session_id,
        session_epoch,
        is_replica: false,
        uses_topic_ids: false,
        partitions: partitions
            .iter()
            .map(|&index| at(key("t", index), 5))
            .collect(),
        forgotten: Vec::new(),
    }
}

fn indexes(context: &FetchContext) -> Vec<i32> {
    let partitions = context.partitions().iter();
    partitions
        .map(|partition| partition.key.partition)
        .collect()
}

/// Begins a session of these partitions, all caught up.
fn session_of(sessions: &FetchSessions, partitions: &[i32], now_ms: u64) -> i32 {
    let context = sessions.begin(named(0, 0, partitions), now_ms).unwrap();
    let answered = vec![CAUGHT_UP; partitions.len()];
    context.finish(sessions, &answered, now_ms).session_id
}

/// One request within a session that names nothing; what it is told of, in the order of turns.
fn go_on(
    sessions: &FetchSessions,
    id: i32,
    epoch: i32,
    answered: &[AnsweredPartition],
) -> Vec<i32> {
    let context = sessions.begin(named(id, epoch, &[]), 0).unwrap();
    let turns = indexes(&context);
    let answer = context.finish(sessions, answered, 0);
    assert_eq!(
        (answer.error_code, answer.session_id),
        (ErrorCode::NONE, id)
    );
    answer.told.into_iter().map(|place| turns[place]).collect()
}

#[test]
fn a_session_tells_only_of_what_has_changed() {
    let sessions = sessions(10);
    let context = sessions.begin(named(0, 0, &[0, 1, 2]), 0).unwrap();
    let first = context.finish(&sessions, &[CAUGHT_UP; 3], 0);
    assert_eq!(first.told, [0, 1, 2]);
    assert!(first.session_id > 0);
    let id = first.session_id;
    assert_eq!(go_on(&sessions, id, 1, &[CAUGHT_UP; 3]), [0; 0]);
    let moved = AnsweredPartition {
        high_watermark: Offset(11),
        ..CAUGHT_UP
    };
    let trimmed = AnsweredPartition {
        log_start_offset: Offset(3),
        ..CAUGHT_UP
    };
    assert_eq!(
        go_on(&sessions, id, 2, &[CAUGHT_UP, moved, trimmed]),
        [1, 2]
    );
    assert_eq!(
        go_on(&sessions, id, 3, &[CAUGHT_UP, moved, trimmed]),
        [0; 0]
    );
    let notable = AnsweredPartition {
        is_notable: true,
        ..CAUGHT_UP
    };
    assert_eq!(go_on(&sessions, id, 4, &[notable, moved, trimmed]), [0]);
}

#[test]
fn an_error_is_told_each_time_and_so_is_that_it_has_gone() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0], 0);
    assert_eq!(go_on(&sessions, id, 1, &[FAILED]), [0]);
    assert_eq!(go_on(&sessions, id, 2, &[FAILED]), [0]);
    assert_eq!(go_on(&sessions, id, 3, &[CAUGHT_UP]), [0]);
    assert_eq!(go_on(&sessions, id, 4, &[CAUGHT_UP]), [0; 0]);
}

#[test]
fn who_got_records_goes_behind_who_did_not() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0, 1, 2], 0);
    go_on(&sessions, id, 1, &[RECORDS, CAUGHT_UP, CAUGHT_UP]);
    let context = sessions.begin(named(id, 2, &[]), 0).unwrap();
    assert_eq!(indexes(&context), [1, 2, 0]);
    context.finish(&sessions, &[RECORDS, CAUGHT_UP, RECORDS], 0);
    let context = sessions.begin(named(id, 3, &[]), 0).unwrap();
    assert_eq!(indexes(&context), [2, 1, 0]);
}

#[test]
fn a_request_adds_changes_and_forgets_partitions() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0, 1], 0);
    let mut request = named(id, 1, &[2]);
    request.partitions.push(at(key("t", 1), 9));
    request.forgotten = vec![key("t", 0), key("unknown", 0)];
    let context = sessions.begin(request, 0).unwrap();
    assert_eq!(indexes(&context), [1, 2]);
    assert_eq!(context.partitions()[0].request.fetch_offset, Offset(9));
    let answer = context.finish(&sessions, &[CAUGHT_UP, CAUGHT_UP], 0);
    assert_eq!(answer.told, [1], "only the new one says anything new");
    assert_eq!(sessions.counts().partitions, 2);
}

#[test]
fn a_session_that_has_forgotten_everything_ends() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0], 0);
    let mut request = named(id, 1, &[]);
    request.forgotten = vec![key("t", 0)];
    let context = sessions.begin(request, 0).unwrap();
    assert!(context.partitions().is_empty());
    assert_eq!(context.finish(&sessions, &[], 0).session_id, 0);
    let gone = sessions.begin(named(id, 2, &[]), 0).unwrap_err();
    assert_eq!(gone, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    assert_eq!(sessions.counts(), SessionCounts::default());
}

#[test]
fn unknown_sessions_and_other_epochs_are_refused() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0], 0);
    let refused = |id, epoch| sessions.begin(named(id, epoch, &[]), 0).unwrap_err();
    assert_eq!(refused(id ^ 1, 1), ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    assert_eq!(refused(0, 1), ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    for epoch in [2, i32::MAX, -2, i32::MIN] {
        assert_eq!(refused(id, epoch), ErrorCode::INVALID_FETCH_SESSION_EPOCH);
    }
    assert_eq!(go_on(&sessions, id, 1, &[CAUGHT_UP]), [0; 0]);
    assert_eq!(refused(id, 1), ErrorCode::INVALID_FETCH_SESSION_EPOCH);
}

#[test]
fn a_session_by_names_does_not_go_on_by_ids_nor_the_other_way_round() {
    let sessions = sessions(10);
    let by_names = session_of(&sessions, &[0], 0);
    let mut request = named(by_names, 1, &[]);
    request.uses_topic_ids = true;
    let refused = sessions.begin(request, 0).unwrap_err();
    assert_eq!(refused, ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
    let id = TopicKey::Id(Uuid::from_u128(5));
    let key = PartitionKey {
        topic: id,
        partition: 0,
    };
    let mut request = named(0, 0, &[]);
    request.uses_topic_ids = true;
    request.partitions = vec![at(key, 0)];
    let context = sessions.begin(request, 0).unwrap();
    let by_ids = context.finish(&sessions, &[CAUGHT_UP], 0).session_id;
    let refused = sessions.begin(named(by_ids, 1, &[]), 0).unwrap_err();
    assert_eq!(refused, ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
}

#[test]
fn a_session_remembers_what_a_topic_was_called() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0], 0);
    let name: Arc<str> = "t".into();
    let mut context = sessions.begin(named(id, 1, &[]), 0).unwrap();
    assert_eq!(context.partitions()[0].known_name, None);
    context.note_name(0, &name);
    context.finish(&sessions, &[CAUGHT_UP], 0);
    let context = sessions.begin(named(id, 2, &[0]), 0).unwrap();
    assert_eq!(context.partitions()[0].known_name, Some(name));
}

#[test]
fn a_full_request_ends_the_session_it_names_and_wants_another_or_none() {
    let sessions = sessions(10);
    let first = session_of(&sessions, &[0], 0);
    let context = sessions.begin(named(first, 0, &[0]), 0).unwrap();
    let second = context.finish(&sessions, &[CAUGHT_UP], 0).session_id;
    assert!(second > 0 && second != first);
    assert_eq!(sessions.counts().sessions, 1);
    let context = sessions.begin(named(second, -1, &[0]), 0).unwrap();
    let last = context.finish(&sessions, &[CAUGHT_UP], 0);
    assert_eq!((last.session_id, last.told), (0, vec![0]));
    assert_eq!(sessions.counts().sessions, 0);
}

#[test]
fn an_answer_is_void_when_another_request_of_the_session_came_in_between() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0], 0);
    let slow = sessions.begin(named(id, 1, &[]), 0).unwrap();
    assert_eq!(slow.throttled().error_code, ErrorCode::NONE);
    assert_eq!(go_on(&sessions, id, 2, &[RECORDS]), [0]);
    let void = ErrorCode::INVALID_FETCH_SESSION_EPOCH;
    assert_eq!(slow.throttled().error_code, void);
    let answer = slow.finish(&sessions, &[RECORDS], 0);
    assert_eq!((answer.error_code, answer.told), (void, vec![]));
}

#[test]
fn after_the_largest_epoch_comes_one() {
    let sessions = sessions(10);
    let id = session_of(&sessions, &[0], 0);
    let session = sessions.lock().find(id).unwrap();
    session.lock().epoch = i32::MAX;
    assert_eq!(go_on(&sessions, id, i32::MAX, &[CAUGHT_UP]), [0; 0]);
    assert_eq!(go_on(&sessions, id, 1, &[CAUGHT_UP]), [0; 0]);
}

#[test]
fn a_partition_named_twice_is_fetched_once_as_it_was_named_last() {
    let sessions = sessions(10);
    for epoch in [0, -1] {
        let mut request = named(0, epoch, &[0, 1]);
        request.partitions.push(at(key("t", 0), 9));
        let context = sessions.begin(request, 0).unwrap();
        assert_eq!(indexes(&context), [0, 1]);
        assert_eq!(context.partitions()[0].request.fetch_offset, Offset(9));
    }
}

#[test]
fn without_a_slot_there_is_no_session() {
    let none = sessions(0);
    assert_eq!(session_of(&none, &[0], 0), 0);
    let one = sessions(1);
    let first = session_of(&one, &[0, 1], 0);
    assert_eq!(session_of(&one, &[0, 1, 2], EVICTION_MS), 0, "it is new");
    one.begin(named(first, 1, &[]), EVICTION_MS + 1).unwrap();
    let now_ms = 2 * EVICTION_MS;
    assert_eq!(session_of(&one, &[0], now_ms), 0, "it is smaller");
    assert_eq!(session_of(&one, &[0, 1], now_ms), 0, "it is as large");
    assert!(session_of(&one, &[0, 1, 2], now_ms) > 0);
    let evicted = one.begin(named(first, 2, &[]), now_ms).unwrap_err();
    assert_eq!(evicted, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    assert_eq!(one.counts().evictions, 1);
}

#[test]
fn a_session_that_was_not_used_for_two_minutes_goes_for_any_other() {
    let sessions = sessions(2);
    let unused = session_of(&sessions, &[0, 1, 2], 0);
    let used = session_of(&sessions, &[0], 1);
    sessions.begin(named(used, 1, &[]), 50_000).unwrap();
    assert_eq!(session_of(&sessions, &[0], EVICTION_MS), 0);
    assert!(session_of(&sessions, &[0], EVICTION_MS + 1) > 0);
    assert!(!sessions.lock().contains(unused));
    assert!(sessions.lock().contains(used));
}

#[test]
fn a_replica_takes_the_slot_of_a_consumer_at_once_and_never_the_other_way_round() {
    let sessions = sessions(1);
    session_of(&sessions, &[0, 1, 2], 0);
    let mut request = named(0, 0, &[0]);
    request.is_replica = true;
    let context = sessions.begin(request, 0).unwrap();
    let of_replica = context.finish(&sessions, &[CAUGHT_UP], 0).session_id;
    assert!(of_replica > 0);
    let mut request = named(of_replica, 1, &[]);
    request.is_replica = true;
    let now_ms = EVICTION_MS + 1;
    sessions.begin(request, now_ms).unwrap();
    assert_eq!(session_of(&sessions, &[0, 1, 2], now_ms), 0);
}

proptest! {
    #[test]
    fn the_cache_keeps_its_slots_and_its_counts(
        steps in prop::collection::vec((0..6_i32, 0..200_000_u64, any::<bool>()), 1..60),
    ) {
        let sessions = sessions(3);
        let mut now_ms = 0;
        let mut ids = Vec::new();
        for (partition_count, pause_ms, is_replica) in steps {
            now_ms += pause_ms;
            let partitions: Vec<i32> = (0..partition_count).collect();
            let mut request = named(0, 0, &partitions);
            request.is_replica = is_replica;
            let context = sessions.begin(request, now_ms).unwrap();
            let answered = vec![CAUGHT_UP; partitions.len()];
            ids.push(context.finish(&sessions, &answered, now_ms).session_id);
            let cache = sessions.lock();
            let live = ids.iter().filter_map(|id| cache.find(*id));
            let sizes: Vec<usize> = live.map(|each| each.lock().partition_count()).collect();
            prop_assert!(sizes.len() <= 3);
            let counts = cache.counts();
            prop_assert_eq!(counts.sessions, sizes.len());
            prop_assert_eq!(counts.partitions, sizes.iter().sum::<usize>());
        }
    }
}
