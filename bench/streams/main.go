// Command streams opens ten thousand watchers of generations through Envoy on one machine: what a watcher costs the AI
// service in memory, how long it takes to open them all, and how soon and how completely events arrive. Beside it, the
// same streams from a bare Connect handler that only holds them open.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/testenv"
	"github.com/tripgen/tripgen/test/fleet"
)

const (
	limit     = 8 * time.Minute
	perSecond = 1000
	// goalKB is the memory of a watcher, in KB of 1,000 bytes.
	goalKB = 20
	// goalP99 is the delivery of an event, in ms, 99 of 100: what is asked at a tenth of the watchers (bench-pipeline)
	// holds here too, because what watchers cost beside their events must not stand in the events' way.
	goalP99 = 10
)

func main() {
	libs := flag.String("kafka-libs", filepath.Join(".cache", "kafka", "libs"), "folder of Apache Kafka's jars")
	watchers := flag.Int("watchers", 10_000, "how many watch at once")
	span := flag.Duration("span", 20*time.Second, "how long events are written")
	document := flag.String("out", "docs/benchmarks/streams.md", "where the report is written; empty for nowhere")
	bare := flag.Bool("bare", false, "serve bare streams (used by this program itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	work := func() error { return run(ctx, *libs, *watchers, *span, *document) }
	if *bare {
		work = func() error { return serveBare(ctx) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-streams:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, libs string, watchers int, span time.Duration, document string) (err error) {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tripgen-streams-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	servers, err := testenv.Start(ctx, testenv.Config{KafkaLibs: libs, Envoy: os.Getenv("TRIPGEN_TEST_ENVOY")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.Close(context.Background())) }()
	bare, err := measureBare(ctx, watchers)
	if err != nil {
		return fmt.Errorf("bare streams: %w", err)
	}
	f, err := fleet.Start(ctx, fleet.Config{
		Dir: dir, Postgres: servers.Postgres, Redis: servers.Redis, Kafka: servers.Kafka, Envoy: servers.Envoy, Database: "tripgen_streams_",
	})
	defer func() { err = errors.Join(err, f.Close()) }()
	if err != nil {
		return err
	}
	if err := f.Unlimit(ctx); err != nil {
		return err
	}
	options, err := redis.ParseURL(servers.Redis)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close() //nolint:errcheck // nothing is lost with it
	ours, err := measureOurs(ctx, f, client, watchers, span)
	if err != nil {
		return err
	}
	r := report.New("Streams")
	tell(r, watchers, bare, ours)
	if document == "" {
		document = os.DevNull
	}
	return r.Finish(document, "make bench-streams")
}

func tell(r *report.Report, watchers int, bare memory, o ours) {
	r.Add("%d watchers, each of a generation of its own, over %d connections through Envoy to one AI service; %d events a second over all of them for %s. Redis, Envoy, the services and the watchers share the machine.\n",
		watchers, connections(watchers), perSecond, o.span)
	r.Add("| | memory a watcher (RSS) | of it heap in use | of it stacks |\n|---|---|---|---|")
	r.Add("| bare Connect handler, no Envoy | %.1f KB | | |", bare.each(watchers))
	n := float64(watchers) * 1000
	r.Add("| AI service, all open | %.1f KB | %.1f KB | %.1f KB |", o.memory.each(watchers), o.inUse.heap/n, o.inUse.stacks/n)
	r.Add("| AI service, after the events | %.1f KB | | |\n", o.delivered.each(watchers))
	r.Add("All were open after %.1f s (%.0f a second).\n", o.opening.Seconds(), float64(watchers)/o.opening.Seconds())
	r.Add("| events | deliveries missing | out of order or twice | p50 | p99 | longest |\n|---|---|---|---|---|---|")
	r.Add("| %d | %d | %d | %.1f ms | %.1f ms | %.1f ms |\n", o.written, o.missing, o.wrong, ms(o.took.At(.5)), ms(o.took.At(.99)), ms(o.took.Longest()))
	r.Goal("watchers open at once", float64(watchers), ">=", 10_000)
	r.Goal("memory a watcher, KB", o.memory.each(watchers), "<=", goalKB)
	r.Goal("event to client p99, ms", ms(o.took.At(.99)), "<=", goalP99)
	r.Goal("deliveries missing", float64(o.missing), "<=", 0)
	r.Goal("deliveries out of order or twice", float64(o.wrong), "<=", 0)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// raiseFileLimit lets this process and its children have as many connections as the system allows.
func raiseFileLimit() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
