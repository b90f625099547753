//! `--describe --offsets`: what a group has committed, how far that is from the end, and who reads
//! there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use client::krafka::admin::{
    ConsumerGroupDescription, ConsumerGroupMember, GroupOffset, OffsetSpec,
};

use super::MISSING;
use super::cluster_groups::{ClusterGroups, Partition, executed};

/// A partition of a group.
#[derive(Debug)]
pub(super) struct Row {
    partition: Partition,
    leader_epoch: Option<i32>,
    offset: Option<i64>,
    end_offset: Option<i64>,
    /// Id, host and client id; none if nobody reads there.
    reader: Option<[String; 3]>,
}

/// The rows of a group: those of each member, the one with most partitions first, then those that
/// nobody reads.
pub(super) async fn rows(
    groups: &ClusterGroups,
    group: &ConsumerGroupDescription,
) -> Result<Vec<Row>> {
    let committed = groups.committed(&group.group_id).await?;
    let mut members: Vec<_> = group.members.iter().map(|it| (it, assigned(it))).collect();
    members.retain(|(_, assigned)| !assigned.is_empty());
    members.sort_by_key(|(_, assigned)| std::cmp::Reverse(assigned.len()));
    let read: BTreeSet<Partition> = members.iter().flat_map(|(_, it)| it.clone()).collect();
    let all: BTreeSet<Partition> = committed.keys().chain(&read).cloned().collect();
    let ends = end_offsets(groups, &all).await?;
    let row = |partition: Partition, reader: Option<[String; 3]>| {
        let offset: Option<&GroupOffset> = committed.get(&partition);
        Row {
            leader_epoch: offset.and_then(|offset| offset.leader_epoch),
            offset: offset.and_then(|offset| offset.offset),
            end_offset: ends.get(&partition).copied().flatten(),
            partition,
            reader,
        }
    };
    let mut rows = Vec::new();
    for (member, assigned) in members {
        let reader = [&member.member_id, &member.client_host, &member.client_id].map(String::clone);
        rows.extend(assigned.into_iter().map(|it| row(it, Some(reader.clone()))));
    }
    let unread = committed
        .keys()
        .filter(|partition| !read.contains(partition));
    rows.extend(unread.map(|partition| row(partition.clone(), None)));
    Ok(rows)
}

/// The table of `--offsets`, for one group.
pub(super) fn table(group: &str, rows: &[Row], is_verbose: bool) -> String {
    let mut lines = vec![COLUMNS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| row.columns(group)));
    let width = |column: usize| {
        let least = WIDTHS[column];
        let is_fitted = matches!(column, 0 | 1 | READER | HOST);
        let longest = lines[1..]
            .iter()
            .map(|line| line[column].chars().count())
            .max();
        longest.filter(|_| is_fitted).unwrap_or(0).max(least)
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        text.push('\n');
        for (column, value) in line.iter().enumerate() {
            if column == LEADER_EPOCH && !is_verbose {
                continue;
            }
            let gap = if column == 0 { "" } else { " " };
            text.push_str(&format!("{gap}{value:width$}", width = widths[column]));
        }
    }
    text.push('\n');
    text
}

const COLUMNS: [&str; 10] = [
    "GROUP",
    "TOPIC",
    "PARTITION",
    "LEADER-EPOCH",
    "CURRENT-OFFSET",
    "LOG-END-OFFSET",
    "LAG",
    "CONSUMER-ID",
    "HOST",
    "CLIENT-ID",
];
const WIDTHS: [usize; 10] = [15, 15, 10, 15, 15, 15, 15, 15, 15, 0];
const LEADER_EPOCH: usize = 3;
const READER: usize = 7;
const HOST: usize = 8;

impl Row {
    fn columns(&self, group: &str) -> [String; 10] {
        let (topic, id) = &self.partition;
        let lag = self
            .offset
            .zip(self.end_offset)
            .map(|(offset, end)| end - offset);
        let number = |number: Option<i64>| number.map_or(MISSING.to_owned(), |it| it.to_string());
        let [reader, host, client] = self
            .reader
            .clone()
            .unwrap_or([MISSING; 3].map(str::to_owned));
        [
            group.to_owned(),
            topic.clone(),
            id.to_string(),
            number(self.leader_epoch.map(i64::from)),
            number(self.offset),
            number(self.end_offset),
            number(lag),
            reader,
            host,
            client,
        ]
    }
}

fn assigned(member: &ConsumerGroupMember) -> BTreeSet<Partition> {
    let topics = member.assignment.iter().flatten();
    let partitions = topics.flat_map(|topic| {
        let ids = topic.partitions.iter();
        ids.map(|id| (topic.topic_name.clone(), *id))
    });
    partitions.collect()
}

/// The ends of those partitions that have a leader.
async fn end_offsets(
    groups: &ClusterGroups,
    partitions: &BTreeSet<Partition>,
) -> Result<BTreeMap<Partition, Option<i64>>> {
    let names = partitions.iter().map(|(topic, _)| topic.clone()).collect();
    let topics = groups.topics(&names).await.map_err(executed)?;
    let without_leader: BTreeSet<Partition> = topics
        .iter()
        .flat_map(|(name, topic)| topic.partitions.iter().map(move |it| (name, it)))
        .filter(|(_, partition)| partition.leader.is_none())
        .map(|(name, partition)| (name.clone(), partition.partition))
        .collect();
    let with_leader = partitions.difference(&without_leader);
    groups.offsets(with_leader, OffsetSpec::Latest).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i32, offset: Option<i64>, end_offset: i64, reader: Option<&str>) -> Row {
        Row {
            partition: ("t1".to_owned(), id),
            leader_epoch: reader.map(|_| 0),
            offset,
            end_offset: Some(end_offset),
            reader: reader.map(|id| [id, "/127.0.0.1", "cc2"].map(str::to_owned)),
        }
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let rows = [
            row(0, Some(60), 62, Some("Xbve2-ofRqSX_m7Wi_ufXg")),
            row(1, None, 86, None),
        ];
        let expected = "
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             \
            CONSUMER-ID            HOST            CLIENT-ID
g-consumer      t1              0          60              62              2               \
            Xbve2-ofRqSX_m7Wi_ufXg /127.0.0.1      cc2
g-consumer      t1              1          -               86              -               \
            -                      -               -
";
        assert_eq!(table("g-consumer", &rows, false), expected);
        let verbose = table("g-consumer", &rows, true);
        let line = "g-consumer      t1              0          0               60      ";
        assert!(
            verbose.lines().nth(2).unwrap().starts_with(line),
            "{verbose}"
        );
    }
}
