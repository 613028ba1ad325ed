package pipeline

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/kafka"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

// keeper stands in for the trip service: it hears that a generation has made its itinerary, fetches it and confirms that
// it is stored, as the saga does, without a database of its own.
type keeper struct {
	stack *aitest.Stack

	mu    sync.Mutex
	ready map[string]time.Time
	wait  map[string]chan struct{}
}

// keepers fetch and confirm at once.
const keepers = 8

func startKeeper(t *testing.T, s *aitest.Stack) *keeper {
	t.Helper()
	k := &keeper{stack: s, ready: map[string]time.Time{}, wait: map[string]chan struct{}{}}
	reader := kafka.NewReader(s.Kafka, "bench-"+time.Now().Format("150405.000000"), kafka.GenerationFinished)
	ctx, cancel := context.WithCancel(context.Background())
	work := make(chan string, 10_000)
	var running sync.WaitGroup
	running.Go(func() {
		defer close(work)
		for {
			m, err := kafka.Fetch(ctx, reader)
			if err != nil {
				return
			}
			var event eventsv1.GenerationFinished
			if proto.Unmarshal(m.Value, &event) == nil && event.GetState() == aiv1.GenerationState_GENERATION_STATE_READY {
				work <- event.GetGenerationId()
			}
		}
	})
	for range keepers {
		running.Go(func() {
			for generationID := range work {
				k.keep(ctx, generationID)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		_ = reader.Close()
		running.Wait()
	})
	return k
}

// keep stores one itinerary; those of other benchmarks on the same Kafka are not found.
func (k *keeper) keep(ctx context.Context, generationID string) {
	made, err := k.stack.Intake.GetGenerationResult(ctx, &aiv1.GetGenerationResultRequest{GenerationId: generationID})
	if err != nil || made.GetItinerary() == nil {
		return
	}
	if _, err := k.stack.Intake.ConfirmStored(ctx, &aiv1.ConfirmStoredRequest{GenerationId: generationID, ItineraryVersion: 1}); err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, twice := k.ready[generationID]; !twice {
		k.ready[generationID] = time.Now()
		close(k.channel(generationID))
	}
}

// channel is closed when the generation is ready; the lock must be held.
func (k *keeper) channel(generationID string) chan struct{} {
	c, ok := k.wait[generationID]
	if !ok {
		c = make(chan struct{})
		k.wait[generationID] = c
	}
	return c
}

// await waits until a generation is ready, and gives when it was; false after limit.
func (k *keeper) await(generationID string, limit time.Duration) (time.Time, bool) {
	k.mu.Lock()
	c := k.channel(generationID)
	k.mu.Unlock()
	select {
	case <-c:
	case <-time.After(limit):
		return time.Time{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ready[generationID], true
}

// count is how many are ready.
func (k *keeper) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.ready)
}
