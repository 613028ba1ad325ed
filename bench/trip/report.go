package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report collects lines for the terminal and for the document.
type report struct{ body, goals strings.Builder }

func newReport() *report { return &report{} }

func (r *report) add(format string, args ...any) { fmt.Fprintf(&r.body, format+"\n", args...) }

// goal notes whether a measured value meets its target.
func (r *report) goal(name string, value float64, op string, target float64) {
	verdict := "missed"
	if op == "<=" && value <= target || op == "=" && value == target {
		verdict = "met"
	}
	fmt.Fprintf(&r.goals, "goal: %s = %.4g (target %s %g) %s\n", name, value, op, target, verdict)
}

const (
	// promised is how long an edit of an itinerary may take through the gateway, in milliseconds.
	promised = 20
	// growthP50 and growthP99 bound how much slower a call may be with a hundred times the trips.
	growthP50, growthP99 = 1.5, 2
	// addedP50 bounds what looking through 1,000 trips of one's own takes, in milliseconds.
	addedP50 = 2
)

// calls tells what was measured at both sizes.
func (r *report) calls(small, large map[string]figures) {
	r.add("## Calls\n")
	r.add("Through the SDK and the gateway, %d travellers, pages of %d, with %d watches open. *Alone*: one caller, each call for another traveller; then %d callers at once, each as soon as it is answered. Times in ms.\n", callers, pageSize, watchers, callers)
	r.add("| call | trips (each / all) | alone p50 | p99 | at once, calls/s | p50 | p99 |")
	r.add("|---|---|---|---|---|---|---|")
	slower := map[float64]struct {
		ratio float64
		call  string
	}{}
	added := 0.0
	for _, c := range calls() {
		a, b := small[c.name], large[c.name]
		for _, size := range []struct {
			each, all int
			f         figures
		}{{smallEach, smallAll, a}, {largeEach, largeAll, b}} {
			r.add("| %s | %d / %d | %.2f | %.2f | %.0f | %.1f | %.1f |", c.name, size.each, size.all, size.f.alone.Quantile(.5),
				size.f.alone.Quantile(.99), size.f.many.PerSecond(), size.f.many.Quantile(.5), size.f.many.Quantile(.99))
		}
		if c.through {
			added = max(added, b.alone.Quantile(.5)-a.alone.Quantile(.5))
			continue
		}
		for _, q := range []float64{.5, .99} {
			worst := slower[q]
			if ratio := b.alone.Quantile(q) / a.alone.Quantile(q); ratio > worst.ratio {
				worst.ratio, worst.call = ratio, c.name
			}
			slower[q] = worst
		}
	}
	r.add("")
	r.goal("p50 with 100,000 trips, of that with 1,000, the worst call's ("+slower[.5].call+")", slower[.5].ratio, "<=", growthP50)
	r.goal("p99 with 100,000 trips, of that with 1,000, the worst call's ("+slower[.99].call+")", slower[.99].ratio, "<=", growthP99)
	r.goal("p50 that a search or a status adds with 1,000 own trips, ms", added, "<=", addedP50)
	for _, name := range []string{moveStop, setStay} {
		r.goal(name+" through the gateway, p99, ms", large[name].alone.Quantile(.99), "<=", promised)
	}
}

// plan tells of one statement's plan.
func (r *report) plan(name, sql, mode string, p plan) {
	mode = strings.TrimSuffix(strings.TrimPrefix(mode, "force_"), "_plan")
	r.add("| %s | `%s` | %s | %s | %.0f | %d | %.2f |", name, short(sql), p.Plan.describe(), mode, p.Plan.read(), p.Plan.Hit+p.Plan.Read, p.Execution)
}

// short is the beginning of a statement, after its list of columns.
func short(sql string) string {
	words := strings.Fields(sql)
	if at := slices.Index(words, "FROM"); at > 0 && words[0] == "SELECT" {
		words = append([]string{"SELECT", "…"}, words[at:]...)
	}
	line := strings.Join(words, " ")
	if runes := []rune(line); len(runes) > 110 {
		line = string(runes[:110]) + "…"
	}
	return strings.ReplaceAll(line, "|", "\\|")
}

// describe names the nodes that read tables, with their indexes.
func (n node) describe() string {
	var parts []string
	switch {
	case n.Index != "":
		parts = append(parts, n.Type+" "+n.Index)
	case n.Relation != "" && strings.Contains(n.Type, "Scan"):
		parts = append(parts, n.Type+" of "+n.Relation)
	case n.Type == "Sort":
		parts = append(parts, "Sort")
	}
	for _, below := range n.Plans {
		if text := below.describe(); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// read counts the rows that were read from tables, those that a filter threw away with them.
func (n node) read() float64 {
	rows := 0.0
	if strings.Contains(n.Type, "Scan") && !strings.HasPrefix(n.Type, "Bitmap Index") {
		rows = (n.Rows + n.Removed) * n.Loops
	}
	for _, below := range n.Plans {
		rows += below.read()
	}
	return rows
}

// statements tells what the plans came to.
func (r *report) statements(all, scans, list int) {
	r.add("")
	r.add("%d statements, two plans each.\n", all)
	r.goal("plans of hot statements that read a whole table", float64(scans), "=", 0)
	r.goal("statements of a list's page, most", float64(list), "=", 1)
}

// finish prints everything and writes the document.
func (r *report) finish(path string) error {
	fmt.Print("\n" + r.body.String() + "\n" + r.goals.String())
	if path == "" {
		return nil
	}
	doc := fmt.Sprintf("# Trips\n\nMeasured %s on %s, %d CPUs shared by PostgreSQL, Redis, Kafka, Envoy, the services and the callers, %s, by `make bench-trip`.\n\n%s\n## Goals\n\n```\n%s```\n",
		time.Now().UTC().Format(time.DateOnly), cpuModel(), runtime.NumCPU(), runtime.Version(), r.body.String(), r.goals.String())
	return os.WriteFile(path, []byte(doc), 0o644)
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
