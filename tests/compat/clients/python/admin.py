"""Topics, their partitions and configurations, and the cluster, as an administrator sees them."""

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
)

import report
from node import DEADLINE_SECONDS, until

NAME = "admin"
KEYS = (
    "cleanup.policy",
    "compression.type",
    "max.message.bytes",
    "min.insync.replicas",
    "retention.ms",
    "segment.bytes",
)


def run(node):
    cluster(node)
    node.create("admin.one", 3, retention_ms="86400000", cleanup_policy="compact")
    node.create("admin-two", 1)
    describe(node, "admin.one")
    names(node)
    partitions = node.admin.create_partitions([NewPartitions("admin.one", 5)])
    outcome = report.outcome(partitions["admin.one"])
    node.await_partitions("admin.one", 5)
    report.line(NAME, step="create partitions", outcome=outcome)
    describe(node, "admin.one")
    configuration(node, "admin.one")
    alter(node, "admin.one")
    errors(node)
    delete(node)


def cluster(node):
    seen = node.admin.describe_cluster().result(DEADLINE_SECONDS)
    report.line(
        NAME,
        step="cluster",
        nodes=len(seen.nodes),
        controller_is_node=seen.controller.id in [each.id for each in seen.nodes],
        has_id=bool(seen.cluster_id),
    )


def describe(node, name):
    seen = node.admin.describe_topics(TopicCollection([name]))[name].result(DEADLINE_SECONDS)
    report.line(
        NAME,
        step="describe",
        topic=seen.name,
        internal=seen.is_internal,
        partitions=[each.id for each in seen.partitions],
        replicas=[len(each.replicas) for each in seen.partitions],
        isr=[len(each.isr) for each in seen.partitions],
        led_by_replica=all(
            each.leader.id in [replica.id for replica in each.replicas]
            for each in seen.partitions
        ),
    )


def names(node):
    topics = node.admin.list_topics(timeout=DEADLINE_SECONDS).topics
    report.line(NAME, step="list", topics=sorted(topics))


def entries(node, name):
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    return node.admin.describe_configs([resource])[resource].result(DEADLINE_SECONDS)


def configuration(node, name):
    seen = entries(node, name)
    report.line(NAME, step="configuration", keys=sorted(seen))
    for key in KEYS:
        entry = seen[key]
        synonyms = [
            f"{each.name}:{each.value}:{ConfigSource(each.source).name}"
            for each in entry.synonyms.values()
        ]
        report.line(
            NAME,
            step="configuration",
            key=key,
            value=entry.value,
            source=ConfigSource(entry.source).name,
            read_only=entry.is_read_only,
            default=entry.is_default,
            sensitive=entry.is_sensitive,
            synonyms=sorted(synonyms),
        )


def alter(node, name):
    changes = [
        ("retention.ms", "3600000", AlterConfigOpType.SET),
        ("segment.bytes", "2000000", AlterConfigOpType.SET),
        ("cleanup.policy", "delete", AlterConfigOpType.APPEND),
    ]
    outcome = change(node, name, changes)
    report.line(NAME, step="alter", outcome=outcome)
    until("altered retention.ms", lambda: entries(node, name)["retention.ms"].value == "3600000")
    configuration(node, name)
    outcome = change(node, name, [("retention.ms", None, AlterConfigOpType.DELETE)])
    report.line(NAME, step="alter back", outcome=outcome)
    until("default retention.ms", lambda: entries(node, name)["retention.ms"].value != "3600000")
    configuration(node, name)


def change(node, name, changes):
    altered = [
        ConfigEntry(key, value, incremental_operation=operation)
        for key, value, operation in changes
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=altered)
    return report.outcome(node.admin.incremental_alter_configs([resource])[resource])


def errors(node):
    refused = {
        "existing topic": NewTopic("admin.one", 1, 1),
        "invalid name": NewTopic("no spaces!", 1, 1),
        "name of dots": NewTopic("..", 1, 1),
        "long name": NewTopic("x" * 250, 1, 1),
        "colliding name": NewTopic("admin_one", 1, 1),
        "invalid value": NewTopic("refused", 1, 1, config={"retention.ms": "soon"}),
        "value out of range": NewTopic("refused", 1, 1, config={"segment.bytes": "1"}),
        "unknown key": NewTopic("refused", 1, 1, config={"no.such.key": "1"}),
        "replication factor 3": NewTopic("refused", 1, 3),
        "no partitions": NewTopic("refused", 0, 1),
        "unknown replica": NewTopic("refused", 1, replica_assignment=[[77]]),
    }
    # An administrator may look before leaping; the answer is the same as to the real thing.
    for validate_only in (True, False):
        for step, new in refused.items():
            made = node.admin.create_topics([new], validate_only=validate_only)[new.topic]
            report.line(NAME, step=step, only=validate_only, outcome=report.outcome(made))
    valid = NewTopic("validated", 1, 1)
    made = node.admin.create_topics([valid], validate_only=True)[valid.topic]
    report.line(NAME, step="validate only", outcome=report.outcome(made))

    for name, count in (("unknown", 3), ("admin.one", 5), ("admin.one", 4)):
        made = node.admin.create_partitions([NewPartitions(name, count)])[name]
        report.line(NAME, step=f"{count} partitions", topic=name, outcome=report.outcome(made))
    unknown = TopicCollection(["unknown"])
    seen = node.admin.describe_topics(unknown)["unknown"]
    report.line(NAME, step="describe unknown topic", outcome=report.outcome(seen))
    report.line(NAME, step="configuration of unknown topic", outcome=refusal(node, "unknown"))
    for key, value in (("retention.ms", "soon"), ("no.such.key", "1"), ("cleanup.policy", "x")):
        outcome = change(node, "admin.one", [(key, value, AlterConfigOpType.SET)])
        report.line(NAME, step=f"alter {key}", outcome=outcome)
    outcome = change(node, "admin.one", [("retention.ms", "1", AlterConfigOpType.APPEND)])
    report.line(NAME, step="append to no list", outcome=outcome)
    outcome = change(node, "unknown", [("retention.ms", "1", AlterConfigOpType.SET)])
    report.line(NAME, step="alter unknown topic", outcome=outcome)


def refusal(node, name):
    try:
        entries(node, name)
    except KafkaException as failure:
        return report.error(failure.args[0])
    return "ok"


def delete(node):
    for name in ("unknown", "admin-two"):
        deleted = node.admin.delete_topics([name], operation_timeout=10)[name]
        report.line(NAME, step="delete", topic=name, outcome=report.outcome(deleted))
    until("admin-two gone", lambda: "admin-two" not in node.admin.list_topics(timeout=10).topics)
    names(node)
