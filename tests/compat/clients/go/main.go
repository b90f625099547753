// Runs every scenario of franz-go against a fresh node and prints what was seen.
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

var scenarios = []struct {
	name string
	run  func(context.Context, *node) error
}{
	{"admin", runAdmin},
	{"acks", runAcks},
	{"codecs", runCodecs},
	{"null keys", runNullKeys},
	{"idempotence", runIdempotence},
	{"records", runRecords},
	{"consume", runConsume},
	{"groups", runGroups},
	{"crash", runCrash},
	{"static members", runStaticMembers},
	{"errors", runErrors},
	{"group admin", runGroupAdmin},
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) > 0 && arguments[0] == memberCommand {
		return runKilled(ctx, arguments[1:])
	}
	if len(arguments) != 1 {
		return fmt.Errorf("run scenarios: name the node, such as 127.0.0.1:9092")
	}
	node, err := newNode(arguments[0])
	if err != nil {
		return err
	}
	defer node.close()
	for _, scenario := range scenarios {
		started := time.Now()
		if err := scenario.run(ctx, node); err != nil {
			return fmt.Errorf("run %s: %w", scenario.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %.1f s\n", scenario.name, time.Since(started).Seconds())
	}
	return nil
}
