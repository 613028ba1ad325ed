package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/local"
)

// gate is a gateway beside the real one.
type gate struct {
	*local.Envoy
	*measured
}

// weigh measures every part: the gateway without it beside the whole one, in turns, as calls per second and as CPU time of
// Envoy for a call, which other work on the machine disturbs least.
func (b *bench) weigh(ctx context.Context, r rpc, only string) (err error) {
	b.Report = report.New("What each part of the gateway costs")
	b.Add("%s: the gateway without a part, beside the whole one, in %d turns of %v each; medians. %d callers on %d HTTP/2 connections.\n",
		r.name, b.rounds, b.span, callers, connections)
	b.Add("| without | calls/s, of the whole | Envoy's CPU for a call, µs | less than the whole, µs | p50 at 1 connection, µs less |\n|---|---|---|---|---|")
	whole, err := b.gateWithout(ctx, r, parts()[0], "whole")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, whole.Close(context.WithoutCancel(ctx))) }()
	for _, p := range parts() {
		if only != "" && !slices.ContainsFunc(strings.Split(only, ","), func(o string) bool { return strings.Contains(p.name, o) }) {
			continue
		}
		if err := b.weighOne(ctx, r, p, whole); err != nil {
			return fmt.Errorf("without %s: %w", p.name, err)
		}
	}
	return b.Finish("docs/benchmarks/gateway-parts.md", "go run ./bench/gateway -parts "+r.name)
}

func (b *bench) weighOne(ctx context.Context, r rpc, p part, whole *gate) (err error) {
	without, err := b.gateWithout(ctx, r, p, "part")
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, without.Close(context.WithoutCancel(ctx)), os.RemoveAll(filepath.Join(b.Dir, "part")))
	}()
	whole.measured = &measured{many: whole.many, one: whole.one, pid: whole.pid}
	both := []*measured{whole.measured, without.measured}
	if err := inTurn(both, b.rounds, func(m *measured) error { return m.alone(ctx, b.span/2) }); err != nil {
		return err
	}
	if err := inTurn(both, b.rounds, func(m *measured) error { return m.together(ctx, b.span) }); err != nil {
		return err
	}
	b.Add("| %s | %.3f | %.0f | %+.1f | %+.1f |", p.name, ratio(without.perSecond, whole.perSecond), median(without.cpu),
		difference(whole.cpu, without.cpu), 1000*difference(whole.p50, without.p50))
	return nil
}

// gateWithout starts a gateway that lacks a part, on the real one's services.
func (b *bench) gateWithout(ctx context.Context, r rpc, p part, name string) (*gate, error) {
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	_, listen, err := net.SplitHostPort(strings.TrimPrefix(b.Gateway, "http://"))
	if err != nil {
		return nil, err
	}
	_, admin, err := net.SplitHostPort(b.Admin.Address)
	if err != nil {
		return nil, err
	}
	from, dir := filepath.Join(b.Dir, "envoy"), filepath.Join(b.Dir, name)
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return nil, err
	}
	f, err := readFiles(from, strings.NewReplacer(from, dir, "port_value: "+listen+" ", "port_value: "+strconv.Itoa(port)+" ", "port_value: "+admin+" ", "port_value: 0 "))
	if err != nil {
		return nil, err
	}
	f.unlimit()
	p.without(f)
	if err := f.write(dir); err != nil {
		return nil, err
	}
	running, err := local.StartEnvoy(ctx, local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: filepath.Join(dir, envoy.Bootstrap), LogFile: filepath.Join(dir, "envoy.log"), Drain: time.Second,
	})
	if err != nil {
		return nil, err
	}
	g := &gate{running, b.target("http://"+local.Address(port), r)}
	g.pid = running.Pid()
	if err := awaitOK(ctx, g.many); err != nil {
		return nil, errors.Join(err, running.Close(ctx))
	}
	_, err = g.many.Closed(ctx, callers, time.Second/2) // warm
	return g, err
}

// cpuTime is what a process has used so far, of all its threads; pid 0 is no process.
func cpuTime(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		var nanoseconds int64
		if _, err := fmt.Sscan(string(text), &nanoseconds); err != nil {
			return 0, fmt.Errorf("read %s: %w", thread, err)
		}
		sum += time.Duration(nanoseconds)
	}
	return sum, nil
}
