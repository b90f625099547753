//! `--reset-offsets`: offsets of groups without members are moved, or it is shown where to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::{Context, Result, anyhow, bail};
use client::consumer::iso_duration;
use client::exception::Exception;
use client::krafka::KrafkaError;
use client::krafka::admin::OffsetSpec;
use client::krafka::error::ErrorCode;

use crate::arguments::Values;
use crate::listed_offsets::name;
use crate::{calendar, cluster, surroundings};

use super::cluster_groups::{ClusterGroups, Partition, executed, text, thrown};
use super::csv::{self, Plan};
use super::options::SCENARIOS;
use super::scope::Scope;

pub(super) async fn run(
    groups: &ClusterGroups,
    values: &Values,
    out: &mut dyn Write,
) -> Result<()> {
    let named = (!values.has("all-groups")).then(|| values.all("group"));
    let ids = groups.ids(named).await?;
    let mut plan = Plan::new();
    for (id, described) in groups.describe(&ids).await? {
        let state = match described {
            Ok(group) => group.state,
            Err(KrafkaError::Broker {
                code: ErrorCode::GroupIdNotFound,
                ..
            }) => "Dead".to_owned(),
            Err(error) => bail!("java.util.concurrent.ExecutionException: {}", text(&error)),
        };
        let offsets = if matches!(&*state, "Empty" | "Dead") {
            reset(groups, values, &id, out).await?
        } else {
            writeln!(
                out,
                "\nError: Assignments can only be reset if the group '{id}' is inactive, but the \
                 current state is {state}."
            )?;
            BTreeMap::new()
        };
        plan.insert(id, offsets);
    }
    if values.has("export") {
        let with_groups = values.all("group").count() != 1;
        writeln!(out, "{}", csv::write(&plan, with_groups))?;
    } else {
        write!(out, "{}", table(&plan))?;
    }
    Ok(())
}

/// The new offsets of a group, committed if that was asked for.
async fn reset(
    groups: &ClusterGroups,
    values: &Values,
    group: &str,
    out: &mut dyn Write,
) -> Result<BTreeMap<Partition, i64>> {
    let partitions = partitions(groups, values, group).await?;
    check_partitions(groups, &partitions).await?;
    let offsets = new_offsets(groups, values, group, &partitions, out).await?;
    if values.has("execute") {
        groups.commit(group, &offsets).await?;
    }
    Ok(offsets)
}

/// The partitions whose offsets are to be moved.
async fn partitions(
    groups: &ClusterGroups,
    values: &Values,
    group: &str,
) -> Result<BTreeSet<Partition>> {
    if values.has("all-topics") {
        return Ok(groups.committed(group).await?.into_keys().collect());
    }
    if !values.has("topic") && !values.has("from-file") {
        let message = "One of the reset scopes should be defined: --all-topics, --topic.";
        return Err(Exception::illegal_argument(message).into());
    }
    let scope = Scope::parse(values.all("topic"))?;
    let mut partitions = scope.partitions;
    let topics = groups.topics(&scope.topics).await.map_err(thrown)?;
    for (name, topic) in topics {
        let ids = topic.partitions.iter().map(|partition| partition.partition);
        partitions.extend(ids.map(|id| (name.clone(), id)));
    }
    Ok(partitions)
}

/// Each of them exists and has a leader.
async fn check_partitions(groups: &ClusterGroups, partitions: &BTreeSet<Partition>) -> Result<()> {
    let names = partitions.iter().map(|(topic, _)| topic.clone()).collect();
    let topics = groups.topics(&names).await.map_err(executed)?;
    let mut leaders = BTreeMap::new();
    for (name, topic) in topics {
        let of_topic = topic
            .partitions
            .into_iter()
            .map(|it| (it.partition, it.leader));
        leaders.extend(of_topic.map(|(id, leader)| ((name.clone(), id), leader)));
    }
    let listed = |is_listed: &dyn Fn(&Partition) -> bool| {
        let listed = partitions.iter().filter(|partition| is_listed(partition));
        listed.map(name).collect::<Vec<_>>().join(",")
    };
    let missing = listed(&|partition| !leaders.contains_key(partition));
    if !missing.is_empty() {
        bail!("The partitions \"{missing}\" do not exist");
    }
    let leaderless = listed(&|partition| matches!(leaders.get(partition), Some(None)));
    if !leaderless.is_empty() {
        bail!("The partitions \"{leaderless}\" have no leader");
    }
    Ok(())
}

async fn new_offsets(
    groups: &ClusterGroups,
    values: &Values,
    group: &str,
    partitions: &BTreeSet<Partition>,
    out: &mut dyn Write,
) -> Result<BTreeMap<Partition, i64>> {
    let number = |option| {
        values
            .number::<i64>(option)
            .map_err(Exception::illegal_argument)
    };
    if let Some(offset) = number("to-offset")? {
        let wanted = partitions
            .iter()
            .map(|partition| (partition.clone(), offset));
        return within_range(groups, wanted.collect()).await;
    }
    if values.has("to-earliest") {
        return all(groups, partitions, OffsetSpec::Earliest, "starting offset").await;
    }
    if values.has("to-latest") {
        return all(groups, partitions, OffsetSpec::Latest, "ending offset").await;
    }
    if let Some(count) = number("shift-by")? {
        return shifted(groups, group, partitions, count).await;
    }
    if let Some(text) = values.last("to-datetime") {
        return since(groups, partitions, moment_ms(text)?, out).await;
    }
    if let Some(text) = values.last("by-duration") {
        return since(groups, partitions, ago_ms(text)?, out).await;
    }
    if let Some(path) = values.last("from-file") {
        let text = std::fs::read_to_string(path).with_context(|| format!("read {path}"))?;
        let mut given = values.all("group");
        let only_group = given.next().filter(|_| given.next().is_none());
        return match csv::read(&text, only_group)?.remove(group) {
            Some(offsets) => within_range(groups, offsets).await,
            None => {
                writeln!(out, "\nError: No reset plan for group {group} found")?;
                Ok(BTreeMap::new())
            }
        };
    }
    if values.has("to-current") {
        return current(groups, group, partitions).await;
    }
    let scenarios = SCENARIOS.map(|scenario| format!("[{scenario}]")).join(", ");
    Err(Exception::illegal_argument(format!(
        "Option '[reset-offsets]' requires one of the following scenarios: [{scenarios}]"
    ))
    .into())
}

async fn all(
    groups: &ClusterGroups,
    partitions: &BTreeSet<Partition>,
    spec: OffsetSpec,
    what: &str,
) -> Result<BTreeMap<Partition, i64>> {
    let listed = groups.offsets(partitions, spec).await?;
    let offsets = partitions.iter().map(|partition| {
        let offset = listed.get(partition).copied().flatten();
        let offset = offset.ok_or_else(|| {
            let name = name(partition);
            Exception::illegal_argument(format!("Error getting {what} of topic partition: {name}"))
        })?;
        Ok((partition.clone(), offset))
    });
    offsets.collect()
}

async fn shifted(
    groups: &ClusterGroups,
    group: &str,
    partitions: &BTreeSet<Partition>,
    count: i64,
) -> Result<BTreeMap<Partition, i64>> {
    let committed = groups.committed(group).await?;
    let wanted = partitions.iter().map(|partition| {
        let offset = committed
            .get(partition)
            .and_then(|committed| committed.offset);
        let offset = offset.ok_or_else(|| {
            let name = name(partition);
            Exception::illegal_argument(format!(
                "Cannot shift offset for partition {name} since there is no current committed \
                 offset"
            ))
        })?;
        Ok((partition.clone(), offset.saturating_add(count)))
    });
    within_range(groups, wanted.collect::<Result<_>>()?).await
}

/// Where the first record is with this timestamp or a later one; the end, if there is none.
async fn since(
    groups: &ClusterGroups,
    partitions: &BTreeSet<Partition>,
    timestamp_ms: i64,
    out: &mut dyn Write,
) -> Result<BTreeMap<Partition, i64>> {
    let listed = groups
        .offsets(partitions, OffsetSpec::Timestamp(timestamp_ms))
        .await?;
    let mut offsets = BTreeMap::new();
    let mut without = BTreeSet::new();
    for (partition, offset) in listed {
        if let Some(offset) = offset {
            offsets.insert(partition, offset);
            continue;
        }
        let (topic, id) = &partition;
        writeln!(
            out,
            "\nWarn: Partition {id} from topic {topic} is empty. Falling back to latest known \
             offset."
        )?;
        without.insert(partition);
    }
    let what = "offset by timestamp";
    offsets.extend(all(groups, &without, OffsetSpec::Latest, what).await?);
    Ok(offsets)
}

/// What is committed; the end, where there is nothing.
async fn current(
    groups: &ClusterGroups,
    group: &str,
    partitions: &BTreeSet<Partition>,
) -> Result<BTreeMap<Partition, i64>> {
    let committed = groups.committed(group).await?;
    let mut offsets = BTreeMap::new();
    let mut without = BTreeSet::new();
    for partition in partitions {
        match committed
            .get(partition)
            .and_then(|committed| committed.offset)
        {
            Some(offset) => {
                offsets.insert(partition.clone(), offset);
            }
            None => {
                without.insert(partition.clone());
            }
        }
    }
    offsets.extend(all(groups, &without, OffsetSpec::Latest, "ending offset").await?);
    Ok(offsets)
}

/// The offsets wanted, or the nearest that there are.
async fn within_range(
    groups: &ClusterGroups,
    wanted: BTreeMap<Partition, i64>,
) -> Result<BTreeMap<Partition, i64>> {
    let starts = groups.offsets(wanted.keys(), OffsetSpec::Earliest).await?;
    let ends = groups.offsets(wanted.keys(), OffsetSpec::Latest).await?;
    let offsets = wanted.into_iter().map(|(partition, offset)| {
        let end = ends
            .get(&partition)
            .copied()
            .flatten()
            .filter(|end| offset > *end);
        let start = starts
            .get(&partition)
            .copied()
            .flatten()
            .filter(|start| offset < *start);
        let bound = match (end, start) {
            (Some(end), _) => Some((end, "higher than latest")),
            (None, Some(start)) => Some((start, "lower than earliest")),
            (None, None) => None,
        };
        let Some((nearest, why)) = bound else {
            return (partition, offset);
        };
        cluster::warn(format_args!(
            "New offset ({offset}) is {why} offset for topic partition {}. Value will be set to \
             {nearest}",
            name(&partition)
        ));
        (partition, nearest)
    });
    Ok(offsets.collect())
}

fn moment_ms(text: &str) -> Result<i64> {
    calendar::moment_ms(text).ok_or_else(|| {
        let why = if text.contains('T') {
            format!("Unparseable date: \"{text}\"")
        } else {
            "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format"
                .to_owned()
        };
        anyhow!("java.text.ParseException: {why}")
    })
}

/// The moment that is this duration ago.
fn ago_ms(text: &str) -> Result<i64> {
    let duration = iso_duration(text).context("Text cannot be parsed to a Duration")?;
    let duration_ms = i64::try_from(duration.as_millis())?;
    Ok(surroundings::wall_ms().saturating_sub(duration_ms))
}

fn table(plan: &Plan) -> String {
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0).max(15);
    let group_width = longest(&mut plan.keys().map(|group| group.chars().count()));
    let partitions = plan.values().flat_map(BTreeMap::keys);
    let topic_width = longest(&mut partitions.map(|(topic, _)| topic.chars().count()));
    let mut text = String::new();
    let mut line = |group: &str, topic: &str, id: &str, offset: &str| {
        text.push_str(&format!(
            "\n{group:group_width$} {topic:topic_width$} {id:10} {offset}"
        ));
    };
    if !plan.is_empty() {
        line("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET");
    }
    for (group, offsets) in plan {
        for ((topic, id), offset) in offsets {
            line(group, topic, &id.to_string(), &offset.to_string());
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_offsets_are_a_table() {
        let offsets = [0, 1].map(|id| (("t1".to_owned(), id), 3));
        let plan = BTreeMap::from([("g-inc".to_owned(), BTreeMap::from(offsets))]);
        let expected = "
GROUP           TOPIC           PARTITION  NEW-OFFSET
g-inc           t1              0          3
g-inc           t1              1          3
";
        assert_eq!(table(&plan), expected);
        assert_eq!(table(&Plan::new()), "\n");
    }

    #[test]
    fn moments_that_are_none_are_told_as_java_tells_them() {
        let why = |text| moment_ms(text).unwrap_err().to_string();
        let unparseable = "java.text.ParseException: Unparseable date: \"xTy\"";
        assert_eq!(why("xTy"), unparseable);
        assert!(why("2020-01-01").contains("does not contain a 'T'"));
        assert!(ago_ms("5 minutes").is_err());
    }
}
