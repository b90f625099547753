//! Records from where the arguments say: a subscription to topics, to what a pattern matches, or
//! one partition.
//!
//! Not the job of this module: what becomes of the records.
//!
//! Invariants:
//! - Dropping the future of [`Records::next`] loses nothing.
//! - The position of a partition is behind the last record that was handed out, until
//!   [`Records::rewind`] takes some back.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use client::krafka::admin::{AdminClient, ListTopicsOptions};
use client::krafka::consumer::Consumer;
use client::krafka::{ConsumerRecord, Kafka};
use client::{Properties, consumer};
use regex::Regex;
use tokio::time::{Instant, sleep};

use super::arguments::{Source, Start};
use crate::cluster;

/// How long one call of krafka's `poll` may take. It looks after the membership of the group when
/// it begins, not while it waits, so this is how late a rebalance may be noticed.
const POLL: Duration = Duration::from_millis(100);

/// Between attempts after a failure that passes.
const PAUSE: Duration = Duration::from_millis(100);

/// How old the list of topics for a pattern may be, unless `metadata.max.age.ms` says so.
const TOPICS_AGE_MAX: Duration = Duration::from_secs(5);

/// A consumer and what it reads.
pub(super) struct Records {
    consumer: Consumer,
    subscription: Subscription,
}

enum Subscription {
    /// Not asked for yet.
    Topic(String),
    Partition {
        topic: String,
        partition: i32,
        start: Start,
    },
    Pattern(Box<Pattern>),
    /// It stands.
    Done,
}

struct Pattern {
    names: Regex,
    are_internal_included: bool,
    admin: AdminClient,
    /// Those that are subscribed to.
    topics: BTreeSet<String>,
    age_max: Duration,
    /// When the list of topics is too old.
    due: Instant,
}

impl Records {
    /// A consumer that has not asked for anything yet.
    ///
    /// # Errors
    /// When a property cannot be applied, or the pattern is none.
    pub(super) async fn open(
        kafka: &Kafka,
        source: Source,
        properties: &Properties,
    ) -> Result<Self> {
        let builder = consumer::builder(kafka, properties)?;
        let subscription = match source {
            Source::Topic(topic) => Subscription::Topic(topic),
            Source::Partition {
                topic,
                partition,
                start,
            } => Subscription::Partition {
                topic,
                partition,
                start,
            },
            Source::Included(pattern) => {
                let pattern = Pattern::new(&pattern, kafka, properties)?;
                Subscription::Pattern(Box::new(pattern))
            }
        };
        cluster::warn_of_unknown(properties);
        Ok(Self {
            consumer: builder.build().await?,
            subscription,
        })
    }

    /// The next records; none if none came before `deadline`. Failures that pass are complained of
    /// and waited out.
    ///
    /// # Errors
    /// Failures that do not pass.
    pub(super) async fn next(&mut self, deadline: Option<Instant>) -> Result<Vec<ConsumerRecord>> {
        loop {
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Vec::new());
            }
            let wait = deadline.map_or(POLL, |deadline| POLL.min(deadline - now));
            match self.poll(wait).await {
                Ok(records) if records.is_empty() => {}
                Ok(records) => return Ok(records),
                Err(error) if cluster::is_passing(&error) => {
                    cluster::warn(format_args!("{}", cluster::words_of(&error)));
                    sleep(PAUSE.min(wait)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes records back that were handed out last: the next ones begin with them.
    pub(super) async fn rewind(&self, records: &[ConsumerRecord]) {
        let mut seen = BTreeSet::new();
        for record in records {
            if seen.insert((&record.topic, record.partition)) {
                // A partition that has been taken away has no position here.
                let seek = self
                    .consumer
                    .seek(&record.topic, record.partition, record.offset);
                let _ = seek.await;
            }
        }
    }

    /// Commits, if the properties say so, and leaves the group.
    ///
    /// # Errors
    /// When that fails.
    pub(super) async fn close(&self) -> Result<()> {
        Ok(self.consumer.close().await?)
    }

    async fn poll(&mut self, wait: Duration) -> Result<Vec<ConsumerRecord>> {
        match &mut self.subscription {
            Subscription::Done => {}
            Subscription::Topic(topic) => {
                self.consumer.subscribe([&*topic]).await?;
                self.subscription = Subscription::Done;
            }
            Subscription::Partition {
                topic,
                partition,
                start,
            } => {
                self.consumer.assign(topic, vec![*partition]).await?;
                match start {
                    Start::Earliest => self.consumer.seek_to_beginning(topic, *partition).await?,
                    Start::Latest => self.consumer.seek_to_end(topic, *partition).await?,
                    Start::Offset(offset) => self.consumer.seek(topic, *partition, *offset).await?,
                }
                self.subscription = Subscription::Done;
            }
            Subscription::Pattern(pattern) => {
                pattern.follow(&self.consumer).await?;
                if pattern.topics.is_empty() {
                    sleep(wait).await;
                    return Ok(Vec::new());
                }
            }
        }
        Ok(self.consumer.poll(wait).await?)
    }
}

impl Pattern {
    fn new(pattern: &str, kafka: &Kafka, properties: &Properties) -> Result<Self> {
        // As Java's `matches`: the whole name.
        let names = Regex::new(&format!("^(?:{pattern})$"));
        let are_internal_excluded = properties.boolean("exclude.internal.topics")?;
        let age_max = properties.milliseconds("metadata.max.age.ms")?;
        Ok(Self {
            names: names.context("read --include")?,
            are_internal_included: are_internal_excluded == Some(false),
            admin: kafka.admin(),
            topics: BTreeSet::new(),
            age_max: age_max.unwrap_or(TOPICS_AGE_MAX),
            due: Instant::now(),
        })
    }

    /// Subscribes to the topics that there are now, if there are others than before.
    async fn follow(&mut self, consumer: &Consumer) -> Result<()> {
        if Instant::now() < self.due {
            return Ok(());
        }
        let options = ListTopicsOptions::default();
        let options = options.include_internal(self.are_internal_included);
        let topics = self.admin.list_topics(options).await?;
        let topics = topics
            .into_iter()
            .filter(|topic| self.names.is_match(topic));
        let topics: BTreeSet<String> = topics.collect();
        if topics != self.topics && !topics.is_empty() {
            consumer.subscribe(&topics).await?;
            self.topics = topics;
        }
        self.due = Instant::now() + self.age_max;
        Ok(())
    }
}
