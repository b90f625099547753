package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const deadline = 30 * time.Second

// node is the node under test: topics made on it, clients of it, records written to it and read.
type node struct {
	bootstrap string
	client    *kgo.Client
	admin     *kadm.Client
}

func newNode(bootstrap string) (*node, error) {
	n := &node{bootstrap: bootstrap}
	client, err := n.connect()
	if err != nil {
		return nil, err
	}
	n.client, n.admin = client, kadm.NewClient(client)
	return n, nil
}

func (n *node) close() {
	n.client.Close()
}

// connect makes a client that notices news soon.
func (n *node) connect(options ...kgo.Opt) (*kgo.Client, error) {
	all := []kgo.Opt{
		kgo.SeedBrokers(n.bootstrap),
		kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.FetchMaxWait(100 * time.Millisecond),
	}
	return kgo.NewClient(append(all, options...)...)
}

// create makes a topic and waits until clients see its leaders. The configuration is keys and
// values in turn.
func (n *node) create(ctx context.Context, topic string, partitions int, config ...string) error {
	made, err := n.admin.CreateTopic(ctx, int32(partitions), 1, configuration(config...), topic)
	if err != nil {
		return fmt.Errorf("create %s: %w: %s", topic, err, made.ErrMessage)
	}
	return n.awaitPartitions(ctx, topic, partitions)
}

// awaitPartitions waits until so many partitions of a topic have a leader that answers for them. A
// broker may show a topic a moment before it takes records of it, and a record that asks for no
// acknowledgement is lost in that moment.
func (n *node) awaitPartitions(ctx context.Context, topic string, count int) error {
	return until(ctx, "partitions of "+topic, func(ctx context.Context) (bool, error) {
		ends, err := n.admin.ListEndOffsets(ctx, topic)
		if err == nil {
			err = ends.Error()
		}
		return len(ends[topic]) == count, err
	})
}

// write produces records and waits for all of them; the records then know their offsets.
func (n *node) write(ctx context.Context, records []*kgo.Record, options ...kgo.Opt) error {
	client, err := n.connect(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.ProduceSync(ctx, records...).FirstErr()
}

// read returns every record of a topic, by partition and offset, once there are so many.
func (n *node) read(ctx context.Context, topic string, count int) ([]*kgo.Record, error) {
	client, err := n.connect(
		kgo.ConsumeTopics(topic),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	records, err := take(ctx, client, count)
	if err != nil {
		return nil, err
	}
	ends, err := n.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	ends.Each(func(each kadm.ListedOffset) { total += each.Offset })
	if total != int64(len(records)) {
		return nil, fmt.Errorf("read %s: %d of %d records", topic, len(records), total)
	}
	slices.SortFunc(records, func(left, right *kgo.Record) int {
		return cmp.Or(
			cmp.Compare(left.Partition, right.Partition), cmp.Compare(left.Offset, right.Offset),
		)
	})
	return records, nil
}

// take reads until there are so many records.
func take(ctx context.Context, client *kgo.Client, count int) ([]*kgo.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	var records []*kgo.Record
	for len(records) < count {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return records, err
		}
		records = append(records, fetches.Records()...)
	}
	return records, nil
}

// until asks until the answer is yes. Errors are asked again too, up to the deadline.
func until(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		done, err := ask(ctx)
		if done && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: not within %v (%w)", what, deadline, err)
		case <-again.C:
		}
	}
}

// configuration is that of a topic, from keys and values in turn.
func configuration(config ...string) map[string]*string {
	configured := map[string]*string{}
	for index := 0; index+1 < len(config); index += 2 {
		configured[config[index]] = &config[index+1]
	}
	return configured
}
