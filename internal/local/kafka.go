package local

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// KafkaConfig says how to start the Kafka broker.
type KafkaConfig struct {
	// Dir is the folder of the broker's log, made when missing.
	Dir string
	// Port on the loopback interface; zero takes a free one.
	Port int
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

// StartKafka starts the broker on what an earlier one left in the folder. Topics are for the clients to make.
func StartKafka(_ context.Context, c KafkaConfig) (*Kafka, error) {
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
	return &Kafka{cluster: cluster, address: Address(port)}, nil
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
