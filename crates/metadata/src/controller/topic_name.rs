//! Which names a topic can have.

use protocol::ErrorCode;

use super::ApiError;

const NAME_LENGTH_MAX: usize = 249;

/// Whether a topic may have this name, in Kafka's words if not.
///
/// # Errors
/// `INVALID_TOPIC_EXCEPTION` with the reason.
pub fn check_topic_name(name: &str) -> Result<(), ApiError> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let reason = if name.is_empty() {
        "the empty string is not allowed".to_owned()
    } else if name == "." || name == ".." {
        "'.' or '..' is not allowed".to_owned()
    } else if name.len() > NAME_LENGTH_MAX {
        format!("the length of '{name}' is longer than the max allowed length {NAME_LENGTH_MAX}")
    } else if !name.bytes().all(is_legal) {
        format!(
            "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' \
             and '-'"
        )
    } else {
        return Ok(());
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
