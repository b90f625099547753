//! Whose configuration it is: types of entities, and names.
//!
//! They are given by `--entity-type` and `--entity-name`, or by one option each. An empty name is
//! the default of its type.

use std::fmt;

use client::exception::Exception;

use crate::arguments::jopt::Parsed;

/// A type of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntityType {
    Topic,
    Client,
    User,
    Broker,
    BrokerLogger,
    Ip,
    ClientMetrics,
    Group,
}

/// Types and names as they were given; there may be fewer names than types.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entities {
    /// At least one; several are users and clients.
    pub(super) types: Vec<EntityType>,
    pub(super) names: Vec<String>,
}

/// The types, by the names that `--entity-type` takes, in the order of Kafka's messages.
const TYPES: [(&str, EntityType); 8] = [
    ("topics", EntityType::Topic),
    ("clients", EntityType::Client),
    ("users", EntityType::User),
    ("brokers", EntityType::Broker),
    ("ips", EntityType::Ip),
    ("client-metrics", EntityType::ClientMetrics),
    ("groups", EntityType::Group),
    ("broker-loggers", EntityType::BrokerLogger),
];

/// The options that name an entity.
const NAMING: [(&str, EntityType); 8] = [
    ("topic", EntityType::Topic),
    ("client", EntityType::Client),
    ("user", EntityType::User),
    ("broker", EntityType::Broker),
    ("broker-logger", EntityType::BrokerLogger),
    ("ip", EntityType::Ip),
    ("client-metrics", EntityType::ClientMetrics),
    ("group", EntityType::Group),
];

/// The options that mean the default of a type.
const DEFAULTS: [(&str, EntityType); 4] = [
    ("client-defaults", EntityType::Client),
    ("user-defaults", EntityType::User),
    ("broker-defaults", EntityType::Broker),
    ("ip-defaults", EntityType::Ip),
];

impl EntityType {
    /// As `--entity-type` has it.
    pub(super) fn plural(self) -> &'static str {
        let row = TYPES.iter().find(|(_, each)| *each == self);
        row.map_or("", |(name, _)| name)
    }

    /// A single one, as Kafka's tool says it.
    pub(super) fn singular(self) -> &'static str {
        let plural = self.plural();
        &plural[..plural.len().saturating_sub(1)]
    }

    fn has_defaults(self) -> bool {
        DEFAULTS.iter().any(|(_, each)| *each == self)
    }

    fn is_broker(self) -> bool {
        matches!(self, Self::Broker | Self::BrokerLogger)
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.plural())
    }
}

impl Entities {
    /// Reads them from the arguments, in Kafka's order.
    ///
    /// # Errors
    /// When a type is unknown, or they do not go together.
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Exception> {
        let values = &parsed.values;
        let naming = NAMING.iter().filter(|(option, _)| values.has(option));
        let defaults = DEFAULTS.iter().filter(|(option, _)| values.has(option));
        let specific: Vec<_> = naming.clone().chain(defaults.clone()).collect();
        let given: Vec<_> = values.all("entity-type").collect();
        let plurals = specific.iter().map(|(_, each)| each.plural());
        let plurals: Vec<_> = given.iter().copied().chain(plurals).collect();
        check_duplicates(&plurals)?;
        let types = plurals.iter().map(|name| type_of(name));
        let types = types.collect::<Result<Vec<_>, _>>()?;
        check_together(&types)?;
        let general = ["entity-name", "entity-type", "entity-default"];
        if general.iter().any(|option| values.has(option)) && !specific.is_empty() {
            return refusal(
                "--entity-{type,name,default} should not be used in conjunction with specific \
                 entity flags",
            );
        }
        let mut names: Vec<String> = values
            .in_order()
            .filter(|(option, _)| ["entity-name", "entity-default"].contains(option))
            .map(|(_, name)| name.to_owned())
            .collect();
        for (option, _) in naming {
            names.push(parsed.single(option)?.unwrap_or_default().to_owned());
        }
        names.extend(defaults.map(|_| String::new()));
        Ok(Self { types, names })
    }

    /// The type that decides what is done.
    pub(super) fn first_type(&self) -> EntityType {
        self.types[0]
    }

    /// Whether an entity itself is named.
    pub(super) fn has_name(&self) -> bool {
        self.names.iter().any(|name| !name.is_empty())
    }

    /// Whether the default of a type is meant.
    pub(super) fn has_default(&self) -> bool {
        self.names.iter().any(String::is_empty)
    }

    /// Whether one of the types has something that holds for all of its entities.
    pub(super) fn may_have_defaults(&self) -> bool {
        self.types.iter().any(|each| each.has_defaults())
    }

    /// The types as they are listed in messages.
    pub(super) fn listed_types(&self) -> String {
        let types: Vec<_> = self.types.iter().map(ToString::to_string).collect();
        types.join(",")
    }

    /// Checks that brokers have numbers and addresses can be resolved.
    ///
    /// # Errors
    /// When one is not so.
    pub(super) fn check_names(&self) -> Result<(), Exception> {
        let first = self.first_type();
        for name in self.names.iter().filter(|name| !name.is_empty()) {
            if first.is_broker() && name.parse::<i32>().is_err() {
                return refusal(format!(
                    "The entity name for {first} must be a valid integer broker id, but it is: \
                     {name}"
                ));
            }
            if first == EntityType::Ip && !can_be_resolved(name) {
                return refusal(format!(
                    "The entity name for {first} must be a valid IP or resolvable host, but it \
                     is: {name}"
                ));
            }
        }
        Ok(())
    }
}

fn check_duplicates(plurals: &[&str]) -> Result<(), Exception> {
    let is_twice = |(index, name): &(usize, &&str)| plurals[..*index].contains(*name);
    let twice: Vec<_> = plurals.iter().enumerate().filter(is_twice).collect();
    if twice.is_empty() {
        return Ok(());
    }
    let twice: Vec<_> = twice.iter().map(|(_, name)| **name).collect();
    refusal(format!(
        "Duplicate entity type(s) specified: {}",
        twice.join(",")
    ))
}

fn type_of(name: &str) -> Result<EntityType, Exception> {
    let row = TYPES.iter().find(|(each, _)| *each == name);
    row.map(|(_, entity_type)| *entity_type).ok_or_else(|| {
        let known = TYPES.map(|(each, _)| each).join(", ");
        Exception::illegal_argument(format!(
            "Invalid entity type {name}, the entity type must be one of {known} with a \
             --bootstrap-server or --bootstrap-controller argument"
        ))
    })
}

fn check_together(types: &[EntityType]) -> Result<(), Exception> {
    let go_together = |each: &EntityType| [EntityType::User, EntityType::Client].contains(each);
    match types {
        [] => refusal("At least one entity type must be specified"),
        [_] => Ok(()),
        several if several.iter().all(go_together) => Ok(()),
        _ => refusal("Only 'users' and 'clients' entity types may be specified together"),
    }
}

fn can_be_resolved(host: &str) -> bool {
    use std::net::ToSocketAddrs;
    (host, 0).to_socket_addrs().is_ok()
}

fn refusal<T>(message: impl Into<String>) -> Result<T, Exception> {
    Err(Exception::illegal_argument(message))
}
