//! What a client is told that asks for a topic with an impossible name.

use protocol::ErrorCode;
use protocol::topic::{InvalidTopicName, TopicName};

use super::ApiError;

/// Whether a topic may have this name, in Kafka's words if not.
///
/// # Errors
/// `INVALID_TOPIC_EXCEPTION` with the reason.
pub fn check_topic_name(name: &str) -> Result<(), ApiError> {
    let Err(error) = name.parse::<TopicName>() else {
        return Ok(());
    };
    let reason = match error {
        InvalidTopicName::Empty => "the empty string is not allowed".to_owned(),
        InvalidTopicName::Dots => format!("'{name}' is not allowed"),
        InvalidTopicName::TooLong { .. } => format!(
            "the length of '{name}' is longer than the max allowed length {}",
            TopicName::SIZE_MAX
        ),
        InvalidTopicName::Character { .. } => format!(
            "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' \
             and '-'"
        ),
    };
    let message = format!("Topic name is invalid: {reason}");
    Err(ApiError::new(ErrorCode::INVALID_TOPIC_EXCEPTION, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kafka_refuses_are_refused() {
        let long = "x".repeat(250);
        for name in ["", ".", "..", "a b", "a/b", "é", "a\0", &long] {
            let refused = check_topic_name(name).unwrap_err();
            assert_eq!(refused.code, ErrorCode::INVALID_TOPIC_EXCEPTION, "{name}");
        }
        for name in ["a", "a.b_c-D9", "...", "__consumer_offsets", &long[..249]] {
            assert_eq!(check_topic_name(name), Ok(()), "{name}");
        }
    }
}
