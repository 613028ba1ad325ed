package refine

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/telemetry"
)

// limitMetrics tell how calls keep to the provider's limits.
type limitMetrics struct {
	limit         prometheus.Gauge
	allowed, room *prometheus.GaugeVec
	waited        prometheus.Histogram
}

func newLimitMetrics() limitMetrics {
	return limitMetrics{
		limit: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tripgen_model_calls_limit", Help: "How many calls of the model may be under way at once.",
		}),
		allowed: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tripgen_model_allowance", Help: "What the provider allows a minute, by what is counted: requests, input-tokens, output-tokens.",
		}, []string{"of"}),
		room: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tripgen_model_allowance_room", Help: "What of it is left beside the calls under way; below zero where more is under way than is left.",
		}, []string{"of"}),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tripgen_model_wait_seconds", Help: "Time that calls of the model waited for the limits, also those that gave up.",
			Buckets: []float64{.001, .01, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}),
	}
}

func (m *limitMetrics) register(r prometheus.Registerer) error {
	var errs [4]error
	m.limit, errs[0] = telemetry.Register(r, m.limit)
	m.allowed, errs[1] = telemetry.Register(r, m.allowed)
	m.room, errs[2] = telemetry.Register(r, m.room)
	m.waited, errs[3] = telemetry.Register(r, m.waited)
	return errors.Join(errs[:]...)
}

func (m *limitMetrics) tell(of string, a *allowance, now time.Time) {
	if a.limit > 0 {
		m.allowed.WithLabelValues(of).Set(a.limit)
		m.room.WithLabelValues(of).Set(a.room(now))
	}
}
