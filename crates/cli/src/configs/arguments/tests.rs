//! Which arguments go together, and what they mean.

use super::*;
use crate::configs::entities::EntityType;

/// What Kafka's tool would print first of all; empty if the arguments are well.
fn refused(line: &str) -> String {
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    match read("kafka-configs", &arguments) {
        Err(error) => error.usage,
        Ok(parsed) => match Arguments::of(&parsed) {
            Err(error) => error.to_string(),
            Ok(_) => String::new(),
        },
    }
}

fn arguments(line: &str) -> Arguments {
    let arguments = format!("--bootstrap-server b:1 {line}");
    let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
    Arguments::of(&read("kafka-configs", &arguments).unwrap()).unwrap()
}

fn check(line: &str, message: &str) {
    let line = format!("--bootstrap-server b:1 {line}");
    assert_eq!(refused(&line), message, "{line}");
}

#[test]
fn there_is_one_action_and_a_server() {
    let actions = "Command must include exactly one action: --describe, --alter";
    check("--topic t", actions);
    check("--topic t --alter --describe", actions);
    let server = "Either --bootstrap-server or --bootstrap-controller must be specified.";
    assert_eq!(refused("--topic t --describe"), server);
    let clash = "Option \"[describe]\" can't be used with option \"[add-config]\"";
    check("--topic t --describe --add-config a=b", clash);
    let both = "Only one of --bootstrap-server or --bootstrap-controller can be specified";
    check("--bootstrap-controller c:1 --topic t --describe", both);
    assert_eq!(refused(""), TOOL.about);
    assert_eq!(refused("--tropic t"), "tropic is not a recognized option");
}

#[test]
fn controllers_are_refused_clearly() {
    let refusal = "--bootstrap-controller is not supported: name brokers with --bootstrap-server";
    assert_eq!(
        refused("--bootstrap-controller c:1 --topic t --describe"),
        refusal
    );
}

#[test]
fn entities_are_given_by_type_and_name_or_by_one_option() {
    let check = |line: &str, types: &[EntityType], names: &[&str]| {
        let entities = arguments(&format!("{line} --describe")).entities;
        assert_eq!(entities.types, types, "{line}");
        assert_eq!(entities.names, names, "{line}");
    };
    let user_and_client = [EntityType::User, EntityType::Client];
    check("--entity-type topics", &[EntityType::Topic], &[]);
    check("--topic t", &[EntityType::Topic], &["t"]);
    check("--group g", &[EntityType::Group], &["g"]);
    check("--broker-logger 1", &[EntityType::BrokerLogger], &["1"]);
    check(
        "--entity-type brokers --entity-default",
        &[EntityType::Broker],
        &[""],
    );
    check("--ip-defaults", &[EntityType::Ip], &[""]);
    check(
        "--entity-type users --entity-default --entity-type clients --entity-name c",
        &user_and_client,
        &["", "c"],
    );
    check("--client-defaults --user u", &user_and_client, &["u", ""]);
    check(
        "--user u --client c",
        &[EntityType::Client, EntityType::User],
        &["c", "u"],
    );
}

#[test]
fn entities_that_do_not_go_together_are_refused() {
    check("--describe", "At least one entity type must be specified");
    let twice = "Duplicate entity type(s) specified: topics";
    check("--topic t --entity-type topics --describe", twice);
    let together = "Only 'users' and 'clients' entity types may be specified together";
    check("--topic t --user u --describe", together);
    let mixed = "--entity-{type,name,default} should not be used in conjunction with specific \
                 entity flags";
    check("--topic t --entity-name t --describe", mixed);
    check(
        "--entity-type tropics --describe",
        "Invalid entity type tropics, the entity type must be one of topics, clients, users, \
         brokers, ips, client-metrics, groups, broker-loggers with a --bootstrap-server or \
         --bootstrap-controller argument",
    );
    let number = "The entity name for brokers must be a valid integer broker id, but it is: x";
    check("--broker x --describe", number);
    let once = "Found multiple arguments for option topic, but you asked for only one";
    check("--topic t --topic u --describe", once);
}

#[test]
fn a_description_or_a_change_needs_a_name_where_there_is_no_default() {
    let default = "--entity-default must not be specified with --describe of topics";
    check("--entity-type topics --entity-default --describe", default);
    let name = "An entity name must be specified with --describe of broker-loggers";
    check("--entity-type broker-loggers --describe", name);
    let name = "An entity name must be specified with --alter of topics";
    check("--entity-type topics --alter --add-config a=b", name);
    let name = "An entity-name or default entity must be specified with --alter of users, \
                clients, brokers or ips";
    check("--entity-type brokers --alter --add-config a=b", name);
    let each = "An entity name must be specified for every entity type";
    check(
        "--entity-type users --entity-type clients --entity-name u --alter --add-config a=b",
        each,
    );
}

#[test]
fn a_change_says_what_to_set_or_delete() {
    let nothing = "At least one of --add-config, --add-config-file, or --delete-config must be \
                   specified with --alter";
    check("--topic t --alter", nothing);
    let one = "Only one of --add-config or --add-config-file must be specified";
    check(
        "--topic t --alter --add-config a=b --add-config-file f",
        one,
    );
    let key = "Invalid character found for config key: a:b";
    check("--topic t --alter --add-config a:b=c", key);
    let line = "--topic t --alter --add-config a=[1,2] --delete-config b,c --delete-config d";
    let Action::Alter(changes) = arguments(line).action else {
        panic!("no change");
    };
    assert_eq!(changes.set["a"], "1,2");
    assert_eq!(changes.delete, ["b", "c", "d"]);
}
