package aitest_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"
	"github.com/tripgen/tripgen/services/ai/events"
	"github.com/tripgen/tripgen/services/ai/worker"
)

// requested is a message of the queue for a generation, as a second delivery has it.
func requested(t *testing.T, s *aitest.Stack, generationID string) kafkago.Message {
	t.Helper()
	g, err := s.Store.Get(t.Context(), generationID)
	if err != nil {
		t.Fatal(err)
	}
	event, err := events.Requested(id.Random{}, g, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return event.Message(t.Context())
}

// [A6] A message that is delivered again, while the work goes on and after it, has no second effect.
func TestAMessageDeliveredTwiceHasOneEffect(t *testing.T) {
	s := aitest.Start(t, aitest.Options{Real: true, Claude: anthropic.Config{P50: 400 * time.Millisecond, P99: 500 * time.Millisecond}})
	s.StartWorker(t)
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	s.Put(t, requested(t, s, request.GetGenerationId()))
	s.Events(t, request.GetGenerationId(), 0, func(e *aiv1.GenerationEvent) bool { return e.GetDayReady() != nil })
	s.Put(t, requested(t, s, request.GetGenerationId()))
	s.AwaitMade(t, request.GetGenerationId())
	s.Put(t, requested(t, s, request.GetGenerationId()))
	// What was sent last is worked off when a generation that came after it is made.
	after := aitest.Request("munich", 1)
	s.Begin(t, after)
	s.AwaitMade(t, after.GetGenerationId())
	g, err := s.Store.Get(t.Context(), request.GetGenerationId())
	if err != nil {
		t.Fatal(err)
	}
	if g.Attempts != 1 || g.State != ai.Made || g.Cost.Calls != 2 {
		t.Errorf("%d attempts, %s, %d calls", g.Attempts, g.State, g.Cost.Calls)
	}
	if calls := s.Claude.Counts().Calls; calls != 4 {
		t.Errorf("%d calls of the model for two generations of two days", calls)
	}
}

// [A6] Starting again with the same id changes nothing; with another request it is refused.
func TestStartingTwiceIsOneGeneration(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true})
	request := aitest.Request("munich", 2)
	s.Begin(t, request)
	request.RequestTime = timestamppb.New(time.Now())
	s.Begin(t, request)
	if n, err := s.Store.Waiting(t.Context()); n != 1 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
	request.SpecialRequest = "조용한 곳"
	_, err := s.Intake.StartGeneration(t.Context(), request)
	wantReason(t, err, errs.ReasonIdempotencyMismatch)
}

// [A6] On every topic of the queue, what cannot be read, what a later build wrote and what names no generation goes to the
// dead letters as it was, with its reason and the group; the partition moves on.
func TestGarbageGoesToTheDeadLettersAndThePartitionMovesOn(t *testing.T) {
	s := aitest.Start(t, aitest.Options{Real: true, NoModel: true})
	another, err := proto.Marshal(&eventsv1.GenerationRequested{GenerationId: id.Random{}.New(id.Trip)})
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range worker.Topics() {
		key := id.Random{}.New(id.Generation)
		of := func(schema string, value []byte) kafkago.Message {
			return kafkago.Message{Topic: string(topic), Key: []byte(key), Value: value, Headers: []kafkago.Header{
				{Key: kafka.HeaderEventID, Value: []byte("evt")}, {Key: kafka.HeaderSchema, Value: []byte(schema)},
			}}
		}
		buried := []struct {
			message kafkago.Message
			reason  string
		}{
			{of("1", []byte("\xff\xff not protobuf")), "cannot be read"},
			{of("99", another), "schema version that this build does not know: 99"},
			{of("1", nil), "no generation's id"},
			{of("1", another), "no generation's id"},
			{kafkago.Message{Topic: string(topic), Key: []byte(key), Value: []byte("{}")}, "cannot be read"}, // not even headers
		}
		for _, b := range buried {
			s.Put(t, b.message)
		}
		request := aitest.Request("munich", 1)
		request.GenerationId = key // of express: the same partition
		s.Begin(t, request)
		s.AwaitMade(t, key)
		for i, letter := range s.DeadLetters(t, key, len(buried)) {
			b := buried[i]
			if letter.GetTopic() != string(topic) || letter.GetGroup() != worker.Group(topic) || !strings.Contains(letter.GetReason(), b.reason) {
				t.Errorf("%s: letter %d came from %q and %q for %q, want %q", topic, i, letter.GetTopic(), letter.GetGroup(), letter.GetReason(), b.reason)
			}
			if !bytes.Equal(letter.GetValue(), b.message.Value) || len(letter.GetHeaders()) != len(b.message.Headers) {
				t.Errorf("%s: letter %d does not keep the message: %v", topic, i, letter)
			}
		}
	}
}

// [A6] A worker that dies in the middle of the work loses its lease, and another takes the generation over.
func TestAnotherWorkerTakesOverWhenOneDies(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true, NoModel: true, Lease: 900 * time.Millisecond})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	// What a worker that died right after its claim leaves behind.
	dead, _, err := s.Store.Claim(t.Context(), request.GetGenerationId(), "worker_dead", 900*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	died := time.Now()
	s.StartWorker(t)
	s.AwaitMade(t, request.GetGenerationId())
	t.Logf("taken over and made after %v", time.Since(died))
	if err := s.Store.Made(t.Context(), dead, ai.Result{Itinerary: []byte("late")}); !wantLost(err) {
		t.Errorf("the dead worker's result was taken: %v", err)
	}
	if g, err := s.Store.Get(t.Context(), request.GetGenerationId()); err != nil || g.Attempts != 2 {
		t.Errorf("%d attempts, %v", g.Attempts, err)
	}
}

// [A6] What passes by itself is tried again; what does not is given up with a dead letter that tells of each attempt.
func TestFailuresAreTriedAgainAndGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoModel: true, Attempts: 3})
	s.Places.Down.Store(true)
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	events := s.Events(t, request.GetGenerationId(), 0, nil)
	end := events[len(events)-1].GetFinished()
	if end.GetState() != aiv1.GenerationState_GENERATION_STATE_FAILED || end.GetFailure().GetReason() != errs.ReasonUnavailable || end.GetFailure().GetMessage().GetKo() == "" {
		t.Errorf("the end is %v", end)
	}
	result, err := s.Intake.GetGenerationResult(t.Context(), &aiv1.GetGenerationResultRequest{GenerationId: request.GetGenerationId()})
	if err != nil || result.GetGeneration().GetFailure().GetReason() != errs.ReasonUnavailable || result.GetItinerary() != nil {
		t.Errorf("the trip service learns how it ended as %v, %v", result, err)
	}
	letters := s.DeadLetters(t, request.GetGenerationId(), 1)
	if len(letters[0].GetAttempts()) != 3 {
		t.Errorf("dead letter tells of %d attempts", len(letters[0].GetAttempts()))
	}

	s.Places.Down.Store(false)
	s.Places.Panic.Store(true)
	again := aitest.Request("munich", 1)
	s.Begin(t, again)
	s.AwaitMade(t, again.GetGenerationId())
	if g, err := s.Store.Get(t.Context(), again.GetGenerationId()); err != nil || g.Attempts != 2 || len(g.Troubles) != 1 {
		t.Errorf("after a panic: %d attempts, troubles %v, %v", g.Attempts, g.Troubles, err)
	}
}

// [A6] A generation whose workers die again and again is given up, not tried for ever.
func TestAGenerationThatKillsItsWorkersIsGivenUp(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true, NoModel: true, Attempts: 2})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	for range 2 {
		aitest.Await(t, func() bool {
			_, _, err := s.Store.Claim(t.Context(), request.GetGenerationId(), "worker_dead", 10*time.Millisecond)
			return err == nil
		})
	}
	s.StartWorker(t)
	aitest.Await(t, func() bool { return s.State(t, request.GetGenerationId()) == ai.Failed })
	if letters := s.DeadLetters(t, request.GetGenerationId(), 1); !strings.Contains(letters[0].GetReason(), "died") {
		t.Errorf("reason is %q", letters[0].GetReason())
	}
}

// [A1] [A6] A worker that is told to stop lets what is under way end.
func TestAWorkerThatStopsEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true, Claude: anthropic.Config{P50: 300 * time.Millisecond, P99: 300 * time.Millisecond}})
	stop := s.StartWorker(t)
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	s.Events(t, request.GetGenerationId(), 0, func(e *aiv1.GenerationEvent) bool { return e.GetDayReady() != nil })
	stop()
	if state := s.State(t, request.GetGenerationId()); state != ai.Made {
		t.Errorf("after the stop it is %s", state)
	}
}

// [A6] Accepting does not need Kafka: what was accepted while it was away is worked off when it is back.
func TestWhatWasAcceptedWithoutKafkaIsSweptOut(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoModel: true})
	request := aitest.Request("munich", 1)
	s.Store.Kick = func(events.Entry) {} // as if the process died between storing and sending
	s.Begin(t, request)
	s.AwaitMade(t, request.GetGenerationId())
	var left int
	aitest.Await(t, func() bool {
		if err := s.Pool.QueryRow(t.Context(), "SELECT count(*) FROM outbox").Scan(&left); err != nil {
			t.Fatal(err)
		}
		return left == 0
	})
}
