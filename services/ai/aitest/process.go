package aitest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	"github.com/tripgen/tripgen/services/ai/progress"
)

// processVariable tells a test's program that it is a worker, and of which stack.
const processVariable = "AITEST_WORKER"

// outside is what a worker in a process of its own needs to know of its stack.
type outside struct {
	Postgres, Redis, KeyFile, ClaudeURL string
	Kafka                               kafka.Config
	Options                             Options
}

// StartProcess starts a worker in a process of its own, which a test can kill, by the words of a command that runs it,
// such as "nice". The test's package has to call [WorkerMain] first thing in its TestMain. The stack has to be on real
// servers.
func (s *Stack) StartProcess(t testing.TB, by ...string) *os.Process {
	t.Helper()
	told := outside{
		Postgres: s.Pool.Config().ConnString(), Redis: "redis://" + s.Redis.Options().Addr, KeyFile: s.keyFile, ClaudeURL: s.claudeURL,
		Kafka: s.Kafka, Options: s.Options,
	}
	told.Kafka.Log, told.Options.Log, told.Options.Claude = nil, nil, anthropic.Config{}
	body, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	words := append(by, os.Args[0])
	command := exec.Command(words[0], words[1:]...) //nolint:gosec,noctx // itself; killed by the test
	command.Env = append(os.Environ(), processVariable+"="+string(body))
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // killed
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have ended
		<-ended
	})
	return command.Process
}

// WorkerMain runs a worker until it is killed, if this process was started by [Stack.StartProcess]; else it returns at
// once.
func WorkerMain() {
	body := os.Getenv(processVariable)
	if body == "" {
		return
	}
	if err := workerMain(body); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func workerMain(body string) error {
	var told outside
	if err := json.Unmarshal([]byte(body), &told); err != nil {
		return err
	}
	ctx := context.Background()
	pool, err := postgres.Open(ctx, postgres.Config{URL: told.Postgres})
	if err != nil {
		return err
	}
	options, err := redis.ParseURL(told.Redis)
	if err != nil {
		return err
	}
	sealer, err := seal.Load(told.KeyFile)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s := &Stack{
		Options: told.Options, Pool: pool, Redis: redis.NewClient(options), Kafka: told.Kafka, Writer: kafka.NewWriter(told.Kafka),
		Places: &Places{}, Sealer: sealer, claudeURL: told.ClaudeURL, logger: log,
	}
	s.Store = aipostgres.New(aipostgres.Deps{Pool: pool, Seal: sealer, Clock: clock.System{}, IDs: id.Random{}})
	s.relay = events.NewRelay(s.Store, s.Writer, log)
	s.Store.Kick = s.relay.Kick
	s.Log = progress.NewLog(s.Redis)
	s.budget = ai.NewBudget(s.Store, clock.System{}, 0, 0)
	w, _, err := s.worker()
	if err != nil {
		return err
	}
	go func() { _ = s.relay.Part().Run(ctx) }() // ends with the process
	return w.Part().Run(ctx)
}
