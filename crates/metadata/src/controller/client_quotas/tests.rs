//! Alterations that are good, bad or double.

use super::super::tests::Node;
use super::*;

/// Alters and takes the records in; returns how many there were, and the messages.
fn alter(node: &mut Node, alterations: &[QuotaAlteration]) -> (usize, Vec<Option<String>>) {
    let controller = node.controller();
    let dry = controller.alter_client_quotas(alterations, true).unwrap();
    assert_eq!(dry.records, []);
    let outcome = controller.alter_client_quotas(alterations, false).unwrap();
    assert_eq!(outcome.response, dry.response);
    node.append(&outcome.records);
    let messages = outcome.response.into_iter();
    let messages = messages.map(|each| each.result.err().and_then(|error| error.message));
    (outcome.records.len(), messages.collect())
}

fn quotas(node: &Node) -> Vec<(QuotaEntity, String, f64)> {
    let quotas = node.image().client_quotas().iter();
    quotas
        .map(|(entity, key, value)| (entity.clone(), key.to_owned(), value))
        .collect()
}

type Parts<'a> = [(&'a str, Option<&'a str>)];

fn entity(parts: &Parts<'_>) -> QuotaEntity {
    let parts = parts.iter();
    QuotaEntity(
        parts
            .map(|(kind, name)| ((*kind).to_owned(), name.map(str::to_owned)))
            .collect(),
    )
}

fn alteration(entity: QuotaEntity, operations: &[(&str, Option<f64>)]) -> QuotaAlteration {
    let operations = operations.iter();
    QuotaAlteration {
        entity,
        operations: operations
            .map(|(key, value)| ((*key).to_owned(), *value))
            .collect(),
    }
}

#[test]
fn quotas_are_set_changed_and_removed_and_nothing_is_written_that_is_so_already() {
    let mut node = Node::with_brokers(1);
    let both = entity(&[("user", Some("u")), ("client-id", None)]);
    let set = alteration(
        both.clone(),
        &[
            ("producer_byte_rate", Some(1024.0)),
            ("request_percentage", Some(12.5)),
        ],
    );
    assert_eq!(
        alter(&mut node, std::slice::from_ref(&set)),
        (2, vec![None])
    );
    assert_eq!(alter(&mut node, &[set]), (0, vec![None]));
    let change = alteration(
        both.clone(),
        &[("producer_byte_rate", None), ("consumer_byte_rate", None)],
    );
    assert_eq!(alter(&mut node, &[change]), (1, vec![None]));
    let left = vec![(both, "request_percentage".to_owned(), 12.5)];
    assert_eq!(quotas(&node), left);
}

#[test]
fn an_entity_that_is_named_again_is_an_error_and_keeps_what_came_first() {
    let mut node = Node::with_brokers(1);
    let user = entity(&[("client-id", None), ("user", Some("u"))]);
    let first = alteration(user.clone(), &[("producer_byte_rate", Some(1.0))]);
    let again = alteration(user.clone(), &[("producer_byte_rate", Some(2.0))]);
    let message = "Ignoring duplicate entity ClientQuotaEntity(entries={client-id=null, user=u})";
    assert_eq!(
        alter(&mut node, &[first, again]),
        (1, vec![Some(message.to_owned())])
    );
    let kept = vec![(user.clone(), "producer_byte_rate".to_owned(), 1.0)];
    assert_eq!(quotas(&node), kept);
    let key_twice = [
        ("producer_byte_rate", Some(1.0)),
        ("producer_byte_rate", None),
    ];
    let key_twice = alteration(user, &key_twice);
    assert_eq!(
        alter(&mut node, &[key_twice]),
        (0, vec![Some(message.to_owned())])
    );
}

/// Asks for one quota, and wants it refused with these words.
fn refuses(entity: QuotaEntity, (key, value): (&str, f64), message: &str) {
    let asked = alteration(entity, &[(key, Some(value))]);
    let expected = (0, vec![Some(message.to_owned())]);
    let mut node = Node::with_brokers(1);
    assert_eq!(alter(&mut node, &[asked]), expected, "{key} {value}");
}

#[test]
fn entities_that_cannot_be_are_refused_in_kafkas_words() {
    let cases: [(&Parts<'_>, &str); 5] = [
        (&[], "Invalid empty client quota entity"),
        (
            &[("host", None)],
            "Unhandled client quota entity type: host",
        ),
        (&[("user", Some(""))], "Empty user not supported"),
        (
            &[("ip", None), ("user", None)],
            "Invalid quota entity combination, IP entity shouldnot be combined with User or \
             ClientId",
        ),
        (
            &[("ip", Some("no host"))],
            "no host is not a valid IP or resolvable host.",
        ),
    ];
    for (parts, message) in cases {
        refuses(entity(parts), ("x", 1.0), message);
    }
}

#[test]
fn values_that_cannot_be_are_refused_in_kafkas_words() {
    let (produced, consumed) = ("producer_byte_rate", "consumer_byte_rate");
    let connections = "connection_creation_rate";
    let cases = [
        ("user", "no", 1.0, "Invalid configuration key no"),
        (
            "user",
            connections,
            1.0,
            "Invalid configuration key connection_creation_rate",
        ),
        (
            "ip",
            produced,
            1.0,
            "Invalid configuration key producer_byte_rate",
        ),
        (
            "user",
            produced,
            0.0,
            "Quota producer_byte_rate must be greater than 0",
        ),
        (
            "user",
            produced,
            1.5,
            "producer_byte_rate cannot be a fractional value.",
        ),
        (
            "user",
            consumed,
            1e19,
            "Proposed value for consumer_byte_rate is too large for a LONG.",
        ),
        (
            "ip",
            connections,
            3e9,
            "Proposed value for connection_creation_rate is too large for an INT.",
        ),
    ];
    for (kind, key, value, message) in cases {
        refuses(entity(&[(kind, Some("10.0.0.1"))]), (key, value), message);
    }
}

#[test]
fn a_percentage_may_be_without_bounds_and_equals_itself() {
    let user = entity(&[("user", None)]);
    let endless = [alteration(
        user,
        &[("request_percentage", Some(f64::INFINITY))],
    )];
    let mut node = Node::with_brokers(1);
    assert_eq!(alter(&mut node, &endless), (1, vec![None]));
    assert_eq!(alter(&mut node, &endless), (0, vec![None]));
}
