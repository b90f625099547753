//! Which partitions are meant: patterns of topics, each with the partitions that it is for.

use std::collections::BTreeSet;
use std::ops::Range;

use client::exception::Exception;

use crate::topic_pattern::TopicPattern;

/// One pattern or several; a partition that one of them allows is meant.
#[derive(Debug)]
pub(super) struct Filter {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    topic: TopicPattern,
    partitions: Partitions,
}

#[derive(Debug)]
enum Partitions {
    Range(Range<i32>),
    Set(BTreeSet<i32>),
}

impl Filter {
    /// A pattern of topics and a list of partitions; what is left out is not looked at.
    ///
    /// # Errors
    /// When the pattern is none, or something in the list is no number.
    pub(super) fn of_topic(
        topic: Option<&str>,
        partitions: Option<&str>,
    ) -> Result<Self, Exception> {
        let partitions = match partitions.filter(|list| !list.is_empty()) {
            None => Partitions::all(),
            Some(list) => {
                let ids = list.split(',').map(str::parse).collect::<Result<_, _>>();
                Partitions::Set(ids.map_err(|_| {
                    let message = "--partitions expects a comma separated list of numeric \
                                   partition ids, but received: ";
                    Exception::illegal_argument(format!("{message}{list}"))
                })?)
            }
        };
        let topic = TopicPattern::parse(topic.unwrap_or(".*"))?;
        let rules = vec![Rule { topic, partitions }];
        Ok(Self { rules })
    }

    /// Patterns of topics with commas between them, each with a partition, a range of partitions
    /// or nothing behind a colon.
    ///
    /// # Errors
    /// When it is not like this.
    pub(super) fn of_patterns(text: &str) -> Result<Self, Exception> {
        // As Java splits: what is empty at the end does not count.
        let text = match text.trim_end_matches(',') {
            "" => &text[..0],
            rest => rest,
        };
        let rules = text.split(',').map(Rule::parse).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Whether this partition is meant.
    pub(super) fn allows(&self, topic: &str, partition: i32) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.topic.allows(topic, false) && rule.partitions.contains(partition))
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, Exception> {
        let invalid = || Exception {
            class: "java.lang.RuntimeException",
            message: format!(
                "org.apache.kafka.tools.TerseException: Invalid rule specification: {text}"
            ),
        };
        let (topic, partitions) = match text.split_once(':') {
            None => (text, ""),
            Some((topic, partitions)) => (topic, partitions),
        };
        let topic = if topic.is_empty() { ".*" } else { topic };
        let number = |text: &str, otherwise| match text {
            "" => Ok(otherwise),
            _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => Err(invalid()),
            _ => text.parse::<i32>().map_err(|_| invalid()),
        };
        let range = match partitions.split_once('-') {
            None if partitions.is_empty() => 0..i32::MAX,
            None => {
                let only = number(partitions, 0)?;
                only..only.saturating_add(1)
            }
            Some((first, end)) => number(first, 0)?..number(end, i32::MAX)?,
        };
        Ok(Self {
            topic: TopicPattern::parse(topic)?,
            partitions: Partitions::Range(range),
        })
    }
}

impl Partitions {
    fn all() -> Self {
        Self::Range(0..i32::MAX)
    }

    fn contains(&self, partition: i32) -> bool {
        match self {
            Self::Range(range) => range.contains(&partition),
            Self::Set(set) => set.contains(&partition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(filter: &Filter) -> Vec<String> {
        let topics = ["a", "b", "ab"].into_iter();
        let all = topics.flat_map(|topic| (0..4).map(move |id| (topic, id)));
        let allowed = all.filter(|(topic, id)| filter.allows(topic, *id));
        allowed.map(|(topic, id)| format!("{topic}{id}")).collect()
    }

    #[test]
    fn a_topic_and_a_list_of_partitions_are_patterns_of_their_own() {
        let check = |topic, partitions, expected: &[&str]| {
            let filter = Filter::of_topic(topic, partitions).unwrap();
            assert_eq!(allowed(&filter), expected, "{topic:?} {partitions:?}");
        };
        check(Some("a"), Some("0,2,9"), &["a0", "a2"]);
        check(Some("a.+"), Some(""), &["ab0", "ab1", "ab2", "ab3"]);
        check(None, Some("1"), &["a1", "b1", "ab1"]);
        assert!(Filter::of_topic(None, Some("x")).is_err());
        assert!(Filter::of_topic(Some("("), None).is_err());
    }

    #[test]
    fn patterns_have_partitions_ranges_or_nothing_behind_a_colon() {
        let check = |text, expected: &[&str]| {
            let filter = Filter::of_patterns(text).unwrap();
            assert_eq!(allowed(&filter), expected, "{text}");
        };
        check("a:1", &["a1"]);
        check("a:0-2,b:3", &["a0", "a1", "b3"]);
        check("a:2-,b:-1", &["a2", "a3", "b0"]);
        check("a:-,", &["a0", "a1", "a2", "a3"]);
        check(":3", &["a3", "b3", "ab3"]);
        check("a.*:0", &["a0", "ab0"]);
        for bad in ["a:b", "a:1:2", "a:1-2-3", "a:99999999999"] {
            assert!(Filter::of_patterns(bad).is_err(), "{bad}");
        }
    }
}
