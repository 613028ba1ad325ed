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
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tripgen/tripgen/internal/local"
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

	dir    string
	starts map[Server]func(context.Context) (part, error)

	mu    sync.Mutex
	parts map[Server]part
}

// Server names one of the servers.
type Server string

// The servers.
const (
	Postgres Server = "PostgreSQL"
	Redis    Server = "Redis"
	Kafka    Server = "Kafka"
)

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
	if err := s.prepare(c); err != nil {
		return err
	}
	starting, ctx := errgroup.WithContext(ctx)
	for server := range s.starts {
		starting.Go(func() error { return s.startOne(ctx, server) })
	}
	return starting.Wait()
}

// prepare chooses the ports, so that a server that is started again is found where it was.
func (s *Servers) prepare(c Config) error {
	var ports [2]int
	for i := range ports {
		var err error
		if ports[i], err = local.FreePort(); err != nil {
			return err
		}
	}
	broker, err := newKafka(s.dir, c.KafkaLibs)
	if err != nil {
		return err
	}
	database := local.PostgresConfig{Dir: filepath.Join(s.dir, "postgres"), Port: ports[0], Throwaway: true, MaxConnections: 500}
	s.starts = map[Server]func(context.Context) (part, error){
		Postgres: func(ctx context.Context) (part, error) {
			running, err := local.StartPostgres(ctx, database)
			if err != nil {
				return nil, err
			}
			s.Postgres = running.URL("postgres")
			return running, nil
		},
		Redis: func(ctx context.Context) (part, error) { return startRedis(ctx, s.dir, ports[1]) },
		Kafka: func(ctx context.Context) (part, error) { return broker.start(ctx) },
	}
	s.Redis, s.Kafka, s.parts = "redis://"+local.Address(ports[1])+"/0", broker.address, map[Server]part{}
	return nil
}

func (s *Servers) startOne(ctx context.Context, server Server) error {
	running, err := s.starts[server](ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[server] = running
	return nil
}

// Restart stops a server, Kafka without a word (SIGKILL), and starts it on what it had stored: Redis on nothing. It must
// not be used beside [Servers.Run], to which a server that ends is an error.
func (s *Servers) Restart(ctx context.Context, server Server) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	s.mu.Lock()
	running := s.parts[server]
	delete(s.parts, server)
	s.mu.Unlock()
	if err := running.Close(ctx); err != nil {
		return err
	}
	return s.startOne(ctx, server)
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		stopping.Go(func() error { return p.Close(ctx) })
	}
	err := stopping.Wait()
	if removeErr := os.RemoveAll(s.dir); removeErr != nil {
		err = errors.Join(err, fmt.Errorf("remove the servers' state: %w", removeErr))
	}
	return err
}
