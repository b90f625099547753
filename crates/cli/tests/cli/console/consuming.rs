//! Records are printed.

use std::process::{Command, Stdio};

use super::stage::Stage;

const TIMEOUT: &str = "ERROR Error processing message, terminating consumer process:\n\
                       org.apache.kafka.common.errors.TimeoutException: null\n";

#[test]
fn a_partition_is_read_from_where_one_likes() {
    let stage = Stage::start("console-offset");
    stage.create_topic("topic", 1);
    stage.produce("topic", "", "a\nb\nc\nd\n").succeeded();
    let check = |arguments: &str, expected: &str| {
        let arguments = format!("--topic topic --partition 0 {arguments}");
        let ran = stage.consumer(&arguments).ended();
        assert_eq!(ran.out, expected, "{arguments}");
        assert_eq!(ran.code, Some(0), "{arguments}");
        ran.errors
    };
    check("--offset 1 --max-messages 2", "b\nc\n");
    check("--offset earliest --max-messages 1", "a\n");
    check("--from-beginning --max-messages 4", "a\nb\nc\nd\n");
    let errors = check("--offset latest --timeout-ms 300", "");
    assert_eq!(
        errors,
        format!("{TIMEOUT}Processed a total of 0 messages\n")
    );
    let errors = check("--offset 3 --timeout-ms 1000", "d\n");
    assert_eq!(
        errors,
        format!("{TIMEOUT}Processed a total of 1 messages\n")
    );
    check("--from-beginning --max-messages 0", "");
}

#[test]
fn a_record_that_cannot_be_shown_ends_it_or_is_passed_over() {
    let stage = Stage::start("console-unshown");
    stage.create_topic("topic", 1);
    stage
        .produce("topic", "", "8 bytes.\nnot\n8 bytes!\n")
        .succeeded();
    let long = "--topic topic --partition 0 --from-beginning --value-deserializer \
                org.apache.kafka.common.serialization.LongDeserializer";
    let ran = stage.consumer(long).ended();
    assert_eq!(ran.code, Some(1));
    let first = i64::from_be_bytes(*b"8 bytes.");
    assert_eq!(ran.out, format!("{first}\n"));
    let exception = "org.apache.kafka.common.errors.SerializationException: Size of data received \
                     by LongDeserializer is not 8\n";
    let expected = format!(
        "ERROR Unknown error when running consumer:\n{exception}Processed a total of 2 messages\n"
    );
    assert_eq!(ran.errors, expected);
    let skipping =
        format!("{long} --skip-message-on-error --max-messages 3 --enable-systest-events");
    let ran = stage.consumer(&skipping).ended();
    assert_eq!(ran.code, Some(0));
    let last = i64::from_be_bytes(*b"8 bytes!");
    assert_eq!(ran.out, format!("{first}\n{last}\nshutdown_complete\n"));
    let expected = format!(
        "ERROR Error processing message, skipping this message:\n{exception}Processed a total of \
         3 messages\n"
    );
    assert_eq!(ran.errors, expected);
}

#[test]
fn topics_that_a_pattern_matches_are_read_later_ones_too() {
    let stage = Stage::start("console-include");
    stage.produce("ab", "", "first\n").succeeded();
    stage.produce("xab", "", "other\n").succeeded();
    let consumer = stage
        .consumer("--include a[b-d] --from-beginning --command-property metadata.max.age.ms=50");
    assert_eq!(consumer.line(), "first");
    stage.produce("ac", "", "later\n").succeeded();
    assert_eq!(consumer.line(), "later");
    stage.produce("ab", "", "again\n").succeeded();
    assert_eq!(consumer.line(), "again");
}

#[test]
fn it_ends_quietly_when_nobody_reads_what_it_prints() {
    let stage = Stage::start("console-broken-pipe");
    stage.create_topic("topic", 1);
    let lines = "0123456789\n".repeat(50_000);
    stage.produce("topic", "", &lines).succeeded();
    let mut consumer = Command::new(env!("CARGO_BIN_EXE_klamm"));
    consumer.args(["console-consumer", "--topic", "topic", "--from-beginning"]);
    consumer.args(["--bootstrap-server", &stage.node.address.to_string()]);
    let mut consumer = consumer
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(consumer.stdout.take());
    let ended = consumer.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let errors = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(errors, "Processed a total of 0 messages\n");
}

#[test]
fn arguments_without_sense_are_refused_and_the_version_is_kafkas() {
    let stage = Stage::start("console-arguments");
    let check = |arguments: &str, expected: &str| {
        let complaint = stage.consumer(arguments).ended().failed();
        assert!(complaint.starts_with(expected), "{complaint}");
    };
    let one = "Exactly one of the following arguments is required: [topic], [include]\n";
    check("", one);
    check(
        "--topic t --colour blue",
        "colour is not a recognized option\n",
    );
    check("--help", "Prints the records of topics, as they come.\n");
    for tool in ["kafka-console-consumer.sh", "kafka-console-producer"] {
        assert_eq!(stage.place.linked(tool, "--version").succeeded(), "4.3.1\n");
        let complaint = stage.place.linked(tool, "--topic t").failed();
        let expected = "Missing required argument \"[bootstrap-server]\"\n";
        assert!(complaint.starts_with(expected), "{complaint}");
    }
}
