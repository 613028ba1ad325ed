package pipeline

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"
	"github.com/tripgen/tripgen/services/ai/pipeline"

	"github.com/tripgen/tripgen/bench/report"
)

const (
	usersAtOnce  = 10
	promiseLasts = 60 * time.Second
	promise      = 5 * time.Second
	lateAnswers  = 20 * time.Second
)

// lifeBudgets are the budgets that workers have in life.
func lifeBudgets() *pipeline.Budgets {
	return &pipeline.Budgets{
		Deadline: promise, Store: 500 * time.Millisecond, Gather: 800 * time.Millisecond, Plan: time.Second, Refine: 3 * time.Second,
		Late: lateAnswers, Hedge: 500 * time.Millisecond,
	}
}

// lived is what became of one generation.
type lived struct {
	id              string
	ready, firstDay time.Duration
	inTime          bool
}

// benchPromise keeps ten generations at work for a minute, with a slow and failing Claude.
func benchPromise(t *testing.T, r *report.Report) {
	s := aitest.Start(t, aitest.Options{
		Real: true, Log: quiet(), Conns: 16, Partitions: 6, Parallel: 32, Budgets: lifeBudgets(),
		Claude: anthropic.Config{P50: 2500 * time.Millisecond, P99: 12 * time.Second, ErrorRate: 0.05, Seed: 7},
	})
	k := startKeeper(t, s)
	warm(t, s, k)
	before := s.Claude.Counts()
	var mu sync.Mutex
	var all []lived
	var users sync.WaitGroup
	until := time.Now().Add(promiseLasts)
	for user := range usersAtOnce {
		users.Go(func() {
			for i := 0; time.Now().Before(until); i++ {
				one := live(t, s, k, request(user*100+i))
				mu.Lock()
				all = append(all, one)
				mu.Unlock()
			}
		})
	}
	users.Wait()
	time.Sleep(lateAnswers) // what comes late has come by then
	tellPromise(t, r, s, all, before.Calls)
}

// request asks for a trip of four to seven days, another one for each number.
func request(n int) *aiv1.StartGenerationRequest {
	cities := []string{"munich", "seoul", "paris", "kyoto", "busan", "tokyo"}
	return aitest.Request(cities[n%len(cities)], int32(3+n%4))
}

// live starts a generation, watches it, and waits until it is ready.
func live(t *testing.T, s *aitest.Stack, k *keeper, q *aiv1.StartGenerationRequest) lived {
	one := lived{id: q.GetGenerationId()}
	asked := time.Now()
	q.RequestTime = timestamp(asked)
	s.Begin(t, q)
	first := make(chan time.Duration, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		stream, err := s.Generations.WatchGeneration(ctx, &aiv1.WatchGenerationRequest{GenerationId: one.id})
		if err != nil {
			return
		}
		defer func() { _ = stream.Close() }()
		for stream.Receive() {
			if stream.Msg().GetEvent().GetDayReady() != nil {
				first <- time.Since(asked)
				return
			}
		}
	}()
	at, ok := k.await(one.id, 30*time.Second)
	if !ok {
		t.Errorf("%s is not ready after 30 s", one.id)
		return one
	}
	one.ready, one.inTime = at.Sub(asked), at.Sub(asked) <= promise
	select {
	case one.firstDay = <-first:
	case <-ctx.Done():
		one.firstDay = 30 * time.Second
	}
	return one
}

func tellPromise(t *testing.T, r *report.Report, s *aitest.Stack, all []lived, before int64) {
	var ready, firstDay report.Times
	inTime, days, refined, refinedInTime, end := 0, 0, 0, 0, 0
	var micros int64
	for _, one := range all {
		ready, firstDay = append(ready, one.ready), append(firstDay, one.firstDay)
		g, err := s.Store.Get(t.Context(), one.id)
		if err != nil {
			t.Fatal(err)
		}
		days += len(g.DaysReady)
		refined += len(g.DaysRefined)
		end += len(g.DaysRefined) + len(g.DaysImproved)
		micros += g.Cost.MicroUSD
		if one.inTime {
			inTime++
			refinedInTime += len(g.DaysRefined)
		}
	}
	calls := s.Claude.Counts()
	calls.Calls -= before
	r.Add("## (a) Ten at work for a minute\n\nSimulated Claude: p50 2.5 s, p99 12 s, 5%% of calls fail. Trips of four to seven days, no two alike, no answer shared. A stand-in for the trip service fetches and confirms each itinerary.\n")
	r.Add("| generations | ready p50 | p99 | longest | first day p50 | p99 |\n|---|---|---|---|---|---|")
	r.Add("| %d | %.2f s | %.2f s | %.2f s | %.0f ms | %.0f ms |\n", len(all), ready.At(.5).Seconds(), ready.At(.99).Seconds(), ready.At(1).Seconds(), millis(firstDay.At(.5)), millis(firstDay.At(.99)))
	r.Add("Of %d days, %d were refined within the deadline and %d in the end. Claude was called %d times (%.2f a day; %d answered, %d failed, %d were cut when another call had answered); %.4f US dollars a generation.\n",
		days, refined, end, calls.Calls, share(int(calls.Calls), days), calls.Answered, calls.Failed, calls.Abandoned, float64(micros)/1e6/float64(max(1, len(all))))
	r.Add("Each day has a call of its own; after 0.5 s one more call per city asks for all days that are still missing, and the first answer for a day counts. The simulated time of a call does not grow with the length of its answer; a real model's would, so that the later days of the joint call come later than here.\n")
	r.Goal("ready within 5 s, share", share(inTime, len(all)), ">=", 1)
	r.Goal("days refined within 5 s, share", share(refinedInTime, days), ">=", 0.90)
	r.Goal("model calls a day", share(int(calls.Calls), days), "<=", 1.3)
	r.Goal("days refined in the end, share", share(end, days), ">=", 0.99)
	r.Goal("first day visible p50, s", firstDay.At(.5).Seconds(), "<=", 1)
}
