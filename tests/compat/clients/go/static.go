package main

import (
	"context"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

const staticGroup = "static"

// runStaticMembers restarts static members within the session without a rebalance, and has one
// fenced by its like.
func runStaticMembers(ctx context.Context, n *node) error {
	if err := n.create(ctx, staticGroup, groupPartitions); err != nil {
		return err
	}
	members := map[string]*member{}
	defer func() {
		for _, member := range members {
			member.close()
		}
	}()
	for _, name := range []string{"one", "two"} {
		joined, err := joinStatic(n, name)
		if err != nil {
			return err
		}
		members[name] = joined
	}
	if err := awaitParts(ctx, n, members); err != nil {
		return err
	}
	if err := restart(ctx, n, members, "one", "two"); err != nil {
		return err
	}
	if err := restart(ctx, n, members, "two", "one"); err != nil {
		return err
	}
	return fence(ctx, n, members)
}

func restart(
	ctx context.Context, n *node, members map[string]*member, name, other string,
) error {
	before, changes := members[name].look().owned, members[other].look().changes
	members[name].close()
	again, err := joinStatic(n, name)
	if err != nil {
		return err
	}
	members[name] = again
	if err := awaitParts(ctx, n, members); err != nil {
		return err
	}
	line("static members", "restarted", name,
		"same_partitions", maps.Equal(before, again.look().owned),
		"changes_of_other", members[other].look().changes-changes)
	return nil
}

// fence has a second member of the same instance take the place of the first.
func fence(ctx context.Context, n *node, members map[string]*member) error {
	fenced := members["one"]
	usurper, err := joinStatic(n, "one")
	if err != nil {
		return err
	}
	members["one"] = usurper
	defer fenced.close()
	err = until(ctx, "the end of the fenced member", func(context.Context) (bool, error) {
		return fenced.look().fenced != nil, nil
	})
	if err != nil {
		return err
	}
	line("static members", "fenced", fenced.look().fenced)
	return awaitParts(ctx, n, members)
}

func joinStatic(n *node, name string) (*member, error) {
	return n.join(name, staticGroup, staticGroup, "range", kgo.InstanceID("instance-"+name))
}

// awaitParts waits until all partitions are shared in a group that is stable.
func awaitParts(ctx context.Context, n *node, members map[string]*member) error {
	var instances []string
	err := until(ctx, "parts of static members", func(ctx context.Context) (bool, error) {
		var sizes []int
		for _, member := range members {
			sizes = append(sizes, len(member.look().owned))
		}
		slices.Sort(sizes)
		if !slices.Equal(sizes, []int{1, 2}) {
			return false, nil
		}
		described, err := n.admin.DescribeGroups(ctx, staticGroup)
		if err != nil {
			return false, err
		}
		group := described[staticGroup]
		instances = nil
		for _, member := range group.Members {
			instances = append(instances, text(member.InstanceID))
		}
		return group.State == "Stable", group.Err
	})
	if err != nil {
		return err
	}
	slices.Sort(instances)
	line("static members", "members", len(instances), "instances", instances)
	return nil
}
