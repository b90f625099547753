//! `--alter`: more partitions for topics.
//!
//! The admin client has no way to say which brokers get the new partitions; with
//! `--replica-assignment` the request therefore goes to a broker directly, without security.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::exception::{Exception, class_of};
use client::krafka::admin::{AdminClient, CreatePartitionsOptions, DescribeTopicsOptions};
use client::{Properties, brokers};
use net::request_connection::RequestConnection;
use protocol::generated::CreatePartitionsRequest;
use protocol::generated::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};

use super::{assignment, first_failure};
use crate::arguments::jopt::Parsed;

/// The first version that all brokers with a controller quorum have.
const VERSION: i16 = 2;
const TIMEOUT: Duration = Duration::from_secs(60);

/// How many partitions topics shall have.
#[derive(Debug)]
pub(super) struct Alteration {
    partition_count: i32,
    assignment: Vec<Vec<i32>>,
}

impl Alteration {
    /// Reads it from the arguments.
    ///
    /// # Errors
    /// When a value is none that the option takes.
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Exception> {
        Ok(Self {
            partition_count: parsed.integer("partitions")?.unwrap_or_default(),
            assignment: assignment::parse(
                parsed.single("replica-assignment")?.unwrap_or_default(),
            )?,
        })
    }

    /// Adds the partitions that `topics` do not have yet.
    ///
    /// # Errors
    /// When the cluster refuses, in the order of the topics.
    pub(super) async fn execute(
        self,
        admin: &AdminClient,
        topics: Vec<String>,
        bootstrap_servers: &str,
        properties: &Properties,
    ) -> Result<()> {
        if topics.is_empty() {
            return Ok(());
        }
        if !self.assignment.is_empty() {
            let counts = partition_counts(admin, &topics).await?;
            let broker = open(bootstrap_servers, properties).await?;
            return self.assign(&broker, counts).await;
        }
        let totals = topics.iter().map(|name| (name, self.partition_count));
        let results = admin.create_partitions(totals, CreatePartitionsOptions::default());
        first_failure(results.await?)
    }

    async fn assign(
        self,
        broker: &RequestConnection,
        counts: BTreeMap<String, usize>,
    ) -> Result<()> {
        let topics = counts.iter().map(|(name, count)| CreatePartitionsTopic {
            name: name.into(),
            count: self.partition_count,
            assignments: Some(self.behind(*count)),
        });
        let request = CreatePartitionsRequest {
            topics: topics.collect(),
            timeout_ms: 30_000,
            validate_only: false,
        };
        let answer = broker.send(VERSION, &request, TIMEOUT).await?;
        let answer = answer.decode()?;
        for result in answer.results {
            let code = result.error_code.0;
            if code != 0 {
                let message = result.error_message.unwrap_or_default();
                return Err(Exception {
                    class: class_of(code),
                    message: message.into_owned(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// The brokers of the partitions behind those that there are.
    fn behind(&self, partition_count: usize) -> Vec<CreatePartitionsAssignment> {
        let new = self.assignment.iter().skip(partition_count);
        new.map(|replicas| CreatePartitionsAssignment {
            broker_ids: replicas.clone(),
        })
        .collect()
    }
}

async fn partition_counts(
    admin: &AdminClient,
    topics: &[String],
) -> Result<BTreeMap<String, usize>> {
    let described = admin.describe_topics(topics, DescribeTopicsOptions::default());
    let mut counts = BTreeMap::new();
    for (name, topic) in described.await? {
        counts.insert(name, topic?.partitions.len());
    }
    Ok(counts)
}

/// The first of these brokers that takes a connection.
async fn open(bootstrap_servers: &str, properties: &Properties) -> Result<RequestConnection> {
    let mut failure = None;
    for server in bootstrap_servers.split(',').map(str::trim) {
        let (host, port) = server
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)))
            .with_context(|| format!("Invalid url in bootstrap.servers: {server}"))?;
        let host = host.trim_matches(['[', ']']);
        match brokers::connect((host, port), properties, TIMEOUT).await {
            Ok(connection) => return Ok(connection),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) => Err(error.into()),
        None => bail!("No resolvable bootstrap urls given in bootstrap.servers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_brokers_of_new_partitions_are_sent() {
        let alteration = Alteration {
            partition_count: 3,
            assignment: vec![vec![1], vec![2], vec![3]],
        };
        let sent = |count| -> Vec<_> {
            let new = alteration.behind(count).into_iter();
            new.map(|partition| partition.broker_ids).collect()
        };
        assert_eq!(sent(2), [[3]]);
        assert_eq!(sent(3), [[0_i32; 0]; 0]);
        assert_eq!(sent(0).len(), 3);
    }
}
