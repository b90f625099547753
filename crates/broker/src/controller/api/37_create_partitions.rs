//! CreatePartitions (key 37), versions 0 to 3: adds partitions to topics (KIP-195).
//!
//! ALTER on each topic. A name that occurs twice is changed neither time. With `validateOnly`
//! everything is decided and nothing written. Partitions are charged on the controller mutation
//! quota (KIP-599); from version 3 on a topic is refused with THROTTLING_QUOTA_EXCEEDED, before the
//! client is only held back.

use super::{code_and_message, count, duplicate_name};
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::controller::ApiError;
use protocol::ErrorCode;
use protocol::generated::create_partitions_response::CreatePartitionsTopicResult;
use protocol::generated::{CreatePartitionsRequest, CreatePartitionsResponse};
use std::collections::BTreeMap;

const FIRST_STRICT: i16 = 3;

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: CreatePartitionsRequest<'_> = request.decode()?;
    let refusals: BTreeMap<&str, ApiError> = count(asked.topics.iter().map(|topic| &*topic.name))
        .into_iter()
        .filter_map(|(name, count)| Some((name, refusal(request, name, count)?)))
        .collect();
    let taken = CreatePartitionsRequest {
        topics: asked
            .topics
            .iter()
            .filter(|topic| !refusals.contains_key(&*topic.name))
            .cloned()
            .collect(),
        ..asked
    };
    let mutations = request.mutations(&active.parts.quotas, FIRST_STRICT);
    let controller = active.controller().charging(&mutations);
    let mut chance = active.parts.environment.chance.clone();
    let outcome = match request.is_late(asked.timeout_ms) {
        true => Err(ApiError::bare(ErrorCode::REQUEST_TIMED_OUT)),
        false => controller.create_partitions(&taken, &mut chance),
    };
    let refusals = refusals
        .into_iter()
        .map(|(name, error)| answer(name, Some(error)));
    let mut results: Vec<_> = refusals.collect();
    let records = match outcome {
        Ok(outcome) => {
            let each = outcome.response.iter();
            results.extend(each.map(|each| answer(&each.name, each.result.clone().err())));
            outcome.records
        }
        Err(error) => {
            let topics = taken.topics.iter();
            results.extend(topics.map(|topic| answer(&topic.name, Some(error.clone()))));
            Vec::new()
        }
    };
    let response = request.encode(&CreatePartitionsResponse {
        throttle_time_ms: mutations.throttle_time_ms(),
        results,
    })?;
    Ok(Decision::new(records, response))
}

fn refusal(request: &ControllerRequest<'_>, name: &str, count: usize) -> Option<ApiError> {
    if count > 1 {
        return Some(duplicate_name());
    }
    let may_alter = request.may(Operation::Alter, Resource::Topic(name));
    (!may_alter).then(|| ApiError::bare(ErrorCode::TOPIC_AUTHORIZATION_FAILED))
}

fn answer<'a>(name: &str, error: Option<ApiError>) -> CreatePartitionsTopicResult<'a> {
    let (error_code, error_message) = code_and_message(error);
    CreatePartitionsTopicResult {
        name: name.to_owned().into(),
        error_code,
        error_message,
    }
}
