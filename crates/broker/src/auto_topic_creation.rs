//! Creation of topics that are asked for before anybody has made them: the brokers' own, and those
//! of clients where `auto.create.topics.enable` says so.
//!
//! Not the job of this module: whether a topic may be created (its callers ask), and what is
//! answered meanwhile.
//!
//! Invariants:
//! - A topic is asked for once at a time, however many clients need it.
//! - Topics of clients are created in the name of the client, those of the brokers in the broker's.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metadata::controller::check_topic_name;
use net::request_context::RequestContext;
use protocol::ErrorCode;
use protocol::generated::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::generated::{CreateTopicsRequest, CreateTopicsResponse};
use tracing::warn;

use crate::config::{BrokerConfig, InternalTopicsConfig};
use crate::controller::ControllerChannel;
use crate::topic_names::{CONSUMER_OFFSETS, SHARE_GROUP_STATE, TRANSACTION_STATE};

/// The version of CreateTopics that is sent.
const VERSION: i16 = 7;

/// What topics are created with.
#[derive(Debug, Clone)]
pub struct AutoTopicSettings {
    /// The brokers' own.
    pub internal: InternalTopicsConfig,
    /// `num.partitions` where this broker was given it; else -1, and the controller's counts.
    pub partition_count: i32,
    /// `default.replication.factor`, likewise.
    pub replication_factor: i16,
    /// `request.timeout.ms`: how long the controller may take.
    pub request_timeout_ms: i32,
}

/// Has topics created.
pub struct AutoTopicCreation {
    settings: AutoTopicSettings,
    controller: ControllerChannel,
    /// What the controller was asked for and has not answered.
    under_way: Arc<Mutex<BTreeSet<String>>>,
}

/// Topics that are under way until this is dropped.
struct UnderWay {
    names: Vec<String>,
    all: Arc<Mutex<BTreeSet<String>>>,
}

impl From<&BrokerConfig> for AutoTopicSettings {
    fn from(config: &BrokerConfig) -> Self {
        let is_given = |name| config.settings().given(name).is_some();
        let (has_count, has_factor) = (
            is_given("num.partitions"),
            is_given("default.replication.factor"),
        );
        let topics = &config.topics;
        Self {
            internal: config.internal_topics.clone(),
            partition_count: if has_count {
                topics.partition_count
            } else {
                -1
            },
            replication_factor: if has_factor {
                topics.replication_factor
            } else {
                -1
            },
            request_timeout_ms: i32::try_from(config.network.request_timeout_ms)
                .unwrap_or(i32::MAX),
        }
    }
}

impl AutoTopicCreation {
    /// Asks through `controller`.
    pub fn new(settings: AutoTopicSettings, controller: ControllerChannel) -> Self {
        Self {
            settings,
            controller,
            under_way: Arc::default(),
        }
    }

    /// Begins to create topics in the name of a client, and does not wait for it. Topics that are
    /// under way, and names that no topic can have, are left out.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn begin_for_client<'n>(
        &self,
        context: &RequestContext,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        self.begin(Some(context.clone()), names);
    }

    /// Begins to create one of the brokers' own topics, unless it is under way.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn begin_internal(&self, name: &str) {
        self.begin(None, [name]);
    }

    fn begin<'n>(&self, context: Option<RequestContext>, names: impl IntoIterator<Item = &'n str>) {
        let mut under_way = lock(&self.under_way);
        let names = names
            .into_iter()
            .filter(|name| check_topic_name(name).is_ok() && under_way.insert((*name).to_owned()));
        let names: Vec<String> = names.map(str::to_owned).collect();
        drop(under_way);
        if names.is_empty() {
            return;
        }
        let request = CreateTopicsRequest {
            topics: names.iter().map(|name| self.topic(name)).collect(),
            timeout_ms: self.settings.request_timeout_ms,
            validate_only: false,
        };
        let all = Arc::clone(&self.under_way);
        let (controller, names) = (self.controller.clone(), UnderWay { names, all });
        tokio::spawn(async move {
            let created = create(&controller, context.as_ref(), &request).await;
            if let Err(error_code) = created {
                warn!(topics = ?names.names, ?error_code, "topics cannot be created");
            }
        });
    }

    fn topic(&self, name: &str) -> CreatableTopic<'static> {
        let settings = &self.settings;
        let internal = &settings.internal;
        let (own, configs) = match name {
            CONSUMER_OFFSETS => {
                let compressed_as_sent = config("compression.type", "producer");
                let compacted = config("cleanup.policy", "compact");
                (Some(&internal.offsets), vec![compacted, compressed_as_sent])
            }
            TRANSACTION_STATE => {
                let compacted = config("cleanup.policy", "compact");
                let uncompressed = config("compression.type", "uncompressed");
                let clean = config("unclean.leader.election.enable", "false");
                let own = &internal.transactions;
                (Some(own), vec![compacted, uncompressed, clean])
            }
            SHARE_GROUP_STATE => {
                let deleted = config("cleanup.policy", "delete");
                let compressed_as_sent = config("compression.type", "producer");
                let kept = config("retention.ms", "-1");
                let own = &internal.share;
                (Some(own), vec![deleted, compressed_as_sent, kept])
            }
            _ => (None, Vec::new()),
        };
        let (num_partitions, replication_factor, configs) = match own {
            Some(own) => {
                let segment_bytes = config("segment.bytes", own.segment_bytes.to_string());
                let replicas = own.min_insync_replicas;
                let replicas =
                    replicas.map(|count| config("min.insync.replicas", count.to_string()));
                let configs = configs.into_iter().chain([segment_bytes]).chain(replicas);
                (
                    own.partition_count,
                    own.replication_factor,
                    configs.collect(),
                )
            }
            None => (
                settings.partition_count,
                settings.replication_factor,
                Vec::new(),
            ),
        };
        CreatableTopic {
            name: name.to_owned().into(),
            num_partitions,
            replication_factor,
            configs,
            ..CreatableTopic::default()
        }
    }
}

async fn create(
    controller: &ControllerChannel,
    context: Option<&RequestContext>,
    request: &CreateTopicsRequest<'_>,
) -> Result<(), ErrorCode> {
    let response = match context {
        Some(context) => controller.ask_for(context, request, VERSION).await?,
        None => controller.ask(request, VERSION).await?,
    };
    let response: CreateTopicsResponse<'_> = response.decode()?;
    for topic in response.topics {
        // Who comes before this node has heard of the topic asks for it again.
        let is_there = [ErrorCode::NONE, ErrorCode::TOPIC_ALREADY_EXISTS];
        if !is_there.contains(&topic.error_code) {
            let (name, message) = (&*topic.name, topic.error_message.as_deref());
            warn!(name, error_code = ?topic.error_code, message, "topic cannot be created");
        }
    }
    Ok(())
}

fn config(
    name: &'static str,
    value: impl Into<Cow<'static, str>>,
) -> CreatableTopicConfig<'static> {
    CreatableTopicConfig {
        name: name.into(),
        value: Some(value.into()),
    }
}

fn lock(names: &Mutex<BTreeSet<String>>) -> MutexGuard<'_, BTreeSet<String>> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        for name in &self.names {
            all.remove(name);
        }
    }
}

impl fmt::Debug for AutoTopicCreation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AutoTopicCreation")
            .field("under_way", &lock(&self.under_way))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated_control_plane::{ControlPlane, formatted_disk};
    use metadata::image::ConfigResource;
    use std::path::Path;

    fn creation(plane: &ControlPlane) -> AutoTopicCreation {
        let config = BrokerConfig::standalone(Path::new("/data")).unwrap();
        let settings = AutoTopicSettings {
            partition_count: 3,
            ..AutoTopicSettings::from(&config)
        };
        AutoTopicCreation::new(settings, plane.channel())
    }

    /// Lets what is under way end.
    async fn ended(creation: &AutoTopicCreation) {
        for _ in 0..1000 {
            if lock(&creation.under_way).is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("topics are under way for ever: {creation:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_broker_was_not_given_the_controller_chooses() {
        let config = BrokerConfig::standalone(Path::new("/data")).unwrap();
        let settings = AutoTopicSettings::from(&config);
        assert_eq!(
            (settings.partition_count, settings.replication_factor),
            (-1, -1)
        );
        let plane = ControlPlane::start(&formatted_disk().await).await;
        let broker = plane.running_broker().await;
        let creation = AutoTopicCreation::new(settings, plane.channel());
        creation.begin(None, ["t"]);
        ended(&creation).await;
        let published = plane.published().await;
        let topic = published.image.topics().by_name("t").unwrap();
        assert_eq!(
            (topic.partitions.len(), &topic.partitions[&0].replicas[..]),
            (1, &[1][..])
        );
        drop(broker);
    }

    #[tokio::test(start_paused = true)]
    async fn the_topic_of_the_groups_is_created_as_kafka_does() {
        let plane = ControlPlane::start(&formatted_disk().await).await;
        let broker = plane.running_broker().await;
        let creation = creation(&plane);
        creation.begin_internal(CONSUMER_OFFSETS);
        creation.begin_internal(CONSUMER_OFFSETS);
        assert_eq!(lock(&creation.under_way).len(), 1);
        ended(&creation).await;
        // Whoever has not heard of it yet does no harm.
        creation.begin_internal(CONSUMER_OFFSETS);
        ended(&creation).await;
        let published = plane.published().await;
        let topic = published.image.topics().by_name(CONSUMER_OFFSETS).unwrap();
        assert_eq!(topic.partitions.len(), 50);
        let resource = ConfigResource::topic(CONSUMER_OFFSETS);
        let value = |key| published.image.configs().value(&resource, key);
        assert_eq!(value("cleanup.policy"), Some("compact"));
        assert_eq!(value("compression.type"), Some("producer"));
        assert_eq!(value("segment.bytes"), Some("104857600"));
        drop(broker);
    }

    #[tokio::test(start_paused = true)]
    async fn the_topics_of_other_coordinators_are_created_as_kafka_does_whoever_asks() {
        let plane = ControlPlane::start(&formatted_disk().await).await;
        let broker = plane.running_broker().await;
        let creation = creation(&plane);
        creation.begin(None, [TRANSACTION_STATE, SHARE_GROUP_STATE]);
        ended(&creation).await;
        let published = plane.published().await;
        let image = &published.image;
        for (topic, key, expected) in [
            (TRANSACTION_STATE, "cleanup.policy", "compact"),
            (TRANSACTION_STATE, "compression.type", "uncompressed"),
            (TRANSACTION_STATE, "unclean.leader.election.enable", "false"),
            (TRANSACTION_STATE, "min.insync.replicas", "1"),
            (TRANSACTION_STATE, "segment.bytes", "104857600"),
            (SHARE_GROUP_STATE, "cleanup.policy", "delete"),
            (SHARE_GROUP_STATE, "compression.type", "producer"),
            (SHARE_GROUP_STATE, "retention.ms", "-1"),
            (SHARE_GROUP_STATE, "min.insync.replicas", "1"),
            (SHARE_GROUP_STATE, "segment.bytes", "104857600"),
        ] {
            let partitions = &image.topics().by_name(topic).unwrap().partitions;
            assert_eq!(partitions.len(), 50, "{topic}");
            let value = image.configs().value(&ConfigResource::topic(topic), key);
            assert_eq!(value, Some(expected), "{topic} {key}");
        }
        drop(broker);
    }

    #[tokio::test(start_paused = true)]
    async fn topics_without_a_possible_name_or_enough_brokers_are_given_up() {
        let plane = ControlPlane::start(&formatted_disk().await).await;
        let creation = creation(&plane);
        creation.begin(None, ["a b", "."]);
        assert!(lock(&creation.under_way).is_empty());
        // No broker has registered.
        creation.begin(None, ["orphan"]);
        ended(&creation).await;
        let published = plane.published().await;
        assert!(published.image.topics().by_name("orphan").is_none());
        let broker = plane.running_broker().await;
        creation.begin(None, ["orphan", "other"]);
        ended(&creation).await;
        let published = plane.published().await;
        let topic = published.image.topics().by_name("orphan").unwrap();
        assert_eq!(topic.partitions.len(), 3);
        drop(broker);
    }
}
