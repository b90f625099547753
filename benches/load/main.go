// Puts load on a node, as a producer and as a consumer, and prints what was measured as a line of
// JSON. It measures what a client sees; what the server spends is for others to account.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

var commands = map[string]func(context.Context, []string) (any, error){
	"create":  runCreate,
	"produce": runProduce,
	"consume": runConsume,
	"latency": runLatency,
}

// volume is what went through in how much time; bytes are those of the values.
type volume struct {
	Records int64   `json:"records"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("run load: name a command: create, produce, consume or latency")
	}
	command, known := commands[arguments[0]]
	if !known {
		return fmt.Errorf("run load: no such command: %s", arguments[0])
	}
	measured, err := command(ctx, arguments[1:])
	if err != nil {
		return fmt.Errorf("%s: %w", arguments[0], err)
	}
	return json.NewEncoder(os.Stdout).Encode(measured)
}

// parse reads a command's options; those that are named have to be given.
func parse(options *flag.FlagSet, arguments []string, required ...string) error {
	if err := options.Parse(arguments); err != nil {
		return err
	}
	if options.NArg() > 0 {
		return fmt.Errorf("unexpected argument: %s", options.Arg(0))
	}
	given := map[string]bool{}
	options.Visit(func(option *flag.Flag) { given[option.Name] = true })
	for _, name := range required {
		if !given[name] {
			return fmt.Errorf("--%s is missing", name)
		}
	}
	return nil
}
