//! DescribeUserScramCredentials (key 50), version 0: which mechanisms users have credentials for,
//! with their iterations (KIP-554); nothing of the credentials themselves.
//!
//! - DESCRIBE on the cluster. No users stand for all that have credentials.
//! - A user without a credential is RESOURCE_NOT_FOUND, one who is named again DUPLICATE_RESOURCE.

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::image::ScramImage;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_user_scram_credentials_response::{
    CredentialInfo, DescribeUserScramCredentialsResult,
};
use protocol::generated::{
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeUserScramCredentialsRequest<'_> = call.decode()?;
    let response = DescribeUserScramCredentialsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        ..DescribeUserScramCredentialsResponse::default()
    };
    if !broker.authorise(&call.context, Operation::Describe, Resource::Cluster) {
        let error_code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        let users = request.users.iter().flatten();
        return call.answer(&DescribeUserScramCredentialsResponse {
            error_code,
            results: users
                .map(|_| DescribeUserScramCredentialsResult {
                    error_code,
                    ..DescribeUserScramCredentialsResult::default()
                })
                .collect(),
            ..response
        });
    }
    let published = broker.metadata.current();
    let users = request.users.iter().flatten();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for user in users {
        *counts.entry(&user.name).or_default() += 1;
    }
    call.answer(&DescribeUserScramCredentialsResponse {
        results: describe(published.image.scram(), &counts),
        ..response
    })
}

fn describe(
    image: &ScramImage,
    counts: &BTreeMap<&str, usize>,
) -> Vec<DescribeUserScramCredentialsResult<'static>> {
    let mut known: BTreeMap<&str, Vec<CredentialInfo>> = BTreeMap::new();
    for (mechanism, user, credential) in image.iter() {
        if counts.is_empty() || counts.contains_key(user) {
            known.entry(user).or_default().push(CredentialInfo {
                mechanism: mechanism.0,
                iterations: credential.iterations,
            });
        }
    }
    for user in counts.keys() {
        known.entry(user).or_default();
    }
    let result = |(user, credential_infos): (&str, Vec<CredentialInfo>)| {
        let failed = |error_code, message: &str| DescribeUserScramCredentialsResult {
            user: user.to_owned().into(),
            error_code,
            error_message: Some(format!("{message}{user}").into()),
            ..DescribeUserScramCredentialsResult::default()
        };
        if counts.get(user).is_some_and(|count| *count > 1) {
            return failed(
                ErrorCode::DUPLICATE_RESOURCE,
                "Cannot describe SCRAM credentials for the same user twice in a single request: ",
            );
        }
        if credential_infos.is_empty() {
            return failed(
                ErrorCode::RESOURCE_NOT_FOUND,
                "Attempt to describe a user credential that does not exist: ",
            );
        }
        DescribeUserScramCredentialsResult {
            user: user.to_owned().into(),
            credential_infos,
            ..DescribeUserScramCredentialsResult::default()
        }
    };
    known.into_iter().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::super::harness::Node;
    use super::*;
    use protocol::generated::describe_user_scram_credentials_request::UserName;
    use protocol::generated::metadata::{MetadataRecord, UserScramCredentialRecord};
    use std::sync::atomic::Ordering;

    async fn describe(node: &Node, users: &[&'static str]) -> Vec<(String, ErrorCode, Vec<i8>)> {
        let users = users.iter().map(|name| UserName {
            name: (*name).into(),
        });
        let request = DescribeUserScramCredentialsRequest {
            users: Some(users.collect()),
        };
        let answer = node.send(0, &request).await;
        let answer = answer.decode().unwrap();
        let results = answer.results.iter().map(|each| {
            let mechanisms = each.credential_infos.iter().map(|info| info.mechanism);
            (each.user.to_string(), each.error_code, mechanisms.collect())
        });
        results.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn users_are_described_by_their_mechanisms() {
        let node = Node::start().await;
        let credential = |name: &str, mechanism| {
            MetadataRecord::UserScramCredential(UserScramCredentialRecord {
                name: name.to_owned(),
                mechanism,
                iterations: 4096,
                ..UserScramCredentialRecord::default()
            })
        };
        node.apply(&[
            credential("ann", 1),
            credential("ann", 2),
            credential("bob", 1),
        ])
        .await;
        let refused = describe(&node, &["ann"]).await;
        let forbidden = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        assert_eq!(refused, [(String::new(), forbidden, vec![])]);
        node.rights.cluster.store(true, Ordering::Relaxed);
        let ann = ("ann".to_owned(), ErrorCode::NONE, vec![1, 2]);
        let bob = ("bob".to_owned(), ErrorCode::NONE, vec![1]);
        assert_eq!(describe(&node, &[]).await, [ann.clone(), bob]);
        let some = describe(&node, &["ann", "bob", "bob", "cleo"]).await;
        let twice = ("bob".to_owned(), ErrorCode::DUPLICATE_RESOURCE, vec![]);
        let unknown = ("cleo".to_owned(), ErrorCode::RESOURCE_NOT_FOUND, vec![]);
        assert_eq!(some, [ann, twice, unknown]);
    }
}
