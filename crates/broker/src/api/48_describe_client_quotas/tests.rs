//! Filters against the quotas of a broker's metadata.

use super::super::harness::Node;
use super::*;
use protocol::generated::metadata::client_quota_record::EntityData as RecordEntity;
use protocol::generated::metadata::{ClientQuotaRecord, MetadataRecord};
use std::sync::atomic::Ordering;

/// Entities with how many quotas each has, or the error.
type Described = Result<Vec<(String, usize)>, (ErrorCode, Option<String>)>;
type Component<'a> = (&'a str, i8, Option<&'a str>);

fn quota(entity: &[(&str, Option<&str>)], key: &str) -> MetadataRecord {
    let entity = entity.iter();
    MetadataRecord::ClientQuota(ClientQuotaRecord {
        entity: entity
            .map(|(kind, name)| RecordEntity {
                entity_type: (*kind).to_owned(),
                entity_name: name.map(str::to_owned),
            })
            .collect(),
        key: key.to_owned(),
        value: 10.0,
        remove: false,
    })
}

async fn node() -> Node {
    let node = Node::start().await;
    node.rights.cluster.store(true, Ordering::Relaxed);
    node.apply(&[
        quota(&[("user", Some("u"))], "producer_byte_rate"),
        quota(&[("user", Some("u"))], "consumer_byte_rate"),
        quota(&[("user", None)], "producer_byte_rate"),
        quota(
            &[("user", Some("u")), ("client-id", Some("c"))],
            "request_percentage",
        ),
        quota(&[("ip", Some("10.0.0.1"))], "connection_creation_rate"),
    ])
    .await;
    node
}

async fn describe(node: &Node, strict: bool, components: &[Component<'_>]) -> Described {
    let components = components.iter();
    let request = DescribeClientQuotasRequest {
        components: components
            .map(|(kind, match_type, name)| ComponentData {
                entity_type: (*kind).into(),
                match_type: *match_type,
                r#match: name.map(Into::into),
            })
            .collect(),
        strict,
    };
    let answer = node.send(1, &request).await;
    let answer = answer.decode().unwrap();
    let Some(entries) = answer.entries else {
        let message = answer.error_message.map(|message| message.to_string());
        return Err((answer.error_code, message));
    };
    let shown = entries.iter().map(|entry| {
        let parts = entry.entity.iter();
        let parts: Vec<String> = parts
            .map(|it| {
                format!(
                    "{}={}",
                    it.entity_type,
                    it.entity_name.as_deref().unwrap_or("*")
                )
            })
            .collect();
        (parts.join(","), entry.values.len())
    });
    Ok(shown.collect())
}

fn named(entities: &[(&str, usize)]) -> Described {
    let entities = entities.iter();
    Ok(entities
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect())
}

#[tokio::test(start_paused = true)]
async fn filters_match_names_defaults_and_any_strictly_or_not() {
    let node = node().await;
    let all = named(&[
        ("client-id=c,user=u", 1),
        ("ip=10.0.0.1", 1),
        ("user=*", 1),
        ("user=u", 2),
    ]);
    assert_eq!(describe(&node, false, &[]).await, all);
    assert_eq!(describe(&node, true, &[]).await, named(&[]));
    let user = [("user", EXACT, Some("u"))];
    let both = named(&[("client-id=c,user=u", 1), ("user=u", 2)]);
    assert_eq!(describe(&node, false, &user).await, both);
    assert_eq!(describe(&node, true, &user).await, named(&[("user=u", 2)]));
    let default = [("user", DEFAULT, None)];
    assert_eq!(
        describe(&node, false, &default).await,
        named(&[("user=*", 1)])
    );
    let any = [("user", SPECIFIED, None), ("client-id", SPECIFIED, None)];
    let pair = named(&[("client-id=c,user=u", 1)]);
    assert_eq!(describe(&node, true, &any).await, pair);
}

#[tokio::test(start_paused = true)]
async fn filters_that_make_no_sense_are_refused() {
    let node = node().await;
    let invalid = ErrorCode::INVALID_REQUEST;
    let cases: [(&[Component<'_>], ErrorCode, &str); 5] = [
        (
            &[("", EXACT, Some("u"))],
            invalid,
            "Invalid empty entity type.",
        ),
        (
            &[("user", DEFAULT, None), ("user", SPECIFIED, None)],
            invalid,
            "Entity type user cannot appear more than once in the filter.",
        ),
        (
            &[("host", EXACT, Some("u"))],
            ErrorCode::UNSUPPORTED_VERSION,
            "Unsupported entity type host",
        ),
        (
            &[("user", EXACT, None)],
            invalid,
            "Request specified MATCH_TYPE_EXACT, but set match string to null.",
        ),
        (&[("user", 9, None)], invalid, "Unknown match type 9"),
    ];
    for (components, code, message) in cases {
        let expected = Err((code, Some(message.to_owned())));
        assert_eq!(describe(&node, false, components).await, expected);
    }
    node.rights.cluster.store(false, Ordering::Relaxed);
    let refused = Err((ErrorCode::CLUSTER_AUTHORIZATION_FAILED, None));
    assert_eq!(describe(&node, false, &[]).await, refused);
}
