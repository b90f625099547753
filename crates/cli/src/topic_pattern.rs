//! The patterns that tools take for names of topics: a regular expression for the whole name, or
//! several behind commas.
//!
//! Kafka's are Java's regular expressions. What those have and the crate regex has not (looking
//! around and back references) is refused.

use broker::topic_names;
use client::exception::Exception;
use regex::Regex;

/// Which topics are meant.
#[derive(Debug)]
pub(crate) struct TopicPattern {
    whole_name: Regex,
}

impl TopicPattern {
    /// Reads a pattern; quotes around it and spaces in it do not count, a comma means "or".
    ///
    /// # Errors
    /// When it is no regular expression.
    pub(crate) fn parse(text: &str) -> Result<Self, Exception> {
        let text = text.trim().replace(',', "|").replace(' ', "");
        let text = text.trim_matches(['"', '\'']);
        let whole_name = Regex::new(&format!(r"\A(?:{text})\z"));
        let whole_name = whole_name.map_err(|_| Exception {
            class: "java.lang.RuntimeException",
            message: format!("{text} is an invalid regex."),
        })?;
        Ok(Self { whole_name })
    }

    /// Whether a topic is meant; the brokers' own may be left out.
    pub(crate) fn allows(&self, topic: &str, exclude_internal: bool) -> bool {
        self.whole_name.is_match(topic) && !(exclude_internal && topic_names::is_internal(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed<'a>(pattern: &str, topics: &[&'a str]) -> Vec<&'a str> {
        let pattern = TopicPattern::parse(pattern).unwrap();
        let topics = topics.iter().copied();
        topics.filter(|name| pattern.allows(name, true)).collect()
    }

    #[test]
    fn a_pattern_is_for_the_whole_name() {
        let topics = ["a", "ab", "b", "a.b", "__consumer_offsets"];
        assert_eq!(allowed("a", &topics), ["a"]);
        assert_eq!(allowed("a|b", &topics), ["a", "b"]);
        assert_eq!(allowed(" 'a, b' ", &topics), ["a", "b"]);
        assert_eq!(allowed("a.?b", &topics), ["ab", "a.b"]);
        assert_eq!(allowed(".*", &topics), ["a", "ab", "b", "a.b"]);
        assert_eq!(allowed("", &topics), [""; 0]);
    }

    #[test]
    fn what_is_no_regular_expression_is_refused() {
        let refusal = TopicPattern::parse("a[").unwrap_err();
        assert_eq!(refusal.message, "a[ is an invalid regex.");
        assert!(TopicPattern::parse("(?=a)a").is_err());
    }
}
