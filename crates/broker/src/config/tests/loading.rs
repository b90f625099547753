//! Files, environments and command lines, one over the other.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::config::{HostPort, Reason};

fn load_over(
    base: Base<'_>,
    environment: &[(&str, &str)],
    overrides: &[&str],
) -> Result<(BrokerConfig, Vec<ConfigWarning>), ConfigError> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let environment: Vec<_> = environment.iter().map(owned).collect();
    let overrides: Vec<_> = overrides.iter().map(|text| (*text).to_owned()).collect();
    BrokerConfig::load(&Sources {
        base,
        environment: &environment,
        overrides: &overrides,
    })
}

#[test]
fn without_a_file_there_is_one_node_on_this_machine() {
    let config = BrokerConfig::standalone(Path::new("./klamm-data")).unwrap();
    assert_eq!(config.node.id.0, 1);
    assert!(config.node.roles.broker && config.node.roles.controller);
    assert_eq!(config.node.log_dirs, [PathBuf::from("./klamm-data")]);
    assert_eq!(config.node.metadata_log_dir, PathBuf::from("./klamm-data"));
    let ports: Vec<_> = config
        .listeners
        .listeners
        .iter()
        .map(|each| (&*each.name, each.port))
        .collect();
    assert_eq!(ports, [("PLAINTEXT", 9092), ("CONTROLLER", 9093)]);
    assert_eq!(config.listeners.advertised.len(), 1);
    assert_eq!(config.listeners.inter_broker_name, "PLAINTEXT");
    assert_eq!(config.internal_topics.offsets.replication_factor, 1);
    assert_eq!(config.internal_topics.offsets.partition_count, 50);
    assert_eq!(
        config.internal_topics.transactions.min_insync_replicas,
        Some(1)
    );
    assert_eq!(config.internal_topics.share.replication_factor, 1);
    assert_eq!(config.groups.initial_rebalance_delay_ms, 3000);
    assert_eq!(config.metrics.listener, None);
}

#[test]
fn a_directory_whose_name_reads_as_two_is_refused() {
    let error = BrokerConfig::standalone(Path::new("a,b")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("Invalid value a,b for configuration log.dirs")
    );
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let file = format!("{BASE}num.partitions=2\nfetch.max.bytes=2048\nqueued.max.requests=2\n");
    let environment = [
        ("KAFKA_NUM_PARTITIONS", "3"),
        ("KAFKA_FETCH_MAX_BYTES", "3072"),
    ];
    let base = Base::File(file.as_bytes());
    let (config, warnings) = load_over(base, &environment, &["num.partitions=4"]).unwrap();
    assert_eq!(config.topics.partition_count, 4);
    assert_eq!(config.network.fetch_bytes_max, 3072);
    assert_eq!(config.network.queued_requests_max, 2);
    assert_eq!(warnings, []);
}

#[test]
fn presets_give_way_to_what_is_set_in_another_way() {
    let base = Base::Standalone(Path::new("/preset"));
    let environment = [("KAFKA_BROKER_ID", "7"), ("KAFKA_LOG_DIR", "/mine")];
    let voters = "controller.quorum.voters=7@localhost:9093";
    let (config, _) = load_over(base, &environment, &[voters]).unwrap();
    assert_eq!(config.node.id.0, 7);
    assert_eq!(config.node.log_dirs, [PathBuf::from("/mine")]);
    assert_eq!(config.quorum.bootstrap_servers, []);
    assert_eq!(
        config.quorum.voters[0].address.to_string(),
        "localhost:9093"
    );
}

#[test]
fn the_variables_of_kafkas_image_start_a_node() {
    let environment = [
        ("KAFKA_NODE_ID", "1"),
        (
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
        ),
        (
            "KAFKA_ADVERTISED_LISTENERS",
            "PLAINTEXT_HOST://localhost:9092,PLAINTEXT://broker:19092",
        ),
        ("KAFKA_PROCESS_ROLES", "broker,controller"),
        ("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@broker:29093"),
        (
            "KAFKA_LISTENERS",
            "CONTROLLER://:29093,PLAINTEXT_HOST://:9092,PLAINTEXT://:19092",
        ),
        ("KAFKA_INTER_BROKER_LISTENER_NAME", "PLAINTEXT"),
        ("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER"),
        ("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1"),
        ("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0"),
        ("KAFKA_LOG_DIRS", "/tmp/kraft-combined-logs"),
        ("KAFKA_HEAP_OPTS", "-Xmx1g"),
        ("CLUSTER_ID", "4L6g3nShT-eMCtK--X86sw"),
    ];
    let base = Base::Standalone(Path::new("/unused"));
    let (config, warnings) = load_over(base, &environment, &[]).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.listeners.advertised.len(), 2);
    // The controller listens everywhere and is known by its place among the voters.
    assert_eq!(
        config.listeners.controller_advertised[0].host.as_deref(),
        Some("broker")
    );
}

#[test]
fn the_file_that_kafka_comes_with_starts_a_node_without_a_warning() {
    let file = "process.roles=broker,controller\nnode.id=1\n\
         controller.quorum.bootstrap.servers=localhost:9093\n\
         listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ninter.broker.listener.name=PLAINTEXT\n\
         advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,\
         SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL\n\
         num.network.threads=3\nnum.io.threads=8\nsocket.send.buffer.bytes=102400\n\
         socket.receive.buffer.bytes=102400\nsocket.request.max.bytes=104857600\n\
         log.dirs=/tmp/kraft-combined-logs\nnum.partitions=1\n\
         num.recovery.threads.per.data.dir=1\noffsets.topic.replication.factor=1\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\ntransaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\nlog.retention.hours=168\n\
         log.segment.bytes=1073741824\nlog.retention.check.interval.ms=300000\n";
    let (config, warnings) = load_file(file).unwrap();
    assert_eq!(warnings, []);
    let advertised: Vec<_> = config.listeners.advertised.iter().collect();
    assert_eq!(advertised[0].host.as_deref(), Some("localhost"));
    assert_eq!(config.listeners.controller_advertised.len(), 1);
    assert_eq!(config.logs.recoveries_per_directory, 1);
}

#[test]
fn a_file_may_be_latin_or_utf_8() {
    let rack = |bytes: &[u8]| {
        let mut file = BASE.as_bytes().to_vec();
        file.extend_from_slice(b"broker.rack=");
        file.extend_from_slice(bytes);
        let loaded = load_over(Base::File(&file), &[], &[]);
        loaded.unwrap().0.node.rack.unwrap()
    };
    assert_eq!(rack(b"M\xfcnchen"), "München");
    assert_eq!(rack("M\u{fc}nchen 😀".as_bytes()), "München 😀");
    assert_eq!(rack("M\\\u{fc}nchen\\\\\u{fc}".as_bytes()), "München\\ü");
    assert_eq!(rack(b"M\\u00fcn\\\n  chen"), "München");
}

#[test]
fn what_is_not_a_file_or_an_override_is_refused() {
    check_refused("a=\\u12", "read configuration: line 7 is malformed");
    let refused = load_over(Base::File(BASE.as_bytes()), &[], &["num.partitions"]);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "read configuration: an override is key=value"
    );
}

#[test]
fn unknown_keys_are_named_with_their_nearest_neighbour() {
    assert_eq!(
        warnings("log.retension.hours=1"),
        ["configuration log.retension.hours is unknown; did you mean log.retention.hours?"]
    );
    assert_eq!(warnings("my.own=1"), ["configuration my.own is unknown"]);
    let environment = [("KAFKA_LOGG_DIRS", "/x")];
    let loaded = load_over(Base::File(BASE.as_bytes()), &environment, &[]).unwrap();
    assert_eq!(
        loaded.1[0].to_string(),
        "environment variable KAFKA_LOGG_DIRS names no configuration; did you mean log.dirs?"
    );
}

#[test]
fn keys_without_effect_are_named_unless_they_have_their_default() {
    let (_, warnings) = load(
        "num.io.threads=16\nzookeeper.connect=a:1\nreplica.fetch.min.bytes=1\n\
                              replica.fetch.max.bytes=2\n\
         listener.name.controller.max.connections=5\n\
         listener.name.controller.max.request.partition.size.limit=5",
    )
    .unwrap();
    let named = |key: &str| {
        warnings
            .iter()
            .find(|warning| warning.to_string().contains(key))
    };
    assert!(matches!(
        named("num.io.threads"),
        Some(ConfigWarning::WithoutMeaning {
            reason: Reason::Internals,
            ..
        })
    ));
    assert!(matches!(
        named("zookeeper.connect"),
        Some(ConfigWarning::WithoutMeaning {
            reason: Reason::ZooKeeper,
            ..
        })
    ));
    assert_eq!(named("replica.fetch.min.bytes"), None);
    assert!(matches!(
        named("replica.fetch.max.bytes"),
        Some(ConfigWarning::NotYet { .. })
    ));
    assert_eq!(named("max.connections"), None);
    assert!(matches!(
        named("max.request.partition.size.limit"),
        Some(ConfigWarning::WithoutMeaning {
            reason: Reason::AllListeners,
            ..
        })
    ));
    assert_eq!(warnings.len(), 4);
}

#[test]
fn a_listener_may_have_its_own_limits_of_connections() {
    let network = config(
        "max.connections=100\nlistener.name.plaintext.max.connections=5\n\
         listener.name.controller.max.connection.creation.rate=7",
    )
    .network;
    assert_eq!(network.connections_max, 100);
    let of = |name: &str| network.by_listener[name];
    assert_eq!(of("PLAINTEXT").connections_max, Some(5));
    assert_eq!(of("PLAINTEXT").connection_creation_rate_max, None);
    assert_eq!(of("CONTROLLER").connection_creation_rate_max, Some(7));
    for wrong in ["-1", "many"] {
        let line = format!("listener.name.plaintext.max.connections={wrong}");
        assert!(load(&line).is_err(), "{wrong}");
    }
}

#[test]
fn what_a_node_must_have_is_asked_for() {
    for key in ["process.roles", "node.id", "controller.listener.names"] {
        let lines: Vec<&str> = BASE.lines().filter(|line| !line.starts_with(key)).collect();
        let text = load_file(&lines.join("\n")).unwrap_err().to_string();
        let expected =
            format!("Missing required configuration \"{key}\" which has no default value.");
        assert_eq!(text, expected);
    }
}

#[test]
fn the_number_of_a_node_has_two_names() {
    let without = BASE.replace("node.id=1\n", "broker.id=5\n");
    assert_eq!(load_file(&without).unwrap().0.node.id.0, 5);
    assert_eq!(config("broker.id=1").node.id.0, 1);
    check_refused(
        "broker.id=2",
        "You must set `node.id` to the same value as `broker.id`.",
    );
    check_refused(
        "node.id=-1",
        "Invalid value -1 for configuration node.id: Value must be at least 0",
    );
    let negative = BASE.replace("node.id=1\n", "broker.id=-2\n");
    assert!(load_file(&negative).is_err());
}

#[test]
fn limits_say_none_in_their_own_ways() {
    let config = config(
        "socket.send.buffer.bytes=-1\nconnections.max.idle.ms=-1\nqueued.max.request.bytes=-1\n\
         metadata.log.max.snapshot.interval.ms=0\nmetadata.max.idle.interval.ms=0\n\
         metadata.max.retention.bytes=-1\ngroup.coordinator.append.linger.ms=5\n\
         klamm.metrics.listener=[::1]:9404\nmax.connections.per.ip.overrides=10.0.0.1:5, host:7",
    );
    assert_eq!(config.network.send_buffer_bytes, None);
    assert_eq!(config.network.receive_buffer_bytes, None);
    assert_eq!(config.network.connection_idle_ms_max, None);
    assert_eq!(config.network.queued_request_bytes_max, None);
    assert_eq!(config.metadata_log.snapshot_interval_ms, None);
    assert_eq!(config.metadata_log.idle_interval_ms, None);
    assert_eq!(config.metadata_log.retention_bytes, None);
    assert_eq!(config.groups.append_linger_ms, Some(5));
    let (host, port) = ("::1".to_owned(), 9404);
    assert_eq!(config.metrics.listener, Some(HostPort { host, port }));
    let overrides = &config.network.connections_per_ip_overrides;
    assert_eq!((overrides["10.0.0.1"], overrides["host"]), (5, 7));
}

#[test]
fn values_that_cannot_be_together_are_refused() {
    check_refused(
        "queued.max.request.bytes=1000",
        "queued.max.request.bytes must be larger or equal",
    );
    check_refused(
        "max.connections.per.ip=0",
        "max.connections.per.ip can be set to zero only if",
    );
    check_refused(
        "connections.max.idle.ms=100",
        "connection.failed.authentication.delay.ms=100 should",
    );
    check_refused(
        "log.roll.ms=0",
        "log.roll.ms must be greater than or equal to 1",
    );
    check_refused(
        "log.roll.jitter.ms=-1",
        "log.roll.jitter.ms must be greater",
    );
    check_refused(
        "log.retention.ms=0",
        "log.retention.ms must be unlimited (-1) or",
    );
    check_refused("log.cleaner.threads=128", "at least 1MB per cleaner thread");
    check_refused(
        "replica.fetch.wait.max.ms=30001",
        "replica.socket.timeout.ms should always be",
    );
    check_refused(
        "replica.lag.time.max.ms=499",
        "replica.lag.time.max.ms to prevent frequent",
    );
}

#[test]
fn groups_quorums_and_lags_that_cannot_be_are_refused() {
    check_refused(
        "group.min.session.timeout.ms=1800001",
        "group.min.session.timeout.ms must be",
    );
    check_refused(
        "group.coordinator.rebalance.protocols=consumer",
        "Disabling the 'classic' protocol",
    );
    check_refused(
        "offsets.topic.compression.codec=9",
        "Value must be between 0 and 4",
    );
    check_refused(
        "controller.quorum.bootstrap.servers=",
        "either controller.quorum.bootstrap.servers",
    );
    check_refused(
        "controller.quorum.voters=2@h:1",
        "the node id 1 must be included in the set of voters",
    );
    check_refused(
        "controller.quorum.voters=1@h",
        "Invalid value 1@h for configuration controller.quorum.voters",
    );
    check_refused(
        "process.roles=broker,zookeeper",
        "String must be one of: broker, controller",
    );
    check_refused(
        "max.connections.per.ip.overrides=10.0.0.1",
        "form {address}:{count}",
    );
    check_refused(
        "log.cleaner.min.compaction.lag.ms=9\nlog.cleaner.max.compaction.lag.ms=8",
        "conflict topic config",
    );
    check_refused(
        "default.replication.factor=40000",
        "Invalid value 40000 for configuration default.replication.factor",
    );
}

#[test]
fn a_heartbeat_that_is_too_slow_is_unwise() {
    let warned = warnings("broker.heartbeat.interval.ms=5000");
    assert!(
        warned[0].starts_with("broker.heartbeat.interval.ms (5000 ms)"),
        "{warned:?}"
    );
}

proptest! {
    #[test]
    fn no_file_makes_loading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = load_over(Base::File(&bytes), &[], &[]);
    }

    #[test]
    fn no_value_of_a_known_key_makes_loading_panic(position in 0_usize..400, value in ".{0,30}") {
        let keys: Vec<_> = crate::config::broker_keys().collect();
        let key = keys[position % keys.len()].name;
        let overrides = [format!("{key}={value}")];
        let _ = BrokerConfig::load(&Sources {
            base: Base::File(BASE.as_bytes()),
            environment: &[],
            overrides: &overrides,
        });
    }
}

#[test]
fn the_receive_buffer_is_the_systems_affair_unless_somebody_sets_it() {
    let buffer_of = |file: &str| config(file).network.receive_buffer_bytes;
    assert_eq!(buffer_of(""), None);
    assert_eq!(buffer_of("socket.receive.buffer.bytes=-1"), None);
    let as_kafkas_file_has_it = "socket.receive.buffer.bytes=102400";
    assert_eq!(buffer_of(as_kafkas_file_has_it), Some(102_400));
}
