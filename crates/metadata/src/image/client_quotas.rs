//! Client quotas (KIP-546), as plain data: kept and written again.
//!
//! Not the job of this module: which quotas there can be, and holding anybody to them.

use imbl::OrdMap;
use protocol::generated::metadata::client_quota_record::EntityData;
use protocol::generated::metadata::{ClientQuotaRecord, MetadataRecord};

use super::SnapshotWriter;

/// Who a quota is for: kind (`user`, `client-id`, `ip`) to name, or to `None` for the default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuotaEntity(pub OrdMap<String, Option<String>>);

/// Quotas by entity and key. A value is kept as its bits, so that an odd one equals itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientQuotasImage {
    pub(super) entities: OrdMap<QuotaEntity, OrdMap<String, u64>>,
}

impl QuotaEntity {
    /// The kind of an authenticated user.
    pub const USER: &'static str = "user";
    /// The kind of what a client calls itself.
    pub const CLIENT_ID: &'static str = "client-id";
    /// The kind of a client's address.
    pub const IP: &'static str = "ip";
}

impl ClientQuotasImage {
    pub(super) fn replay(&mut self, record: &ClientQuotaRecord) {
        let named = |each: &EntityData| (each.entity_type.clone(), each.entity_name.clone());
        let entity = QuotaEntity(record.entity.iter().map(named).collect());
        let mut quotas = self.entities.remove(&entity).unwrap_or_default();
        if record.remove {
            quotas.remove(&record.key);
        } else {
            quotas.insert(record.key.clone(), record.value.to_bits());
        }
        if !quotas.is_empty() {
            self.entities.insert(entity, quotas);
        }
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        for (entity, key, value) in self.iter() {
            let data = |(kind, name): (&String, &Option<String>)| EntityData {
                entity_type: kind.clone(),
                entity_name: name.clone(),
            };
            writer.first(MetadataRecord::ClientQuota(ClientQuotaRecord {
                entity: entity.0.iter().map(data).collect(),
                key: key.to_owned(),
                value,
                remove: false,
            }));
        }
    }

    /// All quotas: entity, key and value.
    pub fn iter(&self) -> impl Iterator<Item = (&QuotaEntity, &str, f64)> {
        self.entities.iter().flat_map(|(entity, quotas)| {
            let quotas = quotas.iter();
            quotas.map(move |(key, bits)| (entity, &**key, f64::from_bits(*bits)))
        })
    }

    /// One quota of an entity.
    pub fn value(&self, entity: &QuotaEntity, key: &str) -> Option<f64> {
        let bits = self.entities.get(entity)?.get(key)?;
        Some(f64::from_bits(*bits))
    }

    /// All entities with their quotas by key.
    pub fn entities(
        &self,
    ) -> impl Iterator<Item = (&QuotaEntity, impl Iterator<Item = (&str, f64)>)> {
        self.entities.iter().map(|(entity, quotas)| {
            let quotas = quotas.iter();
            let quotas = quotas.map(|(key, bits)| (&**key, f64::from_bits(*bits)));
            (entity, quotas)
        })
    }
}
