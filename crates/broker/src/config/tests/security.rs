//! A secured configuration is never served open.

use super::*;
use crate::config::Password;

fn check_not_implemented(lines: &str, key: &str) {
    let error = load(lines).unwrap_err();
    let key = key.to_owned();
    assert_eq!(error, ConfigError::NotImplemented { key }, "{lines}");
}

#[test]
fn a_listener_that_should_be_secured_refuses_the_start() {
    let map = "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:SASL_PLAINTEXT";
    check_not_implemented(
        map,
        "listener.security.protocol.map: CONTROLLER:SASL_PLAINTEXT",
    );
    check_not_implemented(
        "listeners=PLAINTEXT://:1,SSL://:2,CONTROLLER://:3\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT",
        "listener.security.protocol.map: SSL:SSL",
    );
    check_not_implemented(
        "listeners=MINE://:1,CONTROLLER://:3\ninter.broker.listener.name=MINE\n\
         listener.security.protocol.map=MINE:SASL_SSL,CONTROLLER:PLAINTEXT",
        "listener.security.protocol.map: MINE:SASL_SSL",
    );
    let unmapped = load("listeners=SASL_SSL://:1,CONTROLLER://:3");
    assert!(unmapped.is_err());
    let inter_broker = load("security.inter.broker.protocol=SASL_SSL");
    assert!(inter_broker.is_err());
}

#[test]
fn a_controller_that_should_be_reached_securely_refuses_the_start() {
    check_not_implemented(
        "process.roles=broker\nlisteners=PLAINTEXT://:1\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:SSL",
        "listener.security.protocol.map: CONTROLLER:SSL",
    );
}

#[test]
fn a_map_that_names_protocols_nobody_uses_is_fine() {
    let lines = "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,\
                 SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL";
    assert_eq!(warnings(lines), Vec::<String>::new());
}

#[test]
fn keys_of_security_refuse_the_start_and_their_defaults_do_not() {
    for (key, value) in [
        (
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ),
        ("super.users", "User:admin"),
        ("ssl.keystore.location", "/store"),
        ("ssl.keystore.password", "hunter2"),
        ("ssl.client.auth", "required"),
        ("sasl.enabled.mechanisms", "PLAIN"),
        ("sasl.jaas.config", "Module required;"),
        ("sasl.oauthbearer.expected.issuer", "me"),
        ("delegation.token.secret.key", "hunter2"),
        ("delegation.token.master.key", "hunter2"),
        ("connections.max.reauth.ms", "1000"),
        ("principal.builder.class", "com.example.Builder"),
        ("create.topic.policy.class.name", "com.example.Policy"),
        ("listener.name.plaintext.ssl.truststore.location", "/store"),
        (
            "listener.name.internal.plain.sasl.jaas.config",
            "Module required;",
        ),
        (
            "listener.name.internal.scram-sha-256.sasl.jaas.config",
            "Module required;",
        ),
    ] {
        check_not_implemented(&format!("{key}={value}"), key);
    }
    for line in [
        "authorizer.class.name=",
        "super.users=",
        "ssl.client.auth=none",
        "ssl.cipher.suites=",
        "sasl.enabled.mechanisms=GSSAPI",
        "sasl.jaas.config=",
        "connections.max.reauth.ms=0",
        "listener.name.internal.ssl.client.auth=none",
    ] {
        assert!(load(line).is_ok(), "{line}");
    }
}

#[test]
fn the_environment_is_held_to_the_same() {
    let pair = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    for environment in [
        pair("KAFKA_SSL_KEYSTORE_LOCATION", "/store"),
        pair(
            "KAFKA_LISTENER_NAME_SASL__PLAINTEXT_PLAIN_SASL_JAAS_CONFIG",
            "Module required;",
        ),
        pair("KAFKA_SUPER_USERS", "User:admin"),
    ] {
        let loaded = BrokerConfig::load(&Sources {
            base: Base::File(BASE.as_bytes()),
            environment: &environment,
            overrides: &[],
        });
        assert!(
            matches!(loaded, Err(ConfigError::NotImplemented { .. })),
            "{environment:?}"
        );
    }
}

#[test]
fn no_secret_is_part_of_an_error_or_a_debug_text() {
    let refused = load("ssl.keystore.password=hunter2").unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    let config = config("my.plugin.password=hunter2");
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("hunter2") && shown.contains(Password::HIDDEN),
        "{shown}"
    );
    let file = Base::File(b"ssl.key.password=hunter2");
    assert_eq!(format!("{file:?}"), "File(24 bytes)");
}

#[test]
fn what_a_provider_gives_is_taken_and_never_shown() {
    let environment = [
        ("NODE".to_owned(), "7".to_owned()),
        ("SECRET".to_owned(), "hunter2".to_owned()),
    ];
    let load = |lines: &str| {
        let class = "org.apache.kafka.common.config.provider.EnvVarConfigProvider";
        let providers = format!("config.providers=env\nconfig.providers.env.class={class}\n");
        let text = format!("{BASE}{providers}{lines}");
        BrokerConfig::load(&Sources {
            base: Base::File(text.as_bytes()),
            environment: &environment,
            overrides: &[],
        })
    };
    let (config, warnings) = load("node.id=${env:NODE}").unwrap();
    assert_eq!(config.node.id.0, 7);
    assert_eq!(warnings, []);
    let refused = load("log.retention.hours=${env:SECRET}")
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("${env:SECRET}") && !refused.contains("hunter2"),
        "{refused}"
    );
    let (config, _) = load("broker.rack=${env:SECRET}").unwrap();
    assert!(
        !format!("{config:?}").contains("rack\": \"hunter2"),
        "{config:?}"
    );
    // What is secured stays refused, wherever its value stands.
    let (password, key) = (
        "ssl.keystore.password=${env:SECRET}",
        "ssl.keystore.password",
    );
    let refused = load(password).unwrap_err();
    assert_eq!(
        refused,
        ConfigError::NotImplemented {
            key: key.to_owned()
        }
    );
}
