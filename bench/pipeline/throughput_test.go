package pipeline

import (
	"sync"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/ai/aitest"

	"github.com/tripgen/tripgen/bench/report"
)

const (
	acceptRate  = 220 // a second
	acceptLasts = 15 * time.Second
)

// benchThroughput accepts at a fixed rate with planner-only workers at work beside, and waits until all are ready.
func benchThroughput(t *testing.T, r *report.Report) {
	s := aitest.Start(t, aitest.Options{
		Real: true, Log: quiet(), NoModel: true, NoWorker: true, Conns: 16, Partitions: 6, Parallel: 32, Queue: 100_000, Budgets: lifeBudgets(),
	})
	s.StartProcess(t, "nice", "-n", "10") // as deployments do: what answers people goes before what works for them
	k := startKeeper(t, s)
	warm(t, s, k)
	ready := k.count()
	var mu sync.Mutex
	var accept report.Times
	refused := 0
	var sending sync.WaitGroup
	began := time.Now()
	n := int(acceptRate * acceptLasts.Seconds())
	for i := range n {
		if wait := time.Until(began.Add(time.Duration(i) * time.Second / acceptRate)); wait > 0 {
			time.Sleep(wait)
		}
		due := began.Add(time.Duration(i) * time.Second / acceptRate)
		q := aitest.Request([]string{"munich", "seoul", "kyoto"}[i%3], int32(1+i%3))
		q.RequestTime = timestamp(due)
		sending.Go(func() {
			_, err := s.Intake.StartGeneration(t.Context(), q)
			took := time.Since(due) // from when it was due: a late sender hides nothing
			mu.Lock()
			defer mu.Unlock()
			accept = append(accept, took)
			if err != nil {
				refused++
			}
		})
	}
	sending.Wait()
	accepting := time.Since(began)
	for deadline := time.Now().Add(3 * time.Minute); k.count()-ready < n-refused; {
		if time.Now().After(deadline) {
			t.Errorf("%d of %d are ready", k.count()-ready, n-refused)
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	completing := time.Since(began)
	r.Add("## (b) Planner only\n\n%d generations of two to four days, asked for at %d a second while a worker in a process of its own (nice 10) plans and the keeper confirms, all on this machine.\n", n, acceptRate)
	r.Add("| accepted/s | accept p50 | p99 | longest | refused | completed/s, accepting and after |\n|---|---|---|---|---|---|")
	r.Add("| %.0f | %.1f ms | %.1f ms | %.1f ms | %d | %.0f |\n", float64(n-refused)/accepting.Seconds(), millis(accept.At(.5)), millis(accept.At(.99)), millis(accept.At(1)), refused, float64(k.count()-ready)/completing.Seconds())
	r.Goal("accepted a second", float64(n-refused)/accepting.Seconds(), ">=", 200)
	r.Goal("completed a second", float64(k.count()-ready)/completing.Seconds(), ">=", 100)
	r.Goal("accept p99, ms", millis(accept.At(.99)), "<=", 50)
}
