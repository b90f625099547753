package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	consumeTopic = "consume"
	consumeGroup = "consume-group"
	firstMs      = int64(1_700_000_000_000)
	stepMs       = int64(1_000)
	consumeCount = 10
)

// runConsume shows where a consumer starts: the beginning, the end, a time, an offset that a group
// committed.
func runConsume(ctx context.Context, n *node) error {
	// The records are old: nothing may retire them.
	if err := n.create(ctx, consumeTopic, 2, "retention.ms", "-1"); err != nil {
		return err
	}
	for index := range consumeCount {
		// A batch each, so that a time finds a batch and not only a record in it.
		var written []*kgo.Record
		for partition := range 2 {
			written = append(written, &kgo.Record{
				Topic:     consumeTopic,
				Partition: int32(partition),
				Value:     fmt.Appendf(nil, "%d-%d", partition, index),
				Timestamp: time.UnixMilli(firstMs + int64(index)*stepMs),
			})
		}
		manual := kgo.RecordPartitioner(kgo.ManualPartitioner())
		if err := n.write(ctx, written, manual); err != nil {
			return err
		}
	}
	steps := []func(context.Context, *node) error{
		fromBeginning, listOffsets, fromTime, fromCommitted, outOfRange, fromEnd,
	}
	for _, step := range steps {
		if err := step(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func fromBeginning(ctx context.Context, n *node) error {
	read, err := n.read(ctx, consumeTopic, 2*consumeCount)
	if err != nil {
		return err
	}
	timestamps := true
	for _, record := range read {
		timestamps = timestamps && record.Timestamp.UnixMilli() == firstMs+record.Offset*stepMs
	}
	line("consume", "start", "beginning", "read", len(read), "hash", digest(values(read)),
		"timestamps", timestamps)
	return nil
}

func listOffsets(ctx context.Context, n *node) error {
	lastMs := firstMs + (consumeCount-1)*stepMs
	after := func(ms int64) func() (kadm.ListedOffsets, error) {
		return func() (kadm.ListedOffsets, error) {
			return n.admin.ListOffsetsAfterMilli(ctx, ms, consumeTopic)
		}
	}
	asked := []struct {
		name string
		ask  func() (kadm.ListedOffsets, error)
	}{
		{"start", func() (kadm.ListedOffsets, error) {
			return n.admin.ListStartOffsets(ctx, consumeTopic)
		}},
		{"end", func() (kadm.ListedOffsets, error) {
			return n.admin.ListEndOffsets(ctx, consumeTopic)
		}},
		{"committed end", func() (kadm.ListedOffsets, error) {
			return n.admin.ListCommittedOffsets(ctx, consumeTopic)
		}},
		{"max timestamp", func() (kadm.ListedOffsets, error) {
			return n.admin.ListMaxTimestampOffsets(ctx, consumeTopic)
		}},
		{"local start", func() (kadm.ListedOffsets, error) {
			return n.admin.ListLocalLogStartOffsets(ctx, consumeTopic)
		}},
		{"before all", after(firstMs - 1)},
		{"first", after(firstMs)},
		{"between", after(firstMs + 2*stepMs + 1)},
		{"last", after(lastMs)},
		{"beyond the end", after(lastMs + 1)},
	}
	for _, each := range asked {
		listed, err := each.ask()
		if err != nil {
			return fmt.Errorf("list offsets: %s: %w", each.name, err)
		}
		for partition := range int32(2) {
			seen := listed[consumeTopic][partition]
			line("consume", "offset", each.name, "partition", partition, "is_at", seen.Offset,
				"timestamp", seen.Timestamp, "leader_epoch", seen.LeaderEpoch,
				"outcome", outcome(seen.Err, ""))
		}
	}
	return nil
}

func fromTime(ctx context.Context, n *node) error {
	start := kgo.NewOffset().AfterMilli(firstMs + 6*stepMs)
	client, err := n.connect(kgo.ConsumePartitions(
		map[string]map[int32]kgo.Offset{consumeTopic: {1: start}}))
	if err != nil {
		return err
	}
	defer client.Close()
	read, err := take(ctx, client, consumeCount-6)
	if err != nil {
		return err
	}
	line("consume", "start", "time", "read", sortedValues(read))
	return nil
}

func fromCommitted(ctx context.Context, n *node) error {
	var none kadm.OffsetResponses
	// The first question about a group has the node make the topic of offsets.
	err := until(ctx, "a coordinator", func(ctx context.Context) (bool, error) {
		var err error
		none, err = n.admin.FetchOffsets(ctx, consumeGroup)
		return err == nil, err
	})
	if err != nil {
		return err
	}
	line("consume", "committed", "nothing", "topics", len(none))
	first, err := n.connect(groupOptions(consumeGroup)...)
	if err != nil {
		return err
	}
	defer first.Close()
	if _, err := take(ctx, first, 1); err != nil {
		return err
	}
	if err := commit(ctx, first, consumeTopic, map[int32]int64{0: 6, 1: 3}); err != nil {
		return err
	}
	first.Close()

	second, err := n.connect(groupOptions(consumeGroup)...)
	if err != nil {
		return err
	}
	defer second.Close()
	read, err := take(ctx, second, 2*consumeCount-9)
	if err != nil {
		return err
	}
	line("consume", "start", "committed", "read", sortedValues(read))
	return nil
}

func groupOptions(group string) []kgo.Opt {
	return []kgo.Opt{
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(consumeTopic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
	}
}

func outOfRange(ctx context.Context, n *node) error {
	resets := []struct {
		name   string
		offset kgo.Offset
	}{{"start", kgo.NewOffset().AtStart()}, {"none", kgo.NoResetOffset()}}
	for _, reset := range resets {
		beyond := map[string]map[int32]kgo.Offset{consumeTopic: {0: kgo.NewOffset().At(1_000)}}
		client, err := n.connect(
			kgo.ConsumePartitions(beyond), kgo.ConsumeResetOffset(reset.offset))
		if err != nil {
			return err
		}
		read, err := take(ctx, client, 1)
		client.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		facts := []any{"start", "out of range", "reset", reset.name, "outcome", outcome(err, "")}
		if err == nil {
			facts = append(facts, "read", read[0].Value)
		}
		line("consume", facts...)
	}
	return nil
}

func fromEnd(ctx context.Context, n *node) error {
	client, err := n.connect(
		kgo.ConsumeTopics(consumeTopic), kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd()))
	if err != nil {
		return err
	}
	defer client.Close()
	var read []*kgo.Record
	// A consumer does not tell when it has found the end: a record written too early is not seen,
	// the next one is.
	err = until(ctx, "a late record", func(ctx context.Context) (bool, error) {
		late := []*kgo.Record{{Topic: consumeTopic, Value: []byte("late")}}
		if err := n.write(ctx, late); err != nil {
			return false, err
		}
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		read = client.PollFetches(ctx).Records()
		return len(read) > 0, nil
	})
	if err != nil {
		return err
	}
	line("consume", "start", "end", "read", read[0].Value)
	return nil
}

func sortedValues(records []*kgo.Record) []string {
	var all []string
	for _, record := range records {
		all = append(all, string(record.Value))
	}
	slices.Sort(all)
	return all
}
