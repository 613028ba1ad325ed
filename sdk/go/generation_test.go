package tripgen_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

const generationID = "gen_018f0000-0000-7000-8000-000000000001"

// generations serves one generation whose stream can be cut after each event, or refused.
type generations struct {
	aiv1connect.UnimplementedGenerationServiceHandler
	tripv1connect.UnimplementedItineraryServiceHandler
	events    []*aiv1.GenerationEvent
	perStream int  // events until a stream is cut; 0 for never
	refuse    bool // no stream gets through
	streams   atomic.Int32
	polls     atomic.Int32
	cancelled atomic.Bool
}

func (g *generations) WatchGeneration(_ context.Context, req *aiv1.WatchGenerationRequest, stream *connect.ServerStream[aiv1.WatchGenerationResponse]) error {
	g.streams.Add(1)
	if g.refuse {
		return connect.NewError(connect.CodeUnavailable, errors.New("no streams here"))
	}
	for sent, event := range g.events[req.GetAfterSequence():] {
		if g.perStream > 0 && sent == g.perStream {
			return connect.NewError(connect.CodeUnavailable, errors.New("cut"))
		}
		if err := stream.Send(&aiv1.WatchGenerationResponse{Event: &aiv1.GenerationEvent{
			Event: &aiv1.GenerationEvent_Heartbeat{Heartbeat: &aiv1.GenerationHeartbeat{}},
		}}); err != nil {
			return err
		}
		if err := stream.Send(&aiv1.WatchGenerationResponse{Event: event}); err != nil {
			return err
		}
	}
	return nil
}

func (g *generations) GetGeneration(context.Context, *aiv1.GetGenerationRequest) (*aiv1.GetGenerationResponse, error) {
	generation := &aiv1.Generation{
		Id:        generationID,
		State:     aiv1.GenerationState_GENERATION_STATE_RUNNING,
		Progress:  &aiv1.Progress{Percent: g.polls.Add(1) * 30},
		PollAfter: durationpb.New(time.Millisecond),
	}
	if generation.GetProgress().GetPercent() > 90 || !g.refuse {
		generation.State = aiv1.GenerationState_GENERATION_STATE_READY
		generation.ItineraryVersion = 7
		generation.LastSequence = int64(len(g.events))
	}
	return &aiv1.GetGenerationResponse{Generation: generation}, nil
}

func (g *generations) CancelGeneration(context.Context, *aiv1.CancelGenerationRequest) (*aiv1.CancelGenerationResponse, error) {
	g.cancelled.Store(true)
	return &aiv1.CancelGenerationResponse{Generation: &aiv1.Generation{Id: generationID, State: aiv1.GenerationState_GENERATION_STATE_CANCELLED}}, nil
}

func (g *generations) GetItinerary(_ context.Context, req *tripv1.GetItineraryRequest) (*tripv1.GetItineraryResponse, error) {
	return &tripv1.GetItineraryResponse{Itinerary: &typev1.Itinerary{Version: req.GetVersion()}}, nil
}

func (g *generations) serve(t *testing.T) *tripgen.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(aiv1connect.NewGenerationServiceHandler(g))
	mux.Handle(tripv1connect.NewItineraryServiceHandler(g))
	return client(t, mux)
}

// client is an SDK client of an HTTP/2 server with these handlers.
func client(t *testing.T, handler http.Handler, opts ...tripgen.Option) *tripgen.Client {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	c, err := tripgen.New(server.URL, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func script() []*aiv1.GenerationEvent {
	return []*aiv1.GenerationEvent{
		{Sequence: 1, Event: &aiv1.GenerationEvent_Progress{Progress: &aiv1.Progress{Percent: 10}}},
		{Sequence: 2, Event: &aiv1.GenerationEvent_DayReady{DayReady: &aiv1.DayReady{Day: &typev1.Day{Number: 1}}}},
		{Sequence: 3, Event: &aiv1.GenerationEvent_DayReady{DayReady: &aiv1.DayReady{Day: &typev1.Day{Number: 2}}}},
		{Sequence: 4, Event: &aiv1.GenerationEvent_Finished{Finished: &aiv1.GenerationFinished{
			State: aiv1.GenerationState_GENERATION_STATE_READY, ItineraryVersion: 7,
		}}},
	}
}

// [P1]
func TestEventsResumeWhereTheStreamWasCut(t *testing.T) {
	t.Parallel()
	for name, perStream := range map[string]int{"never cut": 0, "cut after each": 1, "cut after two": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &generations{events: script(), perStream: perStream}
			var got []int64
			for event, err := range g.serve(t).Generation(generationID).Events(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, event.GetSequence())
			}
			want := []int64{1, 2, 3, 4}
			if len(got) != len(want) {
				t.Fatalf("sequences %v, want %v", got, want)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("sequences %v, want %v", got, want)
				}
			}
		})
	}
}

// [P1]
func TestEventsPollWhereNoStreamGetsThrough(t *testing.T) {
	t.Parallel()
	g := &generations{events: script(), refuse: true}
	var percents []int32
	var finished *aiv1.GenerationFinished
	for event, err := range g.serve(t).Generation(generationID).Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if !event.Polled {
			t.Errorf("event %v is not marked as polled", event)
		}
		if p := event.GetProgress(); p != nil {
			percents = append(percents, p.GetPercent())
		}
		finished = event.GetFinished()
	}
	if len(percents) != 3 || percents[0] != 30 || percents[2] != 90 {
		t.Errorf("percentages %v, want 30 60 90", percents)
	}
	if finished.GetItineraryVersion() != 7 {
		t.Errorf("finished %v, want version 7", finished)
	}
	if g.streams.Load() < 3 {
		t.Errorf("%d streams tried: the stream was given up while polling", g.streams.Load())
	}
}

func TestWaitReturnsTheItinerary(t *testing.T) {
	t.Parallel()
	g := &generations{events: script(), perStream: 2}
	itinerary, err := g.serve(t).Generation(generationID).Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if itinerary.GetVersion() != 7 {
		t.Errorf("version %d, want 7", itinerary.GetVersion())
	}
}

func TestEventsEndWithTheContext(t *testing.T) {
	t.Parallel()
	g := &generations{refuse: true}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range g.serve(t).Generation(generationID).Events(ctx) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", last)
	}
}

func TestEventsStopOnARefusalThatWaitingCannotMend(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle(aiv1connect.NewGenerationServiceHandler(aiv1connect.UnimplementedGenerationServiceHandler{}))
	var last error
	for _, err := range client(t, mux).Generation(generationID).Events(t.Context()) {
		last = err
	}
	if connect.CodeOf(last) != connect.CodeUnimplemented {
		t.Errorf("error %v, want unimplemented", last)
	}
}

func TestCancelKeepsTheAnswer(t *testing.T) {
	t.Parallel()
	g := &generations{}
	handle := g.serve(t).Generation(generationID)
	if err := handle.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !g.cancelled.Load() || handle.Snapshot().GetState() != aiv1.GenerationState_GENERATION_STATE_CANCELLED {
		t.Errorf("snapshot %v after cancel", handle.Snapshot())
	}
}
