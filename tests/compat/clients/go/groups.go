package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	groupPartitions = 3
	// Records of a partition in each round of writing.
	round = 10
)

// runGroups shows groups whose members come and leave, with each way of sharing partitions.
func runGroups(ctx context.Context, n *node) error {
	for _, strategy := range []string{"range", "roundrobin", "cooperative-sticky"} {
		if err := n.create(ctx, "group-"+strategy, groupPartitions); err != nil {
			return err
		}
		group := &sharing{n, "group-" + strategy, strategy, nil}
		err := group.joinAndLeave(ctx)
		for _, member := range group.members {
			member.close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", strategy, err)
		}
	}
	return nil
}

// sharing is a group, named as its topic, and those of its members that are in it.
type sharing struct {
	node     *node
	topic    string
	strategy string
	members  []*member
}

func (s *sharing) joinAndLeave(ctx context.Context) error {
	if err := s.join("a", "b"); err != nil {
		return err
	}
	if err := s.share(ctx, "two members", 1, 2); err != nil {
		return err
	}
	if err := s.readRound(ctx); err != nil {
		return err
	}
	if err := s.join("c", "d"); err != nil {
		return err
	}
	if err := s.share(ctx, "four members", 0, 1, 1, 1); err != nil {
		return err
	}
	s.leave(1)
	if err := s.share(ctx, "one has left", 1, 1, 1); err != nil {
		return err
	}
	s.leave(2)
	if err := s.share(ctx, "one remains", groupPartitions); err != nil {
		return err
	}
	s.members[0].forget()
	if err := s.readRound(ctx); err != nil {
		return err
	}
	line("groups", "strategy", s.strategy, "step", "resume",
		"first_offsets", firstOffsets(s.members[0].look().records))
	return nil
}

func (s *sharing) join(names ...string) error {
	for _, name := range names {
		joined, err := s.node.join(name, s.topic, s.topic, s.strategy)
		if err != nil {
			return err
		}
		s.members = append(s.members, joined)
	}
	return nil
}

// leave closes the first members, so many.
func (s *sharing) leave(count int) {
	for _, member := range s.members[:count] {
		member.close()
	}
	s.members = s.members[count:]
}

// share waits until each member has its part, together all partitions.
func (s *sharing) share(ctx context.Context, step string, sizes ...int) error {
	var owned map[string]int
	err := until(ctx, "shares: "+step, func(context.Context) (bool, error) {
		owned = map[string]int{}
		var partitions []int32
		var seen []int
		for _, member := range s.members {
			view := member.look()
			for partition := range view.owned {
				partitions = append(partitions, partition)
			}
			owned[member.name] = len(view.owned)
			seen = append(seen, len(view.owned))
			if view.assignments == 0 {
				return false, nil
			}
		}
		slices.Sort(seen)
		slices.Sort(partitions)
		return slices.Equal(seen, sizes) && slices.Equal(partitions, []int32{0, 1, 2}), nil
	})
	if err != nil {
		return err
	}
	facts := []any{"strategy", s.strategy, "step", step, "sizes", sizes}
	// The members' names lead their ids, by which these strategies order them.
	if s.strategy != "cooperative-sticky" {
		facts = append(facts, "owned", owned)
	}
	line("groups", facts...)
	return nil
}

// readRound writes a round of records, waits until the members have read it, and commits.
func (s *sharing) readRound(ctx context.Context) error {
	if err := writeRound(ctx, s.node, s.topic); err != nil {
		return err
	}
	if err := awaitRecords(ctx, round*groupPartitions, s.members...); err != nil {
		return err
	}
	distinct := map[place]bool{}
	count, byOwner := 0, true
	for _, member := range s.members {
		seen := member.look()
		for _, record := range seen.records {
			count++
			distinct[place{record.Partition, record.Offset}] = true
			byOwner = byOwner && seen.owned[record.Partition]
		}
		if err := member.commitRead(ctx); err != nil {
			return err
		}
	}
	line("groups", "strategy", s.strategy, "step", "read", "records", count,
		"distinct", len(distinct), "by_owner", byOwner)
	return nil
}

func writeRound(ctx context.Context, n *node, topic string) error {
	var written []*kgo.Record
	for index := range round {
		for partition := range int32(groupPartitions) {
			value := fmt.Appendf(nil, "%d-%d", partition, index)
			record := &kgo.Record{Topic: topic, Partition: partition, Value: value}
			written = append(written, record)
		}
	}
	return n.write(ctx, written, kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

// awaitRecords waits until the members have read so many records together.
func awaitRecords(ctx context.Context, count int, members ...*member) error {
	what := fmt.Sprintf("%d records", count)
	return until(ctx, what, func(context.Context) (bool, error) {
		read := 0
		for _, member := range members {
			read += len(member.look().records)
		}
		return read >= count, nil
	})
}

func firstOffsets(records []*kgo.Record) map[int32]int64 {
	first := map[int32]int64{}
	for _, record := range records {
		if _, known := first[record.Partition]; !known {
			first[record.Partition] = record.Offset
		}
	}
	return first
}
