package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type created struct {
	Topic      string `json:"topic"`
	Partitions int    `json:"partitions"`
}

func runCreate(ctx context.Context, arguments []string) (any, error) {
	var target target
	var configs []kmsg.CreateTopicsRequestTopicConfig
	options := flag.NewFlagSet("create", flag.ContinueOnError)
	target.declare(options)
	partitions := options.Int("partitions", 0, "number of partitions")
	options.Func("config", "key=value, any number of times", func(text string) error {
		key, value, found := strings.Cut(text, "=")
		if !found {
			return fmt.Errorf("no = in %s", text)
		}
		configs = append(configs, kmsg.CreateTopicsRequestTopicConfig{Name: key, Value: &value})
		return nil
	})
	if err := parse(options, arguments, "bootstrap", "topic", "partitions"); err != nil {
		return nil, err
	}
	client, err := target.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()

	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic = target.topic
	topic.NumPartitions = int32(*partitions)
	topic.ReplicationFactor = 1
	topic.Configs = configs
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics = append(request.Topics, topic)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	for _, each := range response.Topics {
		if err := kerr.ErrorForCode(each.ErrorCode); err != nil {
			return nil, fmt.Errorf("%s: %w", each.Topic, err)
		}
	}
	return created{target.topic, *partitions}, nil
}
