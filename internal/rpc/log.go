package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"connectrpc.com/connect"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/errs"
)

// newDurations registers the histogram of calls, or finds it where the process has registered it for another role.
func newDurations(to prometheus.Registerer) (*prometheus.HistogramVec, error) {
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "tripgen_rpc_duration_seconds",
		Help:    "How long calls took at the server; streams count from opening to end.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"procedure", "code"})
	if to == nil {
		return durations, nil
	}
	err := to.Register(durations)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := there.ExistingCollector.(*prometheus.HistogramVec); ok {
			return same, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("register call durations: %w", err)
	}
	return durations, nil
}

// logCalls writes one line per call, with the cause of what went wrong and never a message.
func logCalls(log *slog.Logger, durations *prometheus.HistogramVec) around {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		start := time.Now()
		err := next(ctx)
		logCall(ctx, log, durations, c, time.Since(start), err)
		return err
	}
}

func logCall(ctx context.Context, log *slog.Logger, durations *prometheus.HistogramVec, c call, took time.Duration, err error) {
	code := "ok"
	if err != nil {
		code = connect.CodeOf(err).String()
	}
	durations.WithLabelValues(c.spec.Procedure, code).Observe(took.Seconds())
	attrs := []slog.Attr{
		slog.String("procedure", c.spec.Procedure), slog.String("code", code), slog.Duration("took", took),
	}
	if id := c.header.Get("X-Request-Id"); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	if e, ok := errs.Of(err); ok {
		attrs = append(attrs, slog.String("error", e.Error()))
	}
	log.LogAttrs(ctx, level(err), "call", attrs...)
}

func level(err error) slog.Level {
	if err == nil {
		return slog.LevelDebug
	}
	switch connect.CodeOf(err) {
	case connect.CodeInternal, connect.CodeUnknown, connect.CodeDataLoss:
		return slog.LevelError
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}
