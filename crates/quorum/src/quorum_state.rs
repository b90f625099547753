//! The file `quorum-state`: the election state as a line of JSON.
//!
//! ```text
//! version 0  {"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,
//!             "currentVoters":[{"voterId":1}],"data_version":0}
//! version 1  {"leaderId":1,"leaderEpoch":2,"votedId":-1,
//!             "votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
//! ```
//!
//! Version 0 belongs to `kraft.version` 0, version 1 to the later ones. Unknown fields are passed
//! over.

use std::path::Path;

use protocol::Uuid;
use protocol::ids::LeaderEpoch;
use raft::{ElectionState, KraftVersion, ReplicaKey};
use serde_json::Value;
use storage::disk::{self, Disk, DiskError};
use thiserror::Error;

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumState {
    /// What it remembers.
    pub election: ElectionState,
    /// Which version it has, or is to be written in.
    pub kraft_version: KraftVersion,
    /// The ids of the voters; only version 0 has them.
    pub voter_ids: Vec<i32>,
}

/// What is wrong with the content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MalformedQuorumState {
    /// It is not a line of JSON.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// A field that must be there is not, or has another type.
    #[error("field {0} is missing or of another type")]
    Field(&'static str),
    /// A version that is not known.
    #[error("data_version {0} is not known")]
    Version(i64),
}

impl QuorumState {
    /// The name of the file, in the directory of the log.
    pub const FILE_NAME: &str = "quorum-state";
    pub(crate) const SIZE_MAX: usize = 1 << 20;

    /// Reads the content.
    ///
    /// # Errors
    /// When it is not of the format.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedQuorumState> {
        let line = bytes
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        let value: Value = serde_json::from_slice(line)
            .map_err(|error| MalformedQuorumState::Json(error.to_string()))?;
        let data_version = number(&value, "data_version")?;
        let kraft_version = match data_version {
            0 => KraftVersion::Zero,
            1 => KraftVersion::One,
            other => return Err(MalformedQuorumState::Version(other)),
        };
        let epoch = small_number(&value, "leaderEpoch")?;
        let known = |id: i32| (id >= 0).then_some(id);
        let voted = known(small_number(&value, "votedId")?);
        let directory_id = match kraft_version {
            KraftVersion::Zero => None,
            KraftVersion::One => Some(directory_id(&value)?).filter(|id| !id.is_zero()),
        };
        Ok(Self {
            election: ElectionState {
                epoch: LeaderEpoch(epoch),
                leader_id: known(small_number(&value, "leaderId")?),
                voted: voted.map(|id| ReplicaKey { id, directory_id }),
            },
            kraft_version,
            voter_ids: match kraft_version {
                KraftVersion::Zero => voter_ids(&value)?,
                KraftVersion::One => Vec::new(),
            },
        })
    }

    /// The content, with the fields in Kafka's order.
    pub fn encode(&self) -> Vec<u8> {
        let leader_id = self.election.leader_id.unwrap_or(-1);
        let epoch = self.election.epoch;
        let voted_id = self.election.voted.map_or(-1, |key| key.id);
        let text = match self.kraft_version {
            KraftVersion::Zero => {
                let voters: Vec<_> = self
                    .voter_ids
                    .iter()
                    .map(|id| format!("{{\"voterId\":{id}}}"))
                    .collect();
                format!(
                    "{{\"clusterId\":\"\",\"leaderId\":{leader_id},\"leaderEpoch\":{epoch},\
                     \"votedId\":{voted_id},\"appliedOffset\":0,\"currentVoters\":[{}],\
                     \"data_version\":0}}",
                    voters.join(",")
                )
            }
            KraftVersion::One => {
                let directory_id = self.election.voted.and_then(|key| key.directory_id);
                let directory_id = directory_id.unwrap_or(Uuid::ZERO);
                format!(
                    "{{\"leaderId\":{leader_id},\"leaderEpoch\":{epoch},\"votedId\":{voted_id},\
                     \"votedDirectoryId\":\"{directory_id}\",\"data_version\":1}}"
                )
            }
        };
        text.into_bytes()
    }

    /// Replaces the file in the directory of the log, durably.
    pub(crate) async fn save(&self, disk: &dyn Disk, directory: &Path) -> Result<(), DiskError> {
        disk::replace_whole(disk, &directory.join(Self::FILE_NAME), &self.encode()).await
    }
}

fn number(value: &Value, field: &'static str) -> Result<i64, MalformedQuorumState> {
    let number = value.get(field).and_then(Value::as_i64);
    number.ok_or(MalformedQuorumState::Field(field))
}

fn small_number(value: &Value, field: &'static str) -> Result<i32, MalformedQuorumState> {
    i32::try_from(number(value, field)?).map_err(|_| MalformedQuorumState::Field(field))
}

fn directory_id(value: &Value) -> Result<Uuid, MalformedQuorumState> {
    const FIELD: &str = "votedDirectoryId";
    let text = value.get(FIELD).and_then(Value::as_str);
    let parsed = text.and_then(|text| text.parse().ok());
    parsed.ok_or(MalformedQuorumState::Field(FIELD))
}

/// The voters may be missing or null.
fn voter_ids(value: &Value) -> Result<Vec<i32>, MalformedQuorumState> {
    let voters = value.get("currentVoters").and_then(Value::as_array);
    let ids = voters.into_iter().flatten();
    ids.map(|voter| small_number(voter, "voterId")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_files_read_and_print_the_same() {
        let one = "{\"leaderId\":1,\"leaderEpoch\":2,\"votedId\":-1,\
                   \"votedDirectoryId\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"data_version\":1}";
        let zero = "{\"clusterId\":\"\",\"leaderId\":-1,\"leaderEpoch\":7,\"votedId\":3,\
                    \"appliedOffset\":0,\"currentVoters\":[{\"voterId\":1},{\"voterId\":3}],\
                    \"data_version\":0}";
        let state = QuorumState::decode(one.as_bytes()).unwrap();
        assert_eq!(state.election.leader_id, Some(1));
        assert_eq!(state.election.voted, None);
        assert_eq!(state.encode(), one.as_bytes());
        let state = QuorumState::decode(zero.as_bytes()).unwrap();
        assert_eq!(state.election.epoch, LeaderEpoch(7));
        assert_eq!(state.voter_ids, [1, 3]);
        assert_eq!(state.encode(), zero.as_bytes());
    }

    #[test]
    fn a_malformed_file_is_refused() {
        for (text, message) in [
            (
                "{\"leaderId\":1,\"data_version\":2}",
                "data_version 2 is not known",
            ),
            (
                "{\"leaderId\":1}",
                "field data_version is missing or of another type",
            ),
            (
                "{\"leaderEpoch\":3000000000,\"data_version\":1}",
                "field leaderEpoch is missing or of another type",
            ),
        ] {
            let error = QuorumState::decode(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        for text in ["", "[", "\u{0}\u{0}"] {
            let error = QuorumState::decode(text.as_bytes()).unwrap_err();
            assert!(matches!(error, MalformedQuorumState::Json(_)), "{error}");
        }
    }
}
