//! Topics, brokers, their loggers, groups and client metrics: entities whose configuration is
//! described and changed value by value.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::exception::Exception;
use client::krafka::KrafkaError;
use client::krafka::admin::{
    AdminClient, ConfigOp, ConfigResource, ConfigResourceType, DescribeClusterOptions,
    DescribeConfigsOptions, IncrementalAlterConfigsOptions, ListConfigResourcesOptions,
    ListConsumerGroupsOptions, ListTopicsOptions,
};
use metadata::controller::check_topic_name;

use super::changes::Changes;
use super::entities::EntityType;
use super::entry::Entry;
use super::naming;

/// As long as Kafka's tool waits.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Describes one entity, or all that there are; what is set for them, or all that holds.
///
/// # Errors
/// When the cluster refuses.
pub(super) async fn describe(
    admin: &AdminClient,
    entity_type: EntityType,
    name: Option<&str>,
    all: bool,
    out: &mut dyn Write,
) -> Result<()> {
    if let Some(name) = name
        && !all
        && !exists(admin, entity_type, name).await?
    {
        writeln!(
            out,
            "The {} '{name}' doesn't exist and doesn't have dynamic config.",
            entity_type.singular()
        )?;
        return Ok(());
    }
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => listed(admin, entity_type).await?,
    };
    for name in names {
        writeln!(out, "{}", heading(entity_type, &name, all))?;
        for entry in entries(admin, entity_type, &name, true).await? {
            let is_own = own_source(entity_type, &name).is_none_or(|own| entry.source == own);
            if all || is_own {
                writeln!(out, "{}", entry.shown())?;
            }
        }
    }
    Ok(())
}

/// Changes the configuration of an entity; an empty name is the default of brokers.
///
/// # Errors
/// When the cluster refuses.
pub(super) async fn alter(
    admin: &AdminClient,
    entity_type: EntityType,
    name: &str,
    changes: Changes,
) -> Result<()> {
    let resource = resource(entity_type, name)?;
    let deleted = changes.delete.into_iter().map(ConfigOp::delete);
    let set = changes.set.into_iter();
    let set = set.map(|(name, value)| ConfigOp::set(name, value));
    let operations = deleted.chain(set).collect();
    let options = IncrementalAlterConfigsOptions::default().timeout(TIMEOUT);
    let altered = admin.incremental_alter_configs([(resource, operations)], options);
    for result in altered.await?.into_values() {
        result?;
    }
    Ok(())
}

/// Changes the levels of loggers, all of which the broker has to have.
///
/// # Errors
/// When it has not, or refuses.
pub(super) async fn alter_loggers(
    admin: &AdminClient,
    broker: &str,
    changes: Changes,
) -> Result<()> {
    let there = entries(admin, EntityType::BrokerLogger, broker, false).await?;
    let there: BTreeSet<_> = there.into_iter().map(|entry| entry.name).collect();
    let deleted = changes.delete.iter();
    let missing = deleted.chain(changes.set.keys());
    let missing: Vec<_> = missing.filter(|name| !there.contains(*name)).collect();
    if !missing.is_empty() {
        let missing: Vec<_> = missing.into_iter().map(String::as_str).collect();
        return Err(Exception {
            class: "InvalidConfigurationException",
            message: format!("Invalid broker logger(s): {}", missing.join(",")),
        }
        .into());
    }
    alter(admin, EntityType::BrokerLogger, broker, changes).await
}

async fn exists(admin: &AdminClient, entity_type: EntityType, name: &str) -> Result<bool> {
    Ok(match entity_type {
        EntityType::Topic => {
            check_topic_name(name).map_err(|error| Exception {
                class: "InvalidTopicException",
                message: error.message.unwrap_or_default(),
            })?;
            topics(admin).await?.iter().any(|topic| topic == name)
        }
        EntityType::Broker | EntityType::BrokerLogger => {
            name.is_empty()
                || brokers(admin)
                    .await?
                    .iter()
                    .any(|id| id.to_string() == name)
        }
        EntityType::Group => {
            groups(admin).await?.contains(name)
                // Where configured groups cannot be listed it may be one.
                || configured_groups(admin).await?.is_none_or(|groups| groups.contains(name))
        }
        _ => client_metrics(admin).await?.iter().any(|each| each == name),
    })
}

async fn listed(admin: &AdminClient, entity_type: EntityType) -> Result<Vec<String>> {
    Ok(match entity_type {
        EntityType::Topic => topics(admin).await?,
        EntityType::Broker | EntityType::BrokerLogger => {
            let ids = brokers(admin).await?.into_iter();
            ids.map(|id| id.to_string())
                .chain([String::new()])
                .collect()
        }
        EntityType::Group => {
            let mut names = groups(admin).await?;
            names.extend(configured_groups(admin).await?.unwrap_or_default());
            names.into_iter().collect()
        }
        _ => client_metrics(admin).await?,
    })
}

async fn topics(admin: &AdminClient) -> Result<Vec<String>> {
    let options = ListTopicsOptions::default().include_internal(true);
    Ok(admin.list_topics(options).await?)
}

async fn brokers(admin: &AdminClient) -> Result<BTreeSet<i32>> {
    let cluster = admin.describe_cluster(DescribeClusterOptions::default());
    Ok(cluster.await?.brokers.iter().map(|each| each.id).collect())
}

async fn groups(admin: &AdminClient) -> Result<BTreeSet<String>> {
    let listed = admin.list_consumer_groups(ListConsumerGroupsOptions::default());
    let mut names = BTreeSet::new();
    for of_broker in listed.await?.into_values() {
        names.extend(of_broker?.into_iter().map(|group| group.group_id));
    }
    Ok(names)
}

/// Groups with a configuration; none if brokers cannot tell, or may not (KIP-1142).
async fn configured_groups(admin: &AdminClient) -> Result<Option<BTreeSet<String>>> {
    match configured(admin, ConfigResourceType::Group).await {
        Ok(names) => Ok(Some(names.into_iter().collect())),
        Err(error) => match Exception::of(&error).class {
            "UnsupportedVersionException" | "ClusterAuthorizationException" => Ok(None),
            _ => Err(error.into()),
        },
    }
}

async fn client_metrics(admin: &AdminClient) -> Result<Vec<String>> {
    Ok(configured(admin, ConfigResourceType::ClientMetrics).await?)
}

async fn configured(
    admin: &AdminClient,
    of: ConfigResourceType,
) -> Result<Vec<String>, KrafkaError> {
    let listed = admin.list_config_resources([of], ListConfigResourcesOptions::default());
    let listed = listed.await;
    let listed = listed.map_err(|error| naming("LIST_CONFIG_RESOURCES", error))?;
    let mut names: Vec<_> = listed.into_iter().map(|each| each.name).collect();
    names.sort();
    Ok(names)
}

/// What holds for an entity, in the order of the names.
async fn entries(
    admin: &AdminClient,
    entity_type: EntityType,
    name: &str,
    with_synonyms: bool,
) -> Result<Vec<Entry>> {
    let options = DescribeConfigsOptions::default()
        .include_synonyms(with_synonyms)
        .timeout(TIMEOUT);
    let described = admin.describe_configs([resource(entity_type, name)?], options);
    let mut entries = Vec::new();
    for result in described.await?.into_values() {
        entries.extend(result?.into_iter().map(Entry::from));
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

fn resource(entity_type: EntityType, name: &str) -> Result<ConfigResource> {
    let id = || name.parse().context("read broker: its id is no number");
    Ok(match entity_type {
        EntityType::Topic => ConfigResource::topic(name),
        EntityType::Broker if name.is_empty() => ConfigResource::broker_default(),
        EntityType::Broker => ConfigResource::broker(id()?),
        EntityType::BrokerLogger => ConfigResource::broker_logger(id()?),
        EntityType::Group => ConfigResource::group(name),
        EntityType::ClientMetrics => ConfigResource::client_metrics(name),
        EntityType::Client | EntityType::User | EntityType::Ip => {
            bail!("configure {entity_type}: they have quotas only")
        }
    })
}

/// Where values come from that are set for the entity itself; none if all are (KIP-226).
fn own_source(entity_type: EntityType, name: &str) -> Option<i8> {
    Some(match entity_type {
        EntityType::Topic => 1,
        EntityType::Broker if name.is_empty() => 3,
        EntityType::Broker => 2,
        EntityType::ClientMetrics => 7,
        EntityType::Group => 8,
        EntityType::BrokerLogger | EntityType::Client | EntityType::User | EntityType::Ip => {
            return None;
        }
    })
}

fn heading(entity_type: EntityType, name: &str, all: bool) -> String {
    if name.is_empty() {
        return format!("Default configs for {entity_type} in the cluster are:");
    }
    let which = if all { "All" } else { "Dynamic" };
    let entity_type = entity_type.singular();
    format!("{which} configs for {entity_type} {name} are:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_have_headings() {
        let check = |entity_type, name, all, expected: &str| {
            assert_eq!(heading(entity_type, name, all), expected);
        };
        let topic = "Dynamic configs for topic t are:";
        check(EntityType::Topic, "t", false, topic);
        let broker = "All configs for broker 1 are:";
        check(EntityType::Broker, "1", true, broker);
        let brokers = "Default configs for brokers in the cluster are:";
        check(EntityType::Broker, "", true, brokers);
    }
}
