//! Quotas of users, clients and addresses (KIP-546, KIP-612).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Result;
use client::exception::Exception;
use client::krafka::admin::{
    AdminClient, AlterClientQuotasOptions, ClientQuotaAlteration, ClientQuotaEntity,
    ClientQuotaFilter, DescribeClientQuotasOptions, QuotaMatch,
};

use super::changes::Changes;
use super::credentials::is_mechanism;
use super::entities::{Entities, EntityType};
use super::naming;
use crate::java_numbers;

/// The quotas that users and clients may have.
const OF_CLIENTS: [&str; 4] = [
    "producer_byte_rate",
    "consumer_byte_rate",
    "request_percentage",
    "controller_mutation_rate",
];

/// The quota that addresses may have.
const OF_ADDRESSES: [&str; 1] = ["connection_creation_rate"];

/// The parts of an entity on the wire, and how they are called.
const PARTS: [(&str, &str); 3] = [
    ("user", "user-principal"),
    ("client-id", "client-id"),
    ("ip", "ip"),
];

type Quotas = BTreeMap<ClientQuotaEntity, BTreeMap<String, f64>>;

/// Describes the quotas of the entities that have some.
///
/// # Errors
/// When there are more names than types, or the cluster refuses.
pub(super) async fn describe(
    admin: &AdminClient,
    entities: &Entities,
    out: &mut dyn Write,
) -> Result<()> {
    for (entity, quotas) in quotas(admin, entities).await? {
        writeln!(out, "{}", shown(&entity, &quotas))?;
    }
    Ok(())
}

/// Changes the quotas of one entity. What is deleted has to be there.
///
/// # Errors
/// When it is not, or a value is no number, or the cluster refuses.
pub(super) async fn alter(
    admin: &AdminClient,
    entities: &Entities,
    changes: Changes,
) -> Result<()> {
    let there = quotas(admin, entities).await?;
    let there = there.into_values().next().unwrap_or_default();
    let deleted = changes.delete.iter().map(String::as_str);
    let missing: Vec<_> = deleted.filter(|name| !there.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(Exception {
            class: "InvalidConfigurationException",
            message: format!("Invalid config(s): {}", missing.join(",")),
        }
        .into());
    }
    let parts = entities.types.iter().zip(&entities.names);
    let parts = parts.map(|(entity_type, name)| {
        let name = Some(name.clone()).filter(|name| !name.is_empty());
        Ok((part_of(*entity_type)?, name))
    });
    let entity: ClientQuotaEntity = parts.collect::<Result<Vec<_>>>()?.into_iter().collect();
    let alteration = ClientQuotaAlteration::new(entity, operations(changes)?);
    let options = AlterClientQuotasOptions::default();
    let altered = admin.alter_client_quotas(vec![alteration], options);
    for result in altered.await?.into_values() {
        result.map_err(|error| naming("ALTER_CLIENT_QUOTAS", error))?;
    }
    Ok(())
}

/// Checks changes of users and clients; whether they are of quotas, and not of credentials.
///
/// # Errors
/// When they are of both, or of something else.
pub(super) fn check_of_clients(entities: &Entities, changes: &Changes) -> Result<bool, Exception> {
    let is_quota = |name: &str| OF_CLIENTS.contains(&name);
    let is_of_users = entities.types == [EntityType::User];
    let is_known = |name: &str| is_quota(name) || is_of_users && is_mechanism(name);
    let (what, whose) = match is_of_users {
        true => ("quota and SCRAM credential", EntityType::User),
        false => ("quota", EntityType::Client),
    };
    let set: BTreeSet<_> = changes.set.keys().map(String::as_str).collect();
    let deleted: Vec<_> = changes.delete.iter().map(String::as_str).collect();
    let unknown: Vec<_> = set.into_iter().filter(|name| !is_known(name)).collect();
    if !unknown.is_empty() {
        return refusal(format!(
            "Only {what} configs can be added for '{whose}' using --bootstrap-server. Unexpected \
             config names: Set({})",
            unknown.join(", ")
        ));
    }
    let unknown: Vec<_> = deleted.into_iter().filter(|name| !is_known(name)).collect();
    if !unknown.is_empty() {
        return refusal(format!(
            "Only {what} configs can be deleted for '{whose}' using --bootstrap-server. \
             Unexpected config names: ArrayBuffer({})",
            unknown.join(", ")
        ));
    }
    let has_quotas = changes.names().any(is_quota);
    if changes.names().any(is_mechanism) {
        if entities.has_default() {
            return refusal(
                "The use of --entity-default or --user-defaults is not allowed with User SCRAM \
                 Credentials using --bootstrap-server.",
            );
        }
        if has_quotas {
            return refusal(
                "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' \
                 using --bootstrap-server.",
            );
        }
    }
    Ok(has_quotas)
}

/// Checks changes of addresses.
///
/// # Errors
/// When they are of something else than their quota.
pub(super) fn check_of_addresses(changes: &Changes) -> Result<(), Exception> {
    let unknown = changes.names().filter(|name| !OF_ADDRESSES.contains(name));
    let unknown: Vec<_> = unknown.collect();
    if unknown.is_empty() {
        return Ok(());
    }
    refusal(format!(
        "Only connection quota configs can be added for 'ips' using --bootstrap-server. \
         Unexpected config names: {}",
        unknown.join(",")
    ))
}

async fn quotas(admin: &AdminClient, entities: &Entities) -> Result<Quotas> {
    if entities.names.len() > entities.types.len() {
        return Ok(refusal("More entity names specified than entity types")?);
    }
    let mut filter = ClientQuotaFilter::all().strict(true);
    let mut names = entities.names.iter();
    for entity_type in &entities.types {
        let matching = match names.next() {
            None => QuotaMatch::Any,
            Some(name) if name.is_empty() => QuotaMatch::Default,
            Some(name) => QuotaMatch::Exact(name.clone()),
        };
        filter = filter.component(part_of(*entity_type)?, matching);
    }
    let options = DescribeClientQuotasOptions::default();
    let described = admin.describe_client_quotas(filter, options).await;
    let described = described.map_err(|error| naming("DESCRIBE_CLIENT_QUOTAS", error))?;
    let described = described.into_iter();
    Ok(described
        .map(|(entity, quotas)| (entity, quotas.into_iter().collect()))
        .collect())
}

fn operations(changes: Changes) -> Result<Vec<(String, Option<f64>)>, Exception> {
    let mut operations = Vec::new();
    for (name, value) in changes.set {
        let Ok(number) = value.trim().parse::<f64>() else {
            return refusal(format!(
                "Cannot parse quota configuration value for {name}: {value}"
            ));
        };
        operations.push((name, Some(number)));
    }
    operations.extend(changes.delete.into_iter().map(|name| (name, None)));
    Ok(operations)
}

fn part_of(entity_type: EntityType) -> Result<&'static str, Exception> {
    match entity_type {
        EntityType::User => Ok("user"),
        EntityType::Client => Ok("client-id"),
        EntityType::Ip => Ok("ip"),
        other => refusal(format!("Unexpected entity type {other}")),
    }
}

fn shown(entity: &ClientQuotaEntity, quotas: &BTreeMap<String, f64>) -> String {
    let parts = PARTS.iter().filter_map(|(part, called)| {
        let name = entity.0.get(*part)?;
        Some(match name {
            Some(name) => format!("{called} '{name}'"),
            None => format!("the default {called}"),
        })
    });
    let parts: Vec<_> = parts.collect();
    let values = quotas.iter();
    let values = values.map(|(name, value)| format!("{name}={}", java_numbers::double(*value)));
    let values: Vec<_> = values.collect();
    format!(
        "Quota configs for {} are {}",
        parts.join(", "),
        values.join(", ")
    )
}

fn refusal<T>(message: impl Into<String>) -> Result<T, Exception> {
    Err(Exception::illegal_argument(message))
}
