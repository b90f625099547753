//! AlterUserScramCredentials (key 51), version 0: sets and deletes SCRAM credentials of users
//! (KIP-554).
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use protocol::generated::{AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: AlterUserScramCredentialsRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        let deletions = request.deletions.iter().map(|deletion| &deletion.name);
        let upsertions = request.upsertions.iter().map(|upsertion| &upsertion.name);
        let users: BTreeSet<_> = deletions.chain(upsertions).collect();
        let users = users.into_iter();
        let refused = users.map(|user| AlterUserScramCredentialsResult {
            user: user.clone(),
            error_code,
            error_message: None,
        });
        call.answer(&AlterUserScramCredentialsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            results: refused.collect(),
        })
    })
    .await
}
