//! Changes of dynamic configurations (KIP-339, KIP-133).
//!
//! Not the job of this module: what a value may be; [`ConfigRules`] says so.

use std::collections::BTreeMap;

use protocol::ErrorCode;
use protocol::generated::metadata::{ClearElrRecord, ConfigRecord, MetadataRecord};

use super::{ApiError, Controller, Outcome, check_record_count, check_topic_name};
use crate::image::{ConfigResource, ResourceKind};
use crate::record::VersionedRecord;

pub(super) const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
pub(super) const UNCLEAN_LEADER_ELECTION_ENABLE: &str = "unclean.leader.election.enable";
const CORDONED_LOG_DIRS: &str = "cordoned.log.dirs";

/// What configuration keys mean: the table of keys, given by whoever has it.
pub trait ConfigRules {
    /// Whether a resource may have all these values together.
    ///
    /// # Errors
    /// The code and the reason for the client.
    fn check(
        &self,
        resource: &ConfigResource,
        values: &BTreeMap<String, String>,
    ) -> Result<(), ApiError>;

    /// Whether the values of a key are lists, to which can be appended.
    fn is_list(&self, kind: ResourceKind, name: &str) -> bool;

    /// What holds when nothing is set dynamically: the static value, or Kafka's default.
    fn default_value(&self, kind: ResourceKind, name: &str) -> Option<String>;
}

/// What to do to one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigOperation {
    /// Give it this value.
    Set,
    /// Remove its value.
    Delete,
    /// Add parts to its list, unless they are there.
    Append,
    /// Take parts from its list.
    Subtract,
}

/// One key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigUpdate {
    /// The key.
    pub name: String,
    /// What to do.
    pub operation: ConfigOperation,
    /// The value; only [`ConfigOperation::Delete`] goes without.
    pub value: Option<String>,
}

/// One resource of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceUpdate {
    /// The resource.
    pub resource: ConfigResource,
    /// Its keys.
    pub updates: Vec<ConfigUpdate>,
}

/// What came of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceResult {
    /// The resource.
    pub resource: ConfigResource,
    /// Whether it was changed.
    pub result: Result<(), ApiError>,
}

impl ConfigOperation {
    /// The operation that a request numbers so.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(Self::Set),
            1 => Some(Self::Delete),
            2 => Some(Self::Append),
            3 => Some(Self::Subtract),
            _ => None,
        }
    }

    /// The name as Kafka writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Delete => "DELETE",
            Self::Append => "APPEND",
            Self::Subtract => "SUBTRACT",
        }
    }
}

impl Controller<'_> {
    /// Changes the keys that are named and leaves the others (IncrementalAlterConfigs).
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn alter_configs(
        &self,
        resources: &[ResourceUpdate],
        validate_only: bool,
    ) -> Result<Outcome<Vec<ResourceResult>>, ApiError> {
        self.alter_each(resources, validate_only, |each| {
            self.check_existence(&each.resource)?;
            self.config_records(&each.resource, &each.updates)
        })
    }

    /// Gives each resource exactly the values that are named (AlterConfigs); operations must be
    /// [`ConfigOperation::Set`].
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn replace_configs(
        &self,
        resources: &[ResourceUpdate],
        validate_only: bool,
    ) -> Result<Outcome<Vec<ResourceResult>>, ApiError> {
        self.alter_each(resources, validate_only, |each| {
            self.check_existence(&each.resource)?;
            let mut updates = each.updates.clone();
            let known = self.image().configs().of(&each.resource);
            for name in known.into_iter().flat_map(|values| values.keys()) {
                if !each.updates.iter().any(|update| update.name == *name) {
                    updates.push(ConfigUpdate {
                        name: name.clone(),
                        operation: ConfigOperation::Delete,
                        value: None,
                    });
                }
            }
            self.config_records(&each.resource, &updates)
        })
    }

    /// The records that give `updates` to one resource, existing or about to be created.
    pub(super) fn config_records(
        &self,
        resource: &ConfigResource,
        updates: &[ConfigUpdate],
    ) -> Result<Vec<VersionedRecord>, ApiError> {
        check_updates(updates)?;
        let known = self.image().configs().of(resource);
        let mut values: BTreeMap<String, String> = known
            .into_iter()
            .flat_map(|values| {
                values
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
            })
            .collect();
        let mut records = Vec::new();
        for update in updates {
            let old = values.get(&update.name);
            let new = self.new_value(resource, update, old)?;
            // The value of a broker is written again: brokers then look at what it names anew.
            if old != new.as_ref() || resource.kind == ResourceKind::BROKER {
                records.push(ConfigRecord {
                    resource_type: resource.kind.0,
                    resource_name: resource.name.clone(),
                    name: update.name.clone(),
                    value: new.clone(),
                });
            }
            match new {
                Some(new) => values.insert(update.name.clone(), new),
                None => values.remove(&update.name),
            };
        }
        for record in &records {
            self.check_transition(record)?;
        }
        self.rules.check(resource, &values)?;
        let clear_elr = self.clear_elr_records(&records);
        let records = records
            .into_iter()
            .map(MetadataRecord::Config)
            .chain(clear_elr);
        Ok(records.map(VersionedRecord::first).collect())
    }

    fn alter_each(
        &self,
        resources: &[ResourceUpdate],
        validate_only: bool,
        alter: impl Fn(&ResourceUpdate) -> Result<Vec<VersionedRecord>, ApiError>,
    ) -> Result<Outcome<Vec<ResourceResult>>, ApiError> {
        let mut counts: BTreeMap<&ConfigResource, usize> = BTreeMap::new();
        for each in resources {
            *counts.entry(&each.resource).or_default() += 1;
        }
        let mut outcome = Outcome::none(Vec::new());
        for each in resources {
            let altered = if counts[&each.resource] > 1 {
                let message = "Each resource must appear at most once.";
                Err(ApiError::new(ErrorCode::INVALID_REQUEST, message))
            } else {
                alter(each)
            };
            outcome.response.push(ResourceResult {
                resource: each.resource.clone(),
                result: altered.map(|records| outcome.records.extend(records)),
            });
        }
        check_record_count(&outcome.records)?;
        if validate_only {
            outcome.records.clear();
        }
        Ok(outcome)
    }

    fn new_value(
        &self,
        resource: &ConfigResource,
        update: &ConfigUpdate,
        old: Option<&String>,
    ) -> Result<Option<String>, ApiError> {
        let (operation, name) = (update.operation, &update.name);
        let value = match operation {
            ConfigOperation::Delete => return Ok(None),
            ConfigOperation::Set => return Ok(update.value.clone()),
            ConfigOperation::Append | ConfigOperation::Subtract => {
                update.value.as_deref().unwrap_or_default()
            }
        };
        if !self.rules.is_list(resource.kind, name) {
            let operation = operation.name();
            let message = format!("Can't {operation} to key {name} because its type is not LIST.");
            return Err(ApiError::new(ErrorCode::INVALID_CONFIG, message));
        }
        let default = || self.rules.default_value(resource.kind, name);
        let list = old.cloned().or_else(default).unwrap_or_default();
        let mut parts: Vec<&str> = list.split(',').filter(|part| !part.is_empty()).collect();
        for part in value.split(',') {
            let position = parts.iter().position(|known| *known == part);
            match (operation, position) {
                (ConfigOperation::Subtract, Some(position)) => {
                    parts.remove(position);
                }
                (ConfigOperation::Append, None) => parts.push(part),
                _ => {}
            }
        }
        Ok(Some(parts.join(",")))
    }

    /// Values that cannot be, whatever the table of keys says.
    fn check_transition(&self, record: &ConfigRecord) -> Result<(), ApiError> {
        let invalid = |message: String| Err(ApiError::new(ErrorCode::INVALID_CONFIG, message));
        let is_broker = record.resource_type == ResourceKind::BROKER.0;
        let is_minimum = is_broker && record.name == MIN_INSYNC_REPLICAS;
        let keeps_eligible = self.image().features().keeps_eligible_leader_replicas();
        if keeps_eligible && is_minimum && !record.resource_name.is_empty() {
            let name = MIN_INSYNC_REPLICAS;
            return invalid(format!(
                "Broker-level {name} cannot be altered while ELR is enabled."
            ));
        }
        if keeps_eligible && is_minimum && record.value.is_none() {
            let name = MIN_INSYNC_REPLICAS;
            return invalid(format!(
                "Cluster-level {name} cannot be removed while ELR is enabled."
            ));
        }
        let has_cordoning = self.metadata_version().has_cordoned_directories();
        if is_broker && record.name == CORDONED_LOG_DIRS && !has_cordoning {
            return invalid(format!(
                "The {CORDONED_LOG_DIRS} configuration value cannot be set because it requires \
                 metadata.version >= 4.3-IV0"
            ));
        }
        let units = record
            .value
            .as_ref()
            .map_or(0, |value| value.encode_utf16().count());
        if units > i16::MAX as usize {
            return invalid(format!(
                "The configuration value cannot be added because it exceeds the maximum value \
                 size of {} bytes.",
                i16::MAX
            ));
        }
        Ok(())
    }

    fn check_existence(&self, resource: &ConfigResource) -> Result<(), ApiError> {
        let name = &resource.name;
        if resource.kind == ResourceKind::TOPIC && name.is_empty() {
            let message = "Default topic resources are not allowed.";
            return Err(ApiError::new(ErrorCode::INVALID_REQUEST, message));
        }
        if resource.kind == ResourceKind::TOPIC {
            check_topic_name(name)?;
        }
        if resource.kind == ResourceKind::TOPIC && self.image().topics().by_name(name).is_none() {
            let message = format!("The topic '{name}' does not exist.");
            return Err(ApiError::new(
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                message,
            ));
        }
        if resource.kind == ResourceKind::BROKER && !name.is_empty() {
            let id = name.parse::<i32>().map_err(|_| {
                let message = format!("Node id must be an integer, but it is: {name}");
                ApiError::new(ErrorCode::INVALID_REQUEST, message)
            })?;
            if self.image().cluster().broker(id).is_none() && id != self.settings.node_id {
                let message = format!("No broker with id {id} found.");
                return Err(ApiError::new(ErrorCode::BROKER_ID_NOT_REGISTERED, message));
            }
        }
        Ok(())
    }

    /// Eligibility was judged by a minimum that no longer holds (KIP-966).
    fn clear_elr_records(&self, records: &[ConfigRecord]) -> Vec<MetadataRecord> {
        if !self.image().features().keeps_eligible_leader_replicas() {
            return Vec::new();
        }
        let minimums = records
            .iter()
            .filter(|record| record.name == MIN_INSYNC_REPLICAS);
        let clear = |record: &ConfigRecord| {
            let is_topic = record.resource_type == ResourceKind::TOPIC.0;
            let topic_name = if is_topic {
                record.resource_name.clone()
            } else {
                String::new()
            };
            MetadataRecord::ClearElr(ClearElrRecord { topic_name })
        };
        minimums.map(clear).collect()
    }
}

fn check_updates(updates: &[ConfigUpdate]) -> Result<(), ApiError> {
    let mut names: Vec<&str> = updates.iter().map(|update| &*update.name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = "Error due to duplicate config keys";
        return Err(ApiError::new(ErrorCode::INVALID_REQUEST, message));
    }
    let needs_value = |update: &&ConfigUpdate| {
        update.operation != ConfigOperation::Delete && update.value.is_none()
    };
    let missing: Vec<&str> = updates
        .iter()
        .filter(needs_value)
        .map(|each| &*each.name)
        .collect();
    if !missing.is_empty() {
        let message = format!("Null value not supported for : {}", missing.join(","));
        return Err(ApiError::new(ErrorCode::INVALID_REQUEST, message));
    }
    Ok(())
}
