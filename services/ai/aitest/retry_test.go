package aitest_test

import (
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"
	"github.com/tripgen/tripgen/services/ai/events"
	"github.com/tripgen/tripgen/services/ai/worker"
)

// failed puts a generation where a failed attempt leaves it: to be tried again after a while.
func failed(t *testing.T, s *aitest.Stack, request *aiv1.StartGenerationRequest, after time.Duration) (g ai.Generation, due time.Time) {
	t.Helper()
	s.Begin(t, request)
	g, _, err := s.Store.Claim(t.Context(), request.GetGenerationId(), "worker_failing", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	due = time.Now().Add(after)
	if err := s.Store.Retry(t.Context(), g, due, ai.Trouble{Time: time.Now(), Error: "it failed"}, ai.Cost{}); err != nil {
		t.Fatal(err)
	}
	return g, due
}

// committed is how far the workers' group is done with a partition of the retry topic.
func committed(t *testing.T, s *aitest.Stack, partition int) int64 {
	t.Helper()
	client := &kafkago.Client{Addr: kafkago.TCP(s.Kafka.Brokers...)}
	topic := string(kafka.GenerationRetry)
	found, err := client.OffsetFetch(t.Context(), &kafkago.OffsetFetchRequest{
		GroupID: worker.Group(kafka.GenerationRetry), Topics: map[string][]int{topic: {partition}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return found.Topics[topic][0].CommittedOffset
}

// [A6] A long wait for the next try holds up nobody: neither other retries, behind it in the same partition, nor what is
// new; the partition moves on, and the generation is tried when it is due, whoever promised that is gone or not.
func TestALongRetryHoldsUpNobody(t *testing.T) {
	s := aitest.Start(t, aitest.Options{Real: true, NoWorker: true, NoModel: true})
	long, short, fresh := aitest.Request("munich", 1), aitest.Request("munich", 1), aitest.Request("munich", 1)
	waiting, _ := failed(t, s, long, time.Hour)
	soon, due := failed(t, s, short, 300*time.Millisecond)
	s.Begin(t, fresh)
	// As of a build that sent retries at once: the long one lies before the short one in its partition.
	key := id.Random{}.New(id.Generation)
	for _, g := range []ai.Generation{waiting, soon} {
		event, err := events.Requested(id.Random{}, g, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		event.Key = key
		s.Put(t, event.Message(t.Context()))
	}
	partition, end := endOf(t, s, key)
	s.StartWorker(t)
	s.AwaitMade(t, fresh.GetGenerationId())
	s.AwaitMade(t, short.GetGenerationId())
	aitest.Await(t, func() bool { return committed(t, s, partition) >= end })
	if g, err := s.Store.Get(t.Context(), soon.ID); err != nil || g.Attempts != 2 {
		t.Errorf("the short one was tried %d times, %v", g.Attempts, err)
	}
	var started time.Time
	// The start is the first attempt's; the second's shows in when it was made.
	if err := s.Pool.QueryRow(t.Context(), "SELECT made_time FROM generation WHERE id = $1", soon.ID).Scan(&started); err != nil || started.Before(due.Add(-250*time.Millisecond)) {
		t.Errorf("made at %v, due at %v, %v", started, due, err)
	}
	if g, err := s.Store.Get(t.Context(), waiting.ID); err != nil || g.State != ai.Queued || g.Attempts != 1 {
		t.Fatalf("the long one is %s after %d attempts, %v", g.State, g.Attempts, err)
	}
	// The hour is over, and nobody who holds it in memory knows.
	for _, sql := range []string{
		"UPDATE generation SET queued_until = now() WHERE id = $1",
		"UPDATE outbox SET due_time = now() - interval '2 seconds' WHERE key = $1",
	} {
		if _, err := s.Pool.Exec(t.Context(), sql, waiting.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.AwaitMade(t, waiting.ID)
}

// endOf finds the partition of the retry topic that messages with a key go to, and its end.
func endOf(t *testing.T, s *aitest.Stack, key string) (partition int, end int64) {
	t.Helper()
	topic := string(kafka.GenerationRetry)
	client := &kafkago.Client{Addr: kafkago.TCP(s.Kafka.Brokers...)}
	metadata, err := client.Metadata(t.Context(), &kafkago.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		t.Fatal(err)
	}
	var partitions []int
	for _, p := range metadata.Topics[0].Partitions {
		partitions = append(partitions, p.ID)
	}
	partition = kafkago.Murmur2Balancer{}.Balance(kafkago.Message{Key: []byte(key)}, partitions...)
	offsets, err := client.ListOffsets(t.Context(), &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{
		topic: {kafkago.LastOffsetOf(partition)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return partition, offsets.Topics[topic][0].LastOffset
}
