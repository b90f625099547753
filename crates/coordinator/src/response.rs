//! Who asks and what comes of it: responses to waiters and records to append.
//!
//! Kafka's rules on where an error goes in each response are in one place, [`Response::failed`].

use protocol::ErrorCode;
use protocol::generated::delete_groups_response::DeleteGroupsResponse;
use protocol::generated::heartbeat_response::HeartbeatResponse;
use protocol::generated::join_group_response::JoinGroupResponse;
use protocol::generated::leave_group_response::LeaveGroupResponse;
use protocol::generated::offset_commit_response::OffsetCommitResponse;
use protocol::generated::offset_delete_response::OffsetDeleteResponse;
use protocol::generated::offset_fetch_response::OffsetFetchResponseGroup;
use protocol::generated::sync_group_response::SyncGroupResponse;

use crate::append::Append;

/// Names a request that waits for its response; the caller draws them and never uses one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId(pub u64);

/// Who sent a request.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The request's name, under which its response comes out.
    pub waiter: WaiterId,
    /// The version of the request.
    pub api_version: i16,
    /// The client id of the request header, empty when it has none.
    pub client_id: &'a str,
    /// The address as Java prints it: a slash and the number.
    pub client_host: &'a str,
}

/// What a call or a deadline leads to. To be carried out in full.
#[derive(Debug, Default, PartialEq)]
#[must_use]
pub struct Effects {
    /// Records to be written, each append as one batch, in this order.
    pub appends: Vec<Append>,
    /// Responses that leave now.
    pub completed: Vec<Completed>,
}

/// The response of one waiter.
#[derive(Debug, PartialEq)]
pub struct Completed {
    /// The waiter, which gets no other response.
    pub waiter: WaiterId,
    /// Its response.
    pub response: Response,
}

/// The response to a request that may have to wait.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant is the response of that name")]
pub enum Response {
    Join(JoinGroupResponse<'static>),
    Sync(SyncGroupResponse<'static>),
    Heartbeat(HeartbeatResponse),
    Leave(LeaveGroupResponse<'static>),
    CommitOffsets(OffsetCommitResponse<'static>),
    FetchOffsets(OffsetFetchResponseGroup<'static>),
    DeleteOffsets(OffsetDeleteResponse<'static>),
    DeleteGroups(DeleteGroupsResponse<'static>),
}

/// A request that waits, with what its response depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) id: WaiterId,
    pub(crate) api_version: i16,
}

impl Caller<'_> {
    pub(crate) const fn waiter(&self) -> Waiter {
        Waiter {
            id: self.waiter,
            api_version: self.api_version,
        }
    }
}

impl Response {
    /// The same response after its records failed.
    pub(crate) fn failed(self, error: ErrorCode) -> Self {
        match self {
            Self::Join(response) => Self::Join(JoinGroupResponse {
                error_code: error,
                member_id: response.member_id,
                ..JoinGroupResponse::default()
            }),
            Self::Sync(_) => Self::Sync(sync_error(error)),
            Self::Heartbeat(_) => Self::Heartbeat(heartbeat(error)),
            Self::Leave(_) => Self::Leave(LeaveGroupResponse {
                error_code: error,
                ..LeaveGroupResponse::default()
            }),
            Self::CommitOffsets(mut response) => {
                let partitions = response.topics.iter_mut();
                for partition in partitions.flat_map(|topic| &mut topic.partitions) {
                    partition.error_code = error;
                }
                Self::CommitOffsets(response)
            }
            Self::FetchOffsets(response) => Self::FetchOffsets(OffsetFetchResponseGroup {
                group_id: response.group_id,
                error_code: error,
                ..OffsetFetchResponseGroup::default()
            }),
            Self::DeleteOffsets(_) => Self::DeleteOffsets(OffsetDeleteResponse {
                error_code: error,
                ..OffsetDeleteResponse::default()
            }),
            Self::DeleteGroups(mut response) => {
                for result in &mut response.results {
                    result.error_code = error;
                }
                Self::DeleteGroups(response)
            }
        }
    }

    /// Writes an absent protocol name as empty where the version cannot leave it out (KIP-559).
    pub(crate) fn fit_to_version(mut self, api_version: i16) -> Self {
        if let Self::Join(response) = &mut self {
            if api_version < 7 {
                response.protocol_name.get_or_insert_default();
            } else {
                response.protocol_name.take_if(|name| name.is_empty());
            }
        }
        self
    }
}

pub(crate) fn heartbeat(error_code: ErrorCode) -> HeartbeatResponse {
    HeartbeatResponse {
        error_code,
        ..HeartbeatResponse::default()
    }
}

pub(crate) fn sync_error(error_code: ErrorCode) -> SyncGroupResponse<'static> {
    SyncGroupResponse {
        error_code,
        ..SyncGroupResponse::default()
    }
}

pub(crate) fn join_error(member_id: &str, error_code: ErrorCode) -> JoinGroupResponse<'static> {
    JoinGroupResponse {
        error_code,
        member_id: member_id.to_owned().into(),
        ..JoinGroupResponse::default()
    }
}
