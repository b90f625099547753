//! The text about the APIs of one broker, a line for each.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use protocol::ApiKey;

/// What a broker says of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiRange {
    pub(super) id: i16,
    pub(super) versions: RangeInclusive<i16>,
}

/// The list in parentheses, in the order of the ids. APIs that brokers have and this one does not
/// are in it.
pub(super) fn text(ranges: &[ApiRange]) -> String {
    let served = ApiKey::ALL.iter().filter(|key| key.is_served_by_broker());
    let missing = served.map(|key| (key.id(), format!("{}: UNSUPPORTED", name(key.id()))));
    let mut lines: BTreeMap<i16, String> = missing.collect();
    lines.extend(ranges.iter().map(|range| (range.id, range.text())));
    let lines: Vec<String> = lines.into_values().collect();
    format!("(\n\t{}\n)", lines.join(",\n\t"))
}

impl ApiRange {
    fn text(&self) -> String {
        let (first, last) = (*self.versions.start(), *self.versions.end());
        let versions = if first == last {
            first.to_string()
        } else {
            format!("{first} to {last}")
        };
        let usable = match ApiKey::from_id(self.id).map(ApiKey::versions) {
            None => String::new(),
            Some(known) if *known.end() < first => " [unusable: node too new]".to_owned(),
            Some(known) if last < *known.start() => " [unusable: node too old]".to_owned(),
            Some(known) => format!(" [usable: {}]", last.min(*known.end())),
        };
        format!("{}: {versions}{usable}", name(self.id))
    }
}

fn name(id: i16) -> String {
    let name = ApiKey::from_id(id).map_or("UNKNOWN", ApiKey::name);
    format!("{name}({id})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_says_which_versions_there_are_and_which_one_is_used() {
        let range = |id, versions| ApiRange { id, versions };
        let text = text(&[
            range(999, 1..=2),
            range(46, 0..=0),
            range(0, 0..=13),
            range(1, 90..=99),
            range(2, 0..=0),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "(");
        assert_eq!(lines[1], "\tProduce(0): 0 to 13 [usable: 13],");
        assert_eq!(lines[2], "\tFetch(1): 90 to 99 [unusable: node too new],");
        assert_eq!(lines[3], "\tListOffsets(2): 0 [unusable: node too old],");
        assert_eq!(lines[4], "\tMetadata(3): UNSUPPORTED,");
        assert!(lines.contains(&"\tListPartitionReassignments(46): 0 [usable: 0],"));
        assert_eq!(lines[lines.len() - 2], "\tUNKNOWN(999): 1 to 2");
        assert_eq!(lines[lines.len() - 1], ")");
        assert!(!text.contains("BrokerRegistration("), "{text}");
    }
}
