//! Consumers of a group share partitions, and go on where the group stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rustix::process::Signal;

use super::stage::{Stage, Tool};
use crate::node::process::PATIENCE;

#[test]
fn the_next_consumer_of_a_group_begins_right_behind_what_was_printed() {
    let stage = Stage::start("console-resume");
    stage.create_topic("topic", 1);
    let lines: Vec<String> = (0..1_000).map(|number| format!("{number}\n")).collect();
    stage.produce("topic", "", &lines.concat()).succeeded();
    let group = "--topic topic --group group --from-beginning";
    let mut printed = String::new();
    for count in [1, 2, 600, 397] {
        let ran = stage
            .consumer(&format!("{group} --max-messages {count}"))
            .ended();
        assert_eq!(ran.code, Some(0));
        printed.push_str(&ran.out);
    }
    assert!(printed == lines.concat(), "{printed}");
    let consumer = stage.consumer(group);
    stage.produce("topic", "", "one more\n").succeeded();
    assert_eq!(consumer.line(), "one more");
    assert_eq!(consumer.stopped(Signal::INT).code, Some(130));
    stage.produce("topic", "", "last\n").succeeded();
    assert_eq!(stage.consumer(group).line(), "last");
}

#[test]
fn consumers_share_partitions_one_too_many_idles_and_the_others_take_over() {
    for protocol in ["", "cooperative"] {
        share(protocol);
    }
}

fn share(protocol: &str) {
    let mut scene = Scene::start(protocol);
    scene.join();
    scene.join();
    scene.settle(&[1, 2]);
    scene.join();
    scene.settle(&[1, 1, 1]);
    scene.join();
    scene.settle(&[0, 1, 1, 1]);
    scene.leave(Signal::INT);
    scene.leave(Signal::TERM);
    scene.settle(&[1, 2]);
    scene.leave(Signal::INT);
    scene.settle(&[3]);
    scene.expect_nothing_twice();
}

/// A topic of three partitions that is written to all the time, and a group that reads it.
struct Scene {
    stage: Stage,
    producer: Tool,
    consumers: Vec<Tool>,
    arguments: String,
    round: usize,
    /// Every line of a record that came.
    came: Vec<String>,
}

/// Keys enough for every partition to have some.
const KEY_COUNT: usize = 24;

impl Scene {
    fn start(protocol: &str) -> Self {
        let stage = Stage::start(&format!("console-share{protocol}"));
        stage.create_topic("topic", 3);
        let reader = "--reader-property parse.key=true --reader-property key.separator=:";
        let assignor = match protocol {
            "" => "RangeAssignor",
            _ => "CooperativeStickyAssignor",
        };
        let arguments = format!(
            "--topic topic --group group --from-beginning --property print.partition=true \
             --command-property heartbeat.interval.ms=100 --command-property \
             partition.assignment.strategy=org.apache.kafka.clients.consumer.{assignor}"
        );
        Self {
            producer: stage.producer("topic", reader),
            stage,
            consumers: Vec::new(),
            arguments,
            round: 0,
            came: Vec::new(),
        }
    }

    fn join(&mut self) {
        let consumer = self.stage.consumer(&self.arguments);
        let deprecated = consumer.line();
        assert!(deprecated.starts_with("Option --property"), "{deprecated}");
        self.consumers.push(consumer);
    }

    /// Stops the consumer that has been there longest.
    fn leave(&mut self, signal: Signal) {
        let ran = self.consumers.remove(0).stopped(signal);
        let code = if signal == Signal::INT { 130 } else { 143 };
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.errors.starts_with("Processed a total of "), "{ran:?}");
        self.came.extend(ran.out.lines().map(str::to_owned));
    }

    /// Writes until the consumers read so many partitions each, of no partition the same.
    fn settle(&mut self, expected: &[usize]) {
        let began = Instant::now();
        loop {
            let shares = self.write();
            let mut counts: Vec<usize> = shares.iter().map(BTreeSet::len).collect();
            counts.sort_unstable();
            if counts == expected {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{shares:?}");
        }
    }

    /// Writes one record for each key and waits until all of them have come; the partitions from
    /// which each consumer got them.
    fn write(&mut self) -> Vec<BTreeSet<String>> {
        self.round += 1;
        let round = self.round;
        let lines = (0..KEY_COUNT).map(|key| format!("{key}:{key} of {round}\n"));
        self.producer.type_in(&lines.collect::<String>());
        let mut shares = vec![BTreeSet::new(); self.consumers.len()];
        let of_round = format!(" of {round}");
        let began = Instant::now();
        let mut count = 0;
        while count < KEY_COUNT {
            assert!(
                began.elapsed() < PATIENCE,
                "{count} of round {round}: {:?}",
                self.came
            );
            std::thread::yield_now();
            for (consumer, share) in self.consumers.iter().zip(&mut shares) {
                while let Some(line) = consumer.printed() {
                    if line.ends_with(&of_round) {
                        let (partition, _) = line.split_once('\t').unwrap();
                        share.insert(partition.to_owned());
                        count += 1;
                    }
                    self.came.push(line);
                }
            }
        }
        shares
    }

    fn expect_nothing_twice(&self) {
        let mut counts = BTreeMap::new();
        for line in &self.came {
            *counts.entry(line).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), self.round * KEY_COUNT);
        let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
