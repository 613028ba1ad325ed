package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/testenv"
	"github.com/tripgen/tripgen/test/fleet"
)

const (
	embeddedGenerations = 40
	embeddedTravellers  = 6
	// embeddedSession is that of `tripgen up`.
	embeddedSession = time.Second
)

// embedded kills workers that take their work from the Kafka and the Redis that `tripgen up` has in its process.
func embedded(ctx context.Context, r *report.Report, dir string, servers *testenv.Servers, model *model) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	broker, err := local.StartKafka(ctx, local.KafkaConfig{Dir: filepath.Join(dir, "kafka"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Close(context.Background())) }()
	redis, err := local.StartRedis(0)
	if err != nil {
		return err
	}
	expiring, stopExpiring := context.WithCancel(ctx)
	expired := make(chan error, 1)
	go func() { expired <- redis.Run(expiring) }()
	defer func() {
		stopExpiring()
		err = errors.Join(err, <-expired, redis.Close(context.Background()))
	}()
	f, err := fleet.Start(ctx, fleet.Config{
		Dir: dir, Postgres: servers.Postgres, Redis: redis.URL(), Envoy: servers.Envoy, Database: "tripgen_embedded_",
		Instances: map[app.Role]int{app.Worker: workers},
		Settings:  model.settings() + fmt.Sprintf("kafka: { brokers: [%q], session_timeout: %s, partitions: 4 }\n", broker.Address(), embeddedSession),
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
	c, err := newCrowd(ctx, f.Gateway, embeddedTravellers, embeddedGenerations)
	if err != nil {
		return err
	}
	b := &breaker{fleet: f, books: books}
	killing, stop := context.WithCancel(ctx)
	killed := make(chan error, 1)
	go func() { killed <- b.killWorkers(killing) }()
	crowdErr := c.run(ctx)
	stop()
	if err := errors.Join(crowdErr, <-killed); err != nil {
		return err
	}
	a, err := books.settle(ctx, c.asked())
	if err != nil {
		return err
	}
	r.Add("## On the embedded Kafka and Redis of `tripgen up`\n")
	r.Add("%d generations, workers in processes of their own, killed %d times: taken over after %s (median of %d; longest %s); %d lost, %d doubled.\n",
		len(c.asked()), b.counts()[0].times, millis(b.takeOvers.At(.5)), len(b.takeOvers), millis(b.takeOvers.Longest()), a.lost, a.doubled)
	r.Goal("embedded: generations lost or doubled", float64(a.lost+a.doubled+c.badWatches()), "<=", 0)
	r.Goal("take-over embedded, longest, s", b.takeOvers.Longest().Seconds(), "<=", 2)
	return nil
}

// killWorkers kills one worker after the other until ctx ends, which is nil.
func (b *breaker) killWorkers(ctx context.Context) error {
	for n := 0; ; n++ {
		if err := b.killWorker(ctx, n%b.fleet.Count(app.Worker)); err != nil && ctx.Err() == nil {
			return err
		}
		timer := time.NewTimer(betweenFaults)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}
