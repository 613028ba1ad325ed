// Package testenv runs the real servers that tests are written against: PostgreSQL, Redis, Apache Kafka in KRaft mode,
// and the place of Envoy's program. They listen on free loopback ports, keep their state in a temporary folder, and go
// when the run is over, in whatever way it ends.
package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/local/process"
)

// Config says where the programs are that packages do not install.
type Config struct {
	// KafkaLibs is the folder of Apache Kafka's jars.
	KafkaLibs string
	// Envoy is the program's path.
	Envoy string
}

// Servers are the running servers. Each field is what a test needs to reach one.
type Servers struct {
	// Postgres is the URL of a superuser.
	Postgres string
	// Redis is the URL of database 0.
	Redis string
	// Kafka is the broker's host:port. Topics are not made by themselves.
	Kafka string
	// Envoy is the absolute path of the program.
	Envoy string

	dir   string
	parts []part
}

// part is a server that runs.
type part interface {
	Run(ctx context.Context) error
	Close(ctx context.Context) error
}

// startLimit bounds the start of all servers: it takes about five seconds on two idle cores.
const startLimit = 2 * time.Minute

// Start starts all servers at once. The caller must call [Servers.Close].
func Start(ctx context.Context, c Config) (*Servers, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	envoy, err := local.FindEnvoy(c.Envoy)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tripgen-test-")
	if err != nil {
		return nil, err
	}
	s := &Servers{Envoy: envoy, dir: dir}
	if err := s.start(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Servers) start(ctx context.Context, c Config) error {
	// PostgreSQL runs as another user when the tests run as root.
	if err := os.Chmod(s.dir, 0o711); err != nil {
		return err
	}
	var (
		database *local.Postgres
		redis    *process.Process
		kafka    *process.Process
	)
	starting, ctx := errgroup.WithContext(ctx)
	starting.Go(func() (err error) {
		database, err = local.StartPostgres(ctx, local.PostgresConfig{
			Dir: filepath.Join(s.dir, "postgres"), Throwaway: true, MaxConnections: 500,
		})
		return err
	})
	starting.Go(func() (err error) {
		redis, s.Redis, err = startRedis(ctx, s.dir)
		return err
	})
	starting.Go(func() (err error) {
		kafka, s.Kafka, err = startKafka(ctx, s.dir, c.KafkaLibs)
		return err
	})
	err := starting.Wait()
	// Those that did start must be stopped even if another did not.
	if database != nil {
		s.parts = append(s.parts, database)
		s.Postgres = database.URL("postgres")
	}
	for _, p := range []*process.Process{redis, kafka} {
		if p != nil {
			s.parts = append(s.parts, p)
		}
	}
	return err
}

// Environ is the environment variables by which tests find the servers.
func (s *Servers) Environ() []string {
	return []string{
		"TRIPGEN_TEST_REAL=1",
		"TRIPGEN_TEST_POSTGRES=" + s.Postgres,
		"TRIPGEN_TEST_REDIS=" + s.Redis,
		"TRIPGEN_TEST_KAFKA=" + s.Kafka,
		"TRIPGEN_TEST_ENVOY=" + s.Envoy,
	}
}

// Run waits until ctx ends, which is nil, or one of the servers does, which is an error.
func (s *Servers) Run(ctx context.Context) error {
	watching, ctx := errgroup.WithContext(ctx)
	for _, p := range s.parts {
		watching.Go(func() error { return p.Run(ctx) })
	}
	return watching.Wait()
}

// stopLimit is how long a server may take to end by itself: there is nothing in it to keep.
const stopLimit = 5 * time.Second

// Close stops the servers and removes their state.
func (s *Servers) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	var stopping errgroup.Group
	for _, p := range s.parts {
		stopping.Go(func() error { return p.Close(ctx) })
	}
	err := stopping.Wait()
	if removeErr := os.RemoveAll(s.dir); removeErr != nil {
		err = errors.Join(err, fmt.Errorf("remove the servers' state: %w", removeErr))
	}
	return err
}
