//! DeleteTopics (key 20), versions 1 to 6: deletes topics by name, from version 6 on also by id
//! (KIP-516).
//!
//! - DELETE on the cluster or on the topic. Who may not DESCRIBE a topic does not learn its name
//!   from its id, nor whether a name exists.
//! - A topic that is named more than once, by whatever names, is not deleted.
//! - The order of the answer is drawn, because it would tell what is hidden from the client.
//! - `delete.topic.enable=false`: TOPIC_DELETION_DISABLED, up to version 2 INVALID_REQUEST.
//! - Partitions are charged on the controller mutation quota (KIP-599); from version 5 on a topic
//!   is refused with THROTTLING_QUOTA_EXCEEDED, before the client is only held back.

use super::{code_and_message, count, duplicate_name};
use crate::controller::active::{Active, Decision};
use crate::controller::request::{ControllerRequest, Mutations};
use crate::requests::{Operation, Resource};
use metadata::VersionedRecord;
use metadata::controller::{ApiError, TopicSelector};
use protocol::generated::delete_topics_response::DeletableTopicResult;
use protocol::generated::{DeleteTopicsRequest, DeleteTopicsResponse};
use protocol::{ErrorCode, Uuid};
use std::collections::BTreeMap;

const FIRST_WITH_DELETION_DISABLED: i16 = 3;
const FIRST_STRICT: i16 = 5;

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: DeleteTopicsRequest<'_> = request.decode()?;
    let settings = &active.parts.settings;
    let refused = if request.is_late(asked.timeout_ms) {
        Some(ApiError::bare(ErrorCode::REQUEST_TIMED_OUT))
    } else if settings.is_topic_deletion_enabled {
        None
    } else if request.version < FIRST_WITH_DELETION_DISABLED {
        let message = "This version does not support topic deletion.";
        Some(ApiError::new(ErrorCode::INVALID_REQUEST, message))
    } else {
        Some(ApiError::bare(ErrorCode::TOPIC_DELETION_DISABLED))
    };
    let mutations = request.mutations(&active.parts.quotas, FIRST_STRICT);
    let (records, mut responses) = match refused {
        Some(error) => (Vec::new(), refuse_all(&asked, &error)),
        None => Deletion::new(active, request, &mutations).decide(&asked),
    };
    shuffle(active, &mut responses);
    let response = request.encode(&DeleteTopicsResponse {
        throttle_time_ms: mutations.throttle_time_ms(),
        responses,
    })?;
    Ok(Decision::new(records, response))
}

struct Deletion<'a> {
    active: &'a Active,
    request: &'a ControllerRequest<'a>,
    mutations: &'a Mutations<'a>,
    may_delete_all: bool,
    responses: Vec<DeletableTopicResult<'static>>,
    /// What is to be deleted, with the name that the answer gives.
    found: BTreeMap<Uuid, String>,
}

impl<'a> Deletion<'a> {
    fn new(
        active: &'a Active,
        request: &'a ControllerRequest<'a>,
        mutations: &'a Mutations<'a>,
    ) -> Self {
        Self {
            active,
            request,
            mutations,
            may_delete_all: request.may(Operation::Delete, Resource::Cluster),
            responses: Vec::new(),
            found: BTreeMap::new(),
        }
    }

    fn decide(
        mut self,
        asked: &DeleteTopicsRequest<'_>,
    ) -> (Vec<VersionedRecord>, Vec<DeletableTopicResult<'static>>) {
        let (names, ids) = self.sort(asked);
        for (id, count) in &ids {
            self.find_by_id(*id, *count);
        }
        for (name, count) in names {
            self.find_by_name(name, count, &ids);
        }
        let selectors: Vec<_> = self.found.keys().copied().map(TopicSelector::Id).collect();
        let controller = self.active.controller().charging(self.mutations);
        let outcome = controller.delete_topics(&selectors);
        let records = match outcome {
            Ok(outcome) => {
                let found = std::mem::take(&mut self.found);
                for ((id, name), deleted) in found.into_iter().zip(outcome.response) {
                    self.respond(Some(&name), id, deleted.result.err());
                }
                outcome.records
            }
            Err(error) => {
                for (id, name) in std::mem::take(&mut self.found) {
                    self.respond(Some(&name), id, Some(error.clone()));
                }
                Vec::new()
            }
        };
        (records, self.responses)
    }

    /// Names and ids with how often they occur; what names a topic in no sound way is answered.
    fn sort<'b>(
        &mut self,
        asked: &'b DeleteTopicsRequest<'_>,
    ) -> (BTreeMap<&'b str, usize>, BTreeMap<Uuid, usize>) {
        let mut names: Vec<&str> = asked.topic_names.iter().map(|name| &**name).collect();
        let mut ids: BTreeMap<Uuid, usize> = BTreeMap::new();
        let invalid = |message: &str| Some(ApiError::new(ErrorCode::INVALID_REQUEST, message));
        for topic in &asked.topics {
            let id = topic.topic_id;
            match topic.name.as_deref() {
                None if id == Uuid::ZERO => {
                    let error = invalid("Neither topic name nor id were specified.");
                    self.respond(None, id, error);
                }
                None => *ids.entry(id).or_default() += 1,
                Some(name) if id == Uuid::ZERO => names.push(name),
                Some(name) => {
                    let error = invalid("You may not specify both topic name and topic id.");
                    self.respond(Some(name), id, error);
                }
            }
        }
        (count(names), ids)
    }

    fn find_by_id(&mut self, id: Uuid, count: usize) {
        if count > 1 {
            let error = ApiError::new(ErrorCode::INVALID_REQUEST, "Duplicate topic id.");
            return self.respond(None, id, Some(error));
        }
        let Some(topic) = self.active.image().topics().by_id(id) else {
            let message = "This server does not host this topic ID.";
            let error = ApiError::new(ErrorCode::UNKNOWN_TOPIC_ID, message);
            return self.respond(None, id, Some(error));
        };
        if self.may(Operation::Delete, &topic.name) {
            self.found.insert(id, topic.name.to_string());
        } else {
            let shown = self.may(Operation::Describe, &topic.name);
            self.respond(shown.then_some(&*topic.name), id, Some(unauthorized()));
        }
    }

    fn find_by_name(&mut self, name: &str, count: usize, ids: &BTreeMap<Uuid, usize>) {
        let topic = self.active.image().topics().by_name(name);
        let error = match topic {
            _ if count > 1 => duplicate_name(),
            _ if !self.may(Operation::Describe, name) => unauthorized(),
            None => ApiError::new(
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                "This server does not host this topic-partition.",
            ),
            Some(_) if !self.may(Operation::Delete, name) => unauthorized(),
            Some(topic) if ids.contains_key(&topic.id) => {
                self.found.remove(&topic.id);
                let message = "The provided topic name maps to an ID that was already supplied.";
                let error = ApiError::new(ErrorCode::INVALID_REQUEST, message);
                return self.respond(Some(name), topic.id, Some(error));
            }
            Some(topic) => {
                self.found.insert(topic.id, name.to_owned());
                return;
            }
        };
        self.respond(Some(name), Uuid::ZERO, Some(error));
    }

    fn respond(&mut self, name: Option<&str>, topic_id: Uuid, error: Option<ApiError>) {
        let (error_code, error_message) = code_and_message(error);
        self.responses.push(DeletableTopicResult {
            name: name.map(|name| name.to_owned().into()),
            topic_id,
            error_code,
            error_message,
        });
    }

    fn may(&self, operation: Operation, name: &str) -> bool {
        self.may_delete_all || self.request.may(operation, Resource::Topic(name))
    }
}

fn refuse_all(
    asked: &DeleteTopicsRequest<'_>,
    error: &ApiError,
) -> Vec<DeletableTopicResult<'static>> {
    let names = asked
        .topic_names
        .iter()
        .map(|name| (Some(&**name), Uuid::ZERO));
    let topics = asked.topics.iter();
    let topics = topics.map(|topic| (topic.name.as_deref(), topic.topic_id));
    names
        .chain(topics)
        .map(|(name, topic_id)| DeletableTopicResult {
            name: name.map(|name| name.to_owned().into()),
            topic_id,
            error_code: error.code,
            error_message: error.message.clone().map(Into::into),
        })
        .collect()
}

fn shuffle<T>(active: &Active, items: &mut [T]) {
    for bound in (2..=items.len()).rev() {
        items.swap(bound - 1, active.parts.environment.chance.below(bound));
    }
}

fn unauthorized() -> ApiError {
    ApiError::bare(ErrorCode::TOPIC_AUTHORIZATION_FAILED)
}
