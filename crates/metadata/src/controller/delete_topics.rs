//! DeleteTopics, by name or by id (KIP-516).

use std::collections::BTreeMap;

use protocol::generated::metadata::{MetadataRecord, RemoveTopicRecord};
use protocol::{ErrorCode, Uuid};

use super::{ApiError, Controller, Outcome, check_record_count};
use crate::record::VersionedRecord;

/// How a request names a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicSelector {
    /// By name.
    Name(String),
    /// By id.
    Id(Uuid),
}

/// What came of one topic of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionResult {
    /// How the request named it.
    pub selector: TopicSelector,
    /// The name and the id of the deleted topic.
    pub result: Result<(String, Uuid), ApiError>,
}

impl Controller<'_> {
    /// Deletes topics. One that is named more than once is not.
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn delete_topics(
        &self,
        selectors: &[TopicSelector],
    ) -> Result<Outcome<Vec<DeletionResult>>, ApiError> {
        let found: Vec<_> = selectors
            .iter()
            .map(|selector| self.select(selector))
            .collect();
        let mut counts: BTreeMap<Uuid, usize> = BTreeMap::new();
        for (_, topic_id) in found.iter().flatten() {
            *counts.entry(*topic_id).or_default() += 1;
        }
        let mut outcome = Outcome::none(Vec::new());
        for (selector, found) in selectors.iter().zip(found) {
            let result = found.and_then(|(name, topic_id)| match counts[&topic_id] {
                1 => self.charge_deletion(topic_id).map(|()| (name, topic_id)),
                _ => Err(duplicate(selector)),
            });
            if let Ok((_, topic_id)) = result {
                let record = MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id });
                outcome.records.push(VersionedRecord::first(record));
            }
            outcome.response.push(DeletionResult {
                selector: selector.clone(),
                result,
            });
        }
        check_record_count(&outcome.records)?;
        Ok(outcome)
    }

    fn charge_deletion(&self, topic_id: Uuid) -> Result<(), ApiError> {
        let topic = self.image().topics().by_id(topic_id);
        self.charge(topic.map_or(0, |topic| topic.partitions.len()))
    }

    fn select(&self, selector: &TopicSelector) -> Result<(String, Uuid), ApiError> {
        let topics = self.image().topics();
        let (topic, unknown) = match selector {
            TopicSelector::Name(name) => {
                (topics.by_name(name), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
            }
            TopicSelector::Id(id) => (topics.by_id(*id), ErrorCode::UNKNOWN_TOPIC_ID),
        };
        let topic = topic.ok_or_else(|| ApiError::bare(unknown))?;
        Ok((topic.name.to_string(), topic.id))
    }
}

fn duplicate(selector: &TopicSelector) -> ApiError {
    let message = match selector {
        TopicSelector::Name(_) => "Duplicate topic name.",
        TopicSelector::Id(_) => "Duplicate topic id.",
    };
    ApiError::new(ErrorCode::INVALID_REQUEST, message)
}
