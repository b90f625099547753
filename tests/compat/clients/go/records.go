package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// runRecords shows what a record carries: headers in their order, and keys and values that are
// null or empty.
func runRecords(ctx context.Context, n *node) error {
	const topic = "records"
	if err := n.create(ctx, topic, 1); err != nil {
		return err
	}
	headers := []kgo.RecordHeader{
		{Key: "a", Value: []byte("1")},
		{Key: "b", Value: []byte("2")},
		{Key: "a", Value: []byte("3")},
		{Key: "null", Value: nil},
		{Key: "empty", Value: []byte{}},
		{Key: "", Value: []byte("no name")},
		{Key: "a", Value: []byte("1")},
	}
	key, value := []byte("k"), []byte("v")
	cases := []struct {
		name   string
		record kgo.Record
	}{
		{"headers", kgo.Record{Key: key, Value: value, Headers: headers}},
		{"no headers", kgo.Record{Key: key, Value: value}},
		{"null key", kgo.Record{Value: value}},
		{"null value", kgo.Record{Key: key}},
		{"both null", kgo.Record{}},
		{"empty key", kgo.Record{Key: []byte{}, Value: value}},
		{"empty value", kgo.Record{Key: key, Value: []byte{}}},
		{"null value and headers", kgo.Record{Key: key, Headers: headers[:1]}},
	}
	for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.Lz4Compression()} {
		var written []*kgo.Record
		for _, each := range cases {
			record := each.record
			record.Topic = topic
			written = append(written, &record)
		}
		if err := n.write(ctx, written, kgo.ProducerBatchCompression(codec)); err != nil {
			return err
		}
	}
	read, err := n.read(ctx, topic, 2*len(cases))
	if err != nil {
		return err
	}
	for index, record := range read {
		var seen []string
		for _, header := range record.Headers {
			seen = append(seen, fmt.Sprintf("%s=%s", header.Key, text(header.Value)))
		}
		line("records", "record", cases[index%len(cases)].name,
			"key", record.Key, "value", record.Value, "headers", seen)
	}
	return nil
}
