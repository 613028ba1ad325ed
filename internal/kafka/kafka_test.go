package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
)

// brokers is the real server where there is one, else one in the process.
func brokers(t *testing.T) []string {
	t.Helper()
	if address := os.Getenv("TRIPGEN_TEST_KAFKA"); address != "" {
		return []string{address}
	}
	if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
		t.Fatal("TRIPGEN_TEST_KAFKA is not set")
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()
}

// fresh are topic names of this test alone.
func fresh(n int) []kafka.Topic {
	var topics []kafka.Topic
	for i := range n {
		topics = append(topics, kafka.Topic(fmt.Sprintf("%s.%d", id.Random{}.New("test"), i)))
	}
	return topics
}

func TestEventsArriveOnceInOrderOfTheirKeyWithHeadersAndTrace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	topics := fresh(2)
	config := kafka.Config{Brokers: brokers(t), Partitions: 3}
	for range 2 { // the second time they are there
		if err := kafka.CreateTopics(ctx, config, topics...); err != nil {
			t.Fatal(err)
		}
	}
	writer := kafka.NewWriter(config)
	defer func() { _ = writer.Close() }()
	traced := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	})
	var ids id.Sequence
	var want []string
	for i := range 20 {
		event := kafka.Event{Topic: topics[i%2], ID: ids.New(id.Event), Key: "gen_1", Value: []byte{byte(i)}}
		if err := writer.WriteMessages(ctx, event.Message(traced)); err != nil {
			t.Fatal(err)
		}
		want = append(want, event.ID)
	}

	reader := kafka.NewReader(config, string(topics[0]), topics...)
	defer func() { _ = reader.Close() }()
	var got []string
	last := map[string]byte{}
	for range want {
		m, err := kafka.Fetch(ctx, reader)
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := last[m.Topic]; ok && m.Value[0] <= before {
			t.Errorf("%d came after %d", m.Value[0], before)
		}
		last[m.Topic] = m.Value[0]
		if kafka.Schema(m) != kafka.SchemaVersion || string(m.Key) != "gen_1" {
			t.Errorf("schema %d, key %s", kafka.Schema(m), m.Key)
		}
		if span := trace.SpanContextFromContext(kafka.Context(ctx, m)); span.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("trace is %v", span.TraceID())
		}
		got = append(got, kafka.EventID(m))
		if err := reader.CommitMessages(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestFetchEndsWithItsContextAndItsReader(t *testing.T) {
	t.Parallel()
	config := kafka.Config{Brokers: brokers(t)}
	topic := fresh(1)[0]
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := kafka.CreateTopics(ctx, config, topic); err != nil {
		t.Fatal(err)
	}
	reader := kafka.NewReader(config, string(topic), topic)
	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if _, err := kafka.Fetch(short, reader); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Fetch = %v", err)
	}
	if err := kafka.Part("reader", reader).Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := kafka.Fetch(ctx, reader); !errors.Is(err, io.EOF) {
		t.Errorf("Fetch of a closed reader = %v", err)
	}
}

func TestCheckAsksABroker(t *testing.T) {
	t.Parallel()
	if err := kafka.Check(brokers(t))(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := kafka.Check([]string{"127.0.0.1:1"})(ctx); err == nil {
		t.Error("nobody answers at port 1")
	}
}

func TestForeignRecordsHaveNoHeaders(t *testing.T) {
	t.Parallel()
	m := kafkago.Message{Headers: []kafkago.Header{{Key: kafka.HeaderSchema, Value: []byte("x")}}}
	if kafka.EventID(m) != "" || kafka.Schema(m) != 0 {
		t.Errorf("id %q, schema %d", kafka.EventID(m), kafka.Schema(m))
	}
}

func TestTemporaryErrors(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		kafkago.GroupCoordinatorNotAvailable: true, kafkago.NotLeaderForPartition: true, os.ErrDeadlineExceeded: true,
		fmt.Errorf("failed to dial: %w", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}): true, io.ErrUnexpectedEOF: true,
		kafkago.InvalidTopic: false, io.EOF: false, errors.New("x"): false,
	} {
		if got := kafka.Temporary(err); got != want {
			t.Errorf("Temporary(%v) = %v", err, got)
		}
	}
}
