//! Changes of client quotas (KIP-546, KIP-599, KIP-612).
//!
//! Departure from Kafka: an address must be written as one. Kafka also takes the name of a host and
//! looks it up, anew on each broker and at each start; a decision must not hang on that.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use protocol::ErrorCode;
use protocol::generated::metadata::client_quota_record::EntityData;
use protocol::generated::metadata::{ClientQuotaRecord, MetadataRecord};

use super::{ApiError, Controller, Outcome, check_record_count};
use crate::image::{ClientQuotasImage, QuotaEntity};
use crate::record::VersionedRecord;

/// What to do to the quotas of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaAlteration {
    /// Whom the quotas are for.
    pub entity: QuotaEntity,
    /// Keys with their new values, `None` to remove them.
    pub operations: Vec<(String, Option<f64>)>,
}

/// What came of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaResult {
    /// The entity.
    pub entity: QuotaEntity,
    /// Whether its quotas were changed.
    pub result: Result<(), ApiError>,
}

/// What values a quota takes.
#[derive(Clone, Copy)]
enum QuotaKind {
    Fraction,
    Whole { type_name: &'static str, max: f64 },
}

impl Controller<'_> {
    /// Alters quotas. An entity that is named again is answered with an error, and what was asked
    /// for it first happens all the same, as in Kafka.
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn alter_client_quotas(
        &self,
        alterations: &[QuotaAlteration],
        validate_only: bool,
    ) -> Result<Outcome<Vec<QuotaResult>>, ApiError> {
        let known = self.image().client_quotas();
        let mut results: BTreeMap<&QuotaEntity, Result<(), ApiError>> = BTreeMap::new();
        let mut outcome = Outcome::none(Vec::new());
        for alteration in alterations {
            let entity = &alteration.entity;
            let result = if results.contains_key(entity) || has_duplicate_key(alteration) {
                let message = format!("Ignoring duplicate entity {}", shown(entity));
                Err(invalid(message))
            } else {
                records(known, alteration).map(|records| outcome.records.extend(records))
            };
            results.insert(entity, result);
        }
        check_record_count(&outcome.records)?;
        if validate_only {
            outcome.records.clear();
        }
        let results = results.into_iter();
        outcome.response = results
            .map(|(entity, result)| QuotaResult {
                entity: entity.clone(),
                result,
            })
            .collect();
        Ok(outcome)
    }
}

fn records(
    known: &ClientQuotasImage,
    alteration: &QuotaAlteration,
) -> Result<Vec<VersionedRecord>, ApiError> {
    let entity = &alteration.entity;
    let kinds = kinds_for(entity)?;
    let mut records = Vec::new();
    for (key, value) in &alteration.operations {
        let current = known.value(entity, key);
        if let Some(value) = value {
            check_value(kinds, key, *value)?;
        }
        if current.map(f64::to_bits) == value.map(f64::to_bits) {
            continue;
        }
        let data = |(kind, name): (&String, &Option<String>)| EntityData {
            entity_type: kind.clone(),
            entity_name: name.clone(),
        };
        let record = ClientQuotaRecord {
            entity: entity.0.iter().map(data).collect(),
            key: key.clone(),
            value: value.unwrap_or_default(),
            remove: value.is_none(),
        };
        records.push(VersionedRecord::first(MetadataRecord::ClientQuota(record)));
    }
    Ok(records)
}

/// The keys that an entity of this kind can have.
fn kinds_for(entity: &QuotaEntity) -> Result<fn(&str) -> Option<QuotaKind>, ApiError> {
    if entity.0.is_empty() {
        return Err(invalid("Invalid empty client quota entity"));
    }
    for (kind, name) in &entity.0 {
        if ![QuotaEntity::USER, QuotaEntity::CLIENT_ID, QuotaEntity::IP].contains(&&**kind) {
            let message = format!("Unhandled client quota entity type: {kind}");
            return Err(invalid(message));
        }
        if name.as_deref() == Some("") {
            return Err(invalid(format!("Empty {kind} not supported")));
        }
    }
    let Some(address) = entity.0.get(QuotaEntity::IP) else {
        return Ok(kind_for_client);
    };
    if entity.0.len() > 1 {
        return Err(invalid(
            "Invalid quota entity combination, IP entity shouldnot be combined with User or \
             ClientId",
        ));
    }
    match address {
        Some(address) if address.parse::<IpAddr>().is_err() => {
            let message = format!("{address} is not a valid IP or resolvable host.");
            Err(invalid(message))
        }
        _ => Ok(kind_for_address),
    }
}

fn kind_for_client(key: &str) -> Option<QuotaKind> {
    match key {
        "producer_byte_rate" | "consumer_byte_rate" => Some(QuotaKind::Whole {
            type_name: "LONG",
            max: i64::MAX as f64,
        }),
        "request_percentage" | "controller_mutation_rate" => Some(QuotaKind::Fraction),
        _ => None,
    }
}

fn kind_for_address(key: &str) -> Option<QuotaKind> {
    (key == "connection_creation_rate").then_some(QuotaKind::Whole {
        type_name: "INT",
        max: f64::from(i32::MAX),
    })
}

fn check_value(
    kinds: fn(&str) -> Option<QuotaKind>,
    key: &str,
    value: f64,
) -> Result<(), ApiError> {
    let Some(kind) = kinds(key) else {
        return Err(invalid(format!("Invalid configuration key {key}")));
    };
    if value <= 0.0 {
        return Err(invalid(format!("Quota {key} must be greater than 0")));
    }
    match kind {
        QuotaKind::Whole { type_name, max } if value > max => {
            let article = if type_name == "INT" { "an" } else { "a" };
            let message =
                format!("Proposed value for {key} is too large for {article} {type_name}.");
            Err(invalid(message))
        }
        QuotaKind::Whole { .. } if (value % 1.0).abs() > 1e-6 => {
            Err(invalid(format!("{key} cannot be a fractional value.")))
        }
        _ => Ok(()),
    }
}

fn has_duplicate_key(alteration: &QuotaAlteration) -> bool {
    let mut keys = BTreeSet::new();
    let mut operations = alteration.operations.iter();
    operations.any(|(key, _)| !keys.insert(key))
}

/// As Kafka shows an entity in messages.
fn shown(entity: &QuotaEntity) -> String {
    let entries = entity.0.iter();
    let entries = entries.map(|(kind, name)| {
        let name = name.as_deref().unwrap_or("null");
        format!("{kind}={name}")
    });
    let entries: Vec<String> = entries.collect();
    format!("ClientQuotaEntity(entries={{{}}})", entries.join(", "))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::INVALID_REQUEST, message)
}

#[cfg(test)]
mod tests;
