package main

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// metered gives plain HTTP what RPCs have by their interceptors: a histogram of durations by endpoint, and traces.
func metered(r *role) (measure func(pattern string, h http.Handler) http.Handler, err error) {
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "tripgen_http_duration_seconds",
		Help:    "How long plain HTTP requests took at the server.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"endpoint", "code", "method"})
	if err := r.Metrics.Register(durations); err != nil {
		return nil, err
	}
	return func(pattern string, h http.Handler) http.Handler {
		endpoint := pattern[strings.LastIndexByte(pattern, ' ')+1:]
		h = promhttp.InstrumentHandlerDuration(durations.MustCurryWith(prometheus.Labels{"endpoint": endpoint}), h)
		return otelhttp.NewHandler(h, endpoint)
	}, nil
}
