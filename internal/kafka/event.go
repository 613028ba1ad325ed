package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/protobuf/proto"
)

// The headers that every event has.
const (
	HeaderEventID = "event-id"
	HeaderSchema  = "schema-version"
	// HeaderTrace is the W3C trace context, where the event was made within a trace.
	HeaderTrace = "traceparent"
)

// SchemaVersion is that of tripgen.events.v1 as this build writes it.
const SchemaVersion = 1

// Event is what is put into a topic.
type Event struct {
	Topic Topic
	// ID is the event's own (evt_…): consumers handle each id once, however often it comes.
	ID string
	// Key decides the partition, and so what stays in order.
	Key string
	// Value is the marshalled message.
	Value []byte
}

// Message makes the record of an event; the trace in ctx goes along.
func (e Event) Message(ctx context.Context) kafka.Message {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	headers := []kafka.Header{
		{Key: HeaderEventID, Value: []byte(e.ID)},
		{Key: HeaderSchema, Value: []byte(strconv.Itoa(SchemaVersion))},
	}
	if trace := carrier.Get(HeaderTrace); trace != "" {
		headers = append(headers, kafka.Header{Key: HeaderTrace, Value: []byte(trace)})
	}
	return kafka.Message{Topic: string(e.Topic), Key: []byte(e.Key), Value: e.Value, Headers: headers}
}

// EventID is the id of the event in a record, or empty.
func EventID(m kafka.Message) string { return header(m, HeaderEventID) }

// Schema is the schema version of the event in a record; zero where it has none.
func Schema(m kafka.Message) int {
	version, err := strconv.Atoi(header(m, HeaderSchema))
	if err != nil {
		return 0
	}
	return version
}

// Why a message cannot be processed, now or later: it belongs with the dead letters.
var (
	ErrGarbage = errors.New("the message cannot be read")
	ErrFuture  = errors.New("the message has a schema version that this build does not know")
)

// Decode reads the event in a record; ErrFuture or ErrGarbage.
func Decode(m kafka.Message, event proto.Message) error {
	if version := Schema(m); version > SchemaVersion {
		return fmt.Errorf("%w: %d", ErrFuture, version)
	}
	if err := proto.Unmarshal(m.Value, event); err != nil {
		return fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	return nil
}

// Context gives a context that goes on with the trace in which the event was made.
func Context(ctx context.Context, m kafka.Message) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{HeaderTrace: header(m, HeaderTrace)})
}

func header(m kafka.Message, key string) string {
	for _, h := range m.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}
