// Command gateway measures what the gateway costs: the same calls straight to the service, through an Envoy that only
// passes them on, and through the gateway with everything on. One run, one machine, in turns.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/envoy"
)

func main() {
	var b bench
	flag.IntVar(&b.rounds, "rounds", 40, "how often each is measured in turn")
	flag.DurationVar(&b.span, "span", 400*time.Millisecond, "how long each turn takes; short ones let what else the machine does hit all alike")
	weighed := flag.String("parts", "", "weigh the parts of the gateway instead, with this RPC: GetServiceInfo or ListTrips")
	only := flag.String("only", "", "with -parts: only those whose names have one of these in them, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, *weighed, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench-gateway:", err)
		os.Exit(1)
	}
}

// callers are enough to keep two cores busy; connections are few, as an app's are.
const (
	callers     = 64
	connections = 8
	travellers  = 20
)

// rpc is a call that is measured.
type rpc struct {
	name, path string
	cluster    envoy.Cluster
}

// rpcs are one that costs its service next to nothing, and an ordinary one.
var rpcs = []rpc{
	{"GetServiceInfo", "/tripgen.user.v1.ServiceInfoService/GetServiceInfo", envoy.User},
	{"ListTrips", "/tripgen.trip.v1.TripService/ListTrips", envoy.Trip},
}

// way is one to the services.
type way struct {
	name string
	base map[envoy.Cluster]string
}

// bench is a run.
type bench struct {
	*stack.Stack
	*report.Report
	rounds int
	span   time.Duration
	// tokens are the people's, as the header has them.
	tokens []string
}

func (b *bench) run(ctx context.Context, weighed, only string) (err error) {
	at := slices.IndexFunc(rpcs, func(r rpc) bool { return r.name == weighed })
	if weighed != "" && at < 0 {
		return fmt.Errorf("-parts: %q is neither GetServiceInfo nor ListTrips", weighed)
	}
	if b.Stack, err = stack.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	if b.tokens, err = tokens(ctx, b.Stack); err != nil {
		return err
	}
	if err := b.Unlimit(ctx); err != nil {
		return err
	}
	if at >= 0 {
		return b.weigh(ctx, rpcs[at], only)
	}
	return b.all(ctx)
}

// all measures all ways to all RPCs.
func (b *bench) all(ctx context.Context) error {
	ways, stop, err := waysTo(ctx, b.Stack)
	if err != nil {
		return err
	}
	defer stop()
	b.Report = report.New("What the gateway costs")
	b.Add("%d callers on %d HTTP/2 connections, Connect with JSON, %d people with ES256 tokens, %d turns of %v each. Load generator, Envoy and\nservices share the processors. *Bare Envoy* is the same program with the same threads and protocols that only passes calls on;\n*everything* is the gateway of `tripgen up`, with limits that count and do not refuse.\n",
		callers, connections, travellers, b.rounds, b.span)
	b.Add("| call | way | calls/s | of bare Envoy | p50 at 1 connection, ms | p99 at half load, ms |\n|---|---|---|---|---|---|")
	for _, r := range rpcs {
		if err := b.compare(ctx, r, ways); err != nil {
			return err
		}
	}
	if err := b.limited(ctx); err != nil {
		return err
	}
	return b.Finish("docs/benchmarks/gateway.md", "make bench-gateway")
}

// waysTo are all ways to the services.
func waysTo(ctx context.Context, s *stack.Stack) (ways []way, stop func(), err error) {
	direct := map[envoy.Cluster]string{}
	services := map[string][2]string{}
	for _, name := range []envoy.Cluster{envoy.User, envoy.Trip} {
		at, err := s.Service(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		host, port, err := net.SplitHostPort(at)
		if err != nil {
			return nil, nil, err
		}
		direct[name], services[string(name)] = "http://"+at, [2]string{host, port}
	}
	bare, url, err := startBare(ctx, filepath.Join(s.Dir, "envoy"), services)
	if err != nil {
		return nil, nil, err
	}
	through := func(url string) map[envoy.Cluster]string {
		return map[envoy.Cluster]string{envoy.User: url, envoy.Trip: url}
	}
	stop = func() {
		if err := bare.Close(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintln(os.Stderr, "stop the bare Envoy:", err)
		}
	}
	return []way{{"direct", direct}, {"bare Envoy", through(url)}, {"everything", through(s.Gateway)}}, stop, nil
}

// tokens are those of people who have just signed up.
func tokens(ctx context.Context, s *stack.Stack) ([]string, error) {
	var all []string
	for range travellers {
		p, err := s.Person(ctx)
		if err != nil {
			return nil, err
		}
		token, err := p.Tokens.Token()
		if err != nil {
			return nil, err
		}
		all = append(all, "Bearer "+token.AccessToken)
	}
	return all, nil
}
