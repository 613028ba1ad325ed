package orienteering

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func load(path string, m int) *Problem {
	b, _ := os.ReadFile(path)
	lines := strings.Split(string(b), "\n")
	h := strings.Fields(lines[0])
	n, _ := strconv.Atoi(h[2])
	var xs, ys []float64
	p := &Problem{Nodes: n, Points: n + 1, Classes: 1, DetourCost: 1, TieCost: 0.001, Seed: 1}
	for k := 0; k <= n; k++ {
		f := strings.Fields(lines[2+k])
		g := func(i int) float64 { v, _ := strconv.ParseFloat(f[i], 64); return v }
		xs, ys = append(xs, g(1)), append(ys, g(2))
		o, c := int32(g(len(f)-2)*10), int32(g(len(f)-1)*10)
		if k == 0 {
			for range m {
				p.Routes = append(p.Routes, Route{Start: int32(n), End: int32(n), Open: 0, Close: c, Limit: [3]int32{-1, -1, -1}})
			}
			continue
		}
		p.Stay = append(p.Stay, int32(g(3)*10))
		p.Profit = append(p.Profit, int32(g(4)))
		p.Windows = append(p.Windows, []Window{{o, c}})
		p.Point = append(p.Point, int32(k-1))
	}
	p.Kind = make([]uint8, n)
	p.Time = make([]int32, (n+1)*(n+1))
	at := func(i int) (float64, float64) { return xs[(i+1)%(n+1)], ys[(i+1)%(n+1)] }
	for i := 0; i <= n; i++ {
		for j := 0; j <= n; j++ {
			x1, y1 := at(i)
			x2, y2 := at(j)
			p.Time[i*(n+1)+j] = int32(math.Sqrt((x1-x2)*(x1-x2)+(y1-y2)*(y1-y2))*10 + 1e-9)
		}
	}
	return p
}

func TestTune(t *testing.T) {
	dir := os.Getenv("TUNE_DIR")
	if dir == "" {
		t.Skip()
	}
	f, _ := os.Open(dir + "/bestknown.csv")
	rows, _ := csv.NewReader(f).ReadAll()
	step, _ := strconv.Atoi(os.Getenv("TUNE_STEP"))
	off, _ := strconv.Atoi(os.Getenv("TUNE_OFF"))
	secs, _ := strconv.ParseFloat(os.Getenv("TUNE_SEC"), 64)
	verbose := os.Getenv("TUNE_V") != ""
	if v := os.Getenv("HOT"); v != "" {
		HotShare, _ = strconv.ParseFloat(v, 64)
	}
	if v := os.Getenv("GREEDY"); v != "" {
		GreedyShare, _ = strconv.ParseFloat(v, 64)
	}
	if v := os.Getenv("COLD"); v != "" {
		ColdShare, _ = strconv.ParseFloat(v, 64)
	}
	sum, worst, cnt := 0.0, 0.0, 0
	bySet := map[string][2]float64{}
	for k := 1 + off; k < len(rows); k += step {
		r := rows[k]
		m, _ := strconv.Atoi(r[1])
		bk, _ := strconv.Atoi(r[2])
		p := load(dir+"/instances/"+r[0]+".txt", m)
		if v := os.Getenv("CPT"); v != "" {
			p.TieCost, _ = strconv.ParseFloat(v, 64)
		}
		x := NewSearch(p, nil)
		start := time.Now()
		iters := 0
		sol := x.Run(Budget{Spent: func() float64 { iters += 8; return time.Since(start).Seconds() / secs }})
		gap := 100 * float64(bk-int(sol.Score)) / float64(bk)
		sum += gap
		cnt++
		worst = max(worst, gap)
		set := strings.TrimRight(r[0], "0123456789") + r[0][len(r[0])-3:len(r[0])-2] + "m" + r[1]
		g := bySet[set]
		bySet[set] = [2]float64{g[0] + gap, g[1] + 1}
		if verbose {
			fmt.Printf("%s m=%d bk=%d got=%d gap=%.2f %s iters=%d\n", r[0], m, bk, sol.Score, gap, r[3], iters)
		}
	}
	for s, g := range bySet {
		if verbose {
			fmt.Printf("%s %.2f\n", s, g[0]/g[1])
		}
	}
	fmt.Printf("avg=%.3f worst=%.2f n=%d\n", sum/float64(cnt), worst, cnt)
}
