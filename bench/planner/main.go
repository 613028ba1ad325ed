// Command planner measures the trip planner: its solver against best-known
// TOPTW values and against PyVRP and OR-tools, and whole itineraries of real
// trips against the rules. It uses one core and writes docs/benchmarks/planner.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/tripgen/tripgen/bench/report"
)

func main() {
	o := options{}
	flag.StringVar(&o.dir, "toptw", "", "folder with bestknown.csv and instances/")
	flag.StringVar(&o.python, "python", "", "Python with pyvrp and ortools; empty leaves the peers out")
	flag.StringVar(&o.script, "peers", "bench/planner/peers.py", "script that runs the peers")
	flag.StringVar(&o.out, "out", "docs/benchmarks/planner.md", "document to write")
	flag.BoolVar(&o.full, "full", false, "all cells instead of a sample")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	dir, python, script, out string
	full                     bool
}

func (o *options) run() error {
	r := report.New("Planner")
	cells, err := readCells(o.dir)
	if err != nil {
		return fmt.Errorf("TOPTW instances (set TOPTW_DIR): %w", err)
	}
	chosen := cells
	if !o.full {
		chosen = sample(cells, 40)
	}
	if err := benchCells(r, chosen); err != nil {
		return err
	}
	if o.python != "" {
		if err := benchPeers(r, o, sample(cells, 10)); err != nil {
			return err
		}
	}
	if err := benchTrips(r); err != nil {
		return err
	}
	command := "make bench-planner"
	if o.full {
		command = "make bench-planner FULL=1"
	}
	r.Add("%s", profile)
	return r.Finish(o.out, command)
}

// wall times at which the solver is measured, and the targets of the mean gap in
// percent.
var measured = []struct {
	limit  time.Duration
	target float64
}{{100 * time.Millisecond, 2}, {time.Second, 0.5}, {5 * time.Second, 0.15}}

// benchCells measures the gap to the best-known profits.
func benchCells(r *report.Report, cells []cell) error {
	r.Add("## Solomon TOPTW, gap to best-known in percent\n")
	r.Add("%d cells of instance and number of routes. A negative gap beats a value that is not proven.\n", len(cells))
	r.Add("| wall time | mean | worst | mean, proven cells | at best-known or better |")
	r.Add("|---|---|---|---|---|")
	var better []string
	for _, m := range measured {
		var all, proven tally
		for k := range cells {
			c := &cells[k]
			profit, err := c.solve(m.limit, 1)
			if err != nil {
				return fmt.Errorf("our own answer: %w", err)
			}
			all.add(c.gap(profit))
			if c.proven {
				proven.add(c.gap(profit))
			}
			if profit > c.best {
				better = append(better, fmt.Sprintf("%s m=%d: %d (best known %d) in %v", c.inst.name, c.routes, profit, c.best, m.limit))
			}
		}
		r.Add("| %v | %.3f | %.2f | %.3f | %d of %d |", m.limit, all.mean(), all.worst, proven.mean(), all.reached, all.n)
		r.Goal(fmt.Sprintf("planner_toptw_gap_percent_%v", m.limit), all.mean(), "<=", m.target)
	}
	r.Add("")
	for _, b := range better {
		r.Add("- better than best known: %s", b)
	}
	r.Add("")
	return nil
}

type tally struct {
	sum, worst float64
	n, reached int
}

func (t *tally) add(gap float64) {
	t.sum += gap
	t.worst = max(t.worst, gap)
	t.n++
	if gap <= 0 {
		t.reached++
	}
}

func (t *tally) mean() float64 { return t.sum / float64(max(t.n, 1)) }

// benchPeers compares mean shares of best-known at equal wall times.
func benchPeers(r *report.Report, o *options, cells []cell) error {
	limits := []time.Duration{100 * time.Millisecond, time.Second, 10 * time.Second}
	share := map[string][]float64{}
	for _, limit := range limits {
		ours := 0.0
		for k := range cells {
			profit, err := cells[k].solve(limit, 1)
			if err != nil {
				return fmt.Errorf("our own answer: %w", err)
			}
			ours += float64(profit) / float64(cells[k].best) / float64(len(cells))
		}
		share["TripGen"] = append(share["TripGen"], ours)
		for _, solver := range []string{"pyvrp", "ortools"} {
			s, wall, err := runPeer(o.python, o.script, solver, cells, limit)
			if err != nil {
				return err
			}
			share[solver] = append(share[solver], s)
			fmt.Printf("%s at %v: %.4f, longest run %.2f s\n", solver, limit, s, wall)
		}
	}
	r.Add("## Peers, mean share of best-known on %d cells, one thread each\n", len(cells))
	r.Add("| solver | %v | %v | %v |", limits[0], limits[1], limits[2])
	r.Add("|---|---|---|---|")
	for _, solver := range []string{"TripGen", "pyvrp", "ortools"} {
		r.Add("| %s | %.4f | %.4f | %.4f |", solver, share[solver][0], share[solver][1], share[solver][2])
	}
	r.Add("")
	r.Goal("planner_share_minus_pyvrp_at_ten_times_0.1s", share["TripGen"][0]-share["pyvrp"][1], ">=", 0)
	r.Goal("planner_share_minus_pyvrp_at_ten_times_1s", share["TripGen"][1]-share["pyvrp"][2], ">=", 0)
	least := 1.0
	for k := range limits {
		least = min(least, share["TripGen"][k]-share["ortools"][k])
	}
	r.Goal("planner_share_minus_ortools_least", least, ">=", 0)
	return nil
}
