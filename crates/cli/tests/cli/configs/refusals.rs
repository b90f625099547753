//! What is refused, by the tool or by the node, and how it is told.

use super::{TOOL, expect_failure, start};
use crate::program::Place;

#[test]
fn what_the_controller_refuses_is_told_in_its_words() {
    let cluster = start("configs-refused");
    let invalid = "InvalidConfigurationException";
    expect_failure(
        &cluster,
        "--topic t --alter --add-config no.such=1",
        invalid,
        "Unknown topic config name: no.such",
    );
    expect_failure(
        &cluster,
        "--topic t --alter --add-config retention.ms=abc",
        invalid,
        "Invalid value abc for configuration retention.ms: Not a number of type LONG",
    );
    expect_failure(
        &cluster,
        "--topic none --alter --add-config retention.ms=1",
        "UnknownTopicOrPartitionException",
        "The topic 'none' does not exist.",
    );
    expect_failure(
        &cluster,
        "--broker 1 --alter --add-config node.id=7",
        "InvalidRequestException",
        "Cannot update these configs dynamically: [node.id]",
    );
}

#[test]
fn entities_that_do_not_exist_have_no_configuration() {
    let cluster = start("configs-not-there");
    for (arguments, entity) in [
        ("--topic none", "topic 'none'"),
        ("--broker 7", "broker '7'"),
    ] {
        let described = cluster.run(TOOL, &format!("{arguments} --describe"));
        let expected = format!("The {entity} doesn't exist and doesn't have dynamic config.\n");
        assert_eq!(described.succeeded(), expected);
    }
    let invalid = "Topic name is invalid: 'b@d' contains one or more characters other than ASCII \
                   alphanumerics, '.', '_' and '-'\n";
    assert_eq!(
        cluster.run(TOOL, "--topic b@d --describe").failed(),
        invalid
    );
}

#[test]
fn a_password_is_not_repeated_in_a_complaint() {
    let cluster = start("configs-password");
    let credential = "--user alice --alter --add-config \
                      SCRAM-SHA-256=[iterations=20000,password=hush]";
    let complaint = cluster.run(TOOL, credential).failed();
    assert!(complaint.contains("--add-config [hidden]'"), "{complaint}");
    assert!(!complaint.contains("hush"), "{complaint}");
}

#[test]
fn arguments_that_do_not_go_together_are_refused_before_anything_is_asked() {
    let place = Place::new("configs-arguments", "unused");
    let check = |arguments: &str, complaint: &str| {
        let arguments = format!("configs --bootstrap-server b:1 {arguments}");
        assert_eq!(place.klamm(&arguments).failed(), format!("{complaint}\n"));
    };
    check("--describe", "At least one entity type must be specified");
    let number = "The entity name for brokers must be a valid integer broker id, but it is: x";
    check("--broker x --describe", number);
    assert_eq!(place.klamm("configs --version").succeeded(), "4.3.1\n");
}
