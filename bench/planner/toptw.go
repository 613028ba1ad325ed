package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tripgen/tripgen/services/ai/planner/orienteering"
)

// instance is a TOPTW benchmark instance (Righini and Salani 2006; Montemanni
// and Gambardella 2009) in tenths, node 0 the depot.
type instance struct {
	name                         string
	x, y                         []float64
	service, profit, open, close []int32
	travel                       []int32 // n·n, truncated to one decimal
}

// cell is an instance with a number of routes and what is known of it.
type cell struct {
	inst   *instance
	routes int
	best   int
	proven bool
}

func (i *instance) size() int { return len(i.x) }

// readCells reads bestknown.csv and the instances it names, in its order.
func readCells(dir string) ([]cell, error) {
	f, err := os.Open(filepath.Join(dir, "bestknown.csv"))
	if err != nil {
		return nil, fmt.Errorf("open best-known values: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read best-known values: %w", err)
	}
	known := map[string]*instance{}
	var cells []cell
	for _, row := range rows[1:] {
		if known[row[0]] == nil {
			if known[row[0]], err = readInstance(dir, row[0]); err != nil {
				return nil, err
			}
		}
		m, errM := strconv.Atoi(row[1])
		best, errB := strconv.Atoi(row[2])
		if errM != nil || errB != nil {
			return nil, fmt.Errorf("best-known values of %s are not numbers", row[0])
		}
		cells = append(cells, cell{known[row[0]], m, best, row[3] == "proven"})
	}
	return cells, nil
}

func readInstance(dir, name string) (*instance, error) {
	data, err := os.ReadFile(filepath.Join(dir, "instances", name+".txt"))
	if err != nil {
		return nil, fmt.Errorf("read instance: %w", err)
	}
	lines := strings.Split(string(data), "\n")
	head := strings.Fields(lines[0])
	n, err := strconv.Atoi(head[2])
	if err != nil || len(lines) < n+3 {
		return nil, fmt.Errorf("instance %s is cut short", name)
	}
	inst := &instance{name: name}
	for _, line := range lines[2 : n+3] {
		var v []float64
		for _, f := range strings.Fields(line) {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil {
				return nil, fmt.Errorf("instance %s: %w", name, err)
			}
			v = append(v, x)
		}
		tenths := func(x float64) int32 { return int32(math.Round(10 * x)) }
		inst.x, inst.y = append(inst.x, v[1]), append(inst.y, v[2])
		inst.service, inst.profit = append(inst.service, tenths(v[3])), append(inst.profit, int32(v[4]))
		inst.open, inst.close = append(inst.open, tenths(v[len(v)-2])), append(inst.close, tenths(v[len(v)-1]))
	}
	inst.travel = make([]int32, inst.size()*inst.size())
	for a := range inst.x {
		for b := range inst.x {
			d := math.Hypot(inst.x[a]-inst.x[b], inst.y[a]-inst.y[b])
			inst.travel[a*inst.size()+b] = int32(math.Floor(d*10 + 1e-9))
		}
	}
	return inst, nil
}

// sample picks count cells evenly over all sets and numbers of routes.
func sample(cells []cell, count int) []cell {
	if count >= len(cells) {
		return cells
	}
	var out []cell
	for k := range count {
		out = append(out, cells[k*len(cells)/count])
	}
	return out
}

// tieCost is what a tenth of travel costs beside profit: little.
const tieCost = 0.001

// problem states a cell for our solver, the depot as the last point.
func (c *cell) problem(seed uint64) *orienteering.Problem {
	i, n := c.inst, c.inst.size()-1
	p := &orienteering.Problem{
		Nodes: n, Points: n + 1, Classes: 1, Time: i.travel, Symmetric: true, DetourCost: tieCost, TieCost: tieCost, Seed: seed,
		Kind: make([]uint8, n), Stay: i.service[1:], Profit: i.profit[1:],
	}
	for u := range n {
		p.Point = append(p.Point, int32(u+1))
		p.Windows = append(p.Windows, []orienteering.Window{{Open: i.open[u+1], Close: i.close[u+1]}})
	}
	for range c.routes {
		p.Routes = append(p.Routes, orienteering.Route{Open: i.open[0], Close: i.close[0], Limit: [orienteering.Kinds]int32{-1, -1, -1}})
	}
	return p
}

// solve runs our solver for a wall time, setting up included.
func (c *cell) solve(limit time.Duration, seed uint64) (profit int, err error) {
	start := time.Now()
	s := orienteering.NewSearch(c.problem(seed), nil)
	sol := s.Run(orienteering.Budget{Spent: func() float64 { return float64(time.Since(start)) / float64(limit) }})
	for _, r := range sol.Routes {
		for k := range r {
			r[k]++ // node u is customer u+1
		}
	}
	return c.check(sol.Routes)
}

// check walks the routes of customers and returns their profit, or what is wrong
// with them. Every solver's answer goes through it.
func (c *cell) check(routes [][]int32) (int, error) {
	i, n := c.inst, int32(c.inst.size())
	if len(routes) > c.routes {
		return 0, fmt.Errorf("%s m=%d: %d routes", i.name, c.routes, len(routes))
	}
	var seen []int32
	profit := 0
	for _, r := range routes {
		at, now := int32(0), i.open[0]
		for _, u := range r {
			if u < 1 || u >= n || slices.Contains(seen, u) {
				return 0, fmt.Errorf("%s m=%d: customer %d unknown or visited twice", i.name, c.routes, u)
			}
			seen = append(seen, u)
			begin := max(now+i.travel[at*n+u], i.open[u])
			if begin > i.close[u] {
				return 0, fmt.Errorf("%s m=%d: customer %d is reached too late", i.name, c.routes, u)
			}
			at, now = u, begin+i.service[u]
			profit += int(i.profit[u])
		}
		if now+i.travel[at*n] > i.close[0] {
			return 0, fmt.Errorf("%s m=%d: a route ends too late", i.name, c.routes)
		}
	}
	return profit, nil
}

// gap is how far a profit is below the best known, in percent.
func (c *cell) gap(profit int) float64 { return 100 * float64(c.best-profit) / float64(c.best) }
