package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
)

// line prints the facts of a scenario: names and values in turn. Facts must not change from run to
// run: no ids, times, hosts or ports.
func line(scenario string, facts ...any) {
	cells := []string{scenario}
	for index := 0; index+1 < len(facts); index += 2 {
		cells = append(cells, fmt.Sprintf("%v=%s", facts[index], text(facts[index+1])))
	}
	fmt.Println(strings.Join(cells, "\t"))
}

// text is a fact as one word or sentence.
func text(value any) string {
	switch value := value.(type) {
	case bool:
		if value {
			return "yes"
		}
		return "no"
	case []byte:
		if value == nil {
			return "null"
		}
		return fmt.Sprintf("%q", value)
	case string:
		return value
	case []string:
		return strings.Join(value, ",")
	case *string:
		if value == nil {
			return "null"
		}
		return *value
	case error:
		return outcome(value, "")
	case nil:
		return "ok"
	default:
		return strings.NewReplacer(" ", ",", "[", "", "]", "", "map", "").
			Replace(fmt.Sprint(value))
	}
}

// outcome is what became of a request: "ok", or the error's name and the node's message.
func outcome(err error, message string) string {
	if err == nil {
		return "ok"
	}
	name := err.Error()
	var known *kerr.Error
	if errors.As(err, &known) {
		name = known.Message
	}
	if message == "" {
		return name
	}
	return name + ": " + message
}

// digest is a short hash of these byte strings in this order.
func digest(values [][]byte) string {
	state := sha256.New()
	for _, value := range values {
		state.Write(binary.BigEndian.AppendUint32(nil, uint32(len(value))))
		state.Write(value)
	}
	return fmt.Sprintf("%x", state.Sum(nil)[:8])
}
