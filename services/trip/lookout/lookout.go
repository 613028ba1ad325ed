// Package lookout looks after trips when they are due: daily while they are near or going on, and when somebody views
// one. What is due, and until when it is taken, is in the store, so that each trip is looked after by one process at a
// time and by another one where that process dies.
package lookout

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/services/trip"
)

// Trips has those that are due; see trip.Alerts.
type Trips interface {
	TakeDue(ctx context.Context, now, until time.Time, limit int) ([]trip.Due, error)
}

// Checker looks after one trip.
type Checker interface {
	Check(ctx context.Context, owner, tripID string) (trip.Checked, error)
}

const (
	// atOnce is how many trips are looked after at the same time, so that a morning's rush does not take the location
	// service away from those who wait for it.
	atOnce = 4
	// batch is how many are taken at a time.
	batch = 32
	// lease is how long a taken trip is left alone by others, and how long one that could not be looked after waits. A
	// batch takes at most batch ÷ atOnce times the time-out.
	lease        = 10 * time.Minute
	checkTimeout = 30 * time.Second
)

// Deps is what a lookout works with.
type Deps struct {
	Trips   Trips
	Checker Checker
	Metrics prometheus.Registerer
	Clock   clock.Clock
	Log     *slog.Logger
	// Every is how often one asks for trips that are due; zero for a second.
	Every time.Duration
}

// Lookout looks after trips.
type Lookout struct {
	Deps
	looks  *prometheus.CounterVec
	raised prometheus.Counter
	late   prometheus.Histogram
	took   prometheus.Histogram
}

// New makes a lookout with its metrics.
func New(d Deps) (*Lookout, error) {
	if d.Every == 0 {
		d.Every = time.Second
	}
	l := &Lookout{
		Deps: d,
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_trip_looks_total", Help: "Looks after trips by how they ended: complete, incomplete, gone, failed.",
		}, []string{"outcome"}),
		raised: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tripgen_trip_alerts_raised_total", Help: "Alerts raised by looks that were due.",
		}),
		late: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tripgen_trip_look_delay_seconds", Help: "How long after it was due a look was begun.",
			Buckets: []float64{1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400},
		}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tripgen_trip_look_seconds", Help: "How long a look after a trip took.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
	}
	var failures [4]error
	l.looks, failures[0] = telemetry.Register(d.Metrics, l.looks)
	l.raised, failures[1] = telemetry.Register(d.Metrics, l.raised)
	l.late, failures[2] = telemetry.Register(d.Metrics, l.late)
	l.took, failures[3] = telemetry.Register(d.Metrics, l.took)
	return l, errors.Join(failures[:]...)
}

// Run looks after trips until ctx ends.
func (l *Lookout) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.Every)
	defer ticker.Stop()
	for {
		taken, err := l.round(ctx)
		if err != nil && ctx.Err() == nil {
			l.Log.WarnContext(ctx, "take trips that are due", "error", err)
		}
		if taken == batch && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// round looks after a batch of trips and tells how many.
func (l *Lookout) round(ctx context.Context) (int, error) {
	now := l.Clock.Now()
	due, err := l.Trips.TakeDue(ctx, now, now.Add(lease), batch)
	if err != nil {
		return 0, err
	}
	var looking sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, d := range due {
		l.late.Observe(now.Sub(d.At).Seconds())
		slots <- struct{}{}
		looking.Go(func() {
			defer func() { <-slots }()
			l.lookAfter(ctx, d)
		})
	}
	looking.Wait()
	return len(due), nil
}

func (l *Lookout) lookAfter(ctx context.Context, d trip.Due) {
	if ctx.Err() != nil { // another process takes it after the lease
		return
	}
	checking, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	begun := time.Now()
	checked, err := l.Checker.Check(checking, d.Owner, d.TripID)
	l.took.Observe(time.Since(begun).Seconds())
	outcome := "complete"
	switch {
	case errs.HasReason(err, errs.ReasonNotFound):
		outcome = "gone"
	case err != nil:
		outcome = "failed"
		if ctx.Err() == nil {
			l.Log.WarnContext(ctx, "look after a trip", "trip", d.TripID, "error", err)
		}
	case checked.Incomplete:
		outcome = "incomplete"
	}
	l.looks.WithLabelValues(outcome).Inc()
	l.raised.Add(float64(checked.Raised))
}
