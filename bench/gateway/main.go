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
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/load"
	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/envoy"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each is measured in turn")
	span := flag.Duration("span", 3*time.Second, "how long each measurement takes")
	weighed := flag.String("parts", "", "weigh the parts of the gateway instead, with this RPC: GetServiceInfo or ListTrips")
	only := flag.String("only", "", "only the parts whose names have this in them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *span, *weighed, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench-gateway:", err)
		os.Exit(1)
	}
}

// callers are enough to keep two cores busy; connections are few, as an app's are.
const (
	callers     = 64
	connections = 8
	people      = 20
)

// rpcs are an RPC that costs its service next to nothing, and an ordinary one.
var rpcs = []struct {
	name, path string
	cluster    envoy.Cluster
}{
	{"GetServiceInfo", "/tripgen.user.v1.ServiceInfoService/GetServiceInfo", envoy.User},
	{"ListTrips", "/tripgen.trip.v1.TripService/ListTrips", envoy.Trip},
}

type way struct {
	name string
	base map[envoy.Cluster]string
}

func run(ctx context.Context, rounds int, span time.Duration, weighed, only string) (err error) {
	s, err := stack.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	ways, stop, err := waysTo(ctx, s)
	if err != nil {
		return err
	}
	defer stop()
	tokens, err := tokens(ctx, s)
	if err != nil {
		return err
	}
	if err := s.Unlimit(ctx); err != nil {
		return err
	}
	for _, rpc := range rpcs {
		if rpc.name == weighed {
			return weigh(ctx, s, rpc.path, tokens, rounds, span, only)
		}
	}
	fmt.Printf("%s, %d cores, %s: %d callers on %d HTTP/2 connections, Connect with JSON, %d people, %d rounds of %v\n\n",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOARCH, callers, connections, people, rounds, span)
	r := &report{}
	for _, rpc := range rpcs {

		if err := r.compare(ctx, rpc.name, rpc.path, rpc.cluster, ways, tokens, rounds, span); err != nil {
			return err
		}
	}
	if err := limited(ctx, s, span); err != nil {
		return err
	}
	fmt.Print(r.goals.String())
	return nil
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

// tokens are the people's, as the header has them.
func tokens(ctx context.Context, s *stack.Stack) ([]string, error) {
	var all []string
	for range people {
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

type report struct{ goals strings.Builder }

func (r *report) goal(name string, value float64, op string, target float64) {
	met := map[string]bool{">=": value >= target, "<=": value <= target}[op]
	verdict := "missed"
	if met {
		verdict = "met"
	}
	fmt.Fprintf(&r.goals, "goal: %s = %.4g (target %s %g) %s\n", name, value, op, target, verdict)
}

// compare measures all ways in turn, so that what else the machine does hits all of them.
func (r *report) compare(ctx context.Context, name, path string, cluster envoy.Cluster, ways []way, tokens []string, rounds int, span time.Duration) error {
	many, one := make([][]float64, len(ways)), make([][]float64, len(ways))
	targets := make([]*load.Target, len(ways))
	for i, w := range ways {
		targets[i] = load.New(load.Config{URL: w.base[cluster] + path, Body: "{}", Authorization: tokens, Connections: connections})
		if _, err := targets[i].Closed(ctx, callers, span/3); err != nil { // warm
			return fmt.Errorf("%s, %s: %w", name, w.name, err)
		}
	}
	for range rounds {
		for i, w := range ways {
			m, err := targets[i].Closed(ctx, callers, span)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", name, w.name, err)
			}
			single := load.New(load.Config{URL: w.base[cluster] + path, Body: "{}", Authorization: tokens, Connections: 1})
			o, err := single.Closed(ctx, 1, span/3)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", name, w.name, err)
			}
			many[i], one[i] = append(many[i], m.PerSecond()), append(one[i], o.Quantile(0.5))
		}
	}
	fmt.Printf("%-16s %-12s %10s %8s %12s %10s %10s\n", name, "", "calls/s", "of bare", "p50 ms at 1", "half load", "p99 ms")
	ratios := func(i, of int) []float64 {
		out := make([]float64, len(many[i]))
		for n := range out {
			out[n] = many[i][n] / many[of][n]
		}
		return out
	}
	for i, w := range ways {
		half := median(many[i]) / 2
		loaded, err := targets[i].Open(ctx, half, span)
		if err != nil {
			return fmt.Errorf("%s, %s at half load: %w", name, w.name, err)
		}
		fmt.Printf("%-16s %-12s %10.0f %8.2f %12.3f %10.0f %10.2f", "", w.name, median(many[i]), median(ratios(i, 1)), median(one[i]), half, loaded.Quantile(0.99))
		if loaded.Dropped > 0 {
			fmt.Printf("  (%d calls dropped)", loaded.Dropped)
		}
		fmt.Println()
	}
	fmt.Println()
	r.goal(name+" calls/s with everything, of bare Envoy", median(ratios(2, 1)), ">=", 0.85)
	r.goal(name+" p50 added to bare Envoy at one connection, ms", median(one[2])-median(one[1]), "<=", 0.10)
	return nil
}

// limited shows apart what the global limiter's question costs: a call that asks nobody but it.
func limited(ctx context.Context, s *stack.Stack, span time.Duration) error {
	quotas := envoy.Quotas{IdentityPerAddress: 1e9, TokenPerAddress: 1e9, GenerationPerCaller: 1e9, GenerationPerClient: 1e9}
	if err := envoy.WriteQuotas(filepath.Join(s.Dir, "envoy"), quotas); err != nil {
		return err
	}
	user, err := s.Service(ctx, envoy.User)
	if err != nil {
		return err
	}
	fmt.Printf("%-16s %-12s %10s %8s %12s\n", "globally limited", "", "calls/s", "", "p50 ms at 1")
	for _, w := range []struct{ name, base string }{{"direct", "http://" + user}, {"everything", s.Gateway}} {
		t := load.New(load.Config{
			URL: w.base + "/oauth2/revoke", Body: "token=nothing&client_id=" + stack.ClientID, ContentType: "application/x-www-form-urlencoded", Connections: connections,
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
		fmt.Printf("%-16s %-12s %10.0f %8s %12.3f\n", "/oauth2/revoke", w.name, many.PerSecond(), "", one.Quantile(0.5))
	}
	fmt.Println()
	return nil
}

// awaitOK waits until the limiter has taken the new quotas.
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
