package aitest

import (
	"context"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/ai"
)

// patience bounds the waiting for something that has to come.
const patience = 30 * time.Second

// Begin starts a generation.
func (s *Stack) Begin(t testing.TB, r *aiv1.StartGenerationRequest) *aiv1.Generation {
	t.Helper()
	resp, err := s.Intake.StartGeneration(t.Context(), r)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return resp.GetGeneration()
}

// Events watches a generation to its end, or until enough says so.
func (s *Stack) Events(t testing.TB, generationID string, after int64, enough func(*aiv1.GenerationEvent) bool) []*aiv1.GenerationEvent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := s.Generations.WatchGeneration(ctx, &aiv1.WatchGenerationRequest{GenerationId: generationID, AfterSequence: after})
	if err != nil {
		t.Fatalf("watch: %v", err)
	}
	defer func() { _ = stream.Close() }()
	var events []*aiv1.GenerationEvent
	for stream.Receive() {
		event := stream.Msg().GetEvent()
		if event.GetHeartbeat() != nil {
			continue
		}
		events = append(events, event)
		if event.GetFinished() != nil || enough != nil && enough(event) {
			return events
		}
	}
	t.Fatalf("the watching ended after %d events: %v", len(events), stream.Err())
	return nil
}

// AwaitMade waits until a generation has a result and gives it.
func (s *Stack) AwaitMade(t testing.TB, generationID string) *aiv1.GetGenerationResultResponse {
	t.Helper()
	var resp *aiv1.GetGenerationResultResponse
	Await(t, func() bool {
		var err error
		resp, err = s.Intake.GetGenerationResult(t.Context(), &aiv1.GetGenerationResultRequest{GenerationId: generationID})
		return err == nil
	})
	if state := resp.GetGeneration().GetState(); resp.GetItinerary() == nil {
		t.Fatalf("%s ended as %v", generationID, state)
	}
	return resp
}

// Generation gives a generation as its owner sees it.
func (s *Stack) Generation(t testing.TB, generationID string) *aiv1.Generation {
	t.Helper()
	resp, err := s.Generations.GetGeneration(t.Context(), &aiv1.GetGenerationRequest{GenerationId: generationID})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return resp.GetGeneration()
}

// Await waits for a condition that has to come true.
func Await(t testing.TB, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain", patience)
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the test ended while it waited")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// State is a generation's state as it is stored.
func (s *Stack) State(t testing.TB, generationID string) ai.State {
	t.Helper()
	g, err := s.Store.Get(t.Context(), generationID)
	if err != nil {
		t.Fatal(err)
	}
	return g.State
}

// DeadLetters reads the dead letters with a key until count are there.
func (s *Stack) DeadLetters(t testing.TB, key string, count int) []*eventsv1.DeadLetter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reader := kafka.NewReader(s.Kafka, id.Random{}.New("test"), kafka.GenerationDead)
	defer func() { _ = reader.Close() }()
	var letters []*eventsv1.DeadLetter
	for len(letters) < count {
		m, err := kafka.Fetch(ctx, reader)
		if err != nil {
			t.Fatalf("dead letters: %v after %d", err, len(letters))
		}
		letter := &eventsv1.DeadLetter{}
		if err := proto.Unmarshal(m.Value, letter); err != nil {
			t.Fatal(err)
		}
		if string(letter.GetKey()) == key {
			letters = append(letters, letter)
		}
	}
	return letters
}

// Put writes a message to a topic as it is.
func (s *Stack) Put(t testing.TB, m kafkago.Message) {
	t.Helper()
	if err := s.Writer.WriteMessages(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}
