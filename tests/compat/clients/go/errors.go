package main

import (
	"bytes"
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// runErrors shows what a producer is told when the node refuses its records.
func runErrors(ctx context.Context, n *node) error {
	if err := n.create(ctx, "small-records", 1, "max.message.bytes", "1000"); err != nil {
		return err
	}
	if err := n.create(ctx, "compacted", 1, "cleanup.policy", "compact"); err != nil {
		return err
	}
	plain := kgo.ProducerBatchCompression(kgo.NoCompression())
	variants := []struct {
		idempotent bool
		options    []kgo.Opt
	}{{true, []kgo.Opt{plain}}, {false, []kgo.Opt{plain, kgo.DisableIdempotentWrite()}}}
	for _, variant := range variants {
		x := []byte("x")
		cases := []struct {
			name   string
			record kgo.Record
		}{
			{"too large", kgo.Record{Topic: "small-records", Value: bytes.Repeat(x, 5_000)}},
			{"fits", kgo.Record{Topic: "small-records", Value: bytes.Repeat(x, 500)}},
			{"compacted without key", kgo.Record{Topic: "compacted", Value: x}},
			{"compacted with key", kgo.Record{Topic: "compacted", Key: x, Value: x}},
		}
		for _, each := range cases {
			err := n.write(ctx, []*kgo.Record{&each.record}, variant.options...)
			line("errors", "record", each.name, "idempotent", variant.idempotent,
				"outcome", outcome(err, ""))
		}
	}
	return unknownTopics(ctx, n)
}

func unknownTopics(ctx context.Context, n *node) error {
	record := func(topic string) []*kgo.Record {
		return []*kgo.Record{{Topic: topic, Value: []byte("x")}}
	}
	soon := kgo.UnknownTopicRetries(1)
	line("errors", "record", "unknown topic",
		"outcome", outcome(n.write(ctx, record("not-there"), soon), ""))
	line("errors", "record", "topic made by need",
		"outcome", outcome(n.write(ctx, record("made-by-need"), kgo.AllowAutoTopicCreation()), ""))
	line("errors", "record", "invalid topic",
		"outcome", outcome(n.write(ctx, record("no spaces!"), soon), ""))
	topics, err := n.admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	_, there := topics["not-there"]
	line("errors", "unknown_topic_made", there,
		"partitions", len(topics["made-by-need"].Partitions))
	return nil
}
