package pipeline

import (
	"flag"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/services/ai/aitest"

	"github.com/tripgen/tripgen/bench/report"
)

var (
	only = flag.String("only", "abcdef", "which parts to measure")
	out  = flag.String("out", "docs/benchmarks/pipeline.md", "document to write; empty for none")
)

// TestPipeline runs all benchmarks, one after the other, on the servers that the environment names.
func TestPipeline(t *testing.T) {
	r := report.New("Generation pipeline")
	for _, part := range []struct {
		letter string
		run    func(*testing.T, *report.Report)
	}{{"a", benchPromise}, {"b", benchThroughput}, {"c", benchBurst}, {"d", benchStart}, {"e", benchWatch}, {"f", benchCancel}} {
		if strings.Contains(*only, part.letter) {
			t.Run(part.letter, func(t *testing.T) { part.run(t, r) })
		}
	}
	if *out == "" {
		*out = t.TempDir() + "/pipeline.md"
	}
	if err := r.Finish(*out, "make bench-pipeline"); err != nil {
		t.Fatal(err)
	}
}

// TestMain lets this program be a worker in a process of its own.
func TestMain(m *testing.M) {
	aitest.WorkerMain()
	os.Exit(m.Run())
}

// warm makes one generation, so that what is measured is a system that runs.
func warm(t *testing.T, s *aitest.Stack, k *keeper) {
	t.Helper()
	q := aitest.Request("munich", 1)
	s.Begin(t, q)
	if _, ok := k.await(q.GetGenerationId(), 60*time.Second); !ok {
		t.Fatal("the first generation is not ready after a minute")
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func timestamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }
