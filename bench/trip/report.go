package main

import (
	"slices"
	"strings"

	"github.com/tripgen/tripgen/bench/report"
)

// document is the report, with what this benchmark tells.
type document struct{ *report.Report }

const (
	// promised is how long an edit of an itinerary may take through the gateway, in milliseconds.
	promised = 20
	// growthP50 and growthP99 bound how much slower a call may be with a hundred times the trips.
	growthP50, growthP99 = 1.5, 2
	// addedP50 bounds what looking through 1,000 trips of one's own takes, in milliseconds.
	addedP50 = 2
)

// calls tells what was measured at both sizes.
func (r *document) calls(small, large map[string]figures) {
	r.Add("## Calls\n")
	r.Add("Through the SDK and the gateway, %d travellers, pages of %d, with %d watches open. *Alone*: one caller, each call for another traveller; then %d callers at once, each as soon as it is answered. Times in ms.\n", callers, pageSize, watchers, callers)
	r.Add("| call | trips (each / all) | alone p50 | p99 | at once, calls/s | p50 | p99 |")
	r.Add("|---|---|---|---|---|---|---|")
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
			r.Add("| %s | %d / %d | %.2f | %.2f | %.0f | %.1f | %.1f |", c.name, size.each, size.all, size.f.alone.Quantile(.5),
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
	r.Add("")
	r.Goal("p50 with 100,000 trips, of that with 1,000, the worst call's ("+slower[.5].call+")", slower[.5].ratio, "<=", growthP50)
	r.Goal("p99 with 100,000 trips, of that with 1,000, the worst call's ("+slower[.99].call+")", slower[.99].ratio, "<=", growthP99)
	r.Goal("p50 that a search or a status adds with 1,000 own trips, ms", added, "<=", addedP50)
	for _, name := range []string{moveStop, setStay} {
		r.Goal(name+" through the gateway, p99, ms", large[name].alone.Quantile(.99), "<=", promised)
	}
}

// plan tells of one statement's plan.
func (r *document) plan(name, sql, mode string, p plan) {
	mode = strings.TrimSuffix(strings.TrimPrefix(mode, "force_"), "_plan")
	r.Add("| %s | `%s` | %s | %s | %.0f | %d | %.2f |", name, short(sql), p.Plan.describe(), mode, p.Plan.read(), p.Plan.Hit+p.Plan.Read, p.Execution)
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
func (r *document) statements(all, scans, list int) {
	r.Add("")
	r.Add("%d statements, two plans each.\n", all)
	r.Goal("plans of hot statements that read a whole table", float64(scans), "=", 0)
	r.Goal("statements of a list's page, most", float64(list), "=", 1)
}
