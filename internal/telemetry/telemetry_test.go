package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tripgen/tripgen/internal/telemetry"
)

func TestLogLinesCarryTheTraceAndHeedTheLevel(t *testing.T) {
	t.Parallel()
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	})
	var out bytes.Buffer
	log := telemetry.NewLog(&out, telemetry.JSON, slog.LevelInfo).With("role", "trip")
	log.DebugContext(ctx, "hidden")
	log.InfoContext(ctx, "told")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if line["msg"] != "told" || line["role"] != "trip" || line["trace_id"] != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("line is %v", line)
	}
	out.Reset()
	telemetry.NewLog(&out, telemetry.Text, slog.LevelInfo).Info("told")
	if !strings.Contains(out.String(), "msg=told") || strings.Contains(out.String(), "trace_id") {
		t.Errorf("line is %s", out.String())
	}
}

// Not parallel: it sets the process's tracer provider.
func TestSpansReachTheCollectorAtTheEnd(t *testing.T) {
	received := make(chan []byte, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- body
	}))
	defer collector.Close()
	part, err := telemetry.StartTraces(t.Context(), telemetry.TraceConfig{
		Service: "tripgen", Version: "1.2.3", Endpoint: collector.URL + "/v1/traces", Ratio: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, span := otel.Tracer("test").Start(t.Context(), "a-span-of-the-test")
	span.End()
	if err := part.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if body := <-received; !bytes.Contains(body, []byte("a-span-of-the-test")) || !bytes.Contains(body, []byte("1.2.3")) {
		t.Errorf("the collector got %q", body)
	}
}

func TestWithoutACollectorTracesHaveIDsAndNothingIsRecorded(t *testing.T) {
	part, err := telemetry.StartTraces(t.Context(), telemetry.TraceConfig{Service: "tripgen", Version: "1.2.3", Ratio: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, span := otel.Tracer("test").Start(t.Context(), "a-span-of-the-test")
	if !span.SpanContext().IsValid() || span.IsRecording() {
		t.Errorf("valid %v, recording %v", span.SpanContext().IsValid(), span.IsRecording())
	}
	if err := part.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestMetricsHaveProcessAndRuntime(t *testing.T) {
	t.Parallel()
	families, err := telemetry.NewMetrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	for _, want := range []string{"go_goroutines", "process_open_fds"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing among %d", want, len(names))
		}
	}
}
