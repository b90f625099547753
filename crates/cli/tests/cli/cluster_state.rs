//! Tools that ask for the state of the cluster: `cluster`, `features` and `metadata-quorum`,
//! through brokers and through controllers; and the arguments of `delete-records` and `log-dirs`.

use crate::cluster::Cluster;
use crate::program::{Place, Ran};

/// Runs a tool that is told of the node before its subcommand.
fn run(cluster: &Cluster, tool: &str, arguments: &str) -> Ran {
    let arguments = arguments
        .replace("SERVER", &cluster.node.address.to_string())
        .replace("CONTROLLER", &cluster.node.controller_address.to_string());
    cluster
        .place
        .linked(&format!("kafka-{tool}.sh"), &arguments)
}

#[test]
fn brokers_and_controllers_tell_of_the_cluster() {
    let cluster = Cluster::start("cluster-state");
    let told = |tool: &str, arguments: &str| run(&cluster, tool, arguments).succeeded();
    let id = told("cluster", "cluster-id --bootstrap-server SERVER");
    assert!(id.starts_with("Cluster ID: "), "{id}");
    assert_eq!(told("cluster", "cluster-id -C CONTROLLER"), id);
    let endpoints = told(
        "cluster",
        "list-endpoints -b SERVER --include-fenced-brokers",
    );
    assert_eq!(endpoints, told("cluster", "list-endpoints -b SERVER"));
    let port = cluster.node.address.port();
    let row = format!("\n1          127.0.0.1 {port:<10} null       unfenced   broker         \n");
    assert!(endpoints.ends_with(&row), "{endpoints}");
    let endpoints = told("cluster", "list-endpoints -C CONTROLLER");
    let port = cluster.node.controller_address.port();
    let row = format!("\n1          127.0.0.1 {port:<10} null       controller     \n");
    assert!(endpoints.ends_with(&row), "{endpoints}");

    for bootstrap in [
        "--bootstrap-server SERVER",
        "--bootstrap-controller CONTROLLER",
    ] {
        let features = told("features", &format!("{bootstrap} describe"));
        let metadata = "Feature: metadata.version                          SupportedMinVersion: \
                        3.3-IV3          SupportedMaxVersion: 4.3-IV0 ";
        assert!(features.contains(metadata), "{features}");
        let status = told("metadata-quorum", &format!("{bootstrap} describe --status"));
        let id = id.trim_start_matches("Cluster ID: ");
        assert!(
            status.starts_with(&format!("ClusterId:              {id}")),
            "{status}"
        );
        assert!(status.contains("\nLeaderId:               1\n"), "{status}");
        let describe = format!("{bootstrap} describe --replication --human-readable");
        let replication = told("metadata-quorum", &describe);
        assert!(replication.trim_end().ends_with("Leader"), "{replication}");
        let dry_run = format!("{bootstrap} upgrade --feature group.version=1 --dry-run");
        let upgrade = told("features", &dry_run);
        assert_eq!(upgrade, "group.version can be upgraded to 1.\n");
    }
}

#[test]
fn what_the_cluster_refuses_is_told() {
    let cluster = Cluster::start("cluster-refusals");
    let told = |tool: &str, arguments: &str| run(&cluster, tool, arguments).failed();
    for bootstrap in ["-b SERVER", "-C CONTROLLER"] {
        let refusal = told("cluster", &format!("unregister {bootstrap} --id 9"));
        let class = "org.apache.kafka.common.errors.BrokerIdNotRegisteredException: ";
        assert!(refusal.contains(class), "{refusal}");
    }
    let mismatch = told("cluster", "cluster-id --bootstrap-controller SERVER");
    let expected = "org.apache.kafka.common.errors.MismatchedEndpointTypeException: The request \
                    was sent to an endpoint of type BROKER, but we wanted an endpoint of type \
                    CONTROLLER\n";
    assert_eq!(mismatch, expected);
    let ran = run(
        &cluster,
        "features",
        "--bootstrap-server SERVER disable --feature nope",
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.starts_with("Could not disable nope. "), "{ran:?}");
    assert_eq!(ran.errors, "1 out of 1 operation(s) failed.\n");
    let remove = "--bootstrap-controller CONTROLLER remove-controller --controller-id 9 \
                  --controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ";
    let refusal = told("metadata-quorum", remove);
    assert!(
        refusal.starts_with("org.apache.kafka.common.errors."),
        "{refusal}"
    );
}

#[test]
fn arguments_that_are_wrong_are_refused_before_anybody_is_asked() {
    let place = Place::new("cluster-arguments", "unused");
    place.write("twice.json", r#"{"partitions": [{"topic": "a"}]}"#);
    let check = |line: &str, expected: &str| {
        let (tool, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let refusal = place.linked(&format!("kafka-{tool}"), arguments).failed();
        assert!(refusal.contains(expected), "{line}: {refusal}");
    };
    check(
        "features describe",
        "Command line error: You must specify either --bootstrap-controller or \
         --bootstrap-server.. Type --help for help.\n",
    );
    check(
        "features",
        "Command line error: too few arguments. Type --help for help.\n",
    );
    check(
        "features feature-dependencies --feature group.version=7",
        "No feature:group.version with feature level 7\n",
    );
    check(
        "metadata-quorum describe --status",
        "one of the arguments --bootstrap-server --bootstrap-controller is required",
    );
    check(
        "metadata-quorum --bootstrap-server a:1 describe",
        "One of --status or --replication must be specified with describe sub-command\n",
    );
    check(
        "metadata-quorum --bootstrap-server a:1 add-controller",
        "You must supply the configuration file of the controller you are adding",
    );
    check(
        "cluster unregister --bootstrap-server a:1 --id x",
        "argument --id/-i: could not convert 'x' to Integer (For input string: \"x\")",
    );
    check(
        "log-dirs --bootstrap-server a:1",
        "Missing required argument \"[describe]\"",
    );
    check(
        "log-dirs --bootstrap-server a:1 --describe --broker-list x",
        "For input string: \"x\"\n",
    );
    check(
        "delete-records --bootstrap-server a:1 --offset-json-file nowhere",
        "Unable to read file nowhere\n",
    );
    check(
        "delete-records --bootstrap-server a:1 --offset-json-file twice.json",
        "No such field exists: `partition`\n",
    );
}
