//! `--describe`: the offsets, the members or the states of groups, one group after the other.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, anyhow};
use client::krafka::admin::{ConsumerGroupDescription, GroupType};

use crate::arguments::Values;

use super::cluster_groups::ClusterGroups;
use super::members::Member;
use super::{members, offsets, states};

pub(super) async fn run(
    groups: &ClusterGroups,
    values: &Values,
    out: &mut dyn Write,
) -> Result<()> {
    let named = (!values.has("all-groups")).then(|| values.all("group"));
    let ids = groups.ids(named).await?;
    let described = describe(groups, &ids).await?;
    let is_verbose = values.has("verbose");
    if values.has("members") {
        for group in described.values() {
            let rows: Vec<Member> = group
                .members
                .iter()
                .map(|it| Member::of(group, it))
                .collect();
            // Kafka's tool prints the header of a group without members too.
            let with_rows = states::announce(group, rows.len(), out)?;
            let rows = if with_rows { &rows[..] } else { &[] };
            write!(out, "{}", members::table(rows, is_verbose))?;
        }
    } else if values.has("state") {
        let coordinators = groups.coordinators().await?;
        for (id, group) in &described {
            if states::announce(group, 1, out)? {
                let row = states::Row::of(group, coordinators.get(id));
                write!(out, "{}", row.table(is_verbose))?;
            }
        }
    } else {
        for (id, group) in &described {
            let rows = offsets::rows(groups, group).await?;
            if states::announce(group, rows.len(), out)? {
                write!(out, "{}", offsets::table(id, &rows, is_verbose))?;
            }
        }
    }
    Ok(())
}

/// All of them, or none.
async fn describe(
    groups: &ClusterGroups,
    ids: &[String],
) -> Result<BTreeMap<String, ConsumerGroupDescription>> {
    let mut described = BTreeMap::new();
    for (id, group) in groups.describe(ids).await? {
        let group = group?;
        let protocol_type = group.protocol_type.as_deref().unwrap_or_default();
        if group.group_type == GroupType::Classic && !matches!(protocol_type, "" | "consumer") {
            return Err(anyhow!(
                "java.lang.IllegalArgumentException: GroupId {id} is not a consumer group \
                 ({protocol_type})."
            ));
        }
        described.insert(id, group);
    }
    Ok(described)
}
