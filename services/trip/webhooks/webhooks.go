// Package webhooks delivers what endpoints of partners are told (Standard Webhooks, https://www.standardwebhooks.com):
// signed, at least once, tried again for about a day, each endpoint apart from all others.
package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/services/trip"
)

// Outbox is where messages wait.
type Outbox interface {
	// DueEndpoints gives endpoints with messages that are due, in the order of their ids, those after an id, without
	// the busy ones.
	DueEndpoints(ctx context.Context, now time.Time, after string, busy []string, limit int) ([]Endpoint, error)
	// TakeMessages gives an endpoint's messages that are due and leaves them alone until an instant, at which they are
	// due again if nobody settled them.
	TakeMessages(ctx context.Context, webhookID string, now, until time.Time, limit int) ([]Message, error)
	// Settle writes down a try and what follows from it; an endpoint that was removed is none to write about.
	Settle(ctx context.Context, m Message, a trip.Attempt, o Outcome) error
}

// Endpoint is one with messages that are due.
type Endpoint struct {
	ID string
	// Failing tells that it took nothing lately.
	Failing bool
}

// Message is what an endpoint is told.
type Message struct {
	Webhook trip.Webhook
	// ID is msg_…, the same over all tries.
	ID   string
	Body []byte
	// Step counts the tries so far, from the last replay on.
	Step int
}

// Outcome is what follows from a try.
type Outcome struct {
	Delivered bool
	// Next is when to try again; zero for never.
	Next time.Time
	// Disable ends the telling of the endpoint.
	Disable bool
}

const (
	// width is how many messages an endpoint is told at the same time; one that fails is told one.
	width = 4
	// atOnce bounds all of them in a process. An endpoint that hangs holds one for the time-out of a try, so that more
	// than a hundred have to hang at once before others wait, and then for seconds.
	atOnce = 128
	// batch is how many endpoints are looked at in one go.
	batch = 64
	// lease is longer than a try can take.
	lease         = time.Minute
	settleTimeout = 10 * time.Second
)

// Deps is what a dispatcher works with.
type Deps struct {
	Outbox  Outbox
	Sender  *Sender
	Metrics prometheus.Registerer
	Clock   clock.Clock
	Log     *slog.Logger
	// Every is how often one looks for messages that are due; zero for half a second.
	Every time.Duration
}

// Dispatcher delivers messages.
type Dispatcher struct {
	Deps
	attempts *prometheus.CounterVec
	took     prometheus.Histogram
	disabled prometheus.Counter
	ended    chan string
}

// New makes a dispatcher with its metrics.
func New(d Deps) (*Dispatcher, error) {
	if d.Every == 0 {
		d.Every = 500 * time.Millisecond
	}
	x := &Dispatcher{
		Deps: d, ended: make(chan string, atOnce),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_webhook_attempts_total", Help: "Tries to deliver webhooks by how they ended: delivered, again, given_up, disabled.",
		}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tripgen_webhook_attempt_seconds", Help: "How long partners' endpoints took to answer.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}),
		disabled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tripgen_webhooks_disabled_total", Help: "Endpoints that were disabled because they took nothing.",
		}),
	}
	var failures [3]error
	x.attempts, failures[0] = telemetry.Register(d.Metrics, x.attempts)
	x.took, failures[1] = telemetry.Register(d.Metrics, x.took)
	x.disabled, failures[2] = telemetry.Register(d.Metrics, x.disabled)
	return x, errors.Join(failures[:]...)
}

// Run delivers until ctx ends, and then waits for the tries under way, which are cut short.
func (d *Dispatcher) Run(ctx context.Context) error {
	ticker := time.NewTicker(d.Every)
	defer ticker.Stop()
	var sending sync.WaitGroup
	defer sending.Wait()
	r := round{Dispatcher: d, under: map[string]int{}, sending: &sending}
	for {
		if err := r.start(ctx); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "take webhook messages", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case id := <-d.ended:
			r.end(id)
		case <-ticker.C:
		}
		for more := true; more; { // what else has ended meanwhile
			select {
			case id := <-d.ended:
				r.end(id)
			default:
				more = false
			}
		}
	}
}

// round is the state of a run: it belongs to one goroutine.
type round struct {
	*Dispatcher
	// under counts the messages under way by endpoint, total all.
	under   map[string]int
	total   int
	after   string
	sending *sync.WaitGroup
}

func (r *round) end(id string) {
	r.total--
	if r.under[id]--; r.under[id] == 0 {
		delete(r.under, id)
	}
}

// start takes messages that are due, as far as there is room, going round all endpoints in turn.
func (r *round) start(ctx context.Context) error {
	if r.total >= atOnce {
		return nil
	}
	busy := []string{}
	for id, n := range r.under {
		if n >= width {
			busy = append(busy, id)
		}
	}
	due, err := r.Outbox.DueEndpoints(ctx, r.Clock.Now(), r.after, busy, batch)
	if err != nil {
		return err
	}
	r.after = ""
	if len(due) == batch {
		r.after = due[batch-1].ID
	}
	for _, e := range due {
		room := width
		if e.Failing {
			room = 1
		}
		if room = min(room-r.under[e.ID], atOnce-r.total); room <= 0 {
			continue
		}
		now := r.Clock.Now()
		messages, err := r.Outbox.TakeMessages(ctx, e.ID, now, now.Add(lease), room)
		if err != nil {
			return err
		}
		for _, m := range messages {
			r.under[e.ID]++
			r.total++
			r.sending.Go(func() {
				defer func() { r.ended <- e.ID }() // it has room for all
				r.deliver(ctx, m)
			})
		}
	}
	return nil
}

// deliver tries once and writes down what came of it.
func (d *Dispatcher) deliver(ctx context.Context, m Message) {
	now := d.Clock.Now()
	a, wait := d.Sender.Send(ctx, m, now)
	if ctx.Err() != nil && a.Status == 0 {
		return // cut short by the end of the process: not the endpoint's fault; another process tries after the lease
	}
	d.took.Observe(a.Latency.Seconds())
	o := judge(m, a, now, wait)
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := d.Outbox.Settle(settling, m, a, o); err != nil {
		d.Log.WarnContext(ctx, "write down a webhook's delivery", "webhook", m.Webhook.ID, "message", m.ID, "error", err)
	}
	switch {
	case o.Disable:
		d.disabled.Inc()
		d.attempts.WithLabelValues("disabled").Inc()
		d.Log.InfoContext(ctx, "disabled a webhook that takes nothing", "webhook", m.Webhook.ID, "status", a.Status)
	case o.Delivered:
		d.attempts.WithLabelValues("delivered").Inc()
	case o.Next.IsZero():
		d.attempts.WithLabelValues("given_up").Inc()
	default:
		d.attempts.WithLabelValues("again").Inc()
	}
}
