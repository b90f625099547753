//! A topic and its partitions as text, as much of them as a filter lets through.
//!
//! Not the job of this module: finding out about them.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, Result};
use protocol::Uuid;

/// What is shown. Without a filter for partitions, topics are shown too.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filter {
    /// Partitions with replicas that are not in sync.
    pub(super) under_replicated: bool,
    /// Partitions without a leader that lives.
    pub(super) unavailable: bool,
    /// Partitions with fewer replicas in sync than `min.insync.replicas`.
    pub(super) under_min_isr: bool,
    /// Partitions with as many replicas in sync as `min.insync.replicas`.
    pub(super) at_min_isr: bool,
    /// No partitions, and only topics with a configuration that is not the default.
    pub(super) overridden_topics: bool,
}

/// A topic.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) id: Uuid,
    /// In the order of their indexes.
    pub(super) partitions: Vec<Partition>,
    /// In the order in which the broker says them.
    pub(super) configs: Vec<Config>,
}

/// A configuration that holds for a topic.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) name: String,
    pub(super) value: Option<String>,
    /// Nobody has set it, neither for the topic nor for brokers.
    pub(super) is_default: bool,
}

/// A partition; brokers by their ids.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub(super) index: i32,
    pub(super) leader: Option<i32>,
    pub(super) replicas: Vec<i32>,
    pub(super) isr: Vec<i32>,
    /// None where brokers do not tell (KIP-966).
    pub(super) eligible_leader_replicas: Option<Vec<i32>>,
    /// None where brokers do not tell (KIP-966).
    pub(super) last_known_eligible: Option<Vec<i32>>,
    /// What is under way.
    pub(super) reassignment: Option<Reassignment>,
}

/// A change of replicas that is under way.
#[derive(Debug, Clone)]
pub(super) struct Reassignment {
    pub(super) replicas: Vec<i32>,
    pub(super) adding: Vec<i32>,
    pub(super) removing: Vec<i32>,
}

impl Filter {
    fn is_for_partitions(self) -> bool {
        self.under_replicated || self.unavailable || self.under_min_isr || self.at_min_isr
    }
}

impl Topic {
    /// The lines of the topic.
    ///
    /// # Errors
    /// When `min.insync.replicas` is needed and is not known.
    pub(super) fn shown(&self, filter: Filter, live_brokers: &BTreeSet<i32>) -> Result<String> {
        let mut text = String::new();
        if !filter.is_for_partitions() {
            let is_overridden = self.configs.iter().any(|config| !config.is_default);
            if is_overridden || !filter.overridden_topics {
                self.show(&mut text)?;
            }
        }
        if filter.overridden_topics {
            return Ok(text);
        }
        for partition in &self.partitions {
            if !filter.is_for_partitions() || self.passes(partition, filter, live_brokers)? {
                partition.show(&self.name, &mut text)?;
            }
        }
        Ok(text)
    }

    fn show(&self, text: &mut String) -> Result<()> {
        write!(text, "Topic: {}", self.name)?;
        if !self.id.is_zero() {
            write!(text, "\tTopicId: {}", self.id)?;
        }
        let factor = self
            .partitions
            .first()
            .map_or(0, Partition::replication_factor);
        let set = self.configs.iter().filter(|config| !config.is_default);
        let configs = set.map(|config| {
            let value = config.value.as_deref().unwrap_or("null");
            format!("{}={value}", config.name)
        });
        let configs: Vec<_> = configs.collect();
        writeln!(
            text,
            "\tPartitionCount: {}\tReplicationFactor: {factor}\tConfigs: {}",
            self.partitions.len(),
            configs.join(",")
        )?;
        Ok(())
    }

    fn passes(
        &self,
        partition: &Partition,
        filter: Filter,
        live_brokers: &BTreeSet<i32>,
    ) -> Result<bool> {
        if filter.under_replicated && partition.replication_factor() > partition.isr.len() {
            return Ok(true);
        }
        let lives = |leader: i32| live_brokers.contains(&leader);
        if filter.unavailable && !partition.leader.is_some_and(lives) {
            return Ok(true);
        }
        if !filter.under_min_isr && !filter.at_min_isr {
            return Ok(false);
        }
        let min_isr = self.min_isr()?;
        let is_under = partition.leader.is_none() || partition.isr.len() < min_isr;
        let is_at = partition.isr.len() == min_isr;
        Ok(filter.under_min_isr && is_under || filter.at_min_isr && is_at)
    }

    fn min_isr(&self) -> Result<usize> {
        const NAME: &str = "min.insync.replicas";
        let config = self.configs.iter().find(|config| config.name == NAME);
        let value = config.and_then(|config| config.value.as_deref()?.parse().ok());
        value.with_context(|| format!("describe topic {}: no {NAME}", self.name))
    }
}

impl Partition {
    /// How many replicas it is to have: those on their way do not count while one of them, or of
    /// those that leave, is still there.
    fn replication_factor(&self) -> usize {
        match &self.reassignment {
            Some(change) if change.concerns(&self.replicas) => {
                change.replicas.len().saturating_sub(change.adding.len())
            }
            _ => self.replicas.len(),
        }
    }

    fn show(&self, topic: &str, text: &mut String) -> Result<()> {
        write!(text, "\tTopic: {topic}\tPartition: {}", self.index)?;
        match self.leader {
            Some(leader) => write!(text, "\tLeader: {leader}")?,
            None => write!(text, "\tLeader: none")?,
        }
        let (replicas, isr) = (list(&self.replicas), list(&self.isr));
        write!(text, "\tReplicas: {replicas}\tIsr: {isr}")?;
        if let Some(change) = &self.reassignment {
            let (adding, removing) = (list(&change.adding), list(&change.removing));
            write!(
                text,
                "\tAdding Replicas: {adding}\tRemoving Replicas: {removing}"
            )?;
        }
        let or_unknown = |replicas: &Option<Vec<i32>>| match replicas {
            Some(replicas) => list(replicas),
            None => "N/A".to_owned(),
        };
        let eligible = or_unknown(&self.eligible_leader_replicas);
        let last_known = or_unknown(&self.last_known_eligible);
        writeln!(text, "\tElr: {eligible}\tLastKnownElr: {last_known}")?;
        Ok(())
    }
}

impl Reassignment {
    fn concerns(&self, replicas: &[i32]) -> bool {
        let mut replicas = replicas.iter();
        replicas.any(|id| self.adding.contains(id) || self.removing.contains(id))
    }
}

fn list(brokers: &[i32]) -> String {
    let ids: Vec<_> = brokers.iter().map(ToString::to_string).collect();
    ids.join(",")
}
