package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// runAcks shows what partition each key falls into, whatever the acknowledgement asked for.
func runAcks(ctx context.Context, n *node) error {
	levels := []struct {
		name    string
		options []kgo.Opt
	}{
		{"0", []kgo.Opt{kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite()}},
		{"1", []kgo.Opt{kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite()}},
		{"all", []kgo.Opt{kgo.RequiredAcks(kgo.AllISRAcks())}},
	}
	for _, level := range levels {
		topic := "acks-" + level.name
		if err := n.create(ctx, topic, 3); err != nil {
			return err
		}
		var written []*kgo.Record
		for index := range 100 {
			written = append(written, &kgo.Record{
				Topic: topic,
				Key:   fmt.Appendf(nil, "key-%d", index),
				Value: fmt.Appendf(nil, "value-%d", index),
			})
		}
		if err := n.write(ctx, written, level.options...); err != nil {
			return err
		}
		read, err := n.read(ctx, topic, len(written))
		if err != nil {
			return err
		}
		facts := []any{
			"acks", level.name, "read", len(read), "dense", dense(read),
			"partitions", partitionsOfKeys(written, read),
		}
		// Without acknowledgement no producer learns an offset.
		if level.name != "0" {
			facts = append(facts, "offsets_as_read", maps.Equal(places(written), places(read)))
		}
		line("acks", facts...)
	}
	return nil
}

func runCodecs(ctx context.Context, n *node) error {
	codecs := []struct {
		name  string
		codec kgo.CompressionCodec
	}{
		{"none", kgo.NoCompression()},
		{"gzip", kgo.GzipCompression()},
		{"snappy", kgo.SnappyCompression()},
		{"lz4", kgo.Lz4Compression()},
		{"zstd", kgo.ZstdCompression()},
	}
	for _, each := range codecs {
		topic := "codec-" + each.name
		if err := n.create(ctx, topic, 1); err != nil {
			return err
		}
		var written []*kgo.Record
		for index := range 200 {
			value := bytes.Repeat(fmt.Appendf(nil, "value %04d ", index), 25)
			written = append(written, &kgo.Record{Topic: topic, Value: value})
		}
		if err := n.write(ctx, written, kgo.ProducerBatchCompression(each.codec)); err != nil {
			return err
		}
		read, err := n.read(ctx, topic, len(written))
		if err != nil {
			return err
		}
		line("codecs", "codec", each.name, "read", len(read),
			"equal", slices.EqualFunc(values(written), values(read), bytes.Equal),
			"compressed_as", read[0].Attrs.CompressionType(), "hash", digest(values(read)))
	}
	return nil
}

func runNullKeys(ctx context.Context, n *node) error {
	const topic = "null-keys"
	if err := n.create(ctx, topic, 3); err != nil {
		return err
	}
	var written []*kgo.Record
	for index := range 300 {
		value := fmt.Appendf(nil, "value-%d", index)
		written = append(written, &kgo.Record{Topic: topic, Value: value})
	}
	// The partition changes after every few records, not only with every batch.
	spread := kgo.UniformBytesPartitioner(50, false, true, nil)
	if err := n.write(ctx, written, kgo.RecordPartitioner(spread)); err != nil {
		return err
	}
	read, err := n.read(ctx, topic, len(written))
	if err != nil {
		return err
	}
	used := map[int32]bool{}
	for _, record := range read {
		used[record.Partition] = true
	}
	line("null keys", "read", len(read), "partitions", len(used), "dense", dense(read),
		"offsets_as_read", maps.Equal(places(written), places(read)))
	return nil
}

func runIdempotence(ctx context.Context, n *node) error {
	const topic = "idempotence"
	if err := n.create(ctx, topic, 3); err != nil {
		return err
	}
	var written []*kgo.Record
	for index := range 500 {
		value := fmt.Appendf(nil, "value-%d", index)
		record := &kgo.Record{Topic: topic, Value: value, Partition: int32(index % 3)}
		written = append(written, record)
	}
	// Small batches, so that many sequences of the producer are in flight at once.
	err := n.write(ctx, written,
		kgo.ProducerBatchMaxBytes(512), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	read, err := n.read(ctx, topic, len(written))
	if err != nil {
		return err
	}
	inOrder := true
	for _, record := range read {
		value := fmt.Sprintf("value-%d", record.Offset*3+int64(record.Partition))
		inOrder = inOrder && string(record.Value) == value
	}
	line("idempotence", "read", len(read), "distinct", len(places(read)), "dense", dense(read),
		"in_order", inOrder, "offsets_as_read", maps.Equal(places(written), places(read)))
	return nil
}

// dense says whether each partition's offsets are 0, 1, 2 and so on.
func dense(records []*kgo.Record) bool {
	next := map[int32]int64{}
	for _, record := range records {
		if record.Offset != next[record.Partition] {
			return false
		}
		next[record.Partition]++
	}
	return true
}

func partitionsOfKeys(written, read []*kgo.Record) string {
	partitions := map[string]int32{}
	for _, record := range read {
		partitions[string(record.Key)] = record.Partition
	}
	var digits strings.Builder
	for _, record := range written {
		fmt.Fprint(&digits, partitions[string(record.Key)])
	}
	return digits.String()
}

type place struct {
	partition int32
	offset    int64
}

func places(records []*kgo.Record) map[string]place {
	found := map[string]place{}
	for _, record := range records {
		found[string(record.Value)] = place{record.Partition, record.Offset}
	}
	return found
}

func values(records []*kgo.Record) [][]byte {
	var all [][]byte
	for _, record := range records {
		all = append(all, record.Value)
	}
	return all
}
