package pipeline

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// Metrics tell how the pipeline does.
type Metrics struct {
	weatherMissing prometheus.Counter
	days           *prometheus.CounterVec
	drafts         *prometheus.CounterVec
	calls          *prometheus.CounterVec
	stages         *prometheus.HistogramVec
	spend          prometheus.Counter
	tokens         *prometheus.CounterVec
}

func newMetrics() *Metrics {
	return &Metrics{
		weatherMissing: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tripgen_plans_without_weather_total", Help: "Cities planned without a forecast.",
		}),
		days: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_days_total", Help: "Days made, by what became of them: planned, refined, late, rejected.",
		}, []string{"outcome"}),
		drafts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_shared_drafts_total", Help: "Whole drafts, by whether an equal problem's was shared: hit, miss.",
		}, []string{"outcome"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_model_calls_total", Help: "Calls of the model, by kind (day, hedge, retry, wishes) and outcome.",
		}, []string{"kind", "outcome"}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tripgen_stage_seconds", Help: "Time from asking until a stage is over.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 1.5, 2, 3, 4, 4.5, 5, 6, 8, 15, 60},
		}, []string{"stage"}),
		spend: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tripgen_model_spend_micro_usd_total", Help: "Money spent on the model, in millionths of a US dollar.",
		}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_model_tokens_total", Help: "Tokens by kind: input, cached, cache_write, output.",
		}, []string{"kind"}),
	}
}

// NewMetrics makes and registers the metrics.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := newMetrics()
	var errs [7]error
	m.weatherMissing, errs[0] = telemetry.Register(r, m.weatherMissing)
	m.days, errs[1] = telemetry.Register(r, m.days)
	m.calls, errs[2] = telemetry.Register(r, m.calls)
	m.stages, errs[3] = telemetry.Register(r, m.stages)
	m.spend, errs[4] = telemetry.Register(r, m.spend)
	m.tokens, errs[5] = telemetry.Register(r, m.tokens)
	m.drafts, errs[6] = telemetry.Register(r, m.drafts)
	return m, errors.Join(errs[:]...)
}

// called counts a call of the model.
func (m *Metrics) called(ctx context.Context, kind string, err error, cost ai.Cost) {
	outcome := "ok"
	switch {
	case err == nil:
	case errors.Is(ctx.Err(), context.Canceled):
		outcome = "not_needed"
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		outcome = "too_late"
	default:
		outcome = "failed"
		if _, busy := errors.AsType[*refine.BusyError](err); busy {
			outcome = "busy"
		}
	}
	m.calls.WithLabelValues(kind, outcome).Inc()
	m.spend.Add(float64(cost.MicroUSD))
	m.tokens.WithLabelValues("input").Add(float64(cost.InputTokens))
	m.tokens.WithLabelValues("cached").Add(float64(cost.CachedInputTokens))
	m.tokens.WithLabelValues("cache_write").Add(float64(cost.CacheWriteTokens))
	m.tokens.WithLabelValues("output").Add(float64(cost.OutputTokens))
}
