package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tripgen/tripgen/bench/report"
)

// exchange is one request and what becomes of it.
type exchange struct {
	request string
	// done is told the answer; status 0 is none.
	done func(status int, body []byte)
}

// target is where requests go, and from which address.
type target struct {
	address string
	from    net.IP
}

// outcome is what became of many requests.
type outcome struct {
	sent, dropped int
	// answers by status; 0 is none at all.
	answers map[int]int
	// untyped answers are refusals without the protocol's error or without the time after which to try again.
	untyped int
	example string
	// accepted are the times of the answers 200, from when the request was sent.
	accepted report.Times
	// lastRefused is when the last answer that was not 200 came.
	lastRefused time.Time
	span        time.Duration
}

func (o outcome) perSecond() float64 { return float64(o.sent) / o.span.Seconds() }

// unexpected are the answers that are neither 200 nor a refusal of too much.
func (o outcome) unexpected() int {
	return o.sent - o.answers[0] - o.answers[http.StatusOK] - o.answers[http.StatusTooManyRequests] - o.answers[http.StatusServiceUnavailable]
}

// recorder puts together what the callers see.
type recorder struct {
	mu sync.Mutex
	o  outcome
}

func (r *recorder) exchange(c *caller, e exchange) {
	began := time.Now()
	a, err := c.send(e.request)
	now := time.Now()
	e.done(a.status, a.body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.o.sent++
	r.o.answers[a.status]++
	if a.status == http.StatusOK {
		r.o.accepted = append(r.o.accepted, now.Sub(began))
		return
	}
	r.o.lastRefused = now
	switch {
	case err != nil:
		r.o.example = err.Error()
	case !a.typed():
		r.o.untyped++
		r.o.example = fmt.Sprint(a.status, " ", string(a.body))
	}
}

// closed calls with so many callers, each as soon as its last call is answered.
func closed(ctx context.Context, to target, callers int, span time.Duration, next func() exchange) outcome {
	r := recorder{o: outcome{answers: map[int]int{}}}
	began := time.Now()
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			c := caller{to: to}
			defer c.close()
			for time.Since(began) < span && ctx.Err() == nil {
				r.exchange(&c, next())
			}
		})
	}
	all.Wait()
	r.o.span = time.Since(began)
	return r.o
}

// open calls at a steady rate whatever the answers do, over so many connections at most. Calls that find them
// all busy, and as many waiting already, are dropped and told.
func open(ctx context.Context, to target, perSecond float64, connections int, span time.Duration, next func() exchange) outcome {
	r := recorder{o: outcome{answers: map[int]int{}}}
	due := make(chan struct{}, connections)
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			c := caller{to: to}
			defer c.close()
			for range due {
				r.exchange(&c, next())
			}
		})
	}
	began, dropped, made := time.Now(), 0, 0
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for time.Since(began) < span && ctx.Err() == nil {
		for ; float64(made) < time.Since(began).Seconds()*perSecond; made++ {
			select {
			case due <- struct{}{}:
			default:
				dropped++
			}
		}
		<-tick.C
	}
	close(due)
	r.o.span = time.Since(began)
	all.Wait()
	r.o.dropped = dropped
	return r.o
}
