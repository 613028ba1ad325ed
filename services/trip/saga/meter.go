package saga

import (
	"context"
	"fmt"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	sagasDesc = prometheus.NewDesc("tripgen_sagas",
		"Sagas by state; those that ended count for 14 days. Every process of the role tells the same: take the maximum.",
		[]string{"state"}, nil)
	oldestDesc = prometheus.NewDesc("tripgen_sagas_oldest_seconds",
		"How long the oldest running saga has run; 0 where none runs.", nil, nil)
)

// countTimeout bounds the query behind a scrape.
const countTimeout = 2 * time.Second

// Meter counts the sagas of a launched runner at each scrape. While the database cannot be asked their metrics are
// missing, and not those of the rest of the process.
type Meter struct{ Runner *Runner }

// Describe is a collector's.
func (Meter) Describe(out chan<- *prometheus.Desc) {
	out <- sagasDesc
	out <- oldestDesc
}

// Collect is a collector's.
func (m Meter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	counts, oldest, err := m.Runner.count(ctx)
	if err != nil {
		m.Runner.Log.WarnContext(ctx, "count sagas", "error", err)
		return
	}
	for _, state := range States() {
		out <- prometheus.MustNewConstMetric(sagasDesc, prometheus.GaugeValue, float64(counts[state]), string(state))
	}
	out <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, oldest.Seconds())
}

// count gives how many sagas are in each state, and the age of the oldest that runs.
func (r *Runner) count(ctx context.Context) (counts map[State]int64, oldest time.Duration, err error) {
	rows, err := dbos.GetWorkflowAggregates(dbos.From(r.dbos, ctx), dbos.GetWorkflowAggregatesInput{
		GroupByStatus: true, SelectCount: true, SelectMinCreatedAt: true,
	})
	if err != nil {
		return nil, 0, err
	}
	counts = map[State]int64{}
	for _, row := range rows {
		status := row.Group["status"]
		if status == nil || row.Count == nil || row.MinCreatedAt == nil {
			return nil, 0, fmt.Errorf("a row of counts is incomplete: %+v", row)
		}
		state, err := stateOf(dbos.WorkflowStatusType(*status))
		if err != nil {
			return nil, 0, err
		}
		counts[state] += *row.Count
		if state == Running {
			oldest = max(oldest, r.Clock.Now().Sub(time.UnixMilli(*row.MinCreatedAt)))
		}
	}
	return counts, oldest, nil
}
