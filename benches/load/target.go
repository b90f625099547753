package main

import (
	"crypto/rand"
	"flag"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// target is the topic that load is put on.
type target struct {
	bootstrap string
	topic     string
}

func (t *target) declare(options *flag.FlagSet) {
	options.StringVar(&t.bootstrap, "bootstrap", "", "address of a node")
	options.StringVar(&t.topic, "topic", "", "name of the topic")
}

func (t *target) client(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(options, kgo.SeedBrokers(t.bootstrap))...)
}

// producer makes a client that sends to the topic and does not compress.
func (t *target) producer(acks string, options ...kgo.Opt) (*kgo.Client, error) {
	options = append(options,
		kgo.DefaultProduceTopic(t.topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
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
