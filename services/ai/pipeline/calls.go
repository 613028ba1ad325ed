package pipeline

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// calls are a generation's calls of the model under way: one a day at once, one more for each that failed, and one for
// all days of a city that are late. The first answer for a day counts and ends the other calls for it.
type calls struct {
	pipeline *Pipeline
	briefs   map[int]refine.Brief
	// answers has room for all that can come, so that no call ever waits.
	answers chan refine.Answer
	wishes  chan []refine.Wish
	// over is closed when no call is under way any more.
	over chan struct{}
	stop context.CancelFunc

	mu      sync.Mutex
	missing map[int]context.CancelFunc // by the day's index, ends the calls for it
	cost    ai.Cost
}

const (
	// answersPerDay: of its own call, its retry and the hedge.
	answersPerDay = 3
	// retryPause lies before a failed call's second try.
	retryPause = 50 * time.Millisecond
)

// call starts the calls. They end with ctx, or when the answers are no longer worth having.
func (p *Pipeline) call(ctx context.Context, briefs map[int]refine.Brief, wishes *refine.Brief) *calls {
	ctx, stop := context.WithTimeout(ctx, p.Budgets.Late)
	c := &calls{
		pipeline: p, briefs: briefs, stop: stop, over: make(chan struct{}), missing: map[int]context.CancelFunc{},
		answers: make(chan refine.Answer, answersPerDay*len(briefs)), wishes: make(chan []refine.Wish, 1),
	}
	var running sync.WaitGroup
	for d, brief := range briefs {
		dayCtx, cancel := context.WithCancel(ctx)
		c.missing[d] = cancel
		running.Go(func() { c.askDay(dayCtx, brief) })
	}
	if p.Budgets.Hedge >= 0 && len(briefs) > 1 {
		running.Go(func() { c.hedge(ctx) })
	}
	if wishes != nil {
		running.Go(func() { c.askWishes(ctx, *wishes) })
	}
	go func() {
		running.Wait()
		stop()
		close(c.over)
	}()
	return c
}

// askDay asks for one day, a second time where the first call fails for a reason that may pass.
func (c *calls) askDay(ctx context.Context, brief refine.Brief) {
	err := c.ask(ctx, "day", brief)
	pause, again := worthRetry(err)
	if !again || !pauseFor(ctx, pause) {
		return
	}
	_ = c.ask(ctx, "retry", brief) // counted; the day stays the planner's
}

// worthRetry says whether and when to try again.
func worthRetry(err error) (time.Duration, bool) {
	if err == nil {
		return 0, false
	}
	if _, refused := errors.AsType[*refine.RefusedError](err); refused {
		return 0, false
	}
	if busy, ok := errors.AsType[*refine.BusyError](err); ok {
		return max(busy.RetryAfter, retryPause), true
	}
	return retryPause, true
}

// pauseFor waits; false if ctx ended first.
func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// hedge asks once more, in one call a city, for all days that are still missing after a while, unless the provider's
// limits leave no room for it.
func (c *calls) hedge(ctx context.Context) {
	if !pauseFor(ctx, c.pipeline.Budgets.Hedge) {
		return
	}
	var asking sync.WaitGroup
	for _, brief := range c.late() {
		asking.Go(func() {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			c.whenAnswered(brief, cancel)
			_ = c.ask(refine.Optional(ctx), "hedge", brief) // counted; the days' own calls go on
		})
	}
	asking.Wait()
}

// late joins the briefs of the missing days by city; a single day of a city is not worth a second call for itself
// unless it is the only one that is asked for.
func (c *calls) late() []refine.Brief {
	c.mu.Lock()
	defer c.mu.Unlock()
	byCity := map[string]*refine.Brief{}
	for d := range c.missing {
		brief := c.briefs[d]
		joined, ok := byCity[brief.City.ID]
		if !ok {
			copied := brief
			copied.Days = nil
			joined = &copied
			byCity[brief.City.ID] = joined
		}
		joined.Days = append(joined.Days, brief.Days...)
	}
	var out []refine.Brief
	for _, brief := range byCity {
		out = append(out, *brief)
	}
	return out
}

// whenAnswered calls done once none of a brief's days is missing any more.
func (c *calls) whenAnswered(brief refine.Brief, done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := 0
	var mu sync.Mutex
	defer func() {
		if left == 0 { // all were answered in between
			done()
		}
	}()
	for _, day := range brief.Days {
		d := day.Number - 1
		cancelDay, missing := c.missing[d]
		if !missing {
			continue
		}
		left++
		c.missing[d] = func() {
			cancelDay()
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 {
				done()
			}
		}
	}
}

// ask makes one call and counts it.
func (c *calls) ask(ctx context.Context, kind string, brief refine.Brief) error {
	var cost ai.Cost
	err := Safely(func() (err error) {
		cost, err = c.pipeline.Model.Days(ctx, brief, c.answer)
		return err
	})
	c.spent(cost)
	c.pipeline.Metrics.called(ctx, kind, err, cost)
	return err
}

// answer takes the first answer for a day.
func (c *calls) answer(a refine.Answer) {
	c.mu.Lock()
	cancel, missing := c.missing[a.Number-1]
	delete(c.missing, a.Number-1)
	c.mu.Unlock()
	if missing {
		c.answers <- a
		cancel()
	}
}

func (c *calls) askWishes(ctx context.Context, brief refine.Brief) {
	var wishes []refine.Wish
	var cost ai.Cost
	err := Safely(func() (err error) {
		wishes, cost, err = c.pipeline.Model.Wishes(ctx, brief)
		return err
	})
	c.spent(cost)
	c.pipeline.Metrics.called(ctx, "wishes", err, cost)
	if err == nil {
		c.wishes <- wishes
	}
}

func (c *calls) spent(cost ai.Cost) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cost = c.cost.Add(cost)
}

// takeCost gives what was spent since it was asked last.
func (c *calls) takeCost() ai.Cost {
	c.mu.Lock()
	defer c.mu.Unlock()
	cost := c.cost
	c.cost = ai.Cost{}
	return cost
}
