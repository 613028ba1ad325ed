// Package kafka is TripGen's way of using Kafka through kafka-go: the topics, writers and readers tuned to react within
// milliseconds, and what every event carries in its headers.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/app"
)

// Topic is a topic's name.
type Topic string

// The topics; what is in them is said in tripgen.events.v1.
const (
	GenerationExpress  Topic = "tripgen.generation.express.v1"
	GenerationStandard Topic = "tripgen.generation.standard.v1"
	GenerationBulk     Topic = "tripgen.generation.bulk.v1"
	GenerationRetry    Topic = "tripgen.generation.retry.v1"
	GenerationDead     Topic = "tripgen.generation.dead.v1"
	GenerationFinished Topic = "tripgen.generation.finished.v1"
	PlaceEnrichment    Topic = "tripgen.place.enrichment.v1"
	PlaceEnriched      Topic = "tripgen.place.enriched.v1"
	ItineraryChanged   Topic = "tripgen.itinerary.changed.v1"
	AccountDeleted     Topic = "tripgen.account.deleted.v1"
)

// Topics are all topics.
func Topics() []Topic {
	return []Topic{
		GenerationExpress, GenerationStandard, GenerationBulk, GenerationRetry, GenerationDead, GenerationFinished,
		PlaceEnrichment, PlaceEnriched, ItineraryChanged, AccountDeleted,
	}
}

// Config says where Kafka is and how it is used.
type Config struct {
	// Brokers are host:port addresses to start from.
	Brokers []string
	// Partitions and Replication of topics that are made; zero for 6 and 1.
	Partitions, Replication int
	// SessionTimeout is how long a consumer may be silent before its partitions go to others; zero for 6 s, the least
	// that brokers allow by default.
	SessionTimeout time.Duration
	// Log gets what kafka-go has to say; nil for nothing.
	Log *slog.Logger
}

const (
	clientID       = "tripgen"
	dialTimeout    = 3 * time.Second
	ioTimeout      = 10 * time.Second
	defaultSession = 6 * time.Second
	heartbeat      = 300 * time.Millisecond
	joinBackoff    = 10 * time.Millisecond
	// maxWait is how long a fetch waits for data, and how long Close may take.
	maxWait       = 50 * time.Millisecond
	maxFetchBytes = 10 << 20
	// maxWriteBytes is twice what brokers take by default: a dead letter holds the largest message and says why.
	maxWriteBytes    = 2 << 20
	writeAttempts    = 5
	partitionsWatch  = 30 * time.Second
	defaultPartition = 6
)

// NewWriter makes a writer for all topics: each message names its own. A write is acknowledged by all replicas in sync,
// and sent at once rather than gathered (1 ms from produce to consume instead of 6). Messages of one key stay in order.
// Whoever makes it closes it, best by [Part].
func NewWriter(c Config) *kafka.Writer {
	return &kafka.Writer{
		Addr:            kafka.TCP(c.Brokers...),
		Balancer:        &kafka.Murmur2Balancer{}, // the Java client's: other producers choose the same partition
		RequiredAcks:    kafka.RequireAll,
		BatchSize:       1,
		BatchBytes:      maxWriteBytes, // what a topic takes is for its broker to say
		BatchTimeout:    time.Millisecond,
		MaxAttempts:     writeAttempts,
		WriteBackoffMin: 20 * time.Millisecond,
		WriteBackoffMax: 500 * time.Millisecond,
		ReadTimeout:     ioTimeout,
		WriteTimeout:    ioTimeout,
		Transport:       &kafka.Transport{ClientID: clientID, DialTimeout: dialTimeout},
		ErrorLogger:     logger(c.Log, slog.LevelWarn),
	}
}

// NewReader makes a member of a consumer group. A new group starts at the beginning of its topics. Read with [Fetch] and
// commit what is done with CommitMessages, which waits for the broker.
func NewReader(c Config, group string, topics ...Topic) *kafka.Reader {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = string(t)
	}
	session := c.SessionTimeout
	if session == 0 {
		session = defaultSession
	}
	return kafka.NewReader(kafka.ReaderConfig{
		Brokers:                c.Brokers,
		GroupID:                group,
		GroupTopics:            names,
		StartOffset:            kafka.FirstOffset,
		Dialer:                 &kafka.Dialer{ClientID: clientID, Timeout: dialTimeout, DualStack: true},
		GroupBalancers:         []kafka.GroupBalancer{kafka.RangeGroupBalancer{}, kafka.RoundRobinGroupBalancer{}},
		MinBytes:               1,
		MaxBytes:               maxFetchBytes,
		MaxWait:                maxWait,
		HeartbeatInterval:      heartbeat,
		SessionTimeout:         session,
		RebalanceTimeout:       session,
		JoinGroupBackoff:       joinBackoff,
		WatchPartitionChanges:  true,
		PartitionWatchInterval: partitionsWatch,
		ReadBackoffMin:         joinBackoff,
		ReadBackoffMax:         500 * time.Millisecond,
		ErrorLogger:            logger(c.Log, slog.LevelWarn),
	})
}

// Fetch gives the group's next message. What passes by itself (a group or a leader in change, a broker that was
// restarted) is tried again until ctx ends. io.EOF means that the reader is closed: it is only believed when it is told
// again and again, since a connection that a broker closed is told as io.EOF, too.
func Fetch(ctx context.Context, r *kafka.Reader) (kafka.Message, error) {
	const believed = 3
	backoff, ends := joinBackoff, 0
	for {
		m, err := r.FetchMessage(ctx)
		if errors.Is(err, io.EOF) {
			ends++
		}
		if err == nil || ctx.Err() != nil || ends == believed || !errors.Is(err, io.EOF) && !Temporary(err) {
			return m, err
		}
		timer := time.NewTimer(backoff)
		select {
		case <-ctx.Done():
			timer.Stop()
			return m, ctx.Err()
		case <-timer.C:
		}
		backoff = min(2*backoff, time.Second)
	}
}

// Temporary tells whether the same call may work later without anybody's doing.
func Temporary(err error) bool {
	if code, ok := errors.AsType[kafka.Error](err); ok {
		return code.Temporary()
	}
	if _, ok := errors.AsType[*net.OpError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) { // refused, reset or cut
		return true
	}
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout()
}

// Part owns a writer or a reader: it is closed when the process ends.
func Part(name string, c interface{ Close() error }) app.Part {
	return app.Part{Name: name, Close: func(context.Context) error { return c.Close() }}
}

// Check asks whether a broker answers.
func Check(brokers []string) app.Check {
	client := &kafka.Client{Addr: kafka.TCP(brokers...), Transport: &kafka.Transport{ClientID: clientID, DialTimeout: dialTimeout}}
	return func(ctx context.Context) error {
		_, err := client.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
		if err != nil {
			return fmt.Errorf("kafka at %s: %w", strings.Join(brokers, ","), err)
		}
		return nil
	}
}

// lateFetch tells whether a fetch was answered after maxWait, as on a busy machine; it is simply asked again.
func lateFetch(arg any) bool {
	err, ok := arg.(*net.OpError)
	return ok && err.Op == "read" && err.Timeout()
}

func logger(log *slog.Logger, level slog.Level) kafka.Logger {
	if log == nil {
		return nil
	}
	return kafka.LoggerFunc(func(format string, args ...any) {
		level := level
		if slices.ContainsFunc(args, lateFetch) {
			level = slog.LevelDebug
		}
		log.Log(context.Background(), level, "kafka: "+fmt.Sprintf(format, args...))
	})
}
