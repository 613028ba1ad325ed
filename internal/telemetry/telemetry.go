// Package telemetry sets up what a process tells about itself: structured logs, traces and metrics.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tripgen/tripgen/internal/app"
)

// Format of log lines.
type Format string

// The formats.
const (
	JSON Format = "json"
	Text Format = "text"
)

// NewLog makes a logger whose lines carry the ids of the trace in their context.
func NewLog(w io.Writer, format Format, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if format == Text {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(traceHandler{h})
}

// traceHandler adds trace and span id to each record.
type traceHandler struct{ slog.Handler }

func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}

// TraceConfig says where traces go.
type TraceConfig struct {
	// Service is the name under which the spans appear.
	Service string
	// Version of the build.
	Version string
	// Endpoint is the URL of an OTLP/HTTP collector; without one trace ids are still made and passed on, for logs, as those
	// of traces that nobody records.
	Endpoint string
	// Ratio of traces that are recorded where the caller has not decided, 0–1.
	Ratio float64
}

// StartTraces makes the process's tracer provider and propagators (W3C) the global ones and gives the part that flushes
// it.
func StartTraces(ctx context.Context, c TraceConfig) (app.Part, error) {
	attributes := resource.NewSchemaless(
		attribute.String("service.name", c.Service), attribute.String("service.version", c.Version))
	sampler := sdktrace.NeverSample()
	var options []sdktrace.TracerProviderOption
	if c.Endpoint != "" {
		sampler = sdktrace.ParentBased(sdktrace.TraceIDRatioBased(c.Ratio))
		exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.Endpoint))
		if err != nil {
			return app.Part{}, fmt.Errorf("trace exporter: %w", err)
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	options = append(options, sdktrace.WithResource(attributes), sdktrace.WithSampler(sampler))
	provider := sdktrace.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	return app.Part{Name: "traces", Close: provider.Shutdown}, nil
}

// NewMetrics makes a registry with the metrics of the process and of Go's runtime.
func NewMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}
