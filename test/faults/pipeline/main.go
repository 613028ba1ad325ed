// Command pipeline makes generations while everything breaks: workers are killed at random moments, Kafka, Redis and
// PostgreSQL restarted in turn, the AI and trip services killed, messages duplicated and reordered, the model hangs.
// Every generation must end in exactly one state, with one version stored and counted once.
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

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/testenv"
	"github.com/tripgen/tripgen/test/fleet"
)

// limit bounds a whole run.
const limit = 9 * time.Minute

func main() {
	libs := flag.String("kafka-libs", filepath.Join(".cache", "kafka", "libs"), "folder of Apache Kafka's jars")
	generations := flag.Int("generations", 500, "how many generations are made on real servers")
	document := flag.String("out", "docs/benchmarks/pipeline-faults.md", "where the report is written; empty for nowhere")
	keep := flag.Bool("keep", false, "keep the logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r := report.New("Faults of the generation pipeline")
	err := run(ctx, r, *libs, *generations, *keep)
	r.End(err, *document, "make faults-pipeline")
}

func run(ctx context.Context, r *report.Report, libs string, generations int, keep bool) (err error) {
	dir, err := os.MkdirTemp("", "tripgen-faults-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("logs are in", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	model, err := startModel()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	servers, err := testenv.Start(ctx, testenv.Config{KafkaLibs: libs, Envoy: os.Getenv("TRIPGEN_TEST_ENVOY")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.Close(context.Background())) }()
	if err := real(ctx, r, filepath.Join(dir, "real"), servers, model, generations); err != nil {
		return fmt.Errorf("on real servers: %w", err)
	}
	if err := embedded(ctx, r, filepath.Join(dir, "embedded"), servers, model); err != nil {
		return fmt.Errorf("with the embedded Kafka: %w", err)
	}
	return nil
}

const (
	workers    = 3
	travellers = 12
)

// real breaks everything, with Apache Kafka and Redis.
func real(ctx context.Context, r *report.Report, dir string, servers *testenv.Servers, model *model, generations int) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := fleet.Start(ctx, fleet.Config{
		Dir: dir, Postgres: servers.Postgres, Redis: servers.Redis, Kafka: servers.Kafka, Envoy: servers.Envoy,
		Database: "tripgen_pipeline_", Instances: map[app.Role]int{app.Worker: workers}, Settings: model.settings(),
	})
	defer func() { err = errors.Join(err, f.Close()) }()
	if err != nil {
		return err
	}
	if err := f.Unlimit(ctx); err != nil {
		return err
	}
	books, err := openBooks(ctx, f)
	if err != nil {
		return err
	}
	defer books.close()
	meddling, stopMeddling := context.WithCancel(ctx)
	m := startMeddler(meddling, kafka.Config{Brokers: []string{servers.Kafka}})
	crowd, err := newCrowd(ctx, f.Gateway, travellers, generations)
	if err != nil {
		stopMeddling()
		return errors.Join(err, m.wait())
	}
	b := &breaker{fleet: f, servers: servers, model: model, books: books}
	began := time.Now()
	breaking, stopBreaking := context.WithCancel(ctx)
	broken := make(chan error, 1)
	go func() { broken <- b.run(breaking) }()
	crowdErr := crowd.run(ctx)
	stopBreaking()
	err = errors.Join(crowdErr, <-broken)
	stopMeddling()
	if err := errors.Join(err, m.wait()); err != nil {
		return err
	}
	account, err := books.settle(ctx, crowd.asked())
	if err != nil {
		return err
	}
	tell(r, time.Since(began), crowd, b, m, account)
	return nil
}

func tell(r *report.Report, took time.Duration, c *crowd, b *breaker, m *meddler, a account) {
	r.Add("## On Apache Kafka, Redis and PostgreSQL\n")
	r.Add("%d generations by %d travellers in %s, Claude simulated (p50 300 ms, p99 2 s), watched through Envoy; %d workers, one each of the other roles.\n",
		len(c.asked()), travellers, took.Round(time.Second), workers)
	r.Add("| what was done | how often |\n|---|---|")
	for _, row := range b.counts() {
		r.Add("| %s | %d |", row.what, row.times)
	}
	r.Add("| messages sent once more, out of order | %d |\n", m.repeated)
	r.Add("| how the generations ended | |\n|---|---|\n| ready | %d |\n| cancelled | %d |\n| failed | %d |\n", a.ready, a.cancelled, a.failed)
	for _, line := range a.wrong {
		r.Add("- %s", line)
	}
	r.Add("\nA killed worker's generation was with another one after %s (median of %d; longest %s). After a restart all that had been asked for before had ended within %s of the server's end (longest of %d).\n",
		millis(b.takeOvers.At(.5)), len(b.takeOvers), millis(b.takeOvers.Longest()), millis(b.recoveries.Longest()), len(b.recoveries))
	r.Goal("generations", float64(len(c.asked())), ">=", 300)
	r.Goal("generations lost", float64(a.lost), "<=", 0)
	r.Goal("generations doubled", float64(a.doubled), "<=", 0)
	r.Goal("regenerations counted wrongly", float64(a.miscounted), "<=", 0)
	r.Goal("watchers left hanging, or told wrongly", float64(c.badWatches()), "<=", 0)
	r.Goal("take-over on Kafka, longest, s", b.takeOvers.Longest().Seconds(), "<=", 7)
	r.Goal("all served again after a restart, longest, s", b.recoveries.Longest().Seconds(), "<=", 30)
}

func millis(d time.Duration) string { return d.Round(time.Millisecond).String() }
