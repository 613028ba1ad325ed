package pipeline

import (
	"cmp"
	"container/heap"
	"slices"
	"sync"
	"testing"
	"time"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"

	"github.com/tripgen/tripgen/bench/report"
)

const (
	normalRate = 20 // a second
	burstRate  = 10 * normalRate
	burstLasts = time.Minute
	// burstServers work in the burst; few, so that order matters.
	burstServers = 4
)

// job is a generation of the burst.
type job struct {
	class        ai.Class
	asked        time.Duration // since the burst began
	start, takes time.Duration
}

// big asks for two weeks of a large group in three cities.
func big() *aiv1.StartGenerationRequest {
	q := aitest.Request("seoul", 5)
	for range 4 {
		q.Profile.Members = append(q.Profile.Members, &aiv1.PlanningMember{Age: 50, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD})
	}
	for _, city := range []string{"busan", "jeju"} {
		q.Profile.Destinations = append(q.Profile.Destinations, &aiv1.PlanningDestination{
			Id: "dest", Name: city, CityId: city, StartDate: &typev1.Date{Year: 2026, Month: 12, Day: 12}, Nights: 4,
		})
	}
	return q
}

// benchBurst asks for ten times the normal load and compares the order of work with first come, first served and with
// strict priority on the same arrivals and the same measured work.
func benchBurst(t *testing.T, r *report.Report) {
	s := aitest.Start(t, aitest.Options{
		Real: true, Log: quiet(), NoModel: true, Conns: 16, Partitions: 6, Parallel: burstServers, Queue: 100_000, Budgets: lifeBudgets(),
	})
	k := startKeeper(t, s)
	warm(t, s, k)
	ready := k.count()
	n := int(burstRate * burstLasts.Seconds())
	ids := make([]string, n)
	var refused sync.Map
	var sending sync.WaitGroup
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / burstRate)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		var q *aiv1.StartGenerationRequest
		switch i % 10 {
		case 0, 1:
			q = big()
		case 2, 3, 4:
			q = aitest.Request("paris", 6)
		default:
			q = aitest.Request("munich", 1)
		}
		ids[i] = q.GetGenerationId()
		q.RequestTime = timestamp(due)
		sending.Go(func() {
			if _, err := s.Intake.StartGeneration(t.Context(), q); err != nil {
				refused.Store(q.GetGenerationId(), err)
			}
		})
	}
	sending.Wait()
	left := n
	refused.Range(func(any, any) bool { left--; return true })
	for deadline := time.Now().Add(4 * time.Minute); k.count()-ready < left && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	tellBurst(t, r, s, began, ids, n-left)
}

func tellBurst(t *testing.T, r *report.Report, s *aitest.Stack, began time.Time, ids []string, refused int) {
	var jobs []job
	rows, err := s.Pool.Query(t.Context(), "SELECT class, request_time, start_time, made_time FROM generation WHERE made_time IS NOT NULL AND id = ANY($1)", ids)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var class string
		var asked, start, made time.Time
		if err := rows.Scan(&class, &asked, &start, &made); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job{ai.Class(class), asked.Sub(began), start.Sub(began), made.Sub(start)})
	}
	if rows.Err() != nil || len(jobs) != len(ids)-refused {
		t.Fatalf("%d of %d were made: %v", len(jobs), len(ids)-refused, rows.Err())
	}
	r.Add("## (c) A burst of ten times the normal load\n\n%d generations in %v (%d a second; half small, three in ten standard, two in ten of two weeks in three cities), %d refused before the bound, %d at work at once. The other orders are computed on the same arrivals, the same measured work (stretched so that our order, computed, ends when it did) and as many servers.\n",
		len(ids), burstLasts, burstRate, refused, burstServers)
	r.Add("| order | express mean wait | standard | bulk | largest wait of bulk |\n|---|---|---|---|---|")
	measured := map[ai.Class]report.Times{}
	for _, j := range jobs {
		measured[j.class] = append(measured[j.class], j.start-j.asked)
	}
	row := func(name string, waits map[ai.Class]report.Times) {
		r.Add("| %s | %.2f s | %.2f s | %.2f s | %.2f s |", name, waits[ai.Express].Mean().Seconds(), waits[ai.Standard].Mean().Seconds(), waits[ai.Bulk].Mean().Seconds(), waits[ai.Bulk].At(1).Seconds())
	}
	jobs = calibrate(jobs)
	fifo := order(jobs, func(job) time.Duration { return 0 })
	row("ours, measured", measured)
	row("ours, computed", order(jobs, func(j job) time.Duration { return j.class.Credit() }))
	row("first come, first served", fifo)
	row("strict priority", order(jobs, func(j job) time.Duration { return 1000 * j.class.Credit() }))
	r.Add("")
	r.Goal("burst: refused before the bound", float64(refused), "<=", 0)
	r.Goal("burst: small trips' mean wait against first come, first served", measured[ai.Express].Mean().Seconds()/fifo[ai.Express].Mean().Seconds(), "<=", 0.4)
	r.Goal("burst: largest wait of a big trip against first come, first served", measured[ai.Bulk].At(1).Seconds()/fifo[ai.Bulk].At(1).Seconds(), "<=", 1.5)
}

// calibrate stretches the measured work so that our order, computed, ends when it did end: what lies between two
// generations of a worker (claims, commits) is work too, and has to be in all orders alike.
func calibrate(jobs []job) []job {
	var last time.Duration
	for _, j := range jobs {
		last = max(last, j.start)
	}
	stretched := slices.Clone(jobs)
	low, high := 1.0, 2.0
	for range 20 {
		factor := (low + high) / 2
		for i := range jobs {
			stretched[i].takes = time.Duration(float64(jobs[i].takes) * factor)
		}
		if lastStart(stretched) < last {
			low = factor
		} else {
			high = factor
		}
	}
	return stretched
}

// lastStart computes when the last job would start in our order.
func lastStart(jobs []job) time.Duration {
	var last time.Duration
	for _, j := range run(jobs, func(j job) time.Duration { return j.class.Credit() }) {
		last = max(last, j.start)
	}
	return last
}

// order computes the waits if jobs were taken by the time of asking moved back by a credit.
func order(jobs []job, credit func(job) time.Duration) map[ai.Class]report.Times {
	waits := map[ai.Class]report.Times{}
	for _, j := range run(jobs, credit) {
		waits[j.class] = append(waits[j.class], j.start-j.asked)
	}
	return waits
}

// waiting is a heap of jobs by the time of asking moved back by their credit.
type waiting struct {
	jobs []job
	keys []time.Duration
}

func (w *waiting) Len() int           { return len(w.jobs) }
func (w *waiting) Less(i, j int) bool { return w.keys[i] < w.keys[j] }
func (w *waiting) Swap(i, j int) {
	w.jobs[i], w.jobs[j] = w.jobs[j], w.jobs[i]
	w.keys[i], w.keys[j] = w.keys[j], w.keys[i]
}

// Push is for package heap; the key is pushed before.
func (w *waiting) Push(x any) { w.jobs = append(w.jobs, x.(job)) }

// Pop is for package heap.
func (w *waiting) Pop() any {
	n := len(w.jobs) - 1
	j := w.jobs[n]
	w.jobs, w.keys = w.jobs[:n], w.keys[:n]
	return j
}

// run computes when each job would start.
func run(jobs []job, credit func(job) time.Duration) []job {
	arrivals := slices.SortedFunc(slices.Values(jobs), func(a, b job) int { return cmp.Compare(a.asked, b.asked) })
	free := make([]time.Duration, burstServers)
	var w waiting
	started := make([]job, 0, len(jobs))
	for next := 0; next < len(arrivals) || w.Len() > 0; {
		server := slices.Index(free, slices.Min(free))
		now := free[server]
		if w.Len() == 0 {
			now = max(now, arrivals[next].asked)
		}
		for ; next < len(arrivals) && arrivals[next].asked <= now; next++ {
			w.keys = append(w.keys, arrivals[next].asked-credit(arrivals[next]))
			heap.Push(&w, arrivals[next])
		}
		j, _ := heap.Pop(&w).(job)
		j.start = now
		started = append(started, j)
		free[server] = now + j.takes
	}
	return started
}
