package tripgen

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Generation is the handle of a generation under way. It is safe for concurrent use.
type Generation struct {
	client *Client
	id     string
	// graceNotFound is how often "not found" may still mean "not handed over yet".
	graceNotFound int

	mu       sync.Mutex
	snapshot *aiv1.Generation
}

// Event is something that happened to a generation.
type Event struct {
	*aiv1.GenerationEvent
	// Polled is true if the event was made from a poll because the stream did not get through. Polled events
	// tell the progress and the end; days that are missed meanwhile come when the stream is back, or with
	// [Generation.Wait].
	Polled bool
}

// Generate starts a generation and returns its handle at once.
// Errors: TRIP_NOT_READY, GENERATION_RUNNING, REGENERATION_LIMIT, QUEUE_FULL, STALE_REVISION.
func (c *Client) Generate(ctx context.Context, req *tripv1.GenerateItineraryRequest) (*Generation, error) {
	resp, err := c.Itineraries.GenerateItinerary(ctx, req)
	if err != nil {
		return nil, err
	}
	return &Generation{client: c, id: resp.GetGeneration().GetId(), graceNotFound: 10, snapshot: resp.GetGeneration()}, nil
}

// Generation is the handle of a generation that was started before, perhaps by another process.
func (c *Client) Generation(id string) *Generation {
	return &Generation{client: c, id: id}
}

// ID is the generation's id, `gen_…`; keep it to come back with [Client.Generation].
func (g *Generation) ID() string { return g.id }

// Snapshot is the generation as it was last heard of; nil before the first word of it.
func (g *Generation) Snapshot() *aiv1.Generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.snapshot == nil {
		return nil
	}
	return proto.CloneOf(g.snapshot)
}

// Poll asks once how far it is.
func (g *Generation) Poll(ctx context.Context) (*aiv1.Generation, error) {
	resp, err := g.client.Generations.GetGeneration(ctx, &aiv1.GetGenerationRequest{GenerationId: g.id})
	if err != nil {
		return nil, err
	}
	g.keep(resp.GetGeneration())
	return resp.GetGeneration(), nil
}

// Cancel stops the generation. Cancelling one that has ended does nothing.
func (g *Generation) Cancel(ctx context.Context) error {
	resp, err := g.client.Generations.CancelGeneration(ctx, &aiv1.CancelGenerationRequest{GenerationId: g.id})
	if err != nil {
		return err
	}
	g.keep(resp.GetGeneration())
	return nil
}

// Wait returns the itinerary once it is ready. It survives cut streams and servers that are away for a
// while; it ends early only with the context. A generation that failed or was cancelled is a
// [GenerationEndedError].
func (g *Generation) Wait(ctx context.Context) (*typev1.Itinerary, error) {
	for event, err := range g.Events(ctx) {
		if err != nil {
			return nil, err
		}
		if finished := event.GetFinished(); finished != nil {
			return g.result(ctx, finished)
		}
	}
	return nil, errors.New("tripgen: the generation's events ended without an end")
}

func (g *Generation) result(ctx context.Context, finished *aiv1.GenerationFinished) (*typev1.Itinerary, error) {
	generation, err := g.Poll(ctx)
	if err != nil {
		return nil, err
	}
	if finished.GetState() != aiv1.GenerationState_GENERATION_STATE_READY {
		return nil, &GenerationEndedError{Generation: generation}
	}
	resp, err := g.client.Itineraries.GetItinerary(ctx, &tripv1.GetItineraryRequest{
		TripId:  generation.GetTripId(),
		Version: finished.GetItineraryVersion(),
	})
	if err != nil {
		return nil, err
	}
	return resp.GetItinerary(), nil
}

// GenerationEndedError says that a generation ended without an itinerary.
type GenerationEndedError struct {
	// Generation is the generation as it ended.
	Generation *aiv1.Generation
}

// Error implements error.
func (e *GenerationEndedError) Error() string {
	if e.Generation.GetState() == aiv1.GenerationState_GENERATION_STATE_CANCELLED {
		return "tripgen: generation was cancelled"
	}
	failure := e.Generation.GetFailure()
	return fmt.Sprintf("tripgen: generation failed: %s: %s", failure.GetReason(), failure.GetMessage().GetEn())
}

// streamTries is how many streams in a row may bring nothing before polling starts.
const streamTries = 2

// Events yields what happens, from the first event to the last (finished), each once and in order. A cut
// stream is resumed after the last event that came; where no stream gets through, it polls as often as the
// server likes and keeps trying the stream. It ends after the finished event, with the context, or with an
// error that trying again cannot mend.
func (g *Generation) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		w := watcher{generation: g, yield: yield}
		for fruitless := 0; ; {
			before := w.last
			done := w.stream(ctx)
			if done {
				return
			}
			if w.last > before {
				fruitless = 0
				continue
			}
			fruitless++
			if fruitless < streamTries {
				if !wait(ctx, retryDelay(w.err, fruitless)) {
					yield(Event{}, ctx.Err())
					return
				}
				continue
			}
			if w.poll(ctx) {
				return
			}
		}
	}
}

// watcher carries one walk over a generation's events.
type watcher struct {
	generation *Generation
	yield      func(Event, error) bool
	last       int64 // the last streamed sequence number
	percent    int32 // the last told percentage
	err        error // why the last stream ended
	notFound   int   // how often in a row the server did not know the generation
}

// stream reads one stream to its end and returns true when the walk is over.
func (w *watcher) stream(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := w.generation.client.Generations.WatchGeneration(ctx, &aiv1.WatchGenerationRequest{
		GenerationId:  w.generation.id,
		AfterSequence: w.last,
	})
	if err != nil {
		return w.ended(ctx, err)
	}
	defer stream.Close() //nolint:errcheck // closing a read stream has no outcome worth telling
	for stream.Receive() {
		event := stream.Msg().GetEvent()
		if event.GetSequence() <= w.last {
			continue // a heartbeat, or a repeat after a resume
		}
		w.last = event.GetSequence()
		w.percent = max(w.percent, event.GetProgress().GetPercent())
		if !w.yield(Event{GenerationEvent: event}, nil) || event.GetFinished() != nil {
			return true
		}
	}
	return w.ended(ctx, stream.Err())
}

// ended says whether a stream's end is the end of the walk; a clean end without a finish is a cut.
func (w *watcher) ended(ctx context.Context, err error) bool {
	w.err = err
	if err == nil {
		return false
	}
	if ctx.Err() != nil {
		w.yield(Event{}, ctx.Err())
		return true
	}
	switch connect.CodeOf(err) {
	case connect.CodeNotFound:
		// A generation that was accepted while the AI service was away is handed over when it is back.
		if w.notFound++; w.notFound <= w.generation.graceNotFound {
			return false
		}
		w.yield(Event{}, err)
		return true
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeUnimplemented:
		w.yield(Event{}, err)
		return true
	default:
		return false
	}
}

const defaultPoll = time.Second

// poll asks once, tells what is new, waits as long as the server likes, and returns true when the walk is over.
func (w *watcher) poll(ctx context.Context) bool {
	generation, err := w.generation.Poll(ctx)
	pause := defaultPoll
	switch {
	case err != nil:
		if w.ended(ctx, err) {
			return true
		}
	case isFinal(generation.GetState()):
		w.yield(Event{Polled: true, GenerationEvent: &aiv1.GenerationEvent{
			Sequence: generation.GetLastSequence(),
			Time:     generation.GetEndTime(),
			Event: &aiv1.GenerationEvent_Finished{Finished: &aiv1.GenerationFinished{
				State:            generation.GetState(),
				ItineraryVersion: generation.GetItineraryVersion(),
				Failure:          generation.GetFailure(),
			}},
		}}, nil)
		return true
	default:
		if d := generation.GetPollAfter().AsDuration(); d > 0 {
			pause = d
		}
		if percent := generation.GetProgress().GetPercent(); percent > w.percent {
			w.percent = percent
			progress := &aiv1.GenerationEvent{
				Sequence: generation.GetLastSequence(),
				Event:    &aiv1.GenerationEvent_Progress{Progress: generation.GetProgress()},
			}
			if !w.yield(Event{Polled: true, GenerationEvent: progress}, nil) {
				return true
			}
		}
	}
	if !wait(ctx, pause) {
		w.yield(Event{}, ctx.Err())
		return true
	}
	return false
}

func isFinal(state aiv1.GenerationState) bool {
	switch state {
	case aiv1.GenerationState_GENERATION_STATE_READY, aiv1.GenerationState_GENERATION_STATE_FAILED, aiv1.GenerationState_GENERATION_STATE_CANCELLED:
		return true
	default:
		return false
	}
}

func (g *Generation) keep(generation *aiv1.Generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.snapshot.GetLastSequence() <= generation.GetLastSequence() {
		g.snapshot = proto.CloneOf(generation)
	}
}
