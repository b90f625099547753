//! `--delete` and `--delete-offsets`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Result;
use client::exception::Exception;
use client::krafka::KrafkaError;
use client::krafka::error::ErrorCode;

use crate::arguments::Values;

use super::MISSING;
use super::cluster_groups::{ClusterGroups, Partition, text};
use super::scope::Scope;

/// Deletes groups.
pub(super) async fn groups(
    groups: &ClusterGroups,
    values: &Values,
    out: &mut dyn Write,
) -> Result<()> {
    let named = (!values.has("all-groups")).then(|| values.all("group"));
    let ids = groups.ids(named).await?;
    let results = groups.delete(&ids).await?;
    write!(out, "{}", outcome_of_groups(&results))?;
    Ok(())
}

/// Deletes offsets of a group.
pub(super) async fn offsets(
    groups: &ClusterGroups,
    values: &Values,
    out: &mut dyn Write,
) -> Result<()> {
    let group = values.last("group").unwrap_or_default();
    if values.all("group").count() > 1 {
        let message = "Found multiple arguments for option group, but you asked for only one";
        return Err(Exception::illegal_argument(message).into());
    }
    let scope = Scope::parse(values.all("topic"))?;
    let mut partitions = scope.partitions;
    let mut results = BTreeMap::new();
    for name in scope.topics {
        match groups.topics(&BTreeSet::from([name.clone()])).await {
            Err(error) => {
                results.insert((name, -1), Err(error));
            }
            Ok(topics) => {
                let all = topics.into_values().flat_map(|topic| topic.partitions);
                partitions.extend(all.map(|partition| (name.clone(), partition.partition)));
            }
        }
    }
    let deleted = groups.delete_offsets(group, &partitions).await?;
    let first_error = deleted.values().find_map(|result| result.as_ref().err());
    writeln!(out, "{}", verdict(group, first_error))?;
    results.extend(deleted);
    write!(out, "{}", table_of_offsets(&results))?;
    Ok(())
}

fn outcome_of_groups(results: &BTreeMap<String, Result<(), KrafkaError>>) -> String {
    let deleted = results.iter().filter(|(_, result)| result.is_ok());
    let deleted: Vec<String> = deleted.map(|(id, _)| format!("'{id}'")).collect();
    let deleted = deleted.join(", ");
    let failed = results
        .iter()
        .filter_map(|(id, result)| Some((id, result.as_ref().err()?)));
    let failed = failed.map(|(id, error)| {
        format!(
            "* Group '{id}' could not be deleted due to: {}\n",
            text(error)
        )
    });
    let failed: String = failed.collect();
    if failed.is_empty() {
        return format!("Deletion of requested consumer groups ({deleted}) was successful.\n");
    }
    let mut outcome = format!("\nError: Deletion of some consumer groups failed:\n{failed}");
    if !deleted.is_empty() {
        let what = "These consumer groups were deleted successfully:";
        outcome.push_str(&format!("\n{what} {deleted}\n"));
    }
    outcome
}

fn verdict(group: &str, error: Option<&KrafkaError>) -> String {
    let Some(error) = error else {
        return format!("Request succeeded for deleting offsets from group {group}.");
    };
    let code = match error {
        KrafkaError::Broker { code, .. } => *code,
        _ => ErrorCode::UnknownServerError,
    };
    match code {
        ErrorCode::InvalidGroupId
        | ErrorCode::GroupIdNotFound
        | ErrorCode::GroupAuthorizationFailed
        | ErrorCode::NonEmptyGroup => format!("\nError: {}", Exception::of(error).message),
        ErrorCode::GroupSubscribedToTopic
        | ErrorCode::TopicAuthorizationFailed
        | ErrorCode::UnknownTopicOrPartition => {
            let message = "Encountered some partition-level error, see the follow-up details.";
            format!("\nError: {message}")
        }
        code => {
            let name = protocol::ErrorCode(code.to_i16()).name();
            format!("\nError: Encountered some unknown error: {name}")
        }
    }
}

fn table_of_offsets(results: &BTreeMap<Partition, Result<(), KrafkaError>>) -> String {
    let width = results.keys().map(|(topic, _)| topic.chars().count()).max();
    let width = width.unwrap_or(0).max(15);
    let mut rows: Vec<_> = results.iter().collect();
    rows.sort_by_cached_key(|((topic, id), _)| format!("{topic}{id}"));
    let mut table = format!("\n{:width$} {:10} {:15}", "TOPIC", "PARTITION", "STATUS");
    for ((topic, id), result) in rows {
        let id = if *id < 0 {
            MISSING.to_owned()
        } else {
            id.to_string()
        };
        let status = match result {
            Ok(()) => "Successful".to_owned(),
            Err(error) => format!("Error: {}", text(error)),
        };
        table.push_str(&format!("\n{topic:width$} {id:10} {status:15}"));
    }
    table.push('\n');
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: ErrorCode) -> Result<(), KrafkaError> {
        Err(KrafkaError::broker(code, format!("{code:?}")))
    }

    #[test]
    fn groups_that_are_deleted_and_those_that_are_not_are_told() {
        let mut results = BTreeMap::from([("a".to_owned(), Ok(())), ("b".to_owned(), Ok(()))]);
        let expected = "Deletion of requested consumer groups ('a', 'b') was successful.\n";
        assert_eq!(outcome_of_groups(&results), expected);
        results.insert("b".to_owned(), refused(ErrorCode::NonEmptyGroup));
        let expected = "
Error: Deletion of some consumer groups failed:
* Group 'b' could not be deleted due to: org.apache.kafka.common.errors.GroupNotEmptyException: \
                        The group is not empty.

These consumer groups were deleted successfully: 'a'
";
        assert_eq!(outcome_of_groups(&results), expected);
    }

    #[test]
    fn offsets_that_are_deleted_and_those_that_are_not_are_told() {
        let results = BTreeMap::from([
            (("t1".to_owned(), 0), Ok(())),
            (
                ("t2".to_owned(), -1),
                refused(ErrorCode::UnknownTopicOrPartition),
            ),
        ]);
        let expected = "
TOPIC           PARTITION  STATUS         
t1              0          Successful     
t2              -          Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: \
                        This server does not host this topic-partition.
";
        assert_eq!(table_of_offsets(&results), expected);
        let verdict = |code| verdict("g", refused(code).as_ref().err());
        let not_found = "\nError: The group id does not exist.";
        assert_eq!(verdict(ErrorCode::GroupIdNotFound), not_found);
        let strange = "\nError: Encountered some unknown error: NOT_COORDINATOR";
        assert_eq!(verdict(ErrorCode::NotCoordinator), strange);
    }
}
