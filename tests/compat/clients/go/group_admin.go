package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const adminGroup = "admin-group"

// runGroupAdmin shows groups and their offsets as an administrator sees, moves and deletes them.
func runGroupAdmin(ctx context.Context, n *node) error {
	if err := n.create(ctx, adminGroup, 2); err != nil {
		return err
	}
	// Static members of groups before this one stay until their sessions end.
	err := until(ctx, "the end of other groups' members", func(ctx context.Context) (bool, error) {
		groups, err := n.admin.ListGroups(ctx)
		for _, group := range groups {
			if group.State != "Empty" {
				return false, err
			}
		}
		return true, err
	})
	if err != nil {
		return err
	}
	if err := withMember(ctx, n); err != nil {
		return err
	}
	if err := awaitState(ctx, n, "Empty"); err != nil {
		return err
	}
	steps := []func(context.Context, *node) error{
		showGroups, showGroup, moveOffsets, showOffsets,
		deleteGroup, deleteGroup, showGroups, showGroup, showOffsets,
	}
	for _, step := range steps {
		if err := step(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// withMember shows the group while it has a member.
func withMember(ctx context.Context, n *node) error {
	only, err := n.join("only", adminGroup, adminGroup, "range", kgo.InstanceID("instance"))
	if err != nil {
		return err
	}
	defer only.close()
	if err := awaitOwned(ctx, only, 2); err != nil {
		return err
	}
	if err := awaitState(ctx, n, "Stable"); err != nil {
		return err
	}
	if err := commit(ctx, only.client, adminGroup, map[int32]int64{0: 4, 1: 7}); err != nil {
		return err
	}
	steps := []func(context.Context, *node) error{
		showGroups, showGroup, showOffsets, deleteGroup, moveOffsets,
	}
	for _, step := range steps {
		if err := step(ctx, n); err != nil {
			return err
		}
	}
	// A static member leaves only when it is told to, or when its session ends.
	leave := kadm.LeaveGroup(adminGroup).InstanceIDs("instance", "no-such-instance")
	left, err := n.admin.LeaveGroup(ctx, leave)
	if err != nil {
		return err
	}
	for _, instance := range []string{"instance", "no-such-instance"} {
		line("group admin", "leave", instance, "outcome", outcome(left[instance].Err, ""))
	}
	return nil
}

func awaitState(ctx context.Context, n *node, state string) error {
	return until(ctx, "a group that is "+state, func(ctx context.Context) (bool, error) {
		described, err := n.admin.DescribeGroups(ctx, adminGroup)
		return described[adminGroup].State == state, err
	})
}

func showGroups(ctx context.Context, n *node) error {
	for _, state := range []string{"", "Stable", "Empty", "Dead"} {
		var states []string
		if state != "" {
			states = append(states, state)
		}
		listed, err := n.admin.ListGroups(ctx, states...)
		if err != nil {
			return err
		}
		var seen []string
		for _, group := range listed.Sorted() {
			seen = append(seen, fmt.Sprintf("%s:%s/%s", group.Group, group.ProtocolType, group.State))
		}
		line("group admin", "of_state", state, "groups", seen)
	}
	return nil
}

func showGroup(ctx context.Context, n *node) error {
	described, err := n.admin.DescribeGroups(ctx, adminGroup)
	if err != nil {
		return err
	}
	group := described[adminGroup]
	line("group admin", "group", group.Group, "state", group.State,
		"protocol_type", group.ProtocolType, "protocol", group.Protocol,
		"members", len(group.Members), "outcome", outcome(group.Err, group.ErrMessage))
	for _, member := range group.Members {
		var topics []string
		var owned []int32
		if joined, ok := member.Join.AsConsumer(); ok {
			topics = joined.Topics
		}
		if assigned, ok := member.Assigned.AsConsumer(); ok {
			for _, topic := range assigned.Topics {
				owned = append(owned, topic.Partitions...)
			}
		}
		slices.Sort(owned)
		line("group admin", "member", member.ClientID, "instance", member.InstanceID,
			"topics", topics, "owned", owned)
	}
	return nil
}

func showOffsets(ctx context.Context, n *node) error {
	fetched, err := n.admin.FetchOffsets(ctx, adminGroup)
	if err != nil {
		return err
	}
	line("group admin", "offsets", len(fetched.Offsets()[adminGroup]))
	for _, offset := range fetched.Sorted() {
		line("group admin", "partition", offset.Partition, "offset", offset.At,
			"epoch", offset.LeaderEpoch, "outcome", outcome(offset.Err, ""))
	}
	return nil
}

// moveOffsets commits from outside the group, which is refused while it has members.
func moveOffsets(ctx context.Context, n *node) error {
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{
		Topic: adminGroup, Partition: 0, At: 1, LeaderEpoch: -1, Metadata: "moved by hand",
	})
	moved, err := n.admin.CommitOffsets(ctx, adminGroup, offsets)
	if err != nil {
		return err
	}
	line("group admin", "step", "move", "outcome", outcome(moved[adminGroup][0].Err, ""))
	fetched, err := n.admin.FetchOffsets(ctx, adminGroup)
	if err != nil {
		return err
	}
	seen := fetched[adminGroup][0]
	line("group admin", "step", "move", "offset", seen.At, "moved_metadata",
		seen.Metadata == "moved by hand")
	return nil
}

func deleteGroup(ctx context.Context, n *node) error {
	deleted, err := n.admin.DeleteGroups(ctx, adminGroup)
	if err != nil {
		return err
	}
	seen := deleted[adminGroup]
	line("group admin", "step", "delete", "outcome", outcome(seen.Err, seen.ErrMessage))
	return nil
}
