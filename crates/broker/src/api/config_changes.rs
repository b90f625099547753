//! What both ways of altering configurations have in common on the node that is asked: it looks at
//! what concerns itself, and the controller decides on the rest (KIP-226, KIP-412).
//!
//! - A broker takes changes of itself and, under an empty name, of all brokers, and checks that it
//!   could go on with them. On listeners of controllers only the controller looks at them.
//! - Levels of the node's loggers are changed here and now.
//! - A resource that occurs twice is altered neither time.
//! - Answers come in the order of the request.
//!
//! Not the job of this module: topics, groups and client metrics, and keeping what is set.

use super::ListenerKind;
use super::forwarding::forward_body;
use crate::broker::Broker;
use crate::config::{ConfigChange, Scope};
use crate::loggers;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::controller::{ApiError, ConfigOperation};
use metadata::image::ResourceKind;
use protocol::ErrorCode;
use protocol::wire::{Message, Reader, Writer};
use std::collections::{BTreeMap, BTreeSet};

/// What came of a resource.
pub(super) type Altered = Result<(), ApiError>;

/// A resource of a request.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) kind: ResourceKind,
    pub(super) name: &'a str,
    pub(super) changes: Vec<ConfigChange<'a>>,
}

/// How a request alters its resources.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Resources get exactly what is named (AlterConfigs), not changes of what they have.
    pub(super) replaces: bool,
    /// Nothing is changed.
    pub(super) validates_only: bool,
}

/// Decides on what the node knows alone; none is left to the controller.
pub(super) fn check(
    broker: &Broker,
    call: &Call,
    asked: &[Asked<'_>],
    manner: Manner,
) -> Vec<Option<Altered>> {
    let mut counts: BTreeMap<(ResourceKind, &str), usize> = BTreeMap::new();
    for each in asked {
        *counts.entry((each.kind, each.name)).or_default() += 1;
    }
    let decide = |each: &Asked<'_>| {
        let is_single = counts[&(each.kind, each.name)] == 1;
        if call.listener == ListenerKind::Controller && each.kind != ResourceKind::BROKER_LOGGER {
            return Ok(None);
        }
        if !is_single {
            return Err(invalid("Each resource must appear at most once."));
        }
        check_changes(&each.changes)?;
        match each.kind {
            ResourceKind::BROKER_LOGGER if !manner.replaces => {
                alter_loggers(broker, call, each, manner).map(Some)
            }
            ResourceKind::BROKER => check_broker(broker, each, manner).map(|()| None),
            ResourceKind::TOPIC | ResourceKind::CLIENT_METRICS | ResourceKind::GROUP => Ok(None),
            kind => Err(invalid(format!("Unknown resource type {}", kind.0))),
        }
    };
    let decided = asked.iter().map(decide);
    decided
        .map(|decided| decided.map_or_else(|error| Some(Err(error)), |done| done.map(Ok)))
        .collect()
}

/// Asks the controller for what is left of a request, in its version, and gives its answer.
pub(super) async fn forward_rest<'m, R: Message<'m>>(
    broker: &Broker,
    call: &Call,
    rest: &R,
) -> Result<Result<Vec<u8>, ErrorCode>, Unanswerable> {
    let mut writer = Writer::new();
    rest.encode(&mut writer, call.context.api_version)
        .map_err(|error| Unanswerable::Refused(error.to_string()))?;
    Ok(forward_body(broker, call, &writer.into_parts().0).await)
}

/// Reads an answer of the controller.
pub(super) fn answer_of<'a, R: Message<'a>>(
    call: &Call,
    body: &'a [u8],
) -> Result<R, Unanswerable> {
    let mut reader = Reader::new(body);
    Ok(R::decode(&mut reader, call.context.api_version)?)
}

/// Puts together what the node has decided on and what the controller has, in the order of the
/// request.
pub(super) fn assemble(
    asked: &[Asked<'_>],
    decided: Vec<Option<Altered>>,
    answered: Result<BTreeMap<(ResourceKind, String), ApiError>, ErrorCode>,
) -> Vec<ApiError> {
    let rest = |each: &Asked<'_>| match &answered {
        Ok(answered) => {
            let answer = answered.get(&(each.kind, each.name.to_owned()));
            let missing = || ApiError::bare(ErrorCode::UNKNOWN_SERVER_ERROR);
            answer.cloned().unwrap_or_else(missing)
        }
        Err(error) => ApiError::bare(*error),
    };
    let both = asked.iter().zip(decided);
    both.map(|(each, decided)| match decided {
        Some(Ok(())) => ApiError::bare(ErrorCode::NONE),
        Some(Err(error)) => error,
        None => rest(each),
    })
    .collect()
}

fn check_changes(changes: &[ConfigChange<'_>]) -> Altered {
    let mut seen = BTreeSet::new();
    if !changes.iter().all(|change| seen.insert(change.name)) {
        return Err(invalid("Error due to duplicate config keys"));
    }
    let needs_value = |change: &&ConfigChange<'_>| {
        change.value.is_none()
            && ConfigOperation::from_code(change.operation) != Some(ConfigOperation::Delete)
    };
    let missing = changes.iter().filter(needs_value);
    let missing: Vec<&str> = missing.map(|change| change.name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(invalid(format!("Null value not supported for : {missing}")))
}

fn alter_loggers(broker: &Broker, call: &Call, asked: &Asked<'_>, manner: Manner) -> Altered {
    let operation = match call.listener {
        ListenerKind::Broker => Operation::AlterConfigs,
        ListenerKind::Controller => Operation::ClusterAction,
    };
    if !broker.authorise(&call.context, operation, Resource::Cluster) {
        return Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED));
    }
    let own = broker.identity.node_id;
    match asked.name.parse::<i32>() {
        Ok(id) if id == own => {
            let loggers = broker.environment.loggers.as_ref();
            loggers::alter(loggers, &asked.changes, manner.validates_only)
        }
        Ok(id) => Err(invalid(format!(
            "Unexpected node id. Expected {own}, but received {id}"
        ))),
        Err(_) => Err(no_id(asked.name)),
    }
}

/// Checks that this broker could go on with values of its own, or of all brokers.
fn check_broker(broker: &Broker, asked: &Asked<'_>, manner: Manner) -> Altered {
    let (name, own) = (asked.name, broker.identity.node_id);
    let scope = match name.parse::<i32>() {
        _ if name.is_empty() => Scope::Cluster,
        Ok(id) if id == own => Scope::Broker,
        Ok(_) => {
            return Err(invalid(format!(
                "Unexpected broker id, expected {own}, but received {name}"
            )));
        }
        Err(_) => return Err(no_id(name)),
    };
    let config = broker.config.current();
    let values = match manner.replaces {
        true => {
            let pairs = asked.changes.iter();
            let owned = |change: &ConfigChange<'_>| {
                let value = change.value.unwrap_or_default();
                (change.name.to_owned(), value.to_owned())
            };
            pairs.map(owned).collect()
        }
        false => config.after(scope, &asked.changes)?,
    };
    let checked = config.check(scope, &values);
    checked.map_err(|error| invalid(error.to_string()))
}

fn no_id(name: &str) -> ApiError {
    invalid(format!("Node id must be an integer, but it is: {name}"))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::INVALID_REQUEST, message)
}
