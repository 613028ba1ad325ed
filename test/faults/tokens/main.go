// Command tokens asks the token endpoint and the log-in for ten times what they can do: what is too much is to be refused
// in the protocol's form, at once, what is accepted is to be quick, and afterwards all is to be as before by itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/testenv"
	"github.com/tripgen/tripgen/test/fleet"
	"github.com/tripgen/tripgen/test/people"
)

func main() {
	libs := flag.String("kafka-libs", filepath.Join(".cache", "kafka", "libs"), "folder of Apache Kafka's jars")
	document := flag.String("out", "docs/benchmarks/tokens-faults.md", "where the report is written; empty for nowhere")
	keep := flag.Bool("keep", false, "keep the logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := report.New("The token endpoint and the log-in under ten times their load")
	err := run(ctx, r, *libs, *keep)
	r.End(err, *document, "make faults-tokens")
}

const (
	persons  = 40
	sessions = 10
	callers  = 32
	// crowd is how many clients there are at once under overload, and gatewayCrowd how many of them come by the gateway.
	crowd        = 4000
	gatewayCrowd = 2000
	measured     = 4 * time.Second
	overloaded   = 6 * time.Second
	after        = 4 * time.Second
	times        = 10
)

func run(ctx context.Context, r *report.Report, libs string, keep bool) (err error) {
	dir, err := os.MkdirTemp("", "tripgen-faults-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("logs are in", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	servers, err := testenv.Start(ctx, testenv.Config{KafkaLibs: libs, Envoy: os.Getenv("TRIPGEN_TEST_ENVOY")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.Close(context.Background())) }()
	f, err := fleet.Start(ctx, fleet.Config{
		Dir: dir, Postgres: servers.Postgres, Redis: servers.Redis, Kafka: servers.Kafka, Envoy: servers.Envoy, Database: "tripgen_tokens_",
		// One of two cores: the other one makes the load.
		Env:      []string{"GOMAXPROCS=1"},
		Settings: "providers: { anthropic: { key: unused, base_url: \"http://127.0.0.1:1\" } }\n",
	})
	defer func() { err = errors.Join(err, f.Close()) }()
	if err != nil {
		return err
	}
	if err := f.Unlimit(ctx); err != nil {
		return err
	}
	travellers, err := people.SignUpMany(ctx, f.Gateway, persons)
	if err != nil {
		return err
	}
	t, err := newTokens(ctx, f, travellers, sessions)
	if err != nil {
		return err
	}
	l, err := newLogIns(travellers)
	if err != nil {
		return err
	}
	r.Add("The user service has one core (GOMAXPROCS=1); PostgreSQL, Envoy and the load share the other with it. The load is open: requests are due at a steady rate whatever the answers do, and times count from when they are sent.\n")
	service := target{address: f.Address(app.User, 0), from: net.IPv4(127, 0, 0, 1)}
	capacity, err := overload(ctx, r, f, subject{
		name: "tokens", what: "refreshes with rotation, and client credentials where all families have one under way", to: service, callers: callers, connections: crowd, bound: 3 * time.Second, measure: t.any, flood: t.any,
	})
	if err != nil {
		return err
	}
	r.Goal("token families that shedding broke", float64(t.broken(service)), "<=", 0)
	if err := atTheGateway(ctx, r, f, t, capacity); err != nil {
		return err
	}
	_, err = overload(ctx, r, f, subject{
		name: "log-ins", what: "log-ins by password (argon2id)", to: service, callers: 4, connections: crowd, bound: 6 * time.Second, measure: l.any, flood: l.any,
	})
	if err != nil {
		return err
	}
	r.Goal("people whom shedding locked out", float64(l.lockedOut(service)), "<=", 0)
	return nil
}

// subject is what is overloaded.
type subject struct {
	name, what           string
	to                   target
	callers, connections int
	// bound is how long what is accepted may take.
	bound time.Duration
	// measure makes the requests of ordinary load, flood those of too much.
	measure, flood func() exchange
}

// overload measures what can be done, asks for ten times as much, and looks at what comes after. It gives what can be
// done, a second.
func overload(ctx context.Context, r *report.Report, f *fleet.Fleet, s subject) (float64, error) {
	closed(ctx, s.to, s.callers, measured/4, s.measure) // warms
	before := closed(ctx, s.to, s.callers, measured, s.measure)
	if n := before.sent - before.answers[http.StatusOK]; n > 0 {
		return 0, fmt.Errorf("%d of %d %s failed under ordinary load: %v %s", n, before.sent, s.name, before.answers, before.example)
	}
	memory, stopWatching := watchMemory(f.Pid(app.User, 0))
	flood := open(ctx, s.to, times*before.perSecond(), s.connections, overloaded, s.flood)
	ended := time.Now()
	calm := closed(ctx, s.to, max(1, s.callers/2), after, s.measure)
	again := closed(ctx, s.to, s.callers, measured, s.measure)
	stopWatching()
	recovery := max(0, calm.lastRefused.Sub(ended))
	peak, err := memory()
	if err != nil {
		return 0, err
	}
	r.Add("## %s\n\n%s, straight to the service.\n", title(s.name), title(s.what))
	r.Add("| | |\n|---|---|\n| capacity, %d callers | %.0f/s, p99 %v |", s.callers, before.perSecond(), round(before.accepted.At(.99)))
	tellFlood(r, flood)
	r.Add("| after it | %.0f/s, p99 %v |\n| memory of the service | %d MiB before, %d MiB at most |\n",
		again.perSecond(), round(again.accepted.At(.99)), peak.before>>20, peak.most>>20)
	r.Goal(s.name+": asked for, of the capacity", flood.perSecond()/before.perSecond(), ">=", times*.95)
	r.Goal(s.name+": answers that are neither 200, 429 nor 503", float64(flood.unexpected()), "<=", 0)
	r.Goal(s.name+": share of requests without any answer", unanswered(flood), "<=", .001)
	r.Goal(s.name+": refusals without a typed error or the time to try again", float64(flood.untyped), "<=", 0)
	r.Goal(s.name+": p99 of what was accepted, ms", millis(flood.accepted.At(.99)), "<=", millis(s.bound))
	r.Goal(s.name+": memory at most, MiB", float64(peak.most>>20), "<=", 512)
	r.Goal(s.name+": until ordinary load is served again, s", recovery.Seconds(), "<=", 2)
	r.Goal(s.name+": capacity afterwards, of before", again.perSecond()/before.perSecond(), ">=", .8)
	return before.perSecond(), nil
}

func tellFlood(r *report.Report, o outcome) {
	r.Add("| offered for %v | %.0f/s sent, %d dropped by the load itself |\n| accepted | %.0f/s, p50 %v, p99 %v |\n| refused | %d times 429, %d times 503 |\n| without an answer | %d |",
		round(o.span), o.perSecond(), o.dropped, float64(o.answers[http.StatusOK])/o.span.Seconds(), round(o.accepted.At(.5)), round(o.accepted.At(.99)),
		o.answers[http.StatusTooManyRequests], o.answers[http.StatusServiceUnavailable], o.answers[0])
	if o.example != "" {
		r.Add("| for example | %s |", strings.ReplaceAll(o.example, "|", "/"))
	}
}

// connectionLimit counts the connections that are closed because too many are made at once.
const connectionLimit = "listener_local_ratelimit.connections.rate_limited"

// neighbours is how many tokens a second somebody else asks for.
const neighbours = 20

// atTheGateway asks for as much through the gateway, from one address; somebody at another one must not notice.
func atTheGateway(ctx context.Context, r *report.Report, f *fleet.Fleet, t *tokens, capacity float64) error {
	if err := f.Limit(ctx); err != nil {
		return err
	}
	door := strings.TrimPrefix(f.Gateway, "http://")
	floods := make(chan outcome, 1)
	go func() {
		floods <- open(ctx, target{door, net.IPv4(127, 0, 0, 1)}, times*capacity, gatewayCrowd, overloaded, t.any)
	}()
	other := open(ctx, target{door, net.IPv4(127, 0, 0, 9)}, neighbours, neighbours, overloaded, t.credential)
	flood := <-floods
	stats, err := f.Admin.Stats(ctx, connectionLimit)
	if err != nil {
		return err
	}
	closed := int(stats.Values[connectionLimit])
	r.Add("## Tokens through the gateway\n\nAs much from one address, with the gateway's limits, and %d/s from another.\n", neighbours)
	r.Add("| | |\n|---|---|")
	tellFlood(r, flood)
	r.Add("| connections closed by the door's limit on new ones | %d |", closed)
	r.Add("| the other address | %d of %d accepted, p99 %v |\n", other.answers[http.StatusOK], other.sent, round(other.accepted.At(.99)))
	r.Goal("gateway: answers that are neither 200, 429 nor 503", float64(flood.unexpected()), "<=", 0)
	// Envoy ends a connection whose request it refuses before the body, and takes no more than 2,000 new ones a second.
	flood.answers[0] = max(0, flood.answers[0]-closed)
	r.Goal("gateway: share of requests without any answer, but for closed connections", unanswered(flood), "<=", .001)
	r.Goal("gateway: refusals without a typed error or the time to try again", float64(flood.untyped), "<=", 0)
	r.Goal("gateway: share of another address's requests that were accepted", float64(other.answers[http.StatusOK])/float64(other.sent), ">=", .95)
	r.Goal("gateway: p99 of another address, ms", millis(other.accepted.At(.99)), "<=", 3000)
	return f.Unlimit(ctx)
}

func unanswered(o outcome) float64 { return float64(o.answers[0]) / float64(o.sent) }

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
