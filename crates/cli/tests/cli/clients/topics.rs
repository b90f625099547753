//! Topics through the admin client.

use client::exception::Exception;
use client::krafka::admin::{
    ConfigOp, ConfigResource, CreatePartitionsOptions, CreateTopicsOptions, DeleteTopicsOptions,
    DescribeConfigsOptions, DescribeTopicsOptions, IncrementalAlterConfigsOptions,
    ListTopicsOptions, NewTopic,
};

use super::{connect, create_topic, run};
use crate::node::process::Node;
use crate::program::Place;

#[test]
fn a_topic_is_created_described_widened_configured_and_deleted() {
    let place = Place::new("client-topics", "unused");
    let node = Node::start(&place, &[]);
    run(async {
        let kafka = connect(node.address).await;
        let admin = kafka.admin();
        create_topic(&kafka, "demo-topic", 1).await;
        let names = admin
            .list_topics(ListTopicsOptions::default())
            .await
            .unwrap();
        assert_eq!(names, ["demo-topic"]);

        let widened =
            admin.create_partitions([("demo-topic", 3)], CreatePartitionsOptions::default());
        for (_, result) in widened.await.unwrap() {
            result.unwrap();
        }
        let described = admin.describe_topics(["demo-topic"], DescribeTopicsOptions::default());
        let described = described
            .await
            .unwrap()
            .remove("demo-topic")
            .unwrap()
            .unwrap();
        let leaders: Vec<_> = described
            .partitions
            .iter()
            .map(|each| each.leader)
            .collect();
        assert_eq!(leaders, [Some(1); 3]);

        let topic = ConfigResource::topic("demo-topic");
        let changes = [(topic.clone(), vec![ConfigOp::set("retention.ms", "60000")])];
        let options = IncrementalAlterConfigsOptions::default();
        for (_, result) in admin
            .incremental_alter_configs(changes, options)
            .await
            .unwrap()
        {
            result.unwrap();
        }
        let options = DescribeConfigsOptions::default().config_names(vec!["retention.ms".into()]);
        let configs = admin
            .describe_configs([topic.clone()], options)
            .await
            .unwrap();
        assert_eq!(
            configs[&topic].as_ref().unwrap()[0].value.as_deref(),
            Some("60000")
        );

        let deleted = admin.delete_topics(["demo-topic"], DeleteTopicsOptions::default());
        deleted
            .await
            .unwrap()
            .remove("demo-topic")
            .unwrap()
            .unwrap();
        let names = admin
            .list_topics(ListTopicsOptions::default())
            .await
            .unwrap();
        assert_eq!(names, [""; 0]);
    });
}

#[test]
fn what_is_wrong_with_a_topic_is_told_in_kafkas_words() {
    let place = Place::new("client-topic-errors", "unused");
    let node = Node::start(&place, &[]);
    run(async {
        let kafka = connect(node.address).await;
        create_topic(&kafka, "there", 1).await;
        let again = NewTopic::new("there", 1, 1).unwrap();
        let wide = NewTopic::new("wide", 1, 3).unwrap();
        let odd = NewTopic::new("odd", 1, 1)
            .unwrap()
            .with_config("no.such", "1");
        let options = CreateTopicsOptions::default();
        let results = kafka
            .admin()
            .create_topics([again, wide, odd], options)
            .await
            .unwrap();
        let exception = |name: &str| Exception::of(results[name].as_ref().unwrap_err());
        let exists = exception("there");
        assert_eq!(exists.class, "TopicExistsException");
        assert_eq!(exists.message, "Topic 'there' already exists.");
        assert_eq!(exception("wide").class, "InvalidReplicationFactorException");
        assert_eq!(
            exception("odd").message,
            "Unknown topic config name: no.such"
        );
    });
}
