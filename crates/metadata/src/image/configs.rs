//! Dynamic configurations, by the resource that they belong to.
//!
//! Not the job of this module: what a key means, and what holds when it is not set.

use imbl::OrdMap;
use protocol::generated::metadata::{ConfigRecord, MetadataRecord};

use super::SnapshotWriter;

/// The kind of a resource, as records and requests number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceKind(pub i8);

impl ResourceKind {
    /// A topic, by name.
    pub const TOPIC: Self = Self(2);
    /// A broker, by id; the empty name stands for all brokers.
    pub const BROKER: Self = Self(4);
    /// Loggers of a broker, by its id (KIP-412). Their levels are no metadata.
    pub const BROKER_LOGGER: Self = Self(8);
    /// Metrics that clients push, by subscription (KIP-714).
    pub const CLIENT_METRICS: Self = Self(16);
    /// A group, by id (KIP-1043).
    pub const GROUP: Self = Self(32);
}

/// What a configuration belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigResource {
    /// Its kind.
    pub kind: ResourceKind,
    /// Its name within the kind.
    pub name: String,
}

/// What is set, and only that.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigsImage {
    pub(super) resources: OrdMap<ConfigResource, OrdMap<String, String>>,
}

impl ConfigResource {
    /// The topic of this name.
    pub fn topic(name: &str) -> Self {
        Self {
            kind: ResourceKind::TOPIC,
            name: name.to_owned(),
        }
    }

    /// The broker of this id.
    pub fn broker(id: i32) -> Self {
        Self {
            kind: ResourceKind::BROKER,
            name: id.to_string(),
        }
    }

    /// All brokers of the cluster.
    pub fn all_brokers() -> Self {
        Self {
            kind: ResourceKind::BROKER,
            name: String::new(),
        }
    }
}

impl ConfigsImage {
    pub(super) fn replay(&mut self, record: &ConfigRecord) {
        let resource = ConfigResource {
            kind: ResourceKind(record.resource_type),
            name: record.resource_name.clone(),
        };
        let mut values = self.resources.remove(&resource).unwrap_or_default();
        match &record.value {
            Some(value) => values.insert(record.name.clone(), value.clone()),
            None => values.remove(&record.name),
        };
        if !values.is_empty() {
            self.resources.insert(resource, values);
        }
    }

    pub(super) fn remove_topic(&mut self, name: &str) {
        self.resources.remove(&ConfigResource::topic(name));
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        for (resource, values) in &self.resources {
            for (name, value) in values {
                writer.first(MetadataRecord::Config(ConfigRecord {
                    resource_type: resource.kind.0,
                    resource_name: resource.name.clone(),
                    name: name.clone(),
                    value: Some(value.clone()),
                }));
            }
        }
    }

    /// What is set on a resource, `None` if nothing is.
    pub fn of(&self, resource: &ConfigResource) -> Option<&OrdMap<String, String>> {
        self.resources.get(resource)
    }

    /// One value that is set on a resource.
    pub fn value(&self, resource: &ConfigResource, name: &str) -> Option<&str> {
        self.of(resource)?.get(name).map(String::as_str)
    }

    /// All resources with something set, in their order.
    pub fn resources(&self) -> impl Iterator<Item = (&ConfigResource, &OrdMap<String, String>)> {
        self.resources.iter()
    }
}
