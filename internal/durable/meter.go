package durable

import (
	"context"
	"fmt"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/prometheus/client_golang/prometheus"
)

// countTimeout bounds the query behind a scrape.
const countTimeout = 2 * time.Second

// Meter counts the sagas of a launched executor at each scrape. While the database cannot be asked their metrics are
// missing, and not those of the rest of the process.
type Meter struct {
	executor      *Executor
	sagas, oldest *prometheus.Desc
}

// NewMeter makes the collector.
func NewMeter(e *Executor) *Meter {
	app := prometheus.Labels{"app": e.App}
	return &Meter{
		executor: e,
		sagas: prometheus.NewDesc("tripgen_sagas",
			"Sagas by kind and state; those that ended count for 14 days. Every process of the role tells the same: take the maximum.",
			[]string{"kind", "state"}, app),
		oldest: prometheus.NewDesc("tripgen_sagas_oldest_seconds",
			"How long the oldest running saga of a kind has run; 0 where none runs.", []string{"kind"}, app),
	}
}

// Describe is a collector's.
func (m *Meter) Describe(out chan<- *prometheus.Desc) {
	out <- m.sagas
	out <- m.oldest
}

// Collect is a collector's.
func (m *Meter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	counts, err := m.executor.count(ctx)
	if err != nil {
		m.executor.Log.WarnContext(ctx, "count sagas", "error", err)
		return
	}
	for _, kind := range m.executor.kinds {
		of := counts[kind]
		for _, state := range States() {
			out <- prometheus.MustNewConstMetric(m.sagas, prometheus.GaugeValue, float64(of.states[state]), kind, string(state))
		}
		out <- prometheus.MustNewConstMetric(m.oldest, prometheus.GaugeValue, of.oldest.Seconds(), kind)
	}
}

// count is how many sagas of a kind are in each state, and the age of the oldest that runs.
type count struct {
	states map[State]int64
	oldest time.Duration
}

// count counts by kind.
func (e *Executor) count(ctx context.Context) (map[string]count, error) {
	rows, err := dbos.GetWorkflowAggregates(dbos.From(e.dbos, ctx), dbos.GetWorkflowAggregatesInput{
		GroupByStatus: true, GroupByName: true, SelectCount: true, SelectMinCreatedAt: true,
	})
	if err != nil {
		return nil, err
	}
	counts := map[string]count{}
	for _, row := range rows {
		status, kind := row.Group["status"], row.Group["name"]
		if status == nil || kind == nil || row.Count == nil || row.MinCreatedAt == nil {
			return nil, fmt.Errorf("a row of counts is incomplete: %+v", row)
		}
		state, err := stateOf(dbos.WorkflowStatusType(*status))
		if err != nil {
			return nil, err
		}
		c, ok := counts[*kind]
		if !ok {
			c.states = map[State]int64{}
		}
		c.states[state] += *row.Count
		if state == Running {
			c.oldest = max(c.oldest, e.Clock.Now().Sub(time.UnixMilli(*row.MinCreatedAt)))
		}
		counts[*kind] = c
	}
	return counts, nil
}
