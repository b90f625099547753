//! ListGroups: the groups of this partition, by state (KIP-518) and type (KIP-848).

use protocol::generated::list_groups_request::ListGroupsRequest;
use protocol::generated::list_groups_response::{ListGroupsResponse, ListedGroup};

use crate::coordinator::Coordinator;

impl Coordinator {
    /// The groups that pass both filters, letter case apart; an empty filter lets all pass. The
    /// caller puts the answers of its partitions together.
    #[must_use]
    pub fn list_groups(&self, request: &ListGroupsRequest<'_>) -> ListGroupsResponse<'static> {
        if let Err(error_code) = self.check_active() {
            return ListGroupsResponse {
                error_code,
                ..ListGroupsResponse::default()
            };
        }
        let passes = |filter: &[std::borrow::Cow<'_, str>], name: &str| {
            filter.is_empty() || filter.iter().any(|it| it.trim().eq_ignore_ascii_case(name))
        };
        let listed = self.groups.iter().filter(|(_, group)| {
            passes(&request.states_filter, group.state.name())
                && passes(&request.types_filter, Self::CLASSIC)
        });
        let groups = listed.map(|(id, group)| ListedGroup {
            group_id: id.as_str().to_owned().into(),
            protocol_type: group.protocol_type().unwrap_or("").to_owned().into(),
            group_state: group.state.name().into(),
            group_type: Self::CLASSIC.into(),
        });
        ListGroupsResponse {
            groups: groups.collect(),
            ..ListGroupsResponse::default()
        }
    }

    const CLASSIC: &'static str = "classic";
}
