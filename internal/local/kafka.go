package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// KafkaConfig says how to start the Kafka broker.
type KafkaConfig struct {
	// Dir is the folder of the broker's log, made when missing.
	Dir string
	// Port on the loopback interface; zero takes a free one.
	Port int
	// Topics are made at the start where they do not exist yet.
	Topics []string
	// Partitions of each new topic; zero means 4.
	Partitions int
	// Log takes the broker's warnings and errors.
	Log *slog.Logger
}

// Kafka is a durable one-node Kafka broker inside this process: what a producer was told is stored is on the disk.
type Kafka struct {
	cluster *kfake.Cluster
	address string
}

// Consumers of one machine come and go with its processes. A short session lets the work of a killed one be taken over
// in about a second instead of Kafka's least of six.
const kafkaMinSession = time.Second

const kafkaPartitions = 4

// StartKafka starts the broker on what an earlier one left in the folder.
func StartKafka(ctx context.Context, c KafkaConfig) (*Kafka, error) {
	port, err := portOrFree(c.Port)
	if err != nil {
		return nil, fmt.Errorf("Kafka: %w", err)
	}
	if err := CheckPort(Address(port), "Kafka", "another port"); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.Ports(port),
		kfake.DataDir(c.Dir),
		kfake.SyncWrites(),
		kfake.GroupMinSessionTimeout(kafkaMinSession),
		kfake.WithLogger(kafkaLog{c.Log}),
	)
	if err != nil {
		return nil, fmt.Errorf("start Kafka on %s: %w", c.Dir, err)
	}
	k := &Kafka{cluster: cluster, address: Address(port)}
	if err := k.createTopics(ctx, c); err != nil {
		return nil, errors.Join(err, k.Close(ctx))
	}
	return k, nil
}

// createTopics is not left to the broker's own seeding, which works on an empty folder only: a new version of TripGen
// may bring a new topic.
func (k *Kafka) createTopics(ctx context.Context, c KafkaConfig) error {
	if len(c.Topics) == 0 {
		return nil
	}
	if c.Partitions == 0 {
		c.Partitions = kafkaPartitions
	}
	request := &kafka.CreateTopicsRequest{}
	for _, topic := range c.Topics {
		request.Topics = append(request.Topics,
			kafka.TopicConfig{Topic: topic, NumPartitions: c.Partitions, ReplicationFactor: 1})
	}
	transport := new(kafka.Transport)
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(k.address), Transport: transport}
	response, err := client.CreateTopics(ctx, request)
	if err != nil {
		return fmt.Errorf("create Kafka topics: %w", err)
	}
	for topic, err := range response.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("create Kafka topic %s: %w", topic, err)
		}
	}
	return nil
}

// Address is the broker's host:port.
func (k *Kafka) Address() string { return k.address }

// Close stops the broker and writes down what is open.
func (k *Kafka) Close(context.Context) error {
	k.cluster.Close()
	return nil
}

// kafkaLog passes on what the broker would otherwise keep to itself, such as a disk that is full.
type kafkaLog struct{ log *slog.Logger }

func (l kafkaLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("kafka: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("kafka: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelInfo, kfake.LogLevelDebug, kfake.LogLevelNone:
	}
}
