package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// deadRetention keeps what could not be processed for longer than Kafka's week.
const deadRetention = 30 * 24 * time.Hour

// CreateTopics makes the topics that are not there (all of them where none are named) and waits until each has leaders,
// so that the first write finds them. Topics that are there are left as they are.
func CreateTopics(ctx context.Context, c Config, topics ...Topic) error {
	if len(topics) == 0 {
		topics = Topics()
	}
	transport := &kafka.Transport{ClientID: clientID, DialTimeout: dialTimeout}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(c.Brokers...), Transport: transport, Timeout: ioTimeout}

	res, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: configs(c, topics)})
	if err != nil {
		return fmt.Errorf("kafka at %s: make topics: %w", strings.Join(c.Brokers, ","), err)
	}
	for name, err := range res.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("kafka: make topic %s: %w", name, err)
		}
	}
	return awaitLeaders(ctx, client, topics)
}

func configs(c Config, topics []Topic) []kafka.TopicConfig {
	partitions, replication := c.Partitions, c.Replication
	if partitions == 0 {
		partitions = defaultPartition
	}
	if replication == 0 {
		replication = 1
	}
	all := make([]kafka.TopicConfig, len(topics))
	for i, t := range topics {
		all[i] = kafka.TopicConfig{Topic: string(t), NumPartitions: partitions, ReplicationFactor: replication}
		if t == GenerationDead {
			all[i].ConfigEntries = []kafka.ConfigEntry{
				{ConfigName: "retention.ms", ConfigValue: fmt.Sprint(deadRetention.Milliseconds())},
				{ConfigName: "max.message.bytes", ConfigValue: fmt.Sprint(maxWriteBytes)},
			}
		}
	}
	return all
}

func awaitLeaders(ctx context.Context, client *kafka.Client, topics []Topic) error {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = string(t)
	}
	ticker := time.NewTicker(joinBackoff)
	defer ticker.Stop()
	for {
		meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: names})
		if err == nil && allLed(meta, len(names)) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("kafka: await topics: %w", errors.Join(ctx.Err(), err))
		case <-ticker.C:
		}
	}
}

func allLed(meta *kafka.MetadataResponse, want int) bool {
	for _, t := range meta.Topics {
		if t.Error != nil || len(t.Partitions) == 0 {
			return false
		}
		for _, p := range t.Partitions {
			if p.Error != nil {
				return false
			}
		}
	}
	return len(meta.Topics) == want
}
