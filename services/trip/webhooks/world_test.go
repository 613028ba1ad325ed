package webhooks_test

import (
	"context"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
	"github.com/tripgen/tripgen/services/trip/webhooks"
)

// world is the trip service's store in PostgreSQL with its webhooks.
type world struct {
	*testing.T
	clock   *clock.Fake
	store   *postgres.Store
	service *trip.Service
	caller  trip.Caller
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sealer, _ := sealtest.New(t)
	w := &world{T: t, clock: clock.NewFake(triptest.Now), caller: trip.Caller{Owner: triptest.Owner}}
	w.store = postgres.New(postgres.Deps{
		Pool: postgrestest.New(t, postgres.Migrations()), Seal: sealer, Clock: w.clock, IDs: id.Random{},
		Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
	})
	w.service = trip.New(trip.Deps{
		Trips: w.store, Keys: w.store, Webhooks: w.store, Targets: webhooks.NewTargets(webhooks.Options{AllowLoopback: true}),
		Clock: w.clock, IDs: id.Random{}, Log: slog.New(slog.DiscardHandler),
	})
	return w
}

// run delivers until the test ends, or stop is called.
func (w *world) run(roots *x509.CertPool) (stop func()) {
	w.Helper()
	d, err := webhooks.New(webhooks.Deps{
		Outbox: w.store, Sender: webhooks.NewSender(webhooks.Options{AllowLoopback: true, Roots: roots}),
		Metrics: prometheus.NewRegistry(), Clock: w.clock, Log: slog.New(slog.DiscardHandler), Every: 2 * time.Millisecond,
	})
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	stop = func() {
		cancel()
		running.Wait()
	}
	w.Cleanup(stop)
	return stop
}

// call is what an endpoint was called with.
type call struct {
	header http.Header
	body   []byte
}

// endpoint is a partner's server.
type endpoint struct {
	*httptest.Server
	calls chan call

	mu     sync.Mutex
	answer func(http.ResponseWriter)
}

const manyCalls = 1000

func (w *world) endpoint(answer func(http.ResponseWriter)) *endpoint {
	e := &endpoint{calls: make(chan call, manyCalls), answer: answer}
	e.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		e.calls <- call{r.Header.Clone(), body}
		e.mu.Lock()
		answer := e.answer
		e.mu.Unlock()
		answer(rw)
	}))
	w.Cleanup(e.Close)
	return e
}

// from now on answers so.
func (e *endpoint) from(answer func(http.ResponseWriter)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

func (e *endpoint) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(e.Certificate())
	return pool
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

var all = []trip.WebhookEvent{trip.OnGenerationFinished, trip.OnTripChanged, trip.OnItineraryChanged, trip.OnAlertRaised}

func (w *world) hook(e *endpoint, events ...trip.WebhookEvent) trip.Webhook {
	w.Helper()
	if len(events) == 0 {
		events = all
	}
	hook, err := w.service.CreateWebhook(w.Context(), w.caller, e.URL+"/hook?token=x", events)
	if err != nil {
		w.Fatal(err)
	}
	return hook
}

func (w *world) trip() trip.Trip {
	w.Helper()
	made := triptest.Sample(id.Random{}, w.clock.Now())
	if err := w.store.Create(w.Context(), made, trip.Once{}); err != nil {
		w.Fatal(err)
	}
	return made
}

// settled waits until the newest delivery of an endpoint has had so many tries, and gives it.
func (w *world) settled(hookID string, tries int) trip.Delivery {
	w.Helper()
	for {
		found, err := w.service.Deliveries(w.Context(), w.caller, hookID, "", 1)
		if err != nil {
			w.Fatal(err)
		}
		if len(found) == 1 && len(found[0].Attempts) >= tries {
			return found[0]
		}
		select {
		case <-w.Context().Done():
			w.Fatal("the test ended")
		case <-time.After(2 * time.Millisecond):
		}
	}
}
