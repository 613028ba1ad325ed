// Package report is how benchmarks, fault runs and attacks tell what they measured: lines as they come, then a line for
// each goal, and both in a document.
package report

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Report collects lines for the terminal and for the document. It is for one goroutine.
type Report struct {
	title string
	body  strings.Builder
	goals strings.Builder
	met   bool
}

// New begins a report.
func New(title string) *Report { return &Report{title: title, met: true} }

// Add prints a line of the document, Markdown, as it is made.
func (r *Report) Add(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	fmt.Println(line)
	r.body.WriteString(line + "\n")
}

// Goal notes whether a measured value meets its target; op is "<=", ">=" or "=".
func (r *Report) Goal(name string, value float64, op string, target float64) {
	met := value <= target
	switch op {
	case ">=":
		met = value >= target
	case "=":
		met = value == target
	}
	verdict := "met"
	if !met {
		verdict, r.met = "missed", false
	}
	fmt.Fprintf(&r.goals, "goal: %s = %.4g (target %s %g) %s\n", name, value, op, target, verdict)
}

// Met tells whether every goal so far is.
func (r *Report) Met() bool { return r.met }

// Finish prints the goals and writes the document, with the command that measured it.
func (r *Report) Finish(path, command string) error {
	fmt.Print("\n" + r.goals.String())
	doc := fmt.Sprintf("# %s\n\nMeasured %s on %s, %d CPUs shared with other work, %s, by `%s`.\n\n%s\n## Goals\n\n```\n%s```\n",
		r.title, time.Now().UTC().Format(time.DateOnly), cpuModel(), runtime.NumCPU(), runtime.Version(), command, r.body.String(), r.goals.String())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder of the report: %w", err)
	}
	if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// End ends a command that measured: it finishes the report, unless the measuring failed or path is empty, and leaves with
// status 1 where something failed or a goal is missed. The command is that of make.
func (r *Report) End(err error, path, command string) {
	if err == nil && path != "" {
		err = r.Finish(path, command)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", strings.TrimPrefix(command, "make "), err)
	}
	if err != nil || !r.Met() {
		os.Exit(1)
	}
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
