//! Client quotas (KIP-546), as plain data: kept and written again.

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
    entities: OrdMap<QuotaEntity, OrdMap<String, u64>>,
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
}
