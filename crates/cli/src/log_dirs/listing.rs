//! The JSON about log directories, with its fields in the order in which Kafka's tool prints them.
//! What that prints in the order of a hash table is sorted here.

use std::collections::{BTreeMap, BTreeSet};

use crate::listed_offsets::{Partition, name};

/// The directories of each broker, by path.
pub(super) type Brokers = BTreeMap<i32, BTreeMap<String, Directory>>;

/// A log directory.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directory {
    /// The class of the exception that Kafka's clients would throw, if it could not be looked at.
    error: Option<String>,
    replicas: Vec<Replica>,
}

/// The log of a partition in a directory.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) partition: Partition,
    pub(super) size_bytes: i64,
    pub(super) offset_lag: i64,
    /// Whether it is a copy that is to take the place of the log in another directory.
    pub(super) is_future: bool,
}

impl Directory {
    pub(super) fn failed(class: String) -> Self {
        Self {
            error: Some(class),
            replicas: Vec::new(),
        }
    }

    pub(super) fn of(replicas: impl Iterator<Item = Replica>) -> Self {
        let mut replicas: Vec<Replica> = replicas.collect();
        replicas.sort_unstable_by(|one, other| one.partition.cmp(&other.partition));
        Self {
            error: None,
            replicas,
        }
    }

    fn json(&self, path: &str, topics: &BTreeSet<String>) -> String {
        let is_meant = |topic: &String| topics.is_empty() || topics.contains(topic);
        let replicas = self.replicas.iter();
        let replicas = replicas.filter(|replica| is_meant(&replica.partition.0));
        let replicas = array(replicas.map(Replica::json));
        let error = match &self.error {
            None => "null".to_owned(),
            Some(class) => string(class),
        };
        let path = string(path);
        format!("{{\"partitions\":{replicas},\"error\":{error},\"logDir\":{path}}}")
    }
}

impl Replica {
    fn json(&self) -> String {
        let Self {
            size_bytes,
            offset_lag,
            is_future,
            ..
        } = self;
        let partition = string(&name(&self.partition));
        format!(
            "{{\"partition\":{partition},\"size\":{size_bytes},\"offsetLag\":{offset_lag},\
             \"isFuture\":{is_future}}}"
        )
    }
}

/// All of it in one line; no topics stand for all of them.
pub(super) fn json(brokers: &Brokers, topics: &BTreeSet<String>) -> String {
    let brokers = brokers.iter().map(|(id, directories)| {
        let directories = directories.iter();
        let directories = directories.map(|(path, directory)| directory.json(path, topics));
        format!("{{\"broker\":{id},\"logDirs\":{}}}", array(directories))
    });
    format!("{{\"brokers\":{},\"version\":1}}", array(brokers))
}

fn array(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(topic: &str, id: i32) -> Replica {
        Replica {
            partition: (topic.to_owned(), id),
            size_bytes: 68,
            offset_lag: 0,
            is_future: false,
        }
    }

    fn brokers() -> Brokers {
        let full = Directory::of([replica("b", 0), replica("a", 1)].into_iter());
        let lost = Directory::failed("org.apache.Gone".to_owned());
        let directories = [("/d1".to_owned(), full), ("/d\"2".to_owned(), lost)];
        BTreeMap::from([(1, BTreeMap::from(directories)), (2, BTreeMap::new())])
    }

    #[test]
    fn directories_are_printed_with_their_partitions_or_what_went_wrong() {
        let expected = r#"{"brokers":[{"broker":1,"logDirs":["#.to_owned()
            + r#"{"partitions":[],"error":"org.apache.Gone","logDir":"/d\"2"},"#
            + r#"{"partitions":[{"partition":"a-1","size":68,"offsetLag":0,"isFuture":false},"#
            + r#"{"partition":"b-0","size":68,"offsetLag":0,"isFuture":false}],"#
            + r#""error":null,"logDir":"/d1"}]},{"broker":2,"logDirs":[]}],"version":1}"#;
        assert_eq!(json(&brokers(), &BTreeSet::new()), expected);
    }

    #[test]
    fn partitions_of_other_topics_are_left_out() {
        let topics = BTreeSet::from(["b".to_owned()]);
        let text = json(&brokers(), &topics);
        assert!(
            text.contains("\"b-0\"") && !text.contains("\"a-1\""),
            "{text}"
        );
    }
}
