//! The replicas of partitions as an argument: `1:2,2:3` is two partitions with two replicas each.

use std::collections::BTreeSet;

use client::exception::Exception;

/// The brokers of each partition, in the order of the partitions; none if the text is empty.
///
/// # Errors
/// When a broker is no number, or twice in a partition, or a partition has more or fewer replicas
/// than the first.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<i32>>, Exception> {
    let mut assignment: Vec<Vec<i32>> = Vec::new();
    let text = text.trim_end_matches(',');
    if text.is_empty() {
        return Ok(assignment);
    }
    for (index, partition) in text.split(',').enumerate() {
        let replicas = replicas(partition)?;
        if assignment
            .first()
            .is_some_and(|first| first.len() != replicas.len())
        {
            return Err(Exception {
                class: "org.apache.kafka.server.common.AdminOperationException",
                message: format!(
                    "Partition {index} has different replication factor: {replicas:?}"
                ),
            });
        }
        assignment.push(replicas);
    }
    Ok(assignment)
}

fn replicas(partition: &str) -> Result<Vec<i32>, Exception> {
    let mut replicas = Vec::new();
    let mut twice = BTreeSet::new();
    for broker in partition.trim_end_matches(':').split(':').map(str::trim) {
        let broker: i32 = broker.parse().map_err(|_| Exception {
            class: "java.lang.NumberFormatException",
            message: format!("For input string: \"{broker}\""),
        })?;
        if replicas.contains(&broker) {
            twice.insert(broker);
        }
        replicas.push(broker);
    }
    if twice.is_empty() {
        return Ok(replicas);
    }
    let twice: Vec<_> = twice.iter().map(ToString::to_string).collect();
    Err(Exception {
        class: "org.apache.kafka.tools.AdminCommandFailedException",
        message: format!(
            "Partition replica lists may not contain duplicate entries: {}",
            twice.join(",")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_stand_between_commas_and_their_brokers_between_colons() {
        assert_eq!(parse("1:2, 2 : 3"), Ok(vec![vec![1, 2], vec![2, 3]]));
        assert_eq!(parse("0,0,"), Ok(vec![vec![0], vec![0]]));
        assert_eq!(parse(""), Ok(Vec::new()));
        assert_eq!(parse(","), Ok(Vec::new()));
    }

    #[test]
    fn assignments_that_no_partition_can_have_are_refused() {
        let check = |text, message: &str| assert_eq!(parse(text).unwrap_err().message, message);
        check("1:x", "For input string: \"x\"");
        check("1,,2", "For input string: \"\"");
        let twice = "Partition replica lists may not contain duplicate entries: 1";
        check("1:2:1", twice);
        let different = "Partition 1 has different replication factor: [3]";
        check("1:2,3", different);
    }
}
