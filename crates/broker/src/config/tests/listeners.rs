//! Listeners: names, addresses, and whose they are.

use super::*;
use crate::config::Listener;

fn listener(name: &str, host: Option<&str>, port: u16) -> Listener {
    Listener {
        name: name.to_owned(),
        host: host.map(str::to_owned),
        port,
    }
}

fn listeners(texts: &str) -> String {
    format!("listeners={texts}\nadvertised.listeners=PLAINTEXT://h:1\n")
}

#[test]
fn names_are_in_capitals_and_empty_hosts_are_everywhere() {
    let config = config(
        "listeners=internal://[::1]:1,Controller://:0\ninter.broker.listener.name=Internal\n\
         listener.security.protocol.map=INTERNAL:PLAINTEXT,controller:plaintext",
    );
    let expected = [
        listener("INTERNAL", Some("::1"), 1),
        listener("CONTROLLER", None, 0),
    ];
    assert_eq!(config.listeners.listeners, expected);
    assert_eq!(config.listeners.advertised, expected[..1]);
    assert_eq!(config.listeners.inter_broker_name, "INTERNAL");
    assert!(config.listeners.of_broker().eq(&expected[..1]));
    assert!(config.listeners.of_controller().eq(&expected[1..]));
}

#[test]
fn what_is_advertised_may_share_ports_and_name_the_controllers_listeners() {
    let config = config(
        "listeners=A://:1,B://:2,CONTROLLER://0.0.0.0:3\n\
         listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         inter.broker.listener.name=B\nadvertised.listeners=A://h:9,B://h:9,CONTROLLER://c:9",
    );
    let advertised = [listener("A", Some("h"), 9), listener("B", Some("h"), 9)];
    assert_eq!(config.listeners.advertised, advertised);
    let controller = [listener("CONTROLLER", Some("c"), 9)];
    assert_eq!(config.listeners.controller_advertised, controller);
}

#[test]
fn addresses_must_be_addresses() {
    for text in [
        "PLAINTEXT",
        "PLAINTEXT://h",
        "PLAINTEXT://h:x",
        "PLAINTEXT://h:70000",
        "PLAINTEXT://a b:1",
        "PLAINTEXT://[::1:1",
    ] {
        let lines = listeners(&format!("{text},CONTROLLER://:2"));
        check_refused(
            &lines,
            &format!("Unable to parse {text} to a broker endpoint"),
        );
    }
    check_refused(
        &listeners("X://:1,CONTROLLER://:2"),
        "No security protocol defined for listener X",
    );
}

#[test]
fn names_and_ports_are_each_listeners_own() {
    check_refused(
        &listeners("PLAINTEXT://:1,plaintext://:2,CONTROLLER://:3"),
        "Each listener must have a different name, listeners: [PLAINTEXT://:1, plaintext://:2",
    );
    let shared = "Each listener must have a different port";
    check_refused(&listeners("PLAINTEXT://:1,CONTROLLER://:1"), shared);
    check_refused(
        &listeners("PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.2:1"),
        shared,
    );
    check_refused(
        &listeners("PLAINTEXT://127.0.0.1:1,CONTROLLER://localhost:1"),
        shared,
    );
    let apart = load(&listeners("PLAINTEXT://127.0.0.1:1,CONTROLLER://[::1]:1"));
    assert!(apart.is_ok(), "{apart:?}");
    let chosen = load(&listeners("PLAINTEXT://:0,CONTROLLER://:0"));
    assert!(chosen.is_ok(), "{chosen:?}");
}

#[test]
fn what_is_advertised_can_be_reached() {
    check_refused(
        "advertised.listeners=PLAINTEXT://0.0.0.0:9092",
        "nonroutable meta-address 0.0.0.0",
    );
    check_refused(
        "listeners=PLAINTEXT://0.0.0.0:9092,CONTROLLER://:9093",
        "nonroutable meta-address 0.0.0.0",
    );
    check_refused(
        "advertised.listeners=SSL://h:1",
        "inter.broker.listener.name must be a listener name defined",
    );
    check_refused(
        "advertised.listeners=PLAINTEXT://h:1,X://h:2\n\
         listener.security.protocol.map=X:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "must be equal to or a subset of the ones defined in listeners. Found PLAINTEXT,X",
    );
}

#[test]
fn the_controllers_listeners_are_where_its_role_is() {
    check_refused(
        "process.roles=broker",
        "must not contain a value appearing in the 'listeners'",
    );
    check_refused(
        "process.roles=controller",
        "The listeners config must only contain KRaft controller listeners",
    );
    check_refused(
        "controller.listener.names=CONTROLLER,OTHER",
        "must only contain values appearing in the 'listeners'",
    );
    check_refused(
        "controller.listener.names=CONTROLLER,PLAINTEXT",
        "at least one broker advertised listener",
    );
    check_refused(
        "process.roles=broker\nlisteners=PLAINTEXT://h:1\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT",
        "Controller listener with name CONTROLLER defined in controller.listener.names not found",
    );
    let broker = config("process.roles=broker\nlisteners=PLAINTEXT://h:1");
    assert_eq!(broker.listeners.controller_advertised, []);
    let controller = config("process.roles=controller\nlisteners=CONTROLLER://h:1");
    assert_eq!(controller.listeners.advertised, []);
    assert_eq!(controller.listeners.controller_advertised.len(), 1);
}

#[test]
fn brokers_talk_on_one_listener() {
    check_refused(
        "inter.broker.listener.name=PLAINTEXT\nsecurity.inter.broker.protocol=PLAINTEXT",
        "Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.",
    );
    check_refused(
        "inter.broker.listener.name=OTHER",
        "Listener with name OTHER defined in inter.broker.listener.name not found",
    );
}
