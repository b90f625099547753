package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// The keys of a topic's configuration that are shown in full.
var shownKeys = []string{
	"cleanup.policy",
	"compression.type",
	"max.message.bytes",
	"min.insync.replicas",
	"retention.ms",
	"segment.bytes",
}

// runAdmin is topics, their partitions and configurations, and the cluster, as an administrator
// sees them.
func runAdmin(ctx context.Context, n *node) error {
	if err := showCluster(ctx, n); err != nil {
		return err
	}
	err := n.create(ctx, "admin.one", 3, "retention.ms", "86400000", "cleanup.policy", "compact")
	if err != nil {
		return err
	}
	if err := n.create(ctx, "admin-two", 1); err != nil {
		return err
	}
	steps := []func(context.Context, *node) error{
		showTopic, showTopics, addPartitions, showTopic, alterTopic,
		refuseTopics, refusePartitions, refuseAlterations, deleteTopics,
	}
	for _, step := range steps {
		if err := step(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func showCluster(ctx context.Context, n *node) error {
	metadata, err := n.admin.BrokerMetadata(ctx)
	if err != nil {
		return err
	}
	line("admin", "step", "cluster",
		"nodes", len(metadata.Brokers),
		"controller_is_node", slices.Contains(metadata.Brokers.NodeIDs(), metadata.Controller),
		"has_id", metadata.Cluster != "")
	return nil
}

func showTopic(ctx context.Context, n *node) error {
	metadata, err := n.admin.Metadata(ctx, "admin.one")
	if err != nil {
		return err
	}
	topic := metadata.Topics["admin.one"]
	var partitions, replicas, isr, epochs []int
	led := true
	for _, partition := range topic.Partitions.Sorted() {
		partitions = append(partitions, int(partition.Partition))
		replicas = append(replicas, len(partition.Replicas))
		isr = append(isr, len(partition.ISR))
		epochs = append(epochs, int(partition.LeaderEpoch))
		led = led && slices.Contains(partition.Replicas, partition.Leader)
	}
	line("admin", "step", "describe", "topic", topic.Topic, "internal", topic.IsInternal,
		"partitions", partitions, "replicas", replicas, "isr", isr, "epochs", epochs,
		"led_by_replica", led, "has_id", topic.ID != kadm.TopicID{})
	return nil
}

func showTopics(ctx context.Context, n *node) error {
	topics, err := n.admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	line("admin", "step", "list", "topics", topics.Names())
	return nil
}

func addPartitions(ctx context.Context, n *node) error {
	made, err := n.admin.UpdatePartitions(ctx, 5, "admin.one")
	if err != nil {
		return err
	}
	added := made["admin.one"]
	line("admin", "step", "create partitions", "outcome", outcome(added.Err, added.ErrMessage))
	return n.awaitPartitions(ctx, "admin.one", 5)
}

func alterTopic(ctx context.Context, n *node) error {
	if err := showConfiguration(ctx, n, "admin.one"); err != nil {
		return err
	}
	err := alter(ctx, n, "alter", "admin.one",
		change(kadm.SetConfig, "retention.ms", "3600000"),
		change(kadm.SetConfig, "segment.bytes", "2000000"),
		change(kadm.AppendConfig, "cleanup.policy", "delete"))
	if err != nil {
		return err
	}
	if err := awaitRetention(ctx, n, "3600000"); err != nil {
		return err
	}
	if err := showConfiguration(ctx, n, "admin.one"); err != nil {
		return err
	}
	back := kadm.AlterConfig{Op: kadm.DeleteConfig, Name: "retention.ms"}
	if err := alter(ctx, n, "alter back", "admin.one", back); err != nil {
		return err
	}
	if err := awaitRetention(ctx, n, "604800000"); err != nil {
		return err
	}
	return showConfiguration(ctx, n, "admin.one")
}

func showConfiguration(ctx context.Context, n *node, topic string) error {
	entries, err := topicEntries(ctx, n, topic)
	if err != nil {
		return err
	}
	line("admin", "step", "configuration", "keys", len(entries))
	for _, key := range shownKeys {
		entry := entries[key]
		var synonyms []string
		for _, synonym := range entry.Synonyms {
			value := text(synonym.Value)
			synonyms = append(synonyms, fmt.Sprintf("%s:%s:%v", synonym.Key, value, synonym.Source))
		}
		line("admin", "step", "configuration", "key", key, "value", entry.Value,
			"source", entry.Source, "sensitive", entry.Sensitive, "synonyms", synonyms)
	}
	return nil
}

func topicEntries(ctx context.Context, n *node, topic string) (map[string]kadm.Config, error) {
	described, err := n.admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return nil, err
	}
	resource, err := described.On(topic, nil)
	if err != nil {
		return nil, err
	}
	entries := map[string]kadm.Config{}
	for _, entry := range resource.Configs {
		entries[entry.Key] = entry
	}
	return entries, resource.Err
}

func awaitRetention(ctx context.Context, n *node, value string) error {
	return until(ctx, "retention.ms", func(ctx context.Context) (bool, error) {
		entries, err := topicEntries(ctx, n, "admin.one")
		retention := entries["retention.ms"]
		return retention.MaybeValue() == value, err
	})
}

func change(operation kadm.IncrementalOp, key, value string) kadm.AlterConfig {
	return kadm.AlterConfig{Op: operation, Name: key, Value: &value}
}

func alter(
	ctx context.Context, n *node, step, topic string, changes ...kadm.AlterConfig,
) error {
	altered, err := n.admin.AlterTopicConfigs(ctx, changes, topic)
	if err != nil {
		return err
	}
	for _, each := range altered {
		line("admin", "step", step, "outcome", outcome(each.Err, each.ErrMessage))
	}
	return nil
}

func refuseTopics(ctx context.Context, n *node) error {
	refused := []struct {
		step, topic string
		partitions  int32
		replication int16
		config      map[string]*string
	}{
		{"existing topic", "admin.one", 1, 1, nil},
		{"invalid name", "no spaces!", 1, 1, nil},
		{"name of dots", "..", 1, 1, nil},
		{"no name", "", 1, 1, nil},
		{"long name", strings.Repeat("x", 250), 1, 1, nil},
		{"colliding name", "admin_one", 1, 1, nil},
		{"invalid value", "refused", 1, 1, configuration("retention.ms", "soon")},
		{"value out of range", "refused", 1, 1, configuration("segment.bytes", "1")},
		{"unknown key", "refused", 1, 1, configuration("no.such.key", "1")},
		{"null value", "refused", 1, 1, map[string]*string{"retention.ms": nil}},
		{"replication factor 3", "refused", 1, 3, nil},
		{"replication factor 0", "refused", 1, 0, nil},
		{"no partitions", "refused", 0, 1, nil},
		{"negative partitions", "refused", -2, 1, nil},
	}
	for _, each := range refused {
		tried, err := n.admin.ValidateCreateTopics(
			ctx, each.partitions, each.replication, each.config, each.topic)
		if err != nil {
			return err
		}
		only := tried[each.topic]
		line("admin", "step", each.step, "only", true,
			"outcome", outcome(only.Err, only.ErrMessage))
		made, err := n.admin.CreateTopics(
			ctx, each.partitions, each.replication, each.config, each.topic)
		if err != nil {
			return err
		}
		real := made[each.topic]
		line("admin", "step", each.step, "only", false,
			"outcome", outcome(real.Err, real.ErrMessage))
	}
	valid, err := n.admin.ValidateCreateTopics(ctx, -1, -1, nil, "validated")
	if err != nil {
		return err
	}
	seen := valid["validated"]
	line("admin", "step", "validate only", "outcome", outcome(seen.Err, seen.ErrMessage),
		"partitions", seen.NumPartitions, "replication", seen.ReplicationFactor,
		"configs", len(seen.Configs))
	return nil
}

func refusePartitions(ctx context.Context, n *node) error {
	refused := []struct {
		topic string
		count int
	}{{"unknown", 3}, {"admin.one", 5}, {"admin.one", 4}, {"admin.one", 0}}
	for _, each := range refused {
		made, err := n.admin.UpdatePartitions(ctx, each.count, each.topic)
		if err != nil {
			return err
		}
		seen := made[each.topic]
		line("admin", "step", "partitions", "topic", each.topic, "count", each.count,
			"outcome", outcome(seen.Err, seen.ErrMessage))
	}
	return nil
}

func refuseAlterations(ctx context.Context, n *node) error {
	described, err := n.admin.DescribeTopicConfigs(ctx, "unknown")
	if err != nil {
		return err
	}
	for _, each := range described {
		line("admin", "step", "configuration of unknown topic",
			"outcome", outcome(each.Err, each.ErrMessage))
	}
	changes := []kadm.AlterConfig{
		change(kadm.SetConfig, "retention.ms", "soon"),
		change(kadm.SetConfig, "no.such.key", "1"),
		change(kadm.SetConfig, "cleanup.policy", "shred"),
		change(kadm.AppendConfig, "retention.ms", "1"),
		{Op: kadm.SetConfig, Name: "retention.ms"},
	}
	for _, each := range changes {
		if err := alter(ctx, n, "alter "+each.Name, "admin.one", each); err != nil {
			return err
		}
	}
	fine := change(kadm.SetConfig, "retention.ms", "1")
	return alter(ctx, n, "alter unknown topic", "unknown", fine)
}

func deleteTopics(ctx context.Context, n *node) error {
	deleted, err := n.admin.DeleteTopics(ctx, "admin-two", "unknown")
	if err != nil {
		return err
	}
	for _, topic := range []string{"admin-two", "unknown"} {
		seen := deleted[topic]
		line("admin", "step", "delete", "topic", topic,
			"outcome", outcome(seen.Err, seen.ErrMessage))
	}
	err = until(ctx, "the end of admin-two", func(ctx context.Context) (bool, error) {
		topics, err := n.admin.ListTopics(ctx)
		return !slices.Contains(topics.Names(), "admin-two"), err
	})
	if err != nil {
		return err
	}
	return showTopics(ctx, n)
}
