// Command sizes prints how long the hand-written source files and Go functions are, beside what TripGen aims at, and
// fails on what is beyond the hard limits or carries a name that says nothing. Run it in the root of the checkout.
//
// Sizes are a mirror, not a target: a file is split where its meaning splits.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// The aims and the hard limits, in lines.
const (
	aimFileMedian = 120
	aimFileP90    = 300
	aimFuncP90    = 45
	maxFile       = 500
	maxFunc       = 100
)

// emptyNames are package names that tell nothing of what is inside.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "misc", "shared"}

// modules are the folders of the two Go modules, the inner one first: a file belongs to the first that holds it.
var modules = []string{"sdk/go", "."}

func main() {
	names, err := sourceFiles(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(2)
	}
	files, err := measure(os.DirFS("."), names)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(2)
	}
	report(os.Stdout, files)
	if found := violations(files); len(found) > 0 {
		for _, v := range found {
			fmt.Fprintln(os.Stderr, v)
		}
		os.Exit(1)
	}
}

// sourceFiles lists what git has or would take: neither downloads nor build results.
func sourceFiles(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	names := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	return slices.DeleteFunc(names, func(name string) bool {
		_, err := os.Stat(name) // deleted, but not yet in git's view
		return err != nil || strings.Contains(name, "/testdata/") || !slices.Contains(extensions, path.Ext(name))
	}), nil
}

// report prints a line for each module and one for the other languages.
func report(w io.Writer, files []file) {
	fmt.Fprintf(w, "%-12s %6s %7s %15s %15s %10s %6s %12s\n",
		"", "files", "lines", "file median/p90", "func median/p90", "func >100", ">500", "test:source")
	for _, module := range modules {
		reportLine(w, module, slices.DeleteFunc(slices.Clone(files), func(f file) bool { return !f.isGo() || moduleOf(f.name) != module }))
	}
	reportLine(w, "others", slices.DeleteFunc(slices.Clone(files), func(f file) bool { return f.isGo() }))
	fmt.Fprintf(w, "%-12s %6s %7s %9s %5s %9s %5s %10s %6s %12s\n", "aim", "", "",
		fmt.Sprintf("≤ %d", aimFileMedian), fmt.Sprintf("≤ %d", aimFileP90), "", fmt.Sprintf("≤ %d", aimFuncP90), "0", "0", "≥ 1")
}

func reportLine(w io.Writer, name string, files []file) {
	var sizes, funcs []int
	var source, tests, longFiles, longFuncs int
	for _, f := range files {
		if f.test {
			tests += f.lines
			continue
		}
		source += f.lines
		sizes = append(sizes, f.lines)
		if f.lines > maxFile {
			longFiles++
		}
		for _, fn := range f.funcs {
			funcs = append(funcs, fn.lines)
			if fn.lines > maxFunc {
				longFuncs++
			}
		}
	}
	if len(sizes) == 0 {
		return
	}
	fmt.Fprintf(w, "%-12s %6d %7d %9d %5d %9d %5d %10d %6d %12.2f\n", name, len(sizes), source,
		quantile(sizes, 0.5), quantile(sizes, 0.9), quantile(funcs, 0.5), quantile(funcs, 0.9),
		longFuncs, longFiles, float64(tests)/float64(source))
}

// quantile is the smallest value that at least the share q of all values do not exceed; 0 for none.
func quantile(values []int, q float64) int {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	at := int(math.Ceil(q * float64(len(sorted))))
	return sorted[max(0, min(at, len(sorted))-1)]
}

// violations are what no file may be, in the order of their places.
func violations(files []file) []string {
	var found []string
	for _, f := range files {
		if f.test {
			continue
		}
		if f.lines > maxFile {
			found = append(found, fmt.Sprintf("%s: %d lines; split it by meaning (at most %d)", f.name, f.lines, maxFile))
		}
		for _, fn := range f.funcs {
			if fn.lines > maxFunc {
				found = append(found, fmt.Sprintf("%s:%d: %s has %d lines; split it by meaning (at most %d)",
					f.name, fn.line, fn.name, fn.lines, maxFunc))
			}
		}
		if slices.Contains(emptyNames, f.pkg) {
			found = append(found, fmt.Sprintf("%s: package %s says nothing of what is inside: name it after that", f.name, f.pkg))
		}
	}
	slices.SortFunc(found, cmp.Compare)
	return found
}

func moduleOf(name string) string {
	for _, module := range modules {
		if strings.HasPrefix(name, module+"/") {
			return module
		}
	}
	return "."
}
