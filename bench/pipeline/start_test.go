package pipeline

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/services/ai/aitest"

	"github.com/tripgen/tripgen/bench/report"
)

const (
	startRate = 20 // a second
	starts    = 300
)

// benchStart measures from the asking to the worker's start, the durable step included, beside River on the same
// PostgreSQL.
func benchStart(t *testing.T, r *report.Report) {
	ours := startOurs(t)
	plain := startRiver(t, river.Config{})
	tuned := startRiver(t, river.Config{FetchCooldown: time.Millisecond, FetchPollInterval: 10 * time.Millisecond})
	r.Add("## (d) From asking to the worker's start\n\n%d at %d a second; the durable step is in it: for ours the RPC, its commit and Kafka, for River the insert. Ours then makes a first draft without any search, River's job does nothing.\n", starts, startRate)
	r.Add("| | p50 | p99 | longest |\n|---|---|---|---|")
	for _, row := range []struct {
		name  string
		waits report.Times
	}{{"ours", ours}, {"River, defaults", plain}, {"River, fetching each 1–10 ms", tuned}} {
		r.Add("| %s | %.1f ms | %.1f ms | %.1f ms |", row.name, millis(row.waits.At(.5)), millis(row.waits.At(.99)), millis(row.waits.At(1)))
	}
	r.Add("")
	r.Goal("asked to started p50, ms", millis(ours.At(.5)), "<=", 10)
	r.Goal("asked to started p99, ms", millis(ours.At(.99)), "<=", 25)
}

func startOurs(t *testing.T) report.Times {
	budgets := lifeBudgets()
	budgets.Plan = time.Nanosecond // the first draft and no search: River's job does nothing at all
	s := aitest.Start(t, aitest.Options{Real: true, Log: quiet(), NoModel: true, Conns: 16, Partitions: 6, Parallel: 32, Budgets: budgets})
	warm := aitest.Request("munich", 1)
	s.Begin(t, warm)
	s.AwaitMade(t, warm.GetGenerationId())
	asked := map[string]time.Time{}
	paced(starts, startRate, func(int) {
		q := aitest.Request("munich", 1)
		asked[q.GetGenerationId()] = time.Now()
		q.RequestTime = timestamp(asked[q.GetGenerationId()])
		s.Begin(t, q)
	})
	var waits report.Times
	for generationID, at := range asked {
		s.AwaitMade(t, generationID)
		g, err := s.Store.Get(t.Context(), generationID)
		if err != nil {
			t.Fatal(err)
		}
		waits = append(waits, g.StartTime.Sub(at))
	}
	return waits
}

// paced calls do n times at a rate.
func paced(n, rate int, do func(i int)) {
	began := time.Now()
	for i := range n {
		if wait := time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate))); wait > 0 {
			time.Sleep(wait)
		}
		do(i)
	}
}

type riverArgs struct {
	Number int `json:"number"`
}

// Kind is the job's name in River.
func (riverArgs) Kind() string { return "generation" }

type riverWorker struct {
	river.WorkerDefaults[riverArgs]
	mu      sync.Mutex
	started map[int]time.Time
	done    chan struct{}
}

// Work notes when it started.
func (w *riverWorker) Work(_ context.Context, job *river.Job[riverArgs]) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started[job.Args.Number] = time.Now()
	if len(w.started) == starts {
		close(w.done)
	}
	return nil
}

func startRiver(t *testing.T, c river.Config) report.Times {
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.NewURL(t), MaxConns: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	migrateRiver(t, pool)
	w := &riverWorker{started: map[int]time.Time{}, done: make(chan struct{})}
	c.Workers = river.NewWorkers()
	river.AddWorker(c.Workers, w)
	c.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 32}}
	c.Logger = quiet()
	client, err := river.NewClient(riverpgxv5.New(pool), &c)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := make([]time.Time, starts)
	paced(starts, startRate, func(i int) {
		asked[i] = time.Now()
		if _, err := client.Insert(t.Context(), riverArgs{i}, nil); err != nil {
			t.Fatal(err)
		}
	})
	select {
	case <-w.done:
	case <-time.After(30 * time.Second):
		t.Error("River has not worked all off")
	}
	if err := client.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	var waits report.Times
	for i, at := range asked {
		waits = append(waits, w.started[i].Sub(at))
	}
	return waits
}

func migrateRiver(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	migrator, err := rivermigrate.New[pgx.Tx](riverpgxv5.New(pool), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
}
