package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// target is the topic that load is put on.
type target struct {
	bootstrap string
	topic     string
	// Where records go, in turn; anywhere if there are none.
	partitions []int32
}

func (t *target) declare(options *flag.FlagSet) {
	options.StringVar(&t.bootstrap, "bootstrap", "", "address of a node")
	options.StringVar(&t.topic, "topic", "", "name of the topic")
}

func (t *target) declareProducing(options *flag.FlagSet) {
	t.declare(options)
	options.Func("only", "partitions to send to, with commas between them", func(text string) error {
		for number := range strings.SplitSeq(text, ",") {
			partition, err := strconv.ParseInt(number, 10, 32)
			if err != nil {
				return err
			}
			t.partitions = append(t.partitions, int32(partition))
		}
		return nil
	})
}

// record makes the record of this index.
func (t *target) record(index int, value []byte) *kgo.Record {
	record := &kgo.Record{Value: value}
	if len(t.partitions) > 0 {
		record.Partition = t.partitions[index%len(t.partitions)]
	}
	return record
}

func (t *target) client(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(options, kgo.SeedBrokers(t.bootstrap))...)
}

// producer makes a client that sends to the topic and does not compress.
func (t *target) producer(acks string, options ...kgo.Opt) (*kgo.Client, error) {
	options = append(options,
		kgo.DefaultProduceTopic(t.topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	if len(t.partitions) > 0 {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	switch acks {
	case "0":
		options = append(options, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
	case "1":
		options = append(options, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
	case "all":
		options = append(options, kgo.RequiredAcks(kgo.AllISRAcks()))
	default:
		return nil, fmt.Errorf("--acks is 0, 1 or all, not %s", acks)
	}
	return t.client(options...)
}

// consumer makes a client that reads all partitions of the topic, from `start` on.
func (t *target) consumer(start kgo.Offset) (*kgo.Client, error) {
	return t.client(kgo.ConsumeTopics(t.topic), kgo.ConsumeResetOffset(start))
}

// randomValue makes bytes that no file system or client compresses.
func randomValue(size int) []byte {
	value := make([]byte, size)
	rand.Read(value)
	return value
}
