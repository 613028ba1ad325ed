package local_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/local"
)

func startKafka(t *testing.T, dir string) *local.Kafka {
	t.Helper()
	k, err := local.StartKafka(t.Context(), local.KafkaConfig{Dir: dir, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func createTopic(t *testing.T, k *local.Kafka, topic string) {
	t.Helper()
	transport := new(kafka.Transport)
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(k.Address()), Transport: transport}
	made, err := client.CreateTopics(deadline(t, 10*time.Second), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Errors[topic]; err != nil {
		t.Fatal(err)
	}
}

func closeKafka(t *testing.T, k *local.Kafka) {
	t.Helper()
	if err := k.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func send(t *testing.T, k *local.Kafka, topic, value string) {
	t.Helper()
	transport := new(kafka.Transport)
	defer transport.CloseIdleConnections()
	writer := &kafka.Writer{Addr: kafka.TCP(k.Address()), Topic: topic, BatchSize: 1, RequiredAcks: kafka.RequireAll, Transport: transport}
	defer writer.Close()
	if err := writer.WriteMessages(deadline(t, 10*time.Second), kafka.Message{Value: []byte(value)}); err != nil {
		t.Fatal(err)
	}
}

func reader(k *local.Kafka, topic string) *kafka.Reader {
	return kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{k.Address()}, Topic: topic, GroupID: "group", StartOffset: kafka.FirstOffset,
		SessionTimeout: time.Second, HeartbeatInterval: 200 * time.Millisecond,
		JoinGroupBackoff: 10 * time.Millisecond, MaxWait: 50 * time.Millisecond,
	})
}

func TestKafkaKeepsMessagesAndOffsetsOverARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kafka")
	first := startKafka(t, dir)
	createTopic(t, first, "tripgen.one.v1")
	send(t, first, "tripgen.one.v1", "a")
	send(t, first, "tripgen.one.v1", "b")
	consumer := reader(first, "tripgen.one.v1")
	message, err := consumer.FetchMessage(deadline(t, 20*time.Second))
	if err != nil || string(message.Value) != "a" {
		t.Fatalf("first message = %q, %v", message.Value, err)
	}
	if err := consumer.CommitMessages(deadline(t, 10*time.Second), message); err != nil {
		t.Fatal(err)
	}
	if err := consumer.Close(); err != nil {
		t.Fatal(err)
	}
	closeKafka(t, first)

	second := startKafka(t, dir)
	defer closeKafka(t, second)
	consumer = reader(second, "tripgen.one.v1")
	defer consumer.Close()
	message, err = consumer.FetchMessage(deadline(t, 20*time.Second))
	if err != nil || string(message.Value) != "b" {
		t.Errorf("message after the restart = %q, %v; want the one after the committed", message.Value, err)
	}
}
