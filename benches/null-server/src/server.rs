//! What all connections share: the topics, the news that something was appended, producer ids.
//!
//! Not the job of this file: what a request means.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use protocol::topic::TopicName;
use tokio::sync::Notify;

use crate::log::PartitionLog;

#[derive(Debug)]
pub(crate) struct Server {
    folder: PathBuf,
    pub(crate) partition_count: i32,
    pub(crate) port: u16,
    topics: RwLock<HashMap<String, Arc<[PartitionLog]>>>,
    /// Wakes every fetch that waits, after each append to anything.
    pub(crate) appended: Notify,
    next_producer_id: AtomicI64,
}

impl Server {
    pub(crate) fn new(folder: PathBuf, partition_count: i32, port: u16) -> Self {
        Self {
            folder,
            partition_count,
            port,
            topics: RwLock::default(),
            appended: Notify::new(),
            next_producer_id: AtomicI64::new(0),
        }
    }

    pub(crate) fn new_producer_id(&self) -> i64 {
        self.next_producer_id.fetch_add(1, Ordering::Relaxed)
    }

    /// The logs of a topic, which are made when it is named for the first time.
    ///
    /// # Errors
    /// When the name is no topic's, or a file cannot be made.
    pub(crate) fn topic(&self, name: &str) -> io::Result<Arc<[PartitionLog]>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(logs) = topics.get(name) {
            return Ok(Arc::clone(logs));
        }
        drop(topics);
        TopicName::from_str(name).map_err(io::Error::other)?;
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(logs) = topics.get(name) {
            return Ok(Arc::clone(logs));
        }
        let logs = (0..self.partition_count)
            .map(|index| PartitionLog::create(&self.folder.join(format!("{name}-{index}.log"))))
            .collect::<io::Result<Arc<[PartitionLog]>>>()?;
        topics.insert(name.to_owned(), Arc::clone(&logs));
        Ok(logs)
    }
}
