package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"flag"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// How long records are sent before they count: connections open, code is compiled, caches fill.
const warmUp = 3 * time.Second

// How much of a value tells the run and the index of its record.
const stampBytes = 16

// schedule says when each record is due, counted from the start of the run.
type schedule struct {
	rate    int
	seconds int
	// Tells this run's records from those of other runs on the same topic.
	run uint64
}

func runLatency(ctx context.Context, arguments []string) (any, error) {
	var target target
	var plan schedule
	options := flag.NewFlagSet("latency", flag.ContinueOnError)
	target.declareProducing(options)
	options.IntVar(&plan.rate, "rate", 2000, "records due in each second")
	options.IntVar(&plan.seconds, "seconds", 20, "seconds that count, after the warm-up")
	size := options.Int("size", 1024, "bytes of each value")
	acks := options.String("acks", "all", "0, 1 or all")
	if err := parse(options, arguments, "bootstrap", "topic"); err != nil {
		return nil, err
	}
	if plan.rate < 1 || plan.seconds < 1 || *size < stampBytes {
		return nil, fmt.Errorf("--rate and --seconds are at least 1, --size %d", stampBytes)
	}
	var run [8]byte
	rand.Read(run[:])
	plan.run = binary.BigEndian.Uint64(run[:])

	// Nothing that the client holds back may delay a record that is due.
	producer, err := target.producer(*acks,
		kgo.ProducerLinger(0), kgo.MaxBufferedRecords(plan.total()))
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	consumer, err := target.consumer(kgo.NewOffset().AtEnd())
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	if err := producer.Ping(ctx); err != nil {
		return nil, err
	}

	value := randomValue(*size)
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	started := time.Now()
	read := make(chan []time.Duration, 1)
	go func() { read <- plan.read(ctx, consumer, started) }()
	acked := plan.send(ctx, fail, producer, started, func(index int) *kgo.Record {
		return target.record(index, plan.stamp(index, value))
	})
	if err := producer.Flush(ctx); err != nil {
		return nil, context.Cause(ctx)
	}
	latencies := <-read
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return summarize(latencies[plan.uncounted():], acked[plan.uncounted():])
}

// send sends each record when it is due, and late ones at once. What it returns fills up until the
// producer has been flushed.
func (s *schedule) send(
	ctx context.Context,
	fail context.CancelCauseFunc,
	producer *kgo.Client,
	started time.Time,
	record func(index int) *kgo.Record,
) []time.Duration {
	acked := make([]time.Duration, s.total())
	for index := range acked {
		if ctx.Err() != nil {
			break
		}
		time.Sleep(time.Until(started.Add(s.due(index))))
		producer.Produce(ctx, record(index), func(_ *kgo.Record, err error) {
			if err != nil {
				fail(fmt.Errorf("record %d: %w", index, err))
				return
			}
			acked[index] = time.Since(started) - s.due(index)
		})
	}
	return acked
}

// read returns for each record how long after it was due it came, 0 for those that did not come.
// It ends when all that count are here, or when nothing has come for long.
func (s *schedule) read(
	ctx context.Context,
	consumer *kgo.Client,
	started time.Time,
) []time.Duration {
	latencies := make([]time.Duration, s.total())
	missing := s.total() - s.uncounted()
	for missing > 0 {
		fetches, err := poll(ctx, consumer)
		if err != nil {
			break
		}
		now := time.Since(started)
		fetches.EachRecord(func(record *kgo.Record) {
			index, isOurs := s.index(record.Value)
			if !isOurs || latencies[index] != 0 {
				return
			}
			latencies[index] = now - s.due(index)
			if index >= s.uncounted() {
				missing--
			}
		})
	}
	return latencies
}

func (s *schedule) total() int {
	return s.uncounted() + s.rate*s.seconds
}

func (s *schedule) uncounted() int {
	return s.rate * int(warmUp/time.Second)
}

func (s *schedule) due(index int) time.Duration {
	return time.Duration(index) * time.Second / time.Duration(s.rate)
}

func (s *schedule) stamp(index int, value []byte) []byte {
	stamped := binary.BigEndian.AppendUint64(make([]byte, 0, len(value)), s.run)
	stamped = binary.BigEndian.AppendUint64(stamped, uint64(index))
	return append(stamped, value[stampBytes:]...)
}

func (s *schedule) index(value []byte) (int, bool) {
	if len(value) < stampBytes || binary.BigEndian.Uint64(value) != s.run {
		return 0, false
	}
	index := binary.BigEndian.Uint64(value[8:])
	return int(index), index < uint64(s.total())
}
