//! How a response says what went wrong. Names and codes are generated from `messages/errors.txt`.
//!
//! A code is data: any number can be read, kept and written again, known or not.

use std::fmt;

/// The error code of a response, [`ErrorCode::NONE`] for success.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i16);

/// One row of the generated table.
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) retriable: bool,
}

impl ErrorCode {
    /// Kafka's name of the code; an unknown code is an unknown server error, as in Kafka.
    pub fn name(self) -> &'static str {
        self.facts()
            .map_or("UNKNOWN_SERVER_ERROR", |facts| facts.name)
    }

    /// Whether the same request may succeed later.
    pub fn is_retriable(self) -> bool {
        self.facts().is_some_and(|facts| facts.retriable)
    }

    fn facts(self) -> Option<&'static Facts> {
        // The table begins with code -1.
        let index = usize::try_from(self.0.checked_add(1)?).ok()?;
        Self::FACTS.get(index)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.facts() {
            Some(facts) => formatter.write_str(facts.name),
            None => write!(formatter, "unknown error code {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_names() {
        assert_eq!(ErrorCode::default(), ErrorCode::NONE);
        assert_eq!(ErrorCode(-1).name(), "UNKNOWN_SERVER_ERROR");
        assert_eq!(ErrorCode(6), ErrorCode::NOT_LEADER_OR_FOLLOWER);
        assert_eq!(ErrorCode(6).to_string(), "NOT_LEADER_OR_FOLLOWER");
        assert!(ErrorCode::NOT_LEADER_OR_FOLLOWER.is_retriable());
        assert!(!ErrorCode::INVALID_REQUEST.is_retriable());
    }

    #[test]
    fn an_unknown_code_is_no_obstacle() {
        for code in [i16::MIN, -2, 1000, i16::MAX] {
            assert_eq!(ErrorCode(code).name(), "UNKNOWN_SERVER_ERROR");
            assert_eq!(
                ErrorCode(code).to_string(),
                format!("unknown error code {code}")
            );
        }
    }
}
