//! CreateTopics (key 19), versions 2 to 7: creates topics and shows what they came to be.
//!
//! - A name that occurs twice is created neither time.
//! - CREATE on the cluster or on the topic; the configuration is shown to who may DESCRIBE_CONFIGS
//!   of the topic, others get TOPIC_AUTHORIZATION_FAILED in its place (KIP-525).
//! - With `validateOnly` everything is decided and nothing written.
//! - The timeout holds until the decision is taken; who was decided for waits for the commit.
//! - Partitions are charged on the controller mutation quota (KIP-599); from version 6 on a topic
//!   is refused with THROTTLING_QUOTA_EXCEEDED, before the client is only held back.
//!
//! Missing: policies (`create.topic.policy.class.name`).

use super::{count, duplicate_name};
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::controller::topic_configs::TopicConfigs;
use crate::requests::{Operation, Resource};
use metadata::controller::{ApiError, CreatedTopic, TopicResult};
use protocol::ErrorCode;
use protocol::generated::create_topics_request::CreatableTopic;
use protocol::generated::create_topics_response::CreatableTopicResult;
use protocol::generated::{CreateTopicsRequest, CreateTopicsResponse};
use std::collections::BTreeMap;

const FIRST_STRICT: i16 = 6;
const CLUSTER_METADATA: &str = "__cluster_metadata";

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: CreateTopicsRequest<'_> = request.decode()?;
    let refusals = refusals(&asked, request);
    let is_taken = |topic: &&CreatableTopic<'_>| !refusals.contains_key(&*topic.name);
    let taken = CreateTopicsRequest {
        topics: asked.topics.iter().filter(is_taken).cloned().collect(),
        timeout_ms: asked.timeout_ms,
        validate_only: asked.validate_only,
    };
    let mutations = request.mutations(&active.parts.quotas, FIRST_STRICT);
    let controller = active.controller().charging(&mutations);
    let mut chance = active.parts.environment.chance.clone();
    let outcome = match request.is_late(asked.timeout_ms) {
        true => Err(ApiError::bare(ErrorCode::REQUEST_TIMED_OUT)),
        false => controller.create_topics(&taken, &mut chance),
    };
    let (records, mut topics) = match outcome {
        Ok(outcome) => {
            let configs = TopicConfigs::of(active);
            let pairs = taken.topics.iter().zip(&outcome.response);
            let topics: Vec<_> = pairs
                .map(|(topic, result)| shown(&configs, request, topic, result))
                .collect();
            (outcome.records, topics)
        }
        Err(error) => {
            let topics = asked.topics.iter().filter(is_taken);
            let topics = topics.map(|topic| failed(&topic.name, &error)).collect();
            (Vec::new(), topics)
        }
    };
    topics.extend(refusals.iter().map(|(name, error)| failed(name, error)));
    let response = request.encode(&CreateTopicsResponse {
        throttle_time_ms: mutations.throttle_time_ms(),
        topics,
    })?;
    Ok(Decision::new(records, response))
}

/// The topics that are not even looked at.
fn refusals<'a>(
    asked: &'a CreateTopicsRequest<'_>,
    request: &ControllerRequest<'_>,
) -> BTreeMap<&'a str, ApiError> {
    let may_create_all = request.may(Operation::Create, Resource::Cluster);
    let may_create = |name| may_create_all || request.may(Operation::Create, Resource::Topic(name));
    let refusal = |(name, count)| {
        let error = if count > 1 {
            duplicate_name()
        } else if name == CLUSTER_METADATA {
            let message = format!("Creation of internal topic {name} is prohibited.");
            ApiError::new(ErrorCode::INVALID_REQUEST, message)
        } else if !may_create(name) {
            let message = "Authorization failed.";
            ApiError::new(ErrorCode::TOPIC_AUTHORIZATION_FAILED, message)
        } else {
            return None;
        };
        Some((name, error))
    };
    count(asked.topics.iter().map(|topic| &*topic.name))
        .into_iter()
        .filter_map(refusal)
        .collect()
}

fn shown<'a>(
    configs: &TopicConfigs<'_>,
    request: &ControllerRequest<'_>,
    topic: &CreatableTopic<'a>,
    result: &TopicResult,
) -> CreatableTopicResult<'a> {
    let created: &CreatedTopic = match &result.result {
        Ok(created) => created,
        Err(error) => return failed(&topic.name, error),
    };
    let result = CreatableTopicResult {
        name: topic.name.clone(),
        topic_id: created.topic_id,
        error_message: None,
        ..CreatableTopicResult::default()
    };
    if !request.may(Operation::DescribeConfigs, Resource::Topic(&topic.name)) {
        return CreatableTopicResult {
            topic_config_error_code: ErrorCode::TOPIC_AUTHORIZATION_FAILED,
            ..result
        };
    }
    CreatableTopicResult {
        num_partitions: created.partition_count,
        replication_factor: created.replication_factor,
        configs: Some(configs.describe(topic)),
        ..result
    }
}

fn failed<'a>(name: &str, error: &ApiError) -> CreatableTopicResult<'a> {
    CreatableTopicResult {
        name: name.to_owned().into(),
        error_code: error.code,
        error_message: error.message.clone().map(Into::into),
        ..CreatableTopicResult::default()
    }
}
