// Package worker takes generations from the queue and has the pipeline make their itineraries.
//
// A message of the queue only says that a generation waits; whether it does is decided by the claim in the store. So a
// message that comes twice, or to two workers, does no harm: one claim succeeds. While a worker has a generation it
// renews its lease; a worker that dies lets it run out, and any other takes the generation over.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/trace"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/dispatch"
	"github.com/tripgen/tripgen/services/ai/events"
	"github.com/tripgen/tripgen/services/ai/pipeline"
)

// Config bounds a worker's work.
type Config struct {
	// Parallel is how many generations are under way at most.
	Parallel int
	// Window is how many messages of each topic are prefetched.
	Window int
	// Attempts until a generation is given up.
	Attempts int
	// Lease is how long a generation stays a worker's that does not renew it.
	Lease time.Duration
	// Grace is how long generations under way may go on when the worker stops.
	Grace time.Duration
}

// Journals make the journal of a generation.
type Journals func(g ai.Generation) pipeline.Journal

// Deps is what a worker is made from.
type Deps struct {
	Config   Config
	Store    ai.WorkStore
	Pipeline *pipeline.Pipeline
	Journals Journals
	// Readers read the queue's topics.
	Readers []*kafkago.Reader
	Dead    *dead.Letters
	Clock   clock.Clock
	IDs     id.Source
	Log     *slog.Logger
	// Metrics may be nil.
	Metrics *Metrics
}

// Worker is one worker of a process.
type Worker struct {
	Deps
	// name is the worker's in leases, another in each process.
	name   string
	queue  *dispatch.Queue
	ledger *dispatch.Ledger
	leases *leases
	slots  chan struct{}
	commit chan struct{}
}

// New makes a worker.
func New(d Deps) *Worker {
	if d.Metrics == nil {
		d.Metrics = newMetrics()
	}
	name := d.IDs.New("worker")
	return &Worker{
		Deps: d, name: name, queue: dispatch.NewQueue(d.Config.Window), ledger: dispatch.NewLedger(),
		leases: newLeases(d.Store, name, d.Config.Lease, d.Log), slots: make(chan struct{}, d.Config.Parallel),
		commit: make(chan struct{}, 1),
	}
}

// Part runs the worker.
func (w *Worker) Part() app.Part { return app.Part{Name: "worker", Run: w.run} }

// run works until ctx ends; then it takes nothing more, lets what is under way end within the grace, and gives the rest
// back.
func (w *Worker) run(ctx context.Context) error {
	w.Log.InfoContext(ctx, "takes generations", "worker", w.name)
	// jobs is the context of what is under way: it ends after ctx.
	jobs, stopJobs := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stopJobs(errStopping)
	var loops sync.WaitGroup
	for _, reader := range w.Readers {
		loops.Go(func() { w.consume(ctx, reader) })
	}
	loops.Go(func() { w.sweep(ctx) })
	var running sync.WaitGroup
	loops.Go(func() { w.dispatch(ctx, jobs, &running) })
	var keepers sync.WaitGroup
	keeping, stopKeeping := context.WithCancel(context.WithoutCancel(ctx))
	defer stopKeeping()
	keepers.Go(func() { w.leases.keep(keeping) })
	keepers.Go(func() { w.commits(keeping) })

	loops.Wait()
	grace := time.AfterFunc(w.Config.Grace, func() { stopJobs(errStopping) })
	defer grace.Stop()
	running.Wait()
	stopJobs(errStopping)
	w.Pipeline.Wait()
	stopKeeping()
	keepers.Wait()
	return nil
}

// errStopping ends what is under way when the process ends.
var errStopping = errors.New("the worker stops")

// dispatch starts what the queue gives, as many at once as there are slots.
func (w *Worker) dispatch(ctx, jobs context.Context, running *sync.WaitGroup) {
	for {
		select {
		case w.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		item, err := w.queue.Take(ctx)
		if err != nil {
			return
		}
		running.Go(func() {
			defer func() { <-w.slots }()
			// The work goes on with the trace in which the generation was accepted.
			span := trace.SpanContextFromContext(item.Context)
			if w.work(trace.ContextWithRemoteSpanContext(jobs, span), item) {
				item.Done()
			}
		})
	}
}

// work claims a generation and makes its itinerary; false if the worker stops before there is nothing left to do.
func (w *Worker) work(ctx context.Context, item *dispatch.Item) bool {
	g, body, err := w.claim(ctx, item.ID)
	switch {
	case err == nil:
	case errors.Is(err, ai.ErrEnded), errors.Is(err, ai.ErrHeld):
		return true // if the one who has it dies, its lease runs out and the sweep finds it
	case errors.Is(err, ai.ErrEarly):
		return w.persist(ctx, func(ctx context.Context) error { return w.Store.Postpone(ctx, item.ID) }) == nil
	case errors.Is(err, ai.ErrNoGeneration):
		w.Log.ErrorContext(ctx, "a message names a generation that is not stored", "generation", item.ID)
		return true
	default:
		return false
	}
	w.Metrics.started(g, w.Clock.Now())
	job, release := w.leases.hold(ctx, g)
	defer release()
	if g.Attempts > w.Config.Attempts {
		return w.giveUp(ctx, g, errCrashed, ai.Cost{})
	}
	cost, err := w.attempt(job, ctx, g, body)
	return w.conclude(ctx, g, cost, err)
}

var errCrashed = errors.New("its workers died again and again")

// attempt runs the pipeline; a panic is an error. What goes on after the itinerary was made does so in the background.
func (w *Worker) attempt(ctx, background context.Context, g ai.Generation, body []byte) (cost ai.Cost, err error) {
	job := pipeline.Job{Generation: g, Body: body, Journal: w.Journals(g), Backlog: w.queue.Len(), Background: background}
	err = pipeline.Safely(func() (err error) {
		cost, err = w.Pipeline.Run(ctx, job, func(ctx context.Context, r ai.Result) error {
			return w.persist(ctx, func(ctx context.Context) error { return w.Store.Made(ctx, g, r) })
		})
		return err
	})
	if panicked, ok := errors.AsType[*pipeline.PanicError](err); ok {
		w.Log.ErrorContext(ctx, "panic while making an itinerary", "generation", g.ID, "panic", panicked.Value, "stack", panicked.Stack)
	}
	return cost, err
}

// claim asks the store until it answers.
func (w *Worker) claim(ctx context.Context, generationID string) (g ai.Generation, body []byte, err error) {
	err = w.persist(ctx, func(ctx context.Context) (err error) {
		g, body, err = w.Store.Claim(ctx, generationID, w.name, w.Config.Lease)
		return err
	})
	return g, body, err
}

const (
	persistPause    = 50 * time.Millisecond
	persistPauseMax = time.Second
)

// persist repeats a change until the store answers, or ctx ends: what was made is not thrown away because the database
// is restarted.
func (w *Worker) persist(ctx context.Context, change func(context.Context) error) error {
	for pause := persistPause; ; pause = min(2*pause, persistPauseMax) {
		err := change(ctx)
		if err == nil || answered(err) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		w.Log.WarnContext(ctx, "the database does not answer; trying again", "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// answered tells an answer of the store from its absence.
func answered(err error) bool {
	for _, known := range []error{ai.ErrEnded, ai.ErrHeld, ai.ErrEarly, ai.ErrNoGeneration, ai.ErrLeaseLost} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// readerOf finds the reader of a topic.
func (w *Worker) readerOf(topic string) *kafkago.Reader {
	for _, r := range w.Readers {
		for _, t := range r.Config().GroupTopics {
			if t == topic {
				return r
			}
		}
	}
	return nil
}

// Topics are the topics that a worker reads, each with a reader of its own, so that none holds another up.
func Topics() []kafka.Topic {
	topics := make([]kafka.Topic, 0, len(ai.Classes())+1)
	for _, c := range ai.Classes() {
		topics = append(topics, events.TopicOf(c))
	}
	return append(topics, kafka.GenerationRetry)
}

// Group is the consumer group of a topic.
func Group(t kafka.Topic) string { return "tripgen-worker." + string(t) }
