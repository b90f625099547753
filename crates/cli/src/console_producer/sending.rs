//! Records on their way: to a producer that is made as soon as a broker answers, and with a word on
//! standard error for each one that fails.
//!
//! Not the job of this module: where records come from.
//!
//! Invariant: what waits here is bounded, by the memory of the producer and by
//! [`OUTCOMES_MAX`].

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result};
use client::exception::Exception;
use client::krafka::error::ErrorCode;
use client::krafka::producer::{DeliveryHandle, Producer};
use client::krafka::{Kafka, KrafkaError, Record};
use client::{Properties, producer};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::cluster;

/// Records whose outcome has not been looked at.
const OUTCOMES_MAX: usize = 1 << 16;

/// The way to the topic.
#[derive(Debug)]
pub(super) struct Sending {
    bootstrap_servers: String,
    properties: Properties,
    topic: Arc<str>,
    block_max: Duration,
    /// None until a broker has answered.
    producer: Option<Arc<Producer>>,
    outcomes: Sender<Outcome>,
    reporter: JoinHandle<()>,
    /// Something was queued and has not been asked to leave.
    is_queued: bool,
}

/// A record that was queued, as far as its failure is told.
#[derive(Debug)]
struct Outcome {
    handle: DeliveryHandle,
    sizes: Sizes,
}

/// Bytes of key and value.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    key: Option<usize>,
    value: Option<usize>,
}

impl Sending {
    /// Connects if a broker answers at once; else [`Self::send`] goes on trying.
    ///
    /// # Errors
    /// When a property cannot be applied, or a broker refuses the connection for good.
    pub(super) async fn open(
        bootstrap_servers: String,
        properties: Properties,
        topic: &str,
    ) -> Result<Self> {
        let topic: Arc<str> = topic.into();
        let (outcomes, to_come) = channel(OUTCOMES_MAX);
        let reporter = tokio::spawn(report(Arc::clone(&topic), to_come));
        let mut sending = Self {
            block_max: properties
                .milliseconds("max.block.ms")?
                .unwrap_or(producer::BLOCK_MAX),
            bootstrap_servers,
            properties,
            topic,
            producer: None,
            outcomes,
            reporter,
            is_queued: false,
        };
        let connecting = cluster::connect(&sending.bootstrap_servers, &sending.properties);
        match timeout(sending.block_max, connecting).await {
            Ok(Ok(kafka)) => sending.produce_to(&kafka).await.map(drop)?,
            Ok(Err(error)) if !cluster::is_passing(&error) => return Err(error),
            Ok(Err(_)) | Err(_) => {}
        }
        Ok(sending)
    }

    /// Queues a record. A failure is told on standard error.
    pub(super) async fn send(&mut self, record: Record) {
        let sizes = Sizes::of(&record);
        match self.queue(record).await {
            Ok(handle) => {
                self.is_queued = true;
                // The reporter ends only when this is gone.
                let _ = self.outcomes.send(Outcome { handle, sizes }).await;
            }
            Err(error) => log_failure(&self.topic, sizes, &self.exception_of(&error)),
        }
    }

    /// Sends a record and waits for its acknowledgement.
    ///
    /// # Errors
    /// The failure, in the words of Kafka's tool.
    pub(super) async fn send_and_wait(&mut self, record: Record) -> Result<()> {
        let sent = match self.queue(record).await {
            Ok(handle) => {
                self.is_queued = true;
                self.hasten();
                handle.await.map(drop).map_err(Error::from)
            }
            Err(error) => Err(error),
        };
        let failed = "java.util.concurrent.ExecutionException";
        sent.map_err(|error| Error::msg(format!("{failed}: {}", self.exception_of(&error))))
    }

    /// Lets what is queued leave, without waiting for a batch to be full.
    pub(super) fn hasten(&mut self) {
        if let Some(producer) = self.producer.clone().filter(|_| self.is_queued) {
            self.is_queued = false;
            tokio::spawn(async move { producer.flush().await });
        }
    }

    /// Waits until all that is queued is acknowledged or has failed.
    pub(super) async fn close(self) {
        if let Some(producer) = self.producer {
            // Failures of records are told by the reporter.
            let _ = producer.close().await;
        }
        drop(self.outcomes);
        let _ = self.reporter.await;
    }

    async fn queue(&mut self, record: Record) -> Result<DeliveryHandle> {
        let producer = match &self.producer {
            Some(producer) => producer,
            None => {
                let deadline = Some(Instant::now() + self.block_max);
                let (servers, properties) = (&self.bootstrap_servers, &self.properties);
                let kafka = cluster::connect_until(servers, properties, deadline).await?;
                self.produce_to(&kafka).await?
            }
        };
        Ok(producer.enqueue(record).await?)
    }

    async fn produce_to(&mut self, kafka: &Kafka) -> Result<&Arc<Producer>> {
        let builder = producer::builder(kafka, &self.properties);
        let builder = builder.map_err(|error| {
            let error = Error::from(error);
            Error::msg(cluster::exception_of(&error))
        })?;
        cluster::warn_of_unknown(&self.properties);
        let producer = builder.build().await?;
        Ok(self.producer.insert(Arc::new(producer)))
    }

    /// As Kafka's producer calls a failure: without metadata in time it is always the same one.
    fn exception_of(&self, error: &Error) -> String {
        let is_without_metadata = match error.downcast_ref::<KrafkaError>() {
            Some(KrafkaError::Network(_)) => self.producer.is_none(),
            Some(KrafkaError::Timeout { operation }) => {
                self.producer.is_none() || operation.contains("metadata")
            }
            Some(KrafkaError::Broker { code, .. }) => *code == ErrorCode::UnknownTopicOrPartition,
            _ => false,
        };
        if !is_without_metadata {
            return cluster::exception_of(error);
        }
        Exception::no_metadata(&self.topic, self.block_max).with_class()
    }
}

/// Tells of each record that fails.
async fn report(topic: Arc<str>, mut outcomes: Receiver<Outcome>) {
    while let Some(Outcome { handle, sizes }) = outcomes.recv().await {
        if let Err(error) = handle.await {
            log_failure(&topic, sizes, &Exception::of(&error).with_class());
        }
    }
}

fn log_failure(topic: &str, sizes: Sizes, exception: &str) {
    cluster::log_error(&failure(topic, sizes), exception);
}

fn failure(topic: &str, sizes: Sizes) -> String {
    let size = |bytes: Option<usize>| match bytes {
        None => "null".to_owned(),
        Some(bytes) => format!("{bytes} bytes"),
    };
    let (key, value) = (size(sizes.key), size(sizes.value));
    let what = "Error when sending message to topic";
    format!("{what} {topic} with key: {key}, value: {value} with error:")
}

impl Sizes {
    fn of(record: &Record) -> Self {
        Self {
            key: record.key.as_ref().map(|key| key.len()),
            value: record.value.as_ref().map(|value| value.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_topic_and_the_sizes() {
        let record = Record::new("t", "ab");
        let expected =
            "Error when sending message to topic t with key: null, value: 2 bytes with error:";
        assert_eq!(failure("t", Sizes::of(&record)), expected);
    }
}
