// Package pipeline measures the generation pipeline on real PostgreSQL, Redis, Kafka and Envoy: see `make
// bench-pipeline`. It is a module of its own, because it measures River beside it.
package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report collects lines for the terminal and for the document.
type report struct {
	body, goals strings.Builder
}

// add prints a line of the document as it is made.
func (r *report) add(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	fmt.Println(line)
	r.body.WriteString(line + "\n")
}

// goal notes whether a measured value meets its target; op is "<=" or ">=".
func (r *report) goal(name string, value float64, op string, target float64) {
	verdict := "missed"
	if op == "<=" && value <= target || op == ">=" && value >= target {
		verdict = "met"
	}
	fmt.Fprintf(&r.goals, "goal: %s = %.4g (target %s %g) %s\n", name, value, op, target, verdict)
}

// finish prints the goals and writes the document.
func (r *report) finish(path, command string) error {
	fmt.Print("\n" + r.goals.String())
	doc := fmt.Sprintf("# Generation pipeline\n\nMeasured %s on %s, %d CPUs shared by everything that runs, %s, by `%s`.\n\n%s\n## Goals\n\n```\n%s```\n",
		time.Now().UTC().Format(time.DateOnly), cpuModel(), runtime.NumCPU(), runtime.Version(), command, r.body.String(), r.goals.String())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder of the report: %w", err)
	}
	if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// cpuModel names the processor where the system tells.
func cpuModel() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// times are durations to tell percentiles of.
type times []time.Duration

// at gives the share q of the durations, 0 to 1; 0 where there are none.
func (t times) at(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func (t times) mean() time.Duration {
	if len(t) == 0 {
		return 0
	}
	var sum time.Duration
	for _, d := range t {
		sum += d
	}
	return sum / time.Duration(len(t))
}

// within gives the share that took at most d.
func (t times) within(d time.Duration) float64 {
	n := 0
	for _, x := range t {
		if x <= d {
			n++
		}
	}
	return share(n, len(t))
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
