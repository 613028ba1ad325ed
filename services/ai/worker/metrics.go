package worker

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/services/ai"
)

// Metrics tell how a worker does.
type Metrics struct {
	waits   *prometheus.HistogramVec
	endings *prometheus.CounterVec
}

func newMetrics() *Metrics {
	return &Metrics{
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tripgen_generation_wait_seconds", Help: "Time from asking until a worker starts, by class.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300},
		}, []string{"class"}),
		endings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_generation_attempts_total", Help: "Attempts by how they ended: made, failed, again, lost.",
		}, []string{"ending"}),
	}
}

// NewMetrics makes and registers the metrics.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := newMetrics()
	var errs [2]error
	m.waits, errs[0] = telemetry.Register(r, m.waits)
	m.endings, errs[1] = telemetry.Register(r, m.endings)
	return m, errors.Join(errs[:]...)
}

func (m *Metrics) started(g ai.Generation, now time.Time) {
	m.waits.WithLabelValues(string(g.Class)).Observe(now.Sub(g.RequestTime).Seconds())
}

func (m *Metrics) ended(how string) { m.endings.WithLabelValues(how).Inc() }
