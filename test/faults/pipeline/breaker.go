package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/testenv"
	"github.com/tripgen/tripgen/test/fleet"
)

// breaker breaks one thing after the other.
type breaker struct {
	fleet   *fleet.Fleet
	servers *testenv.Servers
	model   *model
	books   *books

	mu    sync.Mutex
	times map[string]int
	// takeOvers are from a worker's kill until another one has its generation; recoveries from a server's end until all
	// that had been asked for before have ended.
	takeOvers, recoveries report.Times
}

const (
	betweenFaults = 1500 * time.Millisecond
	hangFor       = 8 * time.Second
	// awaitLimit bounds the wait for what a fault should be followed by.
	awaitLimit = 60 * time.Second
)

// run goes round until ctx ends, which is nil.
func (b *breaker) run(ctx context.Context) error {
	worker := func(ctx context.Context) error { return b.killWorker(ctx, rand.IntN(b.fleet.Count(app.Worker))) }
	round := []func(context.Context) error{
		worker, worker, b.restart(testenv.Redis), worker, b.restart(testenv.Kafka), worker, b.hang, worker,
		b.restart(testenv.Postgres), worker, b.killService(app.Trip), worker, b.killService(app.AI), worker,
	}
	for n := 0; ; n++ {
		if err := round[n%len(round)](ctx); err != nil && ctx.Err() == nil {
			return err
		}
		timer := time.NewTimer(betweenFaults/2 + rand.N(betweenFaults))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// killWorker kills a worker, sees who takes its generations over, and starts it again.
func (b *breaker) killWorker(ctx context.Context, i int) error {
	name, err := workerName(b.fleet.Log(app.Worker, i))
	if err != nil {
		return err
	}
	before, err := b.books.held(ctx, name)
	if err != nil {
		return err
	}
	if err := b.fleet.Kill(app.Worker, i); err != nil {
		return err
	}
	killed := time.Now()
	b.count("a worker killed (SIGKILL)")
	if len(before) > 0 {
		_, taken := until(ctx, awaitLimit, func(ctx context.Context) (bool, error) {
			left, err := b.books.held(ctx, name)
			return len(left) == 0, err
		})
		if ctx.Err() == nil {
			if !taken {
				return fmt.Errorf("nobody took over %v of %s", before, name)
			}
			b.mu.Lock()
			b.takeOvers = append(b.takeOvers, time.Since(killed))
			b.mu.Unlock()
		}
	}
	return b.fleet.StartInstance(context.WithoutCancel(ctx), app.Worker, i)
}

// workerName is the name in leases of the process that wrote last into a worker's log.
func workerName(path string) (string, error) {
	log, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	name := ""
	for line := range bytes.Lines(log) {
		var entry struct{ Msg, Worker string }
		if json.Unmarshal(line, &entry) == nil && entry.Msg == "takes generations" {
			name = entry.Worker
		}
	}
	if name == "" {
		return "", fmt.Errorf("no worker's name in %s", path)
	}
	return name, nil
}

// restart restarts a server and waits until all that had been asked for has ended.
func (b *breaker) restart(server testenv.Server) func(context.Context) error {
	return func(ctx context.Context) error {
		before, err := b.books.unfinished(ctx)
		if err != nil {
			return err
		}
		ended := time.Now()
		if err := b.servers.Restart(context.WithoutCancel(ctx), server); err != nil {
			return err
		}
		b.count(string(server) + " restarted")
		_, served := until(ctx, awaitLimit, func(ctx context.Context) (bool, error) {
			open, err := b.books.unfinished(ctx)
			return !slices.ContainsFunc(before, func(id string) bool { return slices.Contains(open, id) }), err
		})
		if ctx.Err() == nil {
			if !served {
				return fmt.Errorf("not all of %v have ended after a restart of %s", before, server)
			}
			b.mu.Lock()
			b.recoveries = append(b.recoveries, time.Since(ended))
			b.mu.Unlock()
		}
		return nil
	}
}

// killService kills the only instance of a service and starts it again at once.
func (b *breaker) killService(role app.Role) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := b.fleet.Kill(role, 0); err != nil {
			return err
		}
		b.count(fmt.Sprintf("the %s service killed (SIGKILL)", role))
		return b.fleet.StartInstance(context.WithoutCancel(ctx), role, 0)
	}
}

// hang lets the model give no answer for a while.
func (b *breaker) hang(ctx context.Context) error {
	b.model.hanging.Store(true)
	defer b.model.hanging.Store(false)
	b.count("the model hung for " + hangFor.String())
	timer := time.NewTimer(hangFor)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return nil
}

func (b *breaker) count(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.times == nil {
		b.times = map[string]int{}
	}
	b.times[what]++
}

type fault struct {
	what  string
	times int
}

// counts are what was done, the most frequent first.
func (b *breaker) counts() []fault {
	var all []fault
	for what, times := range maps.All(b.times) {
		all = append(all, fault{what, times})
	}
	slices.SortFunc(all, func(x, y fault) int { return cmp.Or(y.times-x.times, cmp.Compare(x.what, y.what)) })
	return all
}
