//! Which partitions are meant: `--topic t` is all of a topic, `--topic t:0,1` two of its
//! partitions.

use std::collections::BTreeSet;

use client::exception::Exception;

use super::cluster_groups::Partition;

/// What values of `--topic` name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// Topics of which all partitions are meant.
    pub(super) topics: BTreeSet<String>,
    pub(super) partitions: BTreeSet<Partition>,
}

impl Scope {
    /// Reads the values.
    ///
    /// # Errors
    /// When there is a colon, and no partitions behind it.
    pub(super) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Result<Self, Exception> {
        let mut scope = Self::default();
        for value in values {
            if !value.contains(':') {
                scope.topics.insert(value.to_owned());
                continue;
            }
            let mut parts = value.trim_end_matches(':').split(':');
            let (Some(topic), Some(ids), None) = (parts.next(), parts.next(), parts.next()) else {
                return Err(Exception::illegal_argument(format!(
                    "Invalid topic arg '{value}', expected topic name and partitions"
                )));
            };
            for id in ids.trim_end_matches(',').split(',') {
                let number = id.parse().map_err(|_| {
                    Exception::illegal_argument(format!(
                        "Invalid partition '{id}' specified in topic arg '{value}''"
                    ))
                });
                scope.partitions.insert((topic.to_owned(), number?));
            }
        }
        Ok(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_partitions_are_told_apart_by_the_colon() {
        let scope = Scope::parse(["a", "b:0,2", "b:1"].into_iter()).unwrap();
        assert!(scope.topics.iter().eq(["a"]));
        let partitions = [0, 1, 2].map(|id| ("b".to_owned(), id));
        assert!(scope.partitions.iter().eq(&partitions));
        let check = |value, expected: &str| {
            let error = Scope::parse([value].into_iter()).unwrap_err();
            assert_eq!(error.message, expected);
        };
        check("t:x", "Invalid partition 'x' specified in topic arg 't:x''");
        check(
            "t:",
            "Invalid topic arg 't:', expected topic name and partitions",
        );
        check(
            "t:1:2",
            "Invalid topic arg 't:1:2', expected topic name and partitions",
        );
    }
}
