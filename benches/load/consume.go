package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// How long a consumer waits for the next records before it gives up.
const patience = 30 * time.Second

func runConsume(ctx context.Context, arguments []string) (any, error) {
	var target target
	options := flag.NewFlagSet("consume", flag.ContinueOnError)
	target.declare(options)
	records := options.Int64("records", 0, "number of records")
	if err := parse(options, arguments, "bootstrap", "topic", "records"); err != nil {
		return nil, err
	}
	started := time.Now()
	client, err := target.consumer(kgo.NewOffset().AtStart())
	if err != nil {
		return nil, err
	}
	defer client.Close()

	var read volume
	for read.Records < *records {
		fetches, err := poll(ctx, client)
		if err != nil {
			return nil, fmt.Errorf("%d of %d records read: %w", read.Records, *records, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			read.Records++
			read.Bytes += int64(len(record.Value))
		})
	}
	read.Seconds = time.Since(started).Seconds()
	return read, nil
}

// poll waits for the next records, but not for ever.
func poll(ctx context.Context, client *kgo.Client) (kgo.Fetches, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	fetches := client.PollFetches(ctx)
	return fetches, fetches.Err()
}
