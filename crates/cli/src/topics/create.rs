//! `--create`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use broker::config::{Value, topic_keys};
use client::exception::Exception;
use client::krafka::KrafkaError;
use client::krafka::admin::{AdminClient, CreateTopicsOptions, NewTopic};
use client::krafka::error::ErrorCode;

use super::assignment;
use crate::arguments::jopt::Parsed;

const COLLISION_WARNING: &str = "WARNING: Due to limitations in metric names, topics with a \
                                 period ('.') or underscore ('_') could collide. To avoid issues \
                                 it is best to use either, but not both.";

/// A topic to create, as the arguments say.
#[derive(Debug)]
pub(super) struct Creation {
    name: String,
    partition_count: Option<i32>,
    replication_factor: Option<i32>,
    assignment: Vec<Vec<i32>>,
    configs: BTreeMap<String, String>,
    if_not_exists: bool,
}

impl Creation {
    /// Reads it from the arguments.
    ///
    /// # Errors
    /// When a value is none that the option takes.
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Exception> {
        Ok(Self {
            name: parsed.single("topic")?.unwrap_or_default().to_owned(),
            partition_count: parsed.integer("partitions")?,
            replication_factor: parsed.integer("replication-factor")?,
            assignment: assignment::parse(
                parsed.single("replica-assignment")?.unwrap_or_default(),
            )?,
            configs: configs(parsed.values.all("config"))?,
            if_not_exists: parsed.values.has("if-not-exists"),
        })
    }

    /// Creates the topic.
    ///
    /// # Errors
    /// When the numbers make no sense, or the cluster refuses.
    pub(super) async fn execute(self, admin: &AdminClient, out: &mut dyn Write) -> Result<()> {
        if self.name.contains(['.', '_']) {
            writeln!(out, "{COLLISION_WARNING}")?;
        }
        let (name, if_not_exists) = (self.name.clone(), self.if_not_exists);
        let topic = self.topic()?;
        let created = admin.create_topics([topic], CreateTopicsOptions::default());
        for result in created.await?.into_values() {
            match result {
                Ok(()) => writeln!(out, "Created topic {name}.")?,
                Err(error) if if_not_exists && exists_already(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn topic(self) -> Result<NewTopic> {
        let replication_factor = match self.replication_factor {
            None => -1,
            Some(factor) => i16::try_from(factor)
                .ok()
                .filter(|factor| *factor > 0)
                .ok_or_else(|| {
                    Exception::illegal_argument(format!(
                        "The replication factor must be between 1 and {} inclusive",
                        i16::MAX
                    ))
                })?,
        };
        let partition_count = self.partition_count.unwrap_or(-1);
        if self.partition_count.is_some_and(|count| count < 1) {
            let message = "The partitions must be greater than 0";
            return Err(Exception::illegal_argument(message).into());
        }
        if self.name.is_empty() {
            return Err(Exception {
                class: "InvalidTopicException",
                message: "The given topic name '' cannot be represented in a request.".to_owned(),
            }
            .into());
        }
        // The name is set afterwards: whether it is too long is for the controller to say.
        let mut topic = NewTopic::new("topic", partition_count, replication_factor)?;
        topic.name = self.name;
        topic.configs.extend(self.configs);
        let assignment = (0..).zip(self.assignment);
        topic.replica_assignments.extend(assignment);
        Ok(topic)
    }
}

/// `name=value` pairs; spaces around the sign do not count.
fn configs<'a>(
    pairs: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, String>, Exception> {
    let mut configs = BTreeMap::new();
    for pair in pairs {
        let mut parts: Vec<_> = pair.split('=').map(str::trim).collect();
        while parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        let [name, value] = parts[..] else {
            return Err(Exception::illegal_argument(
                "requirement failed: Invalid topic config: all configs to be added must be in the \
                 format \"key=val\".",
            ));
        };
        configs.insert(name.to_owned(), value.to_owned());
    }
    for (name, value) in &configs {
        let key = topic_keys().iter().find(|key| key.name == name);
        let key = key.ok_or_else(|| Exception {
            class: "InvalidConfigurationException",
            message: format!("Unknown topic config name: {name}"),
        })?;
        Value::parse(key, value).map_err(|error| Exception {
            class: "org.apache.kafka.common.config.ConfigException",
            message: error.to_string(),
        })?;
    }
    Ok(configs)
}

fn exists_already(error: &KrafkaError) -> bool {
    matches!(
        error,
        KrafkaError::Broker {
            code: ErrorCode::TopicAlreadyExists,
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn creation() -> Creation {
        Creation {
            name: "topic".to_owned(),
            partition_count: None,
            replication_factor: None,
            assignment: Vec::new(),
            configs: BTreeMap::new(),
            if_not_exists: false,
        }
    }

    fn refusal(creation: Creation) -> String {
        creation.topic().unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_given_is_left_to_the_cluster() {
        let topic = creation().topic().unwrap();
        assert_eq!((topic.num_partitions, topic.replication_factor), (-1, -1));
        let assigned = Creation {
            assignment: vec![vec![1, 2], vec![2, 1]],
            ..creation()
        };
        let topic = assigned.topic().unwrap();
        assert_eq!(topic.num_partitions, -1);
        assert_eq!(topic.replica_assignments[&1], [2, 1]);
    }

    #[test]
    fn counts_that_no_topic_can_have_are_refused() {
        let factor = "The replication factor must be between 1 and 32767 inclusive";
        for replication_factor in [Some(0), Some(-1), Some(32_768)] {
            let creation = Creation {
                replication_factor,
                ..creation()
            };
            assert_eq!(refusal(creation), factor);
        }
        let none = Creation {
            partition_count: Some(0),
            ..creation()
        };
        assert_eq!(refusal(none), "The partitions must be greater than 0");
    }

    #[test]
    fn configurations_are_pairs_of_known_names_and_values_they_take() {
        let of = |pair| configs([pair].into_iter());
        let expected = [("retention.ms", "5")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(of("retention.ms = 5").unwrap(), BTreeMap::from(expected));
        let check = |pair, message: &str| assert_eq!(of(pair).unwrap_err().message, message);
        let format = "requirement failed: Invalid topic config: all configs to be added must be \
                      in the format \"key=val\".";
        check("retention.ms", format);
        check("retention.ms=", format);
        check("a=b=c", format);
        check("no.such=1", "Unknown topic config name: no.such");
        check(
            "retention.ms=x",
            "Invalid value x for configuration retention.ms: Not a number of type LONG",
        );
    }
}
