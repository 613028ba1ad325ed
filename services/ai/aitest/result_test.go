package aitest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"
	airpc "github.com/tripgen/tripgen/services/ai/rpc"
)

// madeBetween is a reader at whose first two looks something happens in between.
type madeBetween struct {
	ai.Reader
	between func()
}

func (r madeBetween) Get(ctx context.Context, generationID string) (ai.Generation, error) {
	defer r.between()
	return r.Reader.Get(ctx, generationID)
}

func (r madeBetween) Result(ctx context.Context, generationID string) ([]byte, [][]byte, error) {
	defer r.between()
	return r.Reader.Result(ctx, generationID)
}

// A result never comes with a generation from before it was made, whatever happens while the answer is put together.
func TestAResultComesWithItsGeneration(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true, NoModel: true})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	g, _, err := s.Store.Claim(t.Context(), request.GetGenerationId(), "worker_test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	body, err := proto.Marshal(&typev1.Itinerary{Days: []*typev1.Day{{Number: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	made := sync.OnceFunc(func() {
		if err := s.Store.Made(t.Context(), g, ai.Result{Itinerary: body, DaysReady: []int{1}}); err != nil {
			t.Error(err)
		}
	})
	ask := &aiv1.GetGenerationResultRequest{GenerationId: g.ID}
	result, err := airpc.New(airpc.Deps{Reader: madeBetween{s.Store, made}}).GetGenerationResult(t.Context(), ask)
	if err == nil && len(result.GetGeneration().GetDaysReady()) != len(result.GetItinerary().GetDays()) {
		t.Errorf("the itinerary came with %v", result.GetGeneration())
	}
	result, err = airpc.New(airpc.Deps{Reader: s.Store}).GetGenerationResult(t.Context(), ask)
	if err != nil || len(result.GetGeneration().GetDaysReady()) != 1 {
		t.Errorf("afterwards: %v, %v", result, err)
	}
}
