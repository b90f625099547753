//! What failed, as Kafka's Java clients call it: the class of the exception and its message. Tools
//! print both, and scripts look for them.
//!
//! Not the job of this module: where and how it is printed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use krafka::{KrafkaError, ProtocolErrorKind};

use crate::words;

/// The package of Kafka's exceptions.
const PACKAGE: &str = "org.apache.kafka.common.errors.";

/// A failure in the words of Kafka's Java clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The class without its package, such as `TopicExistsException`; with it, if it is not that of
    /// Kafka's other exceptions.
    pub class: &'static str,
    /// What the broker said, or what failed.
    pub message: String,
}

impl Exception {
    /// The exception that Kafka's clients throw for this error.
    pub fn of(error: &KrafkaError) -> Self {
        let class = match error {
            KrafkaError::Broker { code, .. } => class_of(code.to_i16()),
            KrafkaError::Network(_) => "DisconnectException",
            KrafkaError::Auth { .. } => "SaslAuthenticationException",
            KrafkaError::Timeout { .. } | KrafkaError::DeliveryTimeout { .. } => "TimeoutException",
            KrafkaError::Serialization { .. } => "SerializationException",
            KrafkaError::RecordDeserialization { .. } => "RecordDeserializationException",
            KrafkaError::Wakeup => "WakeupException",
            KrafkaError::Fenced { .. } => "ProducerFencedException",
            KrafkaError::TransactionAbortable { .. } => "TransactionAbortableException",
            KrafkaError::UnknownTopic { .. } => "UnknownTopicOrPartitionException",
            KrafkaError::OutOfOrderSequence { .. } => "OutOfOrderSequenceException",
            KrafkaError::Protocol {
                kind: ProtocolErrorKind::UnknownApiVersion,
                ..
            } => "UnsupportedVersionException",
            KrafkaError::Protocol { message, .. } if message.starts_with("topic name ") => {
                "InvalidTopicException"
            }
            _ => "ApiException",
        };
        let message = match error {
            // krafka fills in the name of the code, or this, where the broker has said nothing.
            KrafkaError::Broker { code, message, .. }
                if *message == format!("{code:?}")
                    || message.starts_with("ListOffsets error for ") =>
            {
                words::of(code.to_i16()).unwrap_or(message).to_owned()
            }
            KrafkaError::Broker { message, .. } => message.clone(),
            KrafkaError::Protocol {
                kind: ProtocolErrorKind::UnknownApiVersion,
                message,
            } => message.clone(),
            error => error.to_string(),
        };
        Self { class, message }
    }

    /// The exception for an error code other than 0, with what was said with it.
    pub fn of_code(code: i16, message: Option<&str>) -> Self {
        let message = message.filter(|message| !message.is_empty());
        let class = class_of(code);
        let message = message.or_else(|| words::of(code)).unwrap_or(class);
        Self {
            class,
            message: message.to_owned(),
        }
    }

    /// What Java throws at an argument that makes no sense.
    pub fn illegal_argument(message: impl Into<String>) -> Self {
        Self {
            class: "java.lang.IllegalArgumentException",
            message: message.into(),
        }
    }

    /// What a producer fails with when it learns nothing of a topic in this time.
    pub fn no_metadata(topic: &str, waited: Duration) -> Self {
        let millis = waited.as_millis();
        Self {
            class: "TimeoutException",
            message: format!("Topic {topic} not present in metadata after {millis} ms."),
        }
    }

    /// As Java writes it: the class with its package, a colon and the message.
    pub fn with_class(&self) -> String {
        format!("{}: {}", self.qualified_class(), self.message)
    }

    /// The class with its package.
    pub fn qualified_class(&self) -> String {
        if self.class.contains('.') {
            return self.class.to_owned();
        }
        format!("{PACKAGE}{}", self.class)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for Exception {}

/// The class of Kafka's exception for an error code; an unknown code is an unknown server error.
pub fn class_of(code: i16) -> &'static str {
    let row = CLASSES.iter().find(|(of, _)| *of == code);
    row.map_or("UnknownServerException", |(_, class)| class)
}

/// Error codes and the classes of their exceptions (Apache Kafka 4.3.1, `Errors`).
const CLASSES: [(i16, &str); 134] = [
    (-1, "UnknownServerException"),
    (1, "OffsetOutOfRangeException"),
    (2, "CorruptRecordException"),
    (3, "UnknownTopicOrPartitionException"),
    (4, "InvalidFetchSizeException"),
    (5, "LeaderNotAvailableException"),
    (6, "NotLeaderOrFollowerException"),
    (7, "TimeoutException"),
    (8, "BrokerNotAvailableException"),
    (9, "ReplicaNotAvailableException"),
    (10, "RecordTooLargeException"),
    (11, "ControllerMovedException"),
    (12, "OffsetMetadataTooLarge"),
    (13, "NetworkException"),
    (14, "CoordinatorLoadInProgressException"),
    (15, "CoordinatorNotAvailableException"),
    (16, "NotCoordinatorException"),
    (17, "InvalidTopicException"),
    (18, "RecordBatchTooLargeException"),
    (19, "NotEnoughReplicasException"),
    (20, "NotEnoughReplicasAfterAppendException"),
    (21, "InvalidRequiredAcksException"),
    (22, "IllegalGenerationException"),
    (23, "InconsistentGroupProtocolException"),
    (24, "InvalidGroupIdException"),
    (25, "UnknownMemberIdException"),
    (26, "InvalidSessionTimeoutException"),
    (27, "RebalanceInProgressException"),
    (28, "InvalidCommitOffsetSizeException"),
    (29, "TopicAuthorizationException"),
    (30, "GroupAuthorizationException"),
    (31, "ClusterAuthorizationException"),
    (32, "InvalidTimestampException"),
    (33, "UnsupportedSaslMechanismException"),
    (34, "IllegalSaslStateException"),
    (35, "UnsupportedVersionException"),
    (36, "TopicExistsException"),
    (37, "InvalidPartitionsException"),
    (38, "InvalidReplicationFactorException"),
    (39, "InvalidReplicaAssignmentException"),
    (40, "InvalidConfigurationException"),
    (41, "NotControllerException"),
    (42, "InvalidRequestException"),
    (43, "UnsupportedForMessageFormatException"),
    (44, "PolicyViolationException"),
    (45, "OutOfOrderSequenceException"),
    (46, "DuplicateSequenceException"),
    (47, "InvalidProducerEpochException"),
    (48, "InvalidTxnStateException"),
    (49, "InvalidPidMappingException"),
    (50, "InvalidTxnTimeoutException"),
    (51, "ConcurrentTransactionsException"),
    (52, "TransactionCoordinatorFencedException"),
    (53, "TransactionalIdAuthorizationException"),
    (54, "SecurityDisabledException"),
    (55, "OperationNotAttemptedException"),
    (56, "KafkaStorageException"),
    (57, "LogDirNotFoundException"),
    (58, "SaslAuthenticationException"),
    (59, "UnknownProducerIdException"),
    (60, "ReassignmentInProgressException"),
    (61, "DelegationTokenDisabledException"),
    (62, "DelegationTokenNotFoundException"),
    (63, "DelegationTokenOwnerMismatchException"),
    (64, "UnsupportedByAuthenticationException"),
    (65, "DelegationTokenAuthorizationException"),
    (66, "DelegationTokenExpiredException"),
    (67, "InvalidPrincipalTypeException"),
    (68, "GroupNotEmptyException"),
    (69, "GroupIdNotFoundException"),
    (70, "FetchSessionIdNotFoundException"),
    (71, "InvalidFetchSessionEpochException"),
    (72, "ListenerNotFoundException"),
    (73, "TopicDeletionDisabledException"),
    (74, "FencedLeaderEpochException"),
    (75, "UnknownLeaderEpochException"),
    (76, "UnsupportedCompressionTypeException"),
    (77, "StaleBrokerEpochException"),
    (78, "OffsetNotAvailableException"),
    (79, "MemberIdRequiredException"),
    (80, "PreferredLeaderNotAvailableException"),
    (81, "GroupMaxSizeReachedException"),
    (82, "FencedInstanceIdException"),
    (83, "EligibleLeadersNotAvailableException"),
    (84, "ElectionNotNeededException"),
    (85, "NoReassignmentInProgressException"),
    (86, "GroupSubscribedToTopicException"),
    (87, "org.apache.kafka.common.InvalidRecordException"),
    (88, "UnstableOffsetCommitException"),
    (89, "ThrottlingQuotaExceededException"),
    (90, "ProducerFencedException"),
    (91, "ResourceNotFoundException"),
    (92, "DuplicateResourceException"),
    (93, "UnacceptableCredentialException"),
    (94, "InconsistentVoterSetException"),
    (95, "InvalidUpdateVersionException"),
    (96, "FeatureUpdateFailedException"),
    (97, "PrincipalDeserializationException"),
    (98, "SnapshotNotFoundException"),
    (99, "PositionOutOfRangeException"),
    (100, "UnknownTopicIdException"),
    (101, "DuplicateBrokerRegistrationException"),
    (102, "BrokerIdNotRegisteredException"),
    (103, "InconsistentTopicIdException"),
    (104, "InconsistentClusterIdException"),
    (105, "TransactionalIdNotFoundException"),
    (106, "FetchSessionTopicIdException"),
    (107, "IneligibleReplicaException"),
    (108, "NewLeaderElectedException"),
    (109, "OffsetMovedToTieredStorageException"),
    (110, "FencedMemberEpochException"),
    (111, "UnreleasedInstanceIdException"),
    (112, "UnsupportedAssignorException"),
    (113, "StaleMemberEpochException"),
    (114, "MismatchedEndpointTypeException"),
    (115, "UnsupportedEndpointTypeException"),
    (116, "UnknownControllerIdException"),
    (117, "UnknownSubscriptionIdException"),
    (118, "TelemetryTooLargeException"),
    (119, "InvalidRegistrationException"),
    (120, "TransactionAbortableException"),
    (121, "InvalidRecordStateException"),
    (122, "ShareSessionNotFoundException"),
    (123, "InvalidShareSessionEpochException"),
    (124, "FencedStateEpochException"),
    (125, "InvalidVoterKeyException"),
    (126, "DuplicateVoterException"),
    (127, "VoterNotFoundException"),
    (128, "InvalidRegularExpression"),
    (129, "RebootstrapRequiredException"),
    (130, "StreamsInvalidTopologyException"),
    (131, "StreamsInvalidTopologyEpochException"),
    (132, "StreamsTopologyFencedException"),
    (133, "ShareSessionLimitReachedException"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use krafka::error::ErrorCode;

    #[test]
    fn an_error_of_the_broker_has_the_class_of_its_code_and_the_brokers_words() {
        let error = KrafkaError::broker(ErrorCode::TopicAlreadyExists, "Topic 'a' already exists.");
        let exception = Exception::of(&error);
        assert_eq!(exception.message, "Topic 'a' already exists.");
        assert_eq!(
            exception.qualified_class(),
            "org.apache.kafka.common.errors.TopicExistsException"
        );
        assert_eq!(class_of(9_999), "UnknownServerException");
    }

    #[test]
    fn a_code_without_words_of_the_broker_has_those_of_kafkas_clients() {
        let error = KrafkaError::broker(ErrorCode::NonEmptyGroup, "NonEmptyGroup");
        assert_eq!(Exception::of(&error).message, "The group is not empty.");
        let message = "ListOffsets error for topic-0";
        let error = KrafkaError::broker(ErrorCode::UnsupportedVersion, message);
        let words = "The version of API is not supported.";
        assert_eq!(Exception::of(&error).message, words);
    }

    #[test]
    fn an_error_code_has_the_words_that_came_with_it_or_those_of_kafkas_clients() {
        let of = |code, message| Exception::of_code(code, message).message;
        assert_eq!(of(68, Some("Not yet.")), "Not yet.");
        assert_eq!(of(68, Some("")), "The group is not empty.");
        assert_eq!(of(127, None), "VoterNotFoundException");
    }

    #[test]
    fn a_class_outside_of_kafkas_package_keeps_its_own() {
        let exception = Exception::illegal_argument("no");
        let class = "java.lang.IllegalArgumentException";
        assert_eq!(exception.qualified_class(), class);
        assert_eq!(
            exception.with_class(),
            "java.lang.IllegalArgumentException: no"
        );
        assert_eq!(exception.to_string(), "no");
    }

    #[test]
    fn an_api_that_the_broker_lacks_is_an_unsupported_version() {
        let kind = ProtocolErrorKind::UnknownApiVersion;
        let exception = Exception::of(&KrafkaError::protocol_kind(kind, "no such request"));
        assert_eq!(exception.class, "UnsupportedVersionException");
        assert_eq!(exception.message, "no such request");
    }
}
