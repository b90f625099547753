//! Lines become records.

use rustix::process::Signal;

use super::stage::Stage;

#[test]
fn lines_become_records_and_come_back() {
    let stage = Stage::start("console-lines");
    let sent = stage.produce("topic", "", "hello\nworld\r\n\nlast");
    assert_eq!(sent.succeeded(), "");
    let read = stage.consumer("--topic topic --from-beginning --max-messages 4");
    let read = read.ended();
    assert_eq!(read.code, Some(0));
    assert_eq!(read.out, "hello\nworld\n\nlast\n");
    assert_eq!(read.errors, "Processed a total of 4 messages\n");
}

#[test]
fn keys_headers_and_nulls_are_read_as_the_properties_say() {
    let stage = Stage::start("console-keys");
    let reader = "--reader-property parse.key=true --reader-property parse.headers=true \
                  --reader-property null.marker=NULL";
    let input = "h1:a,h2:b\tk1\tv1\nh1:NULL\tk2\tNULL\nNULL\tNULL\tv3\n";
    assert_eq!(stage.produce("topic", reader, input).succeeded(), "");
    let read = stage.consumer(
        "--topic topic --from-beginning --max-messages 3 --property print.key=true \
         --property print.headers=true --property print.offset=true",
    );
    let expected = "Option --property is deprecated and will be removed in a future version. \
                    Use --formatter-property instead.\n\
                    Offset:0\th1:a,h2:b\tk1\tv1\nOffset:1\th1:null\tk2\tnull\n\
                    Offset:2\tNO_HEADERS\tnull\tv3\n";
    assert_eq!(read.ended().out, expected);
}

#[test]
fn a_line_that_cannot_be_read_ends_it_after_those_before_it() {
    let stage = Stage::start("console-bad-line");
    let reader = "--reader-property parse.key=true --reader-property key.separator=:";
    let sent = stage.produce("topic", reader, "k1:v1\nk2:v2\nnokey\nk4:v4\n");
    let complaint = "org.apache.kafka.common.KafkaException: No key separator found on line \
                     number 3: 'nokey'\n";
    assert_eq!(sent.failed(), complaint);
    let read = stage.consumer("--topic topic --from-beginning --timeout-ms 2000");
    assert_eq!(read.ended().out, "v1\nv2\n");
}

#[test]
fn what_is_typed_is_there_before_the_next_line() {
    let stage = Stage::start("console-typed");
    stage.create_topic("topic", 1);
    let consumer = stage.consumer("--topic topic --from-beginning");
    let mut producer = stage.producer("topic", "");
    for line in ["one", "two", "three"] {
        producer.type_in(&format!("{line}\n"));
        assert_eq!(consumer.line(), line);
    }
    // Not a whole line yet: it is not sent.
    producer.type_in("four");
    let stopped = producer.stopped(Signal::INT);
    assert_eq!((stopped.code, stopped.errors.as_str()), (Some(130), ""));
    let stopped = consumer.stopped(Signal::TERM);
    assert_eq!(stopped.code, Some(143));
    assert_eq!(stopped.out, "");
    assert_eq!(stopped.errors, "Processed a total of 3 messages\n");
}

#[test]
fn what_lingers_is_sent_when_a_signal_ends_it() {
    let stage = Stage::start("console-lingering");
    stage.create_topic("topic", 1);
    let mut producer = stage.producer("topic", "--timeout 600000 --batch-size 1000000");
    // More than is read ahead, so that the first lines are queued when the last one is taken.
    let count = 100_000;
    producer.type_in(&"0123456789\n".repeat(count));
    producer.signal(Signal::INT);
    let consumer = stage.consumer("--topic topic --from-beginning");
    assert_eq!(consumer.line(), "0123456789");
    assert_eq!(producer.ended().code, Some(130));
}

#[test]
fn many_lines_keep_their_order_with_every_codec() {
    let stage = Stage::start("console-many");
    let input: String = (0..20_000).map(|number| format!("{number}\n")).collect();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        stage.create_topic(codec, 1);
        let arguments = format!("--compression-codec {codec}");
        let sent = stage.produce(codec, &arguments, &input);
        assert_eq!(sent.succeeded(), "", "{codec}");
        let read = format!("--topic {codec} --partition 0 --from-beginning --max-messages 20000");
        assert!(stage.consumer(&read).ended().out == input, "{codec}");
    }
}

#[test]
fn each_line_may_wait_for_its_acknowledgement() {
    let stage = Stage::start("console-sync");
    let sent = stage.produce("topic", "--sync --compression-codec", "a\nb\n");
    assert_eq!(sent.succeeded(), "");
    let sent = stage.produce("bad/topic", "--sync", "a\n").failed();
    let failed = "java.util.concurrent.ExecutionException: \
                  org.apache.kafka.common.errors.InvalidTopicException: ";
    assert!(sent.starts_with(failed), "{sent}");
    let read = stage.consumer("--topic topic --from-beginning --max-messages 2");
    assert_eq!(read.ended().out, "a\nb\n");
}

#[test]
fn without_anybody_who_answers_each_line_fails_and_the_next_one_is_tried() {
    let stage = Stage::start("console-nobody");
    let mut tool = std::process::Command::new(env!("CARGO_BIN_EXE_klamm"));
    let arguments = "console-producer --bootstrap-server 127.0.0.1:1 --topic t --max-block-ms 50";
    tool.args(arguments.split(' '));
    let mut producer = super::stage::Tool::start(&mut tool);
    producer.type_in("x\nyy\n");
    let ran = producer.ended();
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    for bytes in [1, 2] {
        let expected = format!(
            "ERROR Error when sending message to topic t with key: null, value: {bytes} bytes \
             with error:\norg.apache.kafka.common.errors.TimeoutException: Topic t not present \
             in metadata after 50 ms.\n"
        );
        assert!(ran.errors.contains(&expected), "{}", ran.errors);
    }
    drop(stage);
}
