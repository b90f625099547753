//! Which quotas may be changed, and how they are shown.

use super::*;

fn entities(types: &[EntityType], names: &[&str]) -> Entities {
    Entities {
        types: types.to_vec(),
        names: names.iter().map(|name| name.to_string()).collect(),
    }
}

fn changes(set: &[&str], delete: &[&str]) -> Changes {
    let set = set.iter().map(|name| (name.to_string(), "1".to_owned()));
    Changes {
        set: set.collect(),
        delete: delete.iter().map(|name| name.to_string()).collect(),
    }
}

#[test]
fn an_entity_is_shown_by_its_parts_and_its_quotas_in_order() {
    let check = |parts: &[(&str, Option<&str>)], expected: &str| {
        let quotas = [("producer_byte_rate", 1_048_576.0), ("a", 1e7)];
        let quotas = quotas.map(|(name, value)| (name.to_owned(), value));
        let entity = parts.iter().copied().collect();
        assert_eq!(shown(&entity, &BTreeMap::from(quotas)), expected);
    };
    check(
        &[("client-id", Some("app1")), ("user", Some("alice"))],
        "Quota configs for user-principal 'alice', client-id 'app1' are a=1.0E7, \
         producer_byte_rate=1048576.0",
    );
    check(
        &[("ip", None)],
        "Quota configs for the default ip are a=1.0E7, producer_byte_rate=1048576.0",
    );
}

#[test]
fn users_have_quotas_or_credentials_and_clients_have_quotas() {
    let user = entities(&[EntityType::User], &["alice"]);
    let client = entities(&[EntityType::Client], &["app"]);
    let quota = changes(&["producer_byte_rate"], &["request_percentage"]);
    assert_eq!(check_of_clients(&user, &quota), Ok(true));
    assert_eq!(check_of_clients(&client, &quota), Ok(true));
    let credential = changes(&["SCRAM-SHA-512"], &["SCRAM-SHA-256"]);
    assert_eq!(check_of_clients(&user, &credential), Ok(false));
    let refused = |entities: &Entities, changes: &Changes| {
        check_of_clients(entities, changes).unwrap_err().message
    };
    assert_eq!(
        refused(&user, &changes(&["bad"], &[])),
        "Only quota and SCRAM credential configs can be added for 'users' using \
         --bootstrap-server. Unexpected config names: Set(bad)"
    );
    assert_eq!(
        refused(&client, &changes(&[], &["SCRAM-SHA-256"])),
        "Only quota configs can be deleted for 'clients' using --bootstrap-server. Unexpected \
         config names: ArrayBuffer(SCRAM-SHA-256)"
    );
    let both = changes(&["SCRAM-SHA-256", "producer_byte_rate"], &[]);
    assert!(refused(&user, &both).starts_with("Cannot alter both quota and SCRAM credential"));
    let default = entities(&[EntityType::User], &[""]);
    let refusal = refused(&default, &credential);
    assert!(
        refusal.starts_with("The use of --entity-default"),
        "{refusal}"
    );
    let of_user = entities(&[EntityType::User, EntityType::Client], &["alice", "app"]);
    assert!(refused(&of_user, &credential).contains("'clients'"));
}

#[test]
fn addresses_have_a_quota_of_connections() {
    assert_eq!(
        check_of_addresses(&changes(&["connection_creation_rate"], &[])),
        Ok(())
    );
    let refused = check_of_addresses(&changes(&["producer_byte_rate"], &["x"]));
    let message = refused.unwrap_err().message;
    assert!(
        message.ends_with("Unexpected config names: producer_byte_rate,x"),
        "{message}"
    );
}

#[test]
fn quotas_are_numbers() {
    let mut given = changes(&["producer_byte_rate"], &["request_percentage"]);
    let expected = vec![
        ("producer_byte_rate".to_owned(), Some(1.0)),
        ("request_percentage".to_owned(), None),
    ];
    assert_eq!(
        operations(changes(&["producer_byte_rate"], &["request_percentage"])),
        Ok(expected)
    );
    given
        .set
        .insert("producer_byte_rate".to_owned(), "x".to_owned());
    let refusal = operations(given).unwrap_err().message;
    let expected = "Cannot parse quota configuration value for producer_byte_rate: x";
    assert_eq!(refusal, expected);
}
