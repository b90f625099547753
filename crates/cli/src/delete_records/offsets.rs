//! The file that says up to which offset records go: JSON of version 1, the only one there is.
//!
//! Messages are those of Apache Kafka's tool, but for values of the wrong kind.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::listed_offsets::{Partition, name};

/// The offset for each partition.
///
/// # Errors
/// When the text is not such a file, or names a partition twice.
pub(super) fn parse(text: &str) -> Result<BTreeMap<Partition, i64>> {
    let Ok(json) = serde_json::from_str::<Value>(text) else {
        bail!("The input string is not a valid JSON");
    };
    let file = object(&json)?;
    let version = match file.get("version") {
        None => 1,
        Some(version) => version.as_i64().context("the version is no number")?,
    };
    if version != 1 {
        bail!("Not supported version field value {version}");
    }
    let partitions = file.get("partitions").context("Missing partitions field")?;
    let Some(partitions) = partitions.as_array() else {
        bail!("Expected JSON array, received {partitions}");
    };
    let mut offsets = BTreeMap::new();
    let mut duplicates = Vec::new();
    for partition in partitions {
        let (partition, offset) = entry(object(partition)?)?;
        match offsets.entry(partition) {
            Entry::Vacant(place) => drop(place.insert(offset)),
            Entry::Occupied(place) => duplicates.push(name(place.key())),
        }
    }
    if !duplicates.is_empty() {
        duplicates.sort_unstable();
        duplicates.dedup();
        let duplicates = duplicates.join(",");
        bail!("Offset json file contains duplicate topic partitions: {duplicates}");
    }
    Ok(offsets)
}

fn entry(object: &Map<String, Value>) -> Result<(Partition, i64)> {
    let field = |name: &'static str| {
        let value = object.get(name);
        value.with_context(|| format!("No such field exists: `{name}`"))
    };
    let topic = field("topic")?;
    let topic = topic
        .as_str()
        .with_context(|| format!("Expected `String` value, received {topic}"))?;
    let id = field("partition")?;
    let id = id.as_i64().and_then(|id| i32::try_from(id).ok());
    let id = id.with_context(|| {
        let found = &object["partition"];
        format!("Expected `Integer` value, received {found}")
    })?;
    let offset = field("offset")?;
    let offset = offset
        .as_i64()
        .with_context(|| format!("Expected `Long` value, received {offset}"))?;
    Ok(((topic.to_owned(), id), offset))
}

fn object(value: &Value) -> Result<&Map<String, Value>> {
    let object = value.as_object();
    object.with_context(|| format!("Expected JSON object, received {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_names_an_offset_for_each_partition() {
        let text = r#"{"partitions": [{"topic": "a", "partition": 1, "offset": -1},
                       {"topic": "a", "partition": 0, "offset": 7}]}"#;
        let expected = [(("a".to_owned(), 0), 7), (("a".to_owned(), 1), -1)];
        assert_eq!(parse(text).unwrap(), BTreeMap::from(expected));
        assert!(
            parse(r#"{"version": 1, "partitions": []}"#)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        assert_eq!(refusal("x"), "The input string is not a valid JSON");
        assert_eq!(refusal("[]"), "Expected JSON object, received []");
        assert_eq!(refusal("{}"), "Missing partitions field");
        let version = "Not supported version field value 2";
        assert_eq!(refusal(r#"{"version": 2}"#), version);
        let missing = "No such field exists: `topic`";
        assert_eq!(refusal(r#"{"partitions": [{}]}"#), missing);
        let text = r#"{"partitions": [{"topic": "a", "partition": "0", "offset": 0}]}"#;
        assert_eq!(refusal(text), "Expected `Integer` value, received \"0\"");
    }

    #[test]
    fn a_partition_that_stands_there_twice_is_refused() {
        let once = r#"{"topic": "a", "partition": 0, "offset": 7}"#;
        let refused = refusal(&format!(r#"{{"partitions": [{once}, {once}, {once}]}}"#));
        assert_eq!(
            refused,
            "Offset json file contains duplicate topic partitions: a-0"
        );
    }
}
