//! What is said of an error when the broker sent its code alone, as Kafka's clients say it.
//!
//! Not the job of this module: errors that no tool meets.

/// The words for an error code.
pub(crate) fn of(code: i16) -> Option<&'static str> {
    let row = WORDS.iter().find(|(of, _)| *of == code);
    row.map(|(_, words)| *words)
}

/// By code (Apache Kafka 4.3.1, `Errors`): what scripts find in the output of Kafka's tools.
const WORDS: [(i16, &str); 19] = [
    (
        1,
        "The requested offset is not within the range of offsets maintained by the server.",
    ),
    (3, "This server does not host this topic-partition."),
    (7, "The request timed out."),
    (
        14,
        "The coordinator is loading and hence can't process requests.",
    ),
    (15, "The coordinator is not available."),
    (16, "This is not the correct coordinator."),
    (
        17,
        "The request attempted to perform an operation on an invalid topic.",
    ),
    (24, "The group id is invalid."),
    (25, "The coordinator is not aware of this member."),
    (27, "The group is rebalancing, so a rejoin is needed."),
    (29, "Topic authorization failed."),
    (30, "Group authorization failed."),
    (31, "Cluster authorization failed."),
    (35, "The version of API is not supported."),
    (53, "Transactional Id authorization failed."),
    (68, "The group is not empty."),
    (69, "The group id does not exist."),
    (
        86,
        "Deleting offsets of a topic is forbidden while the consumer group is actively \
          subscribed to it.",
    ),
    (88, "There are unstable offsets that need to be cleared."),
];
