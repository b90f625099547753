//! `--describe --members`: who is in a group, and what is assigned to whom.

use std::collections::BTreeMap;

use client::krafka::admin::{
    ConsumerGroupDescription, ConsumerGroupMember, TopicPartitionAssignment,
};

use super::MISSING;

/// A member of a group.
#[derive(Debug)]
pub(super) struct Member {
    group: String,
    id: String,
    /// Empty if it is no static member.
    instance_id: String,
    host: String,
    client_id: String,
    partition_count: usize,
    /// The member's own, and that of the group's target assignment.
    epochs: [Option<i32>; 2],
    /// What it has, and what it is to have.
    assignments: [String; 2],
    /// Whether it speaks the consumer protocol (KIP-848); none if nobody says.
    is_upgraded: Option<bool>,
}

impl Member {
    pub(super) fn of(group: &ConsumerGroupDescription, member: &ConsumerGroupMember) -> Self {
        let assigned = member.assignment.as_deref().unwrap_or_default();
        let target = member.target_assignment.as_deref().unwrap_or_default();
        Self {
            group: group.group_id.clone(),
            id: member.member_id.clone(),
            instance_id: member.instance_id.clone().unwrap_or_default(),
            host: member.client_host.clone(),
            client_id: member.client_id.clone(),
            partition_count: assigned.iter().map(|topic| topic.partitions.len()).sum(),
            epochs: [member.member_epoch, group.assignment_epoch],
            assignments: [assignment(assigned), assignment(target)],
            is_upgraded: match member.member_type {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
        }
    }
}

/// The table of `--members`, for one group.
pub(super) fn table(members: &[Member], is_verbose: bool) -> String {
    let with_instances = members.iter().any(|member| !member.instance_id.is_empty());
    let has = |upgraded| {
        members
            .iter()
            .any(|member| member.is_upgraded == Some(upgraded))
    };
    let is_migrating = has(false) && has(true);
    let mut lines = vec![HEADER.map(str::to_owned)];
    lines.extend(members.iter().map(Member::columns));
    let width = |column: usize| {
        let longest = lines[1..]
            .iter()
            .map(|line| line[column].chars().count())
            .max();
        let is_fitted = !matches!(
            column,
            PARTITION_COUNT | CURRENT_EPOCH | TARGET_EPOCH | UPGRADED
        );
        longest
            .filter(|_| is_fitted)
            .unwrap_or(0)
            .max(WIDTHS[column])
    };
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    let mut text = String::from("\n");
    for line in &lines {
        for (column, value) in line.iter().enumerate() {
            let is_shown = match column {
                INSTANCE_ID => with_instances,
                UPGRADED => is_verbose && is_migrating,
                _ => is_verbose || column <= PARTITION_COUNT,
            };
            if !is_shown {
                continue;
            }
            let gap = if matches!(column, 0 | CURRENT_EPOCH) {
                ""
            } else {
                " "
            };
            text.push_str(&format!("{gap}{value:width$}", width = widths[column]));
            if column == PARTITION_COUNT {
                text.push(' ');
            }
        }
        text.push('\n');
    }
    text
}

const HEADER: [&str; 11] = [
    "GROUP",
    "CONSUMER-ID",
    "GROUP-INSTANCE-ID",
    "HOST",
    "CLIENT-ID",
    "#PARTITIONS",
    "CURRENT-EPOCH",
    "CURRENT-ASSIGNMENT",
    "TARGET-EPOCH",
    "TARGET-ASSIGNMENT",
    "UPGRADED",
];
const WIDTHS: [usize; 11] = [15, 15, 17, 15, 15, 15, 15, 20, 15, 20, 0];
const INSTANCE_ID: usize = 2;
const PARTITION_COUNT: usize = 5;
const CURRENT_EPOCH: usize = 6;
const TARGET_EPOCH: usize = 8;
const UPGRADED: usize = 10;

impl Member {
    fn columns(&self) -> [String; 11] {
        let epoch = |epoch: Option<i32>| epoch.map_or(MISSING.to_owned(), |it| it.to_string());
        let [current_epoch, target_epoch] = self.epochs.map(epoch);
        let assignment = |text: &String| match &**text {
            "" => MISSING.to_owned(),
            text => text.to_owned(),
        };
        let [current, target] = &self.assignments;
        let upgraded = self.is_upgraded.map(|upgraded| upgraded.to_string());
        [
            self.group.clone(),
            self.id.clone(),
            self.instance_id.clone(),
            self.host.clone(),
            self.client_id.clone(),
            self.partition_count.to_string(),
            current_epoch,
            assignment(current),
            target_epoch,
            assignment(target),
            upgraded.unwrap_or(MISSING.to_owned()),
        ]
    }
}

/// `topic:0,1;other:3`.
fn assignment(topics: &[TopicPartitionAssignment]) -> String {
    let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for topic in topics {
        by_topic
            .entry(&topic.topic_name)
            .or_default()
            .extend(&topic.partitions);
    }
    by_topic.retain(|_, partitions| !partitions.is_empty());
    let topics = by_topic.into_iter().map(|(topic, mut partitions)| {
        partitions.sort_unstable();
        let partitions: Vec<String> = partitions.iter().map(ToString::to_string).collect();
        format!("{topic}:{}", partitions.join(","))
    });
    topics.collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, instance_id: &str, is_upgraded: Option<bool>) -> Member {
        Member {
            group: "g-consumer".to_owned(),
            id: id.to_owned(),
            instance_id: instance_id.to_owned(),
            host: "/127.0.0.1".to_owned(),
            client_id: "cc2".to_owned(),
            partition_count: 3,
            epochs: is_upgraded.map_or([None; 2], |_| [Some(2); 2]),
            assignments: ["t1:0,1,2".to_owned(), String::new()],
            is_upgraded,
        }
    }

    #[test]
    fn the_table_has_the_columns_that_there_is_something_to_say_in() {
        let plain = table(&[member("Xbve2-ofRqSX_m7Wi_ufXg", "", Some(true))], false);
        let expected = "
GROUP           CONSUMER-ID            HOST            CLIENT-ID       #PARTITIONS     \n\
g-consumer      Xbve2-ofRqSX_m7Wi_ufXg /127.0.0.1      cc2             3               \n";
        assert_eq!(plain, expected);
        let verbose = table(&[member("m", "", None)], true);
        let row = "g-consumer      m               /127.0.0.1      cc2             3               \
                   -               t1:0,1,2             -               -                   ";
        assert_eq!(verbose.lines().nth(2), Some(row));
        let both = [member("m", "i", Some(true)), member("n", "", Some(false))];
        let migrating = table(&both, true);
        let header = migrating.lines().nth(1).unwrap();
        assert!(header.contains(" GROUP-INSTANCE-ID HOST "), "{migrating}");
        assert!(
            header.ends_with("TARGET-ASSIGNMENT    UPGRADED"),
            "{migrating}"
        );
        assert!(migrating.ends_with(" false\n"), "{migrating}");
    }
}
