// Command tally tells what came of killing the processes that run sagas, from the lines that the tests wrote: kind,
// kills, sagas, lost, doubled.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"

	"github.com/tripgen/tripgen/bench/report"
)

// leastKills is how many there have to be in all.
const leastKills = 200

func main() {
	in := flag.String("in", "", "the file with the lines")
	out := flag.String("out", "docs/benchmarks/saga-faults.md", "the report to write")
	flag.Parse()
	met, err := run(*in, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	if !met {
		os.Exit(1)
	}
}

func run(in, out string) (met bool, err error) {
	f, err := os.Open(in)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	r := report.New("Faults of the sagas")
	r.Add("Processes that run sagas kill themselves (SIGKILL) before, within and after each step; others go on. A saga that is\n" +
		"lost has not ended as it should (done, or compensated with nothing lost); one that is doubled has done something twice.\n")
	r.Add("| saga | kills | sagas | lost | doubled |\n|---|---|---|---|---|")
	kinds, kills, lost, doubled := 0, 0, 0, 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var kind string
		var k, s, l, d int
		if _, err := fmt.Sscan(lines.Text(), &kind, &k, &s, &l, &d); err != nil {
			return false, fmt.Errorf("line %q: %w", lines.Text(), err)
		}
		r.Add("| %s | %d | %d | %d | %d |", kind, k, s, l, d)
		kinds, kills, lost, doubled = kinds+1, kills+k, lost+l, doubled+d
	}
	if err := lines.Err(); err != nil {
		return false, err
	}
	r.Goal("kinds of sagas", float64(kinds), "=", 3)
	r.Goal("kills of sagas", float64(kills), ">=", leastKills)
	r.Goal("sagas lost", float64(lost), "=", 0)
	r.Goal("sagas doubled", float64(doubled), "=", 0)
	return r.Met(), r.Finish(out, "make faults-trip")
}
