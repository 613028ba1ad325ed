// Package pipeline makes the itinerary of one generation, in stages with budgets of their own inside the deadline:
//
//	profile → candidates and weather at once → draft by the planner → Claude, a call a day at once → rules → made
//
// The draft's days are published as soon as they are there, and again as each is refined. What the model has not
// answered at the deadline stays the planner's and is marked so; what it answers later is offered as an improvement. A
// day that is slow, fails or breaks a rule never touches the others.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// Locations is the place data and the weather.
type Locations interface {
	// Candidates gives a city's places, with hours on each date. Errors with reason DESTINATION_UNKNOWN.
	Candidates(ctx context.Context, cityID string, dates []*typev1.Date) (*locationv1.FindCandidatesResponse, error)
	// Resolve finds the id of the city that a name means. Errors with reason DESTINATION_UNKNOWN.
	Resolve(ctx context.Context, name string) (string, error)
	// Forecast gives the weather from a date on; days that are not known are missing.
	Forecast(ctx context.Context, at *typev1.LatLng, from *typev1.Date, days int) ([]*locationv1.ForecastDay, error)
	// Places gives places by their ids, 1 to 100, as far as they exist.
	Places(ctx context.Context, ids []string) ([]*locationv1.Place, error)
}

// Journal takes a generation's events. It must not fail the work: what cannot be told now is its own to make good.
type Journal interface {
	Tell(ctx context.Context, event *aiv1.GenerationEvent, percent int)
	// Last is the sequence number of the last event that was told.
	Last() int64
}

// Budgets are the parts of the deadline.
type Budgets struct {
	// Deadline is when the itinerary has to be ready, after it was asked for; Store is left of it for storing.
	Deadline, Store time.Duration
	// Gather bounds the fetching of places and weather; Plan the planner's search.
	Gather, Plan time.Duration
	// Refine is the least time that the model gets, even where the deadline cannot be kept any more because the
	// generation waited in the queue.
	Refine time.Duration
	// Late is how long after the call an answer is still worth having as an improvement.
	Late time.Duration
	// Hedge is how long after the days' own calls one more call asks for all days that are still missing; negative for
	// never.
	Hedge time.Duration
}

// Deps is what a pipeline is made from.
type Deps struct {
	Locations Locations
	// Model refines; nil for planned days only.
	Model refine.Model
	// Affords tells whether there is money for the model; nil for always.
	Affords func(ctx context.Context) (bool, error)
	// Drafts shares plans of equal problems; nil for none.
	Drafts   Cache
	Improver ai.Improver
	Budgets  Budgets
	// PlannerSlots is how many searches run at once: they are bound by the processor.
	PlannerSlots int
	Clock        clock.Clock
	IDs          id.Source
	Log          *slog.Logger
	// Metrics may be nil.
	Metrics *Metrics
}

// Pipeline makes itineraries. It may be used by several goroutines.
type Pipeline struct {
	Deps
	slots chan struct{}
	// entries hold the jobs that use the processor and the database, not those that wait for the model.
	entries chan struct{}
	// searching counts the searches under way or waiting for a slot.
	searching atomic.Int64
	late      sync.WaitGroup
}

// New makes a pipeline.
func New(d Deps) *Pipeline {
	if d.Metrics == nil {
		d.Metrics = newMetrics()
	}
	slots := max(1, d.PlannerSlots)
	return &Pipeline{Deps: d, slots: make(chan struct{}, slots), entries: make(chan struct{}, entriesPerSlot*slots)}
}

// entriesPerSlot: while one job searches, others fetch and store. More at once would only make everything else wait.
const entriesPerSlot = 4

// Wait waits for the work that goes on after generations are made; their contexts must have ended, or it lasts as long
// as Budgets.Late.
func (p *Pipeline) Wait() { p.late.Wait() }

// Job is one generation to work on.
type Job struct {
	Generation ai.Generation
	// Body is the request as it was accepted.
	Body    []byte
	Journal Journal
	// Backlog is how many other generations the worker sees waiting.
	Backlog int
	// Background is for what goes on after the generation was made; it ends with the process.
	Background context.Context //nolint:containedctx // it outlives the call
}

// RetryError marks a failure that may pass by itself.
type RetryError struct{ cause error }

// Error is the text for the log.
func (e *RetryError) Error() string { return e.cause.Error() }

// Unwrap gives the cause.
func (e *RetryError) Unwrap() error { return e.cause }

// run is a job under way.
type run struct {
	*Pipeline
	job     Job
	request *aiv1.StartGenerationRequest
	// madeBy is when the result has to be made.
	madeBy time.Time
	// leave gives the entry to another job; once is enough.
	leave func()
}

// Run makes the itinerary. made is called with the result and stores it; improvements that come later are stored only
// if it succeeded. An error is a *RetryError, or final with an errs reason.
func (p *Pipeline) Run(ctx context.Context, job Job, made func(context.Context, ai.Result) error) (ai.Cost, error) {
	r := &run{Pipeline: p, job: job, request: &aiv1.StartGenerationRequest{}}
	if err := proto.Unmarshal(job.Body, r.request); err != nil {
		return ai.Cost{}, errs.Internal(fmt.Errorf("stored request: %w", err))
	}
	select {
	case p.entries <- struct{}{}:
		r.leave = sync.OnceFunc(func() { <-p.entries })
		defer r.leave()
	case <-ctx.Done():
		return ai.Cost{}, context.Cause(ctx)
	}
	now := p.Clock.Now()
	r.madeBy = later(job.Generation.RequestTime.Add(p.Budgets.Deadline-p.Budgets.Store), now.Add(p.Budgets.Refine))
	r.tell(ctx, aiv1.GenerationStage_GENERATION_STAGE_PROFILE, percentProfile)
	facts, err := r.gather(ctx)
	if err != nil {
		return ai.Cost{}, r.classify(ctx, err)
	}
	r.tell(ctx, aiv1.GenerationStage_GENERATION_STAGE_DRAFT, percentContext)
	w, err := r.draft(ctx, facts)
	if err != nil {
		return ai.Cost{}, r.classify(ctx, err)
	}
	w.publishDraft(ctx)
	r.tell(ctx, aiv1.GenerationStage_GENERATION_STAGE_REFINE, percentDraft)
	return w.refineAndFinish(ctx, made)
}

// classify tells failures that may pass by themselves from final ones.
func (r *run) classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch e, ok := errs.Of(err); {
	case !ok:
		return &RetryError{err}
	case e.Kind == errs.KindUnavailable, e.Kind == errs.KindDeadlineExceeded, e.Kind == errs.KindResourceExhausted, e.Kind == errs.KindUnknown:
		return &RetryError{err}
	default:
		return err
	}
}

// How far a generation is, in percent, when a stage is over.
const (
	percentProfile = 5
	percentContext = 15
	percentDraft   = 35
	percentRefined = 85
	percentCheck   = 90
)

// tell publishes progress.
func (r *run) tell(ctx context.Context, stage aiv1.GenerationStage, percent int) {
	left := r.madeBy.Add(r.Budgets.Store).Sub(r.Clock.Now())
	r.job.Journal.Tell(ctx, &aiv1.GenerationEvent{
		Time: timestamppb.New(r.Clock.Now()),
		Event: &aiv1.GenerationEvent_Progress{Progress: &aiv1.Progress{
			Percent: int32(percent), Stage: stage, Message: contract.StageText(stage), EtaSeconds: int32(max(0, (left+time.Second-1)/time.Second)),
		}},
	}, percent)
}

// tellDay publishes a day.
func (r *run) tellDay(ctx context.Context, day *typev1.Day, percent int) {
	r.job.Journal.Tell(ctx, &aiv1.GenerationEvent{
		Time:  timestamppb.New(r.Clock.Now()),
		Event: &aiv1.GenerationEvent_DayReady{DayReady: &aiv1.DayReady{Day: day}},
	}, percent)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Final gives the reason of a final failure.
func Final(err error) string {
	if e, ok := errs.Of(err); ok && e.Reason != "" {
		return e.Reason
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.ReasonDeadlineExceeded
	}
	return errs.ReasonInternal
}
