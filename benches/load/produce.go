package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func runProduce(ctx context.Context, arguments []string) (any, error) {
	var target target
	options := flag.NewFlagSet("produce", flag.ContinueOnError)
	target.declareProducing(options)
	records := options.Int64("records", 0, "number of records")
	size := options.Int("size", 1024, "bytes of each value")
	acks := options.String("acks", "all", "0, 1 or all")
	if err := parse(options, arguments, "bootstrap", "topic", "records"); err != nil {
		return nil, err
	}
	client, err := target.producer(*acks)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return nil, err
	}

	// The first record that fails ends the run: figures of half a run are worth nothing.
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			fail(err)
		}
	}
	value := randomValue(*size)
	started := time.Now()
	for index := range *records {
		if ctx.Err() != nil {
			break
		}
		client.Produce(ctx, target.record(int(index), value), promise)
	}
	flushed := client.Flush(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if flushed != nil {
		return nil, fmt.Errorf("flush: %w", flushed)
	}
	return volume{*records, *records * int64(*size), time.Since(started).Seconds()}, nil
}
