package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The program's first argument when it is a member to be killed.
const memberCommand = "member"

// runCrash kills a member that has a process of its own: after its session the other takes over
// what it owned, from the offsets it committed.
func runCrash(ctx context.Context, n *node) error {
	for _, strategy := range []string{"range", "cooperative-sticky"} {
		if err := crash(ctx, n, strategy); err != nil {
			return fmt.Errorf("%s: %w", strategy, err)
		}
	}
	return nil
}

func crash(ctx context.Context, n *node, strategy string) error {
	topic := "crash-" + strategy
	if err := n.create(ctx, topic, groupPartitions); err != nil {
		return err
	}
	killed, err := startKilled(n, topic, strategy)
	if err != nil {
		return err
	}
	defer killed.kill()
	if err := killed.awaitLine(ctx, "assigned 3"); err != nil {
		return err
	}
	survivor, err := n.join("survivor", topic, topic, strategy)
	if err != nil {
		return err
	}
	defer survivor.close()
	// Range gives the larger part to the name that comes first, the sticky one keeps it there.
	if err := killed.awaitLine(ctx, "assigned 2"); err != nil {
		return err
	}
	if err := awaitOwned(ctx, survivor, 1); err != nil {
		return err
	}
	if err := writeRound(ctx, n, topic); err != nil {
		return err
	}
	if err := killed.awaitLine(ctx, "committed"); err != nil {
		return err
	}
	if err := awaitRecords(ctx, round, survivor); err != nil {
		return err
	}
	if err := survivor.commitRead(ctx); err != nil {
		return err
	}
	survivor.forget()

	killed.kill()
	started := time.Now()
	if err := awaitOwned(ctx, survivor, groupPartitions); err != nil {
		return err
	}
	elapsed := time.Since(started)
	if err := awaitRecords(ctx, 2*(round-round/2), survivor); err != nil {
		return err
	}
	read := survivor.look().records
	line("crash", "strategy", strategy,
		// The session runs from the killed member's last heartbeat, some time before its end.
		"after_session", elapsed > session/2,
		"first_offsets", slices.Sorted(maps.Values(firstOffsets(read))),
		"read", len(read))
	return nil
}

func awaitOwned(ctx context.Context, m *member, count int) error {
	what := fmt.Sprintf("%d partitions of %s", count, m.name)
	return until(ctx, what, func(context.Context) (bool, error) {
		return len(m.look().owned) == count, nil
	})
}

// killedMember is a member in a process of its own.
type killedMember struct {
	command *exec.Cmd
	once    sync.Once
	lock    sync.Mutex
	last    string
}

func startKilled(n *node, topic, strategy string) (*killedMember, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, memberCommand, n.bootstrap, topic, strategy,
		strconv.Itoa(round))
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	killed := &killedMember{command: command}
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			killed.lock.Lock()
			killed.last = lines.Text()
			killed.lock.Unlock()
		}
	}()
	return killed, nil
}

// awaitLine waits until this is the last thing the process has said.
func (k *killedMember) awaitLine(ctx context.Context, line string) error {
	return until(ctx, "the member to say "+line, func(context.Context) (bool, error) {
		k.lock.Lock()
		defer k.lock.Unlock()
		return k.last == line, nil
	})
}

// kill ends the process by SIGKILL.
func (k *killedMember) kill() {
	k.once.Do(func() {
		_ = k.command.Process.Kill()
		_ = k.command.Wait()
	})
}

// runKilled is the member to be killed: BOOTSTRAP TOPIC STRATEGY RECORDS. It says "assigned N" when
// it owns N partitions, reads RECORDS records of each of its partitions, commits half of them, says
// "committed" and reads on until it is killed.
func runKilled(ctx context.Context, arguments []string) error {
	if len(arguments) != 4 {
		return fmt.Errorf("run member: name the node, topic, strategy and count of records")
	}
	topic, strategy := arguments[1], arguments[2]
	count, err := strconv.Atoi(arguments[3])
	if err != nil {
		return fmt.Errorf("run member: count of records: %w", err)
	}
	n, err := newNode(arguments[0])
	if err != nil {
		return err
	}
	m, err := n.join("killed", topic, topic, strategy)
	if err != nil {
		return err
	}
	said := -1
	err = until(ctx, "all records", func(context.Context) (bool, error) {
		seen := m.look()
		if len(seen.owned) != said {
			said = len(seen.owned)
			fmt.Printf("assigned %d\n", said)
		}
		return len(seen.owned) > 0 && len(seen.records) == count*len(seen.owned), nil
	})
	if err != nil {
		return err
	}
	offsets := map[int32]int64{}
	for partition := range m.look().owned {
		offsets[partition] = int64(count / 2)
	}
	if err := commit(ctx, m.client, topic, offsets); err != nil {
		return err
	}
	fmt.Println("committed")
	m.done.Wait()
	return nil
}
