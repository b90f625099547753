//! What holds for topics, by the node's keys and their own.

use protocol::compression::{Codec, Compression};
use storage::config::LogConfig;

use super::*;

#[test]
fn without_any_setting_logs_have_kafkas_defaults() {
    let topic = config("").topic_config(&map(&[]));
    assert_eq!(topic.log, LogConfig::default());
    assert_eq!(topic.min_insync_replicas, 1);
    assert!(!topic.unclean_leader_election);
    assert_eq!(topic.log.compaction_lag_ms_max, i64::MAX);
    assert_eq!(topic.log.dirty_ratio_min, 0.5);
}

#[test]
fn the_keys_of_the_node_stand_in_for_those_of_topics() {
    let config = config(
        "log.segment.bytes=1048577\nlog.roll.hours=2\nlog.roll.jitter.hours=1\n\
         log.index.size.max.bytes=4096\nlog.index.interval.bytes=1\nlog.preallocate=true\n\
         log.retention.minutes=3\nlog.retention.hours=1\nlog.retention.bytes=5\n\
         log.flush.interval.messages=6\nlog.flush.scheduler.interval.ms=7\n\
         log.segment.delete.delay.ms=8\nmessage.max.bytes=9\nlog.cleanup.policy=compact\n\
         compression.type=gzip\ncompression.gzip.level=3\n\
         log.message.timestamp.type=LogAppendTime\n\
         log.message.timestamp.before.max.ms=10\nlog.message.timestamp.after.max.ms=11\n\
         min.insync.replicas=2\nunclean.leader.election.enable=true\n\
         log.cleaner.delete.retention.ms=12\nlog.cleaner.min.compaction.lag.ms=13\n\
         log.cleaner.max.compaction.lag.ms=14\nlog.cleaner.min.cleanable.ratio=0.75",
    );
    let topic = config.topic_config(&map(&[]));
    let expected = LogConfig {
        segment_bytes: 1_048_577,
        segment_ms: 7_200_000,
        segment_jitter_ms: 3_600_000,
        segment_index_bytes: 4096,
        index_interval_bytes: 1,
        preallocate: true,
        retention_ms: Some(180_000),
        retention_bytes: Some(5),
        flush_messages: Some(6),
        flush_ms: Some(7),
        file_delete_delay_ms: 8,
        max_message_bytes: 9,
        delete: false,
        compact: true,
        dirty_ratio_min: 0.75,
        compaction_lag_ms_min: 13,
        compaction_lag_ms_max: 14,
        delete_retention_ms: 12,
        compression: Compression::with_level(Codec::Gzip, 3).ok(),
        log_append_time: true,
        timestamp_before_max_ms: 10,
        timestamp_after_max_ms: 11,
    };
    assert_eq!(topic.log, expected);
    assert_eq!(topic.min_insync_replicas, 2);
    assert!(topic.unclean_leader_election);
}

#[test]
fn finer_units_win_over_coarser_ones() {
    let topic = |lines| config(lines).topic_config(&map(&[])).log;
    assert_eq!(topic("log.roll.ms=1\nlog.roll.hours=2").segment_ms, 1);
    assert_eq!(
        topic("log.retention.ms=1\nlog.retention.minutes=2").retention_ms,
        Some(1)
    );
    assert_eq!(topic("log.retention.ms=-1").retention_ms, None);
    assert_eq!(topic("log.retention.hours=-1").retention_ms, None);
    let flush = "log.flush.interval.ms=1\nlog.flush.scheduler.interval.ms=2";
    assert_eq!(topic(flush).flush_ms, Some(1));
}

#[test]
fn a_topics_own_values_win() {
    let config = config("log.retention.ms=5\nlog.cleanup.policy=delete\ncompression.type=lz4");
    let own = map(&[
        ("retention.ms", "6"),
        ("cleanup.policy", "compact,delete"),
        ("compression.type", "uncompressed"),
        ("internal.segment.bytes", "100"),
        ("min.insync.replicas", "3"),
    ]);
    let topic = config.topic_config(&own);
    assert_eq!(topic.log.retention_ms, Some(6));
    assert!(topic.log.compact && topic.log.delete);
    assert_eq!(topic.log.compression, Some(Compression::NONE));
    assert_eq!(topic.log.segment_bytes, 100);
    assert_eq!(topic.min_insync_replicas, 3);
    let nothing_deleted = config.topic_config(&map(&[("cleanup.policy", "")])).log;
    assert!(!nothing_deleted.delete && !nothing_deleted.compact);
}

#[test]
fn a_topics_value_that_cannot_be_read_counts_as_not_set() {
    let own = map(&[
        ("retention.ms", "soon"),
        ("segment.bytes", "1"),
        ("of.a.later.release", "1"),
    ]);
    let topic = config("log.retention.ms=5").topic_config(&own);
    assert_eq!(topic.log.retention_ms, Some(5));
    assert_eq!(topic.log.segment_bytes, 1 << 30);
}
