package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/load"
	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/test/people"
)

// measured is what one way gave, a value for each turn.
type measured struct {
	// many is with all callers, one with a single one on a connection of its own.
	many, one *load.Target
	perSecond []float64
	// p50 is the single caller's, in milliseconds.
	p50 []float64
	// cpu is what the process pid used for a call, in microseconds; without a pid there is none.
	cpu []float64
	pid int
}

func (b *bench) target(base string, r rpc) *measured {
	c := load.Config{URL: base + r.path, Body: "{}", Authorization: b.tokens, Connections: connections}
	single := c
	single.Connections = 1
	return &measured{many: load.New(c), one: load.New(single)}
}

// inTurn measures each so often, in turn, so that what else the machine does hits all of them alike; none is always the
// first.
func inTurn(all []*measured, rounds int, measure func(*measured) error) error {
	for n := range rounds * len(all) {
		if err := measure(all[(n+n/len(all))%len(all)]); err != nil {
			return err
		}
	}
	return nil
}

// alone measures a single caller.
func (m *measured) alone(ctx context.Context, span time.Duration) error {
	got, err := m.one.Closed(ctx, 1, span)
	m.p50 = append(m.p50, got.Quantile(0.5))
	return err
}

// together measures all callers.
func (m *measured) together(ctx context.Context, span time.Duration) error {
	before, err := cpuTime(m.pid)
	if err != nil {
		return err
	}
	got, err := m.many.Closed(ctx, callers, span)
	if err != nil {
		return err
	}
	after, err := cpuTime(m.pid)
	m.perSecond, m.cpu = append(m.perSecond, got.PerSecond()), append(m.cpu, float64((after-before).Nanoseconds())/1000/float64(got.Count()))
	return err
}

// compare measures all ways to an RPC.
func (b *bench) compare(ctx context.Context, r rpc, ways []way) error {
	all := make([]*measured, len(ways))
	for i, w := range ways {
		all[i] = b.target(w.base[r.cluster], r)
		if _, err := all[i].many.Closed(ctx, callers, time.Second); err != nil { // warm
			return fmt.Errorf("%s, %s: %w", r.name, w.name, err)
		}
	}
	if err := inTurn(all, b.rounds, func(m *measured) error { return m.alone(ctx, b.span/2) }); err != nil {
		return err
	}
	if err := inTurn(all, b.rounds, func(m *measured) error { return m.together(ctx, b.span) }); err != nil {
		return err
	}
	bare, whole := all[1], all[2]
	for i, m := range all {
		loaded, err := m.many.Open(ctx, median(m.perSecond)/2, loadedSpan)
		if err != nil {
			return fmt.Errorf("%s, %s at half load: %w", r.name, ways[i].name, err)
		}
		dropped := ""
		if loaded.Dropped > 0 {
			dropped = fmt.Sprintf(" (%d calls dropped)", loaded.Dropped)
		}
		b.Add("| %s | %s | %.0f | %.3f | %.3f | %.2f%s |", r.name, ways[i].name, median(m.perSecond), ratio(m.perSecond, bare.perSecond),
			median(m.p50), loaded.Quantile(0.99), dropped)
	}
	b.Goal(r.name+" calls/s with everything, of bare Envoy", ratio(whole.perSecond, bare.perSecond), ">=", 0.85)
	b.Goal(r.name+" p50 added to bare Envoy at one connection, ms", difference(whole.p50, bare.p50), "<=", 0.10)
	return nil
}

// loadedSpan is how long half of what a way can do is called for.
const loadedSpan = 4 * time.Second

// limited shows apart what the global limiter's question costs: a call that asks nobody but it.
func (b *bench) limited(ctx context.Context) error {
	quotas := envoy.Quotas{IdentityPerAddress: 1e9, TokenPerAddress: 1e9, GenerationPerCaller: 1e9, GenerationPerClient: 1e9}
	if err := envoy.WriteQuotas(filepath.Join(b.Dir, "envoy"), quotas); err != nil {
		return err
	}
	user, err := b.Service(ctx, envoy.User)
	if err != nil {
		return err
	}
	const span = 3 * time.Second
	for _, w := range []struct{ name, base string }{{"direct", "http://" + user}, {"everything", b.Gateway}} {
		t := load.New(load.Config{
			URL: w.base + "/oauth2/revoke", Body: "token=nothing&client_id=" + people.ClientID, ContentType: "application/x-www-form-urlencoded", Connections: connections,
		})
		if err := awaitOK(ctx, t); err != nil {
			return err
		}
		many, err := t.Closed(ctx, callers, span)
		if err != nil {
			return err
		}
		one, err := t.Closed(ctx, 1, span/3)
		if err != nil {
			return err
		}
		b.Add("| /oauth2/revoke, globally limited | %s | %.0f | | %.3f | |", w.name, many.PerSecond(), one.Quantile(0.5))
	}
	return nil
}

// awaitOK waits until calls go well, such as when the limiter has taken new quotas or an Envoy has the keys.
func awaitOK(ctx context.Context, t *load.Target) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for good := 0; good < 20; {
		if err := t.Call(ctx); err != nil {
			if ctx.Err() != nil {
				return err
			}
			good = 0
			continue
		}
		good++
	}
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ratio is the median of what each turn gave of another's.
func ratio(of, by []float64) float64 {
	each := make([]float64, len(of))
	for n := range of {
		each[n] = of[n] / by[n]
	}
	return median(each)
}

// difference is the median of what each turn added.
func difference(of, from []float64) float64 {
	each := make([]float64, len(of))
	for n := range of {
		each[n] = of[n] - from[n]
	}
	return median(each)
}
