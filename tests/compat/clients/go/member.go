package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	session   = 6 * time.Second
	heartbeat = 500 * time.Millisecond
)

var balancers = map[string]func() kgo.GroupBalancer{
	"range":              kgo.RangeBalancer,
	"roundrobin":         kgo.RoundRobinBalancer,
	"cooperative-sticky": kgo.CooperativeStickyBalancer,
}

// member is a consumer of a group that knows what it owns and what it has read. It reads by itself
// until it is closed.
type member struct {
	name   string
	topic  string
	client *kgo.Client
	done   sync.WaitGroup

	lock        sync.Mutex
	owned       map[int32]bool
	assignments int
	changes     int
	records     []*kgo.Record
	fenced      error
}

func (n *node) join(
	name, group, topic, strategy string, options ...kgo.Opt,
) (*member, error) {
	m := &member{name: name, topic: topic, owned: map[int32]bool{}}
	all := []kgo.Opt{
		kgo.ClientID(name),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.Balancers(balancers[strategy]()),
		kgo.SessionTimeout(session),
		kgo.HeartbeatInterval(heartbeat),
		kgo.OnPartitionsAssigned(m.assigned),
		kgo.OnPartitionsRevoked(m.revoked),
		kgo.OnPartitionsLost(m.revoked),
	}
	client, err := n.connect(append(all, options...)...)
	if err != nil {
		return nil, err
	}
	m.client = client
	m.done.Go(m.poll)
	return m, nil
}

func (m *member) assigned(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.assignments++
	for _, partition := range topics[m.topic] {
		m.owned[partition] = true
		m.changes++
	}
}

func (m *member) revoked(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, partition := range topics[m.topic] {
		delete(m.owned, partition)
		m.changes++
	}
}

func (m *member) poll() {
	for {
		fetches := m.client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		m.lock.Lock()
		for _, failed := range fetches.Errors() {
			if errors.Is(failed.Err, kerr.FencedInstanceID) {
				m.fenced = failed.Err
			}
		}
		m.records = append(m.records, fetches.Records()...)
		m.lock.Unlock()
	}
}

// close leaves the group, unless the member is a static one.
func (m *member) close() {
	m.client.Close()
	m.done.Wait()
}

// commitRead commits all that was read of the partitions owned.
func (m *member) commitRead(ctx context.Context) error {
	offsets := map[int32]int64{}
	seen := m.look()
	for _, record := range seen.records {
		if seen.owned[record.Partition] {
			offsets[record.Partition] = record.Offset + 1
		}
	}
	return commit(ctx, m.client, m.topic, offsets)
}

// forget drops what was read until now.
func (m *member) forget() {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.records = nil
}

// view is what a member knew at one moment.
type view struct {
	owned       map[int32]bool
	assignments int
	changes     int
	records     []*kgo.Record
	fenced      error
}

func (m *member) look() view {
	m.lock.Lock()
	defer m.lock.Unlock()
	owned := map[int32]bool{}
	for partition := range m.owned {
		owned[partition] = true
	}
	return view{owned, m.assignments, m.changes, m.records, m.fenced}
}

// commit commits these offsets by partition, as a member of the client's group.
func commit(
	ctx context.Context, client *kgo.Client, topic string, offsets map[int32]int64,
) error {
	if len(offsets) == 0 {
		return nil
	}
	positions := map[int32]kgo.EpochOffset{}
	for partition, offset := range offsets {
		positions[partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	var failure error
	answered := func(
		_ *kgo.Client, _ *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error,
	) {
		if err != nil {
			failure = err
			return
		}
		for _, topic := range response.Topics {
			for _, partition := range topic.Partitions {
				failure = errors.Join(failure, kerr.ErrorForCode(partition.ErrorCode))
			}
		}
	}
	client.CommitOffsetsSync(
		ctx, map[string]map[int32]kgo.EpochOffset{topic: positions}, answered)
	if failure != nil {
		return fmt.Errorf("commit offsets: %w", failure)
	}
	return nil
}
