package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// latencies is what the records that count have met with.
type latencies struct {
	Records  int     `json:"records"`
	Lost     int     `json:"lost"`
	P50Ms    float64 `json:"p50_ms"`
	P99Ms    float64 `json:"p99_ms"`
	P999Ms   float64 `json:"p999_ms"`
	MaxMs    float64 `json:"max_ms"`
	AckP99Ms float64 `json:"ack_p99_ms"`
	AckMaxMs float64 `json:"ack_max_ms"`
}

// summarize takes for each record its time until it was read, 0 if it never was, and until it was
// acknowledged.
func summarize(read, acked []time.Duration) (latencies, error) {
	arrived := slices.DeleteFunc(slices.Clone(read), func(each time.Duration) bool {
		return each == 0
	})
	if len(arrived) == 0 {
		return latencies{}, fmt.Errorf("none of %d records was read", len(read))
	}
	slices.Sort(arrived)
	acked = slices.Sorted(slices.Values(acked))
	return latencies{
		Records:  len(read),
		Lost:     len(read) - len(arrived),
		P50Ms:    percentile(arrived, 0.5),
		P99Ms:    percentile(arrived, 0.99),
		P999Ms:   percentile(arrived, 0.999),
		MaxMs:    percentile(arrived, 1),
		AckP99Ms: percentile(acked, 0.99),
		AckMaxMs: percentile(acked, 1),
	}, nil
}

// percentile is the nearest rank: that part of the values is at most what it returns.
func percentile(sorted []time.Duration, part float64) float64 {
	rank := max(int(math.Ceil(part*float64(len(sorted)))), 1)
	return float64(sorted[rank-1].Microseconds()) / 1000
}
