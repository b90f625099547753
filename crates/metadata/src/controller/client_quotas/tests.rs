use super::*;
use crate::controller::{ConfigRules, ControllerSettings, ControllerState};
use crate::image::{ConfigResource, Provenance, ResourceKind};

struct NoRules;

impl ConfigRules for NoRules {
    fn check(&self, _: &ConfigResource, _: &BTreeMap<String, String>) -> Result<(), ApiError> {
        Ok(())
    }

    fn is_list(&self, _: ResourceKind, _: &str) -> bool {
        false
    }

    fn default_value(&self, _: ResourceKind, _: &str) -> Option<String> {
        None
    }
}

#[derive(Default)]
struct Cluster {
    state: ControllerState,
    offset: i64,
}

impl Cluster {
    /// Alters and takes the records in; returns how many there were, and the messages.
    fn alter(&mut self, alterations: &[QuotaAlteration]) -> (usize, Vec<Option<String>>) {
        let settings = ControllerSettings {
            node_id: 1,
            cluster_id: "c".to_owned(),
            partition_count: 1,
            replication_factor: 1,
        };
        let controller = Controller::new(&self.state, &settings, &NoRules);
        let dry = controller.alter_client_quotas(alterations, true).unwrap();
        assert_eq!(dry.records, []);
        let outcome = controller.alter_client_quotas(alterations, false).unwrap();
        assert_eq!(outcome.response, dry.response);
        for record in &outcome.records {
            let provenance = Provenance {
                offset: self.offset,
                epoch: 1,
                appended_wall_ms: 0,
            };
            self.state.replay(&record.record, provenance).unwrap();
            self.offset += 1;
        }
        let messages = outcome.response.into_iter();
        let messages = messages.map(|each| each.result.err().and_then(|error| error.message));
        (outcome.records.len(), messages.collect())
    }

    fn quotas(&self) -> Vec<(QuotaEntity, String, f64)> {
        let quotas = self.state.reader().latest().client_quotas().iter();
        quotas
            .map(|(entity, key, value)| (entity.clone(), key.to_owned(), value))
            .collect()
    }
}

fn entity(parts: &[(&str, Option<&str>)]) -> QuotaEntity {
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
    let mut cluster = Cluster::default();
    let both = entity(&[("user", Some("u")), ("client-id", None)]);
    let set = alteration(
        both.clone(),
        &[
            ("producer_byte_rate", Some(1024.0)),
            ("request_percentage", Some(12.5)),
        ],
    );
    assert_eq!(cluster.alter(&[set.clone()]), (2, vec![None]));
    assert_eq!(cluster.alter(&[set]), (0, vec![None]));
    let change = alteration(
        both.clone(),
        &[("producer_byte_rate", None), ("consumer_byte_rate", None)],
    );
    assert_eq!(cluster.alter(&[change]), (1, vec![None]));
    let left = vec![(both, "request_percentage".to_owned(), 12.5)];
    assert_eq!(cluster.quotas(), left);
}

#[test]
fn an_entity_that_is_named_again_is_an_error_and_keeps_what_came_first() {
    let mut cluster = Cluster::default();
    let user = entity(&[("client-id", None), ("user", Some("u"))]);
    let first = alteration(user.clone(), &[("producer_byte_rate", Some(1.0))]);
    let again = alteration(user.clone(), &[("producer_byte_rate", Some(2.0))]);
    let message = "Ignoring duplicate entity ClientQuotaEntity(entries={client-id=null, user=u})";
    assert_eq!(
        cluster.alter(&[first, again]),
        (1, vec![Some(message.to_owned())])
    );
    let kept = vec![(user.clone(), "producer_byte_rate".to_owned(), 1.0)];
    assert_eq!(cluster.quotas(), kept);
    let key_twice = [
        ("producer_byte_rate", Some(1.0)),
        ("producer_byte_rate", None),
    ];
    let key_twice = alteration(user, &key_twice);
    assert_eq!(
        cluster.alter(&[key_twice]),
        (0, vec![Some(message.to_owned())])
    );
}

#[test]
fn what_cannot_be_is_refused_in_kafkas_words() {
    let user = || entity(&[("user", Some("u"))]);
    let ip = || entity(&[("ip", Some("10.0.0.1"))]);
    let cases = [
        (entity(&[]), "x", 1.0, "Invalid empty client quota entity"),
        (
            entity(&[("host", None)]),
            "x",
            1.0,
            "Unhandled client quota entity type: host",
        ),
        (
            entity(&[("user", Some(""))]),
            "x",
            1.0,
            "Empty user not supported",
        ),
        (
            entity(&[("ip", None), ("user", None)]),
            "x",
            1.0,
            "Invalid quota entity combination, IP entity shouldnot be combined with User or \
             ClientId",
        ),
        (
            entity(&[("ip", Some("no host"))]),
            "x",
            1.0,
            "no host is not a valid IP or resolvable host.",
        ),
        (user(), "no", 1.0, "Invalid configuration key no"),
        (
            user(),
            "connection_creation_rate",
            1.0,
            "Invalid configuration key connection_creation_rate",
        ),
        (
            ip(),
            "producer_byte_rate",
            1.0,
            "Invalid configuration key producer_byte_rate",
        ),
        (
            user(),
            "producer_byte_rate",
            0.0,
            "Quota producer_byte_rate must be greater than 0",
        ),
        (
            user(),
            "producer_byte_rate",
            1.5,
            "producer_byte_rate cannot be a fractional value.",
        ),
        (
            user(),
            "consumer_byte_rate",
            1e19,
            "Proposed value for consumer_byte_rate is too large for a LONG.",
        ),
        (
            ip(),
            "connection_creation_rate",
            3e9,
            "Proposed value for connection_creation_rate is too large for an INT.",
        ),
    ];
    for (entity, key, value, message) in cases {
        let asked = alteration(entity, &[(key, Some(value))]);
        let expected = (0, vec![Some(message.to_owned())]);
        assert_eq!(
            Cluster::default().alter(&[asked]),
            expected,
            "{key} {value}"
        );
    }
    let odd = alteration(user(), &[("request_percentage", Some(f64::NAN))]);
    let mut cluster = Cluster::default();
    assert_eq!(cluster.alter(&[odd.clone()]), (1, vec![None]));
    assert_eq!(cluster.alter(&[odd]), (0, vec![None]));
}
