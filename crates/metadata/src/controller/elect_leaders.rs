//! ElectLeaders: the preferred leader back at its place, or anybody at all (KIP-460).

use protocol::ErrorCode;
use protocol::generated::elect_leaders_request::TopicPartitions;

use super::partition_change::{Election, PartitionChange};
use super::{ApiError, Controller, Outcome, check_record_count};
use crate::image::NO_LEADER;
use crate::record::VersionedRecord;

/// What kind of leader is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElectionKind {
    /// The first replica, if it is in sync.
    Preferred,
    /// Any replica, where nobody leads.
    Unclean,
}

/// What came of the partitions of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectionResult {
    /// The topic.
    pub topic: String,
    /// Each partition by index, and whether it has a new leader.
    pub partitions: Vec<(i32, Result<(), ApiError>)>,
}

impl ElectionKind {
    /// The kind that a request numbers so.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(Self::Preferred),
            1 => Some(Self::Unclean),
            _ => None,
        }
    }

    const fn election(self) -> Election {
        match self {
            Self::Preferred => Election::Preferred,
            Self::Unclean => Election::Unclean,
        }
    }
}

impl Controller<'_> {
    /// Elects leaders of the partitions that are named, or of all; of all, those that have such a
    /// leader already are not in the answer.
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn elect_leaders(
        &self,
        kind: ElectionKind,
        named: Option<&[TopicPartitions<'_>]>,
    ) -> Result<Outcome<Vec<ElectionResult>>, ApiError> {
        let mut outcome = Outcome::none(Vec::new());
        let records = &mut outcome.records;
        let mut elect = |topic: &str, index: i32| {
            let elected = self.elect_leader(kind, topic, index);
            (index, elected.map(|record| records.push(record)))
        };
        outcome.response = match named {
            Some(named) => named
                .iter()
                .map(|each| ElectionResult {
                    topic: each.topic.to_string(),
                    partitions: each
                        .partitions
                        .iter()
                        .map(|index| elect(&each.topic, *index))
                        .collect(),
                })
                .collect(),
            None => self
                .image()
                .topics()
                .by_names()
                .map(|topic| ElectionResult {
                    topic: topic.name.to_string(),
                    partitions: topic
                        .partitions
                        .keys()
                        .map(|index| elect(&topic.name, *index))
                        .filter(|(_, result)| !is_not_needed(result))
                        .collect(),
                })
                .collect(),
        };
        check_record_count(&outcome.records)?;
        Ok(outcome)
    }

    fn elect_leader(
        &self,
        kind: ElectionKind,
        topic_name: &str,
        index: i32,
    ) -> Result<VersionedRecord, ApiError> {
        let unknown = |what: String| ApiError::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, what);
        let topic = self.image().topics().by_name(topic_name);
        let topic = topic.ok_or_else(|| unknown(format!("No such topic as {topic_name}")))?;
        let partition = topic
            .partitions
            .get(&index)
            .ok_or_else(|| unknown(format!("No such partition as {topic_name}-{index}")))?;
        let is_needed = match kind {
            ElectionKind::Preferred => partition.replicas.first() != Some(&partition.leader),
            ElectionKind::Unclean => partition.leader == NO_LEADER,
        };
        if !is_needed {
            return Err(ApiError::new(
                ErrorCode::ELECTION_NOT_NEEDED,
                "Leader election not needed for topic partition.",
            ));
        }
        let elections = self.elections_of(topic);
        let can_lead = |id| self.can_lead(partition, id);
        let change = PartitionChange {
            election: kind.election(),
            ..elections.change(index, partition, &can_lead)
        };
        change.build().ok_or_else(|| match kind {
            ElectionKind::Preferred => ApiError::new(
                ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE,
                "The preferred leader was not available.",
            ),
            ElectionKind::Unclean => ApiError::new(
                ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE,
                "Eligible topic partition leaders are not available.",
            ),
        })
    }
}

fn is_not_needed(result: &Result<(), ApiError>) -> bool {
    matches!(result, Err(error) if error.code == ErrorCode::ELECTION_NOT_NEEDED)
}
