//! Arguments that make sense, and those that do not.

use super::*;

fn read_line(line: &str) -> Result<Request> {
    let line = format!("--bootstrap-server a:1 {line}");
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    read("tool", &arguments, 1_234_567)
}

fn arguments(line: &str) -> Box<Arguments> {
    match read_line(line).unwrap() {
        Request::Consume(arguments) => arguments,
        Request::Version => panic!("{line}"),
    }
}

#[test]
fn records_come_from_a_topic_a_partition_or_what_a_pattern_matches() {
    let check = |line, expected: Source| assert_eq!(arguments(line).source, expected, "{line}");
    let partition = |start| Source::Partition {
        topic: "t".to_owned(),
        partition: 2,
        start,
    };
    check("--topic t", Source::Topic("t".to_owned()));
    check("--include a.*", Source::Included("a.*".to_owned()));
    check("--topic t --partition 2", partition(Start::Latest));
    check(
        "--topic t --partition 2 --offset EARLIEST",
        partition(Start::Earliest),
    );
    check(
        "--topic t --partition 2 --offset 7",
        partition(Start::Offset(7)),
    );
    check(
        "--topic t --partition 2 --from-beginning",
        partition(Start::Earliest),
    );
}

#[test]
fn without_a_group_one_is_made_up_that_commits_nothing() {
    let consumer = arguments("--topic t").consumer;
    assert_eq!(consumer.get("group.id"), Some("console-consumer-34567"));
    assert_eq!(consumer.get("enable.auto.commit"), Some("false"));
    assert_eq!(consumer.get("auto.offset.reset"), Some("latest"));
    let consumer = arguments("--topic t --group g --from-beginning").consumer;
    assert_eq!(consumer.get("group.id"), Some("g"));
    assert_eq!(consumer.get("enable.auto.commit"), None);
    assert_eq!(consumer.get("auto.offset.reset"), Some("earliest"));
    let consumer = arguments("--topic t --consumer-property group.id=h --group h").consumer;
    assert_eq!(consumer.get("group.id"), Some("h"));
    let consumer = arguments("--topic t --partition 0").consumer;
    assert_eq!(consumer.get("group.id"), None);
}

#[test]
fn limits_may_be_left_out_and_negative_ones_are_as_kafkas() {
    let check = |line, count, timeout| {
        let arguments = arguments(&format!("--topic t {line}"));
        let limits = (arguments.message_count_max, arguments.timeout_ms);
        assert_eq!(limits, (count, timeout), "{line}");
    };
    check("", None, None);
    check("--max-messages -1 --timeout-ms -5", None, None);
    check("--max-messages -2 --timeout-ms 0", Some(0), Some(0));
    check("--max-messages 3 --timeout-ms 4", Some(3), Some(4));
}

#[test]
fn combinations_without_sense_are_refused() {
    let check = |line, expected: &str| {
        let error = read_line(line).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{line}: {error}");
    };
    let one = "Exactly one of the following arguments is required: [topic], [include]";
    check("", one);
    check("--topic t --include u", one);
    check(
        "--include u --partition 1",
        "The topic is required when partition is specified.",
    );
    check(
        "--topic t --offset 1",
        "The partition is required when offset is specified.",
    );
    check(
        "--topic t --partition 0 --offset 1 --from-beginning",
        "Options from-beginning and offset cannot be specified together.",
    );
    check(
        "--topic t --partition 0 --offset -1",
        "The provided offset value '-1' is incorrect.",
    );
    check(
        "--topic t --partition 0 --group g",
        "Options group and partition cannot be specified together.",
    );
    check(
        "--topic t --group g --command-property group.id=h",
        "The group ids provided in different places",
    );
    check(
        "--topic t --from-beginning --command-property auto.offset.reset=latest",
        "Can't simultaneously specify --from-beginning and 'auto.offset.reset=latest', please \
         remove one option",
    );
    check(
        "--topic t --property a=b --formatter-property a=b",
        "Options --property and --formatter-property cannot be specified together.",
    );
    check("--topic t --formatter a.B", "there is no formatter a.B");
    check(
        "--topic t --max-messages x",
        "Cannot parse argument 'x' of option max-messages",
    );
}

#[test]
fn options_that_go_away_are_warned_of() {
    let expected = "Option --property is deprecated and will be removed in a future version. Use \
                    --formatter-property instead.";
    let arguments = arguments("--topic t --property print.key=true");
    assert_eq!(arguments.warnings, [expected]);
}
