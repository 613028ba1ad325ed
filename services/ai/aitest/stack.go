package aitest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/alicebob/miniredis/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/rpc/rpctest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
	"github.com/tripgen/tripgen/services/ai/pipeline"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	"github.com/tripgen/tripgen/services/ai/progress"
	"github.com/tripgen/tripgen/services/ai/recommend"
	"github.com/tripgen/tripgen/services/ai/refine"
	"github.com/tripgen/tripgen/services/ai/review"
	airpc "github.com/tripgen/tripgen/services/ai/rpc"
	"github.com/tripgen/tripgen/services/ai/worker"
)

// Options say what a stack is made of.
type Options struct {
	// Real takes the test servers' Redis and Kafka instead of those in the process. Topics are shared by all who do so:
	// such tests must not run side by side.
	Real bool
	// NoModel plans without refining; NoWorker starts none.
	NoModel, NoWorker bool
	// Claude is how the simulated model behaves.
	Claude anthropic.Config
	// Queue, Parallel and Attempts are 1000, 16 and 3 unless set.
	Queue, Parallel, Attempts int
	// DayUSD and ClientUSD are budgets; zero for none.
	DayUSD, ClientUSD float64
	// Share shares drafts and answers of the model.
	Share bool
	// Conns bounds the database's pool; 8 unless set.
	Conns int
	// Partitions of the queue's topics; 3 unless set.
	Partitions int
	// Lease is a second unless set; Session, Kafka's, 1 s.
	Lease, Session time.Duration
	// Budgets are patient unless set.
	Budgets *pipeline.Budgets
	// Log is nil for the test's.
	Log *slog.Logger
}

// Stack is a running AI service.
type Stack struct {
	Options Options
	Pool    *pgxpool.Pool
	Redis   *redis.Client
	Kafka   kafka.Config
	Writer  *kafkago.Writer
	Store   *aipostgres.Store
	Log     *progress.Log
	Places  *Places
	Claude  *anthropic.Simulator
	Sealer  *seal.Sealer

	// Generations calls as the owner, Intake as another service.
	Generations aiv1connect.GenerationServiceClient
	Intake      aiv1connect.GenerationIntakeServiceClient
	Planner     aiv1connect.PlannerServiceClient
	Check       aiv1connect.ItineraryCheckServiceClient
	Advice      aiv1connect.RecommendationServiceClient
	Server      *rpctest.Server

	miniredis  *miniredis.Miniredis
	kfake      *kfake.Cluster
	closeKafka sync.Once
	keyFile    string
	claudeURL  string
	relay      *events.Relay
	budget     *ai.Budget
	logger     *slog.Logger
}

// Start starts a stack that ends with the test.
func Start(t testing.TB, o Options) *Stack {
	t.Helper()
	defaults(&o)
	s := &Stack{Options: o, Places: &Places{}, Claude: anthropic.New(o.Claude), logger: o.Log}
	if s.logger == nil {
		s.logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	s.openPostgres(t)
	s.openRedis(t)
	s.openKafka(t)
	s.keyFile = filepath.Join(t.TempDir(), "keys.json")
	var err error
	if s.Sealer, err = seal.LoadOrCreate(s.keyFile); err != nil {
		t.Fatal(err)
	}
	claude := httptest.NewServer(s.Claude.Handler())
	t.Cleanup(claude.Close)
	s.claudeURL = claude.URL
	s.Store = aipostgres.New(aipostgres.Deps{Pool: s.Pool, Seal: s.Sealer, Clock: clock.System{}, IDs: id.Random{}})
	s.relay = events.NewRelay(s.Store, s.Writer, s.logger)
	s.Store.Kick = s.relay.Kick
	Run(t, s.relay.Part())
	s.Log = progress.NewLog(s.Redis)
	s.budget = ai.NewBudget(s.Store, clock.System{}, o.DayUSD, o.ClientUSD)
	s.serve(t)
	if !o.NoWorker {
		s.StartWorker(t)
	}
	return s
}

func defaults(o *Options) {
	set := func(v *int, otherwise int) {
		if *v == 0 {
			*v = otherwise
		}
	}
	set(&o.Queue, 1000)
	set(&o.Parallel, 16)
	set(&o.Attempts, 3)
	set(&o.Conns, 8)
	set(&o.Partitions, 3)
	if o.Lease == 0 {
		o.Lease = time.Second
	}
	if o.Session == 0 {
		o.Session = time.Second
	}
	if o.Budgets == nil {
		o.Budgets = PatientBudgets()
	}
}

// PatientBudgets let come what has to come, however slow the machine.
func PatientBudgets() *pipeline.Budgets {
	return &pipeline.Budgets{
		Deadline: 25 * time.Second, Store: 700 * time.Millisecond, Gather: 10 * time.Second, Plan: time.Second,
		Refine: 20 * time.Second, Late: 40 * time.Second, Hedge: -1,
	}
}

func (s *Stack) openPostgres(t testing.TB) {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.NewURL(t), MaxConns: s.Options.Conns})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := postgres.Migrate(t.Context(), pool, aipostgres.Migrations()); err != nil {
		t.Fatal(err)
	}
	s.Pool = pool
}

func (s *Stack) openRedis(t testing.TB) {
	t.Helper()
	address := os.Getenv("TRIPGEN_TEST_REDIS")
	switch {
	case !s.Options.Real:
		s.miniredis = miniredis.RunT(t)
		address = "redis://" + s.miniredis.Addr()
	case address == "":
		t.Skip("needs a Redis server: set TRIPGEN_TEST_REDIS")
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	s.Redis = redis.NewClient(options)
	t.Cleanup(func() { _ = s.Redis.Close() })
}

// Logger is the stack's.
func (s *Stack) Logger() *slog.Logger { return s.logger }

// StopRedis takes the Redis in the process away.
func (s *Stack) StopRedis() { s.miniredis.Close() }

// ForgetRedis makes the Redis in the process lose all it holds.
func (s *Stack) ForgetRedis() { s.miniredis.FlushAll() }

// StopKafka takes the Kafka in the process away.
func (s *Stack) StopKafka() { s.closeKafka.Do(s.kfake.Close) }

func (s *Stack) openKafka(t testing.TB) {
	t.Helper()
	s.Kafka = kafka.Config{Brokers: []string{os.Getenv("TRIPGEN_TEST_KAFKA")}, Partitions: s.Options.Partitions, SessionTimeout: s.Options.Session, Log: s.logger}
	switch {
	case !s.Options.Real:
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(500*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		s.kfake = cluster
		t.Cleanup(s.StopKafka)
		s.Kafka.Brokers = cluster.ListenAddrs()
	case s.Kafka.Brokers[0] == "":
		t.Skip("needs a Kafka server: set TRIPGEN_TEST_KAFKA")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := kafka.CreateTopics(ctx, s.Kafka); err != nil {
		t.Fatal(err)
	}
	s.Writer = kafka.NewWriter(s.Kafka)
	t.Cleanup(func() { _ = s.Writer.Close() })
}

func (s *Stack) serve(t testing.TB) {
	t.Helper()
	hub := progress.NewHub(s.Redis, s.Store, s.logger)
	Run(t, hub.Part())
	pages, err := page.NewTokens(s.Sealer.Derive("page-tokens"))
	if err != nil {
		t.Fatal(err)
	}
	advisor, err := s.limited()
	if err != nil {
		t.Fatal(err)
	}
	costs, err := ai.NewCosts(s.Store, s.logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	handlers := airpc.New(airpc.Deps{
		Intake: ai.NewIntake(s.Store, s.budget, costs, clock.System{}, s.Options.Queue), Queue: ai.NewQueue(s.Store, clock.System{}),
		Reader: s.Store, Ender: s.Store, Log: s.Log, Hub: hub, Pages: pages, Seal: s.Sealer, Clock: clock.System{}, Logger: s.logger,
		Recommender: &recommend.Recommender{
			Store: s.Store, Locations: s.Places, Advisor: advisor, Affords: s.budget.AffordsFor, Spent: s.Store.AddAdvice, Cache: refine.RedisCache{Client: s.Redis},
			Clock: clock.System{}, Log: s.logger,
		},
		Reviewer: &review.Reviewer{Locations: s.Places, Clock: clock.System{}, IDs: id.Random{}, Log: s.logger},
	})
	Run(t, handlers.Looking())
	s.Server = rpctest.Start(t, rpc.Deps{Log: s.logger, MaxRequestBytes: 4 << 20}, func(server *rpc.Server, options []connect.HandlerOption) {
		handlers.Mount(server, options...)
		// The gateway fetches the issuer's keys where the user service has them, over HTTP/2.
		server.Mount("/.well-known/jwks.json", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			issuer, err := url.Parse(s.Server.URL())
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			httputil.NewSingleHostReverseProxy(issuer).ServeHTTP(w, r)
		}))
	})
	s.Generations = aiv1connect.NewGenerationServiceClient(s.Server.Client(t, s.Server.Token(Owner, "generations")), s.Server.BaseURL)
	internal := s.Server.Client(t, s.Server.ServiceToken("tripgen-trip"))
	s.Intake = aiv1connect.NewGenerationIntakeServiceClient(internal, s.Server.BaseURL)
	s.Planner = aiv1connect.NewPlannerServiceClient(internal, s.Server.BaseURL)
	s.Advice = aiv1connect.NewRecommendationServiceClient(s.Server.Client(t, s.Server.Token(Owner, "trips.read")), s.Server.BaseURL)
	s.Check = aiv1connect.NewItineraryCheckServiceClient(s.Server.Client(t, s.Server.Token(Owner, "generations")), s.Server.BaseURL)
}

// Dead are the dead letters, for a consumer of the stack's.
func (s *Stack) Dead() *dead.Letters {
	return &dead.Letters{Writer: s.Writer, IDs: id.Random{}, Clock: clock.System{}, Log: s.logger}
}

// StartWorker starts one more worker. stop ends it as a process that is told to stop.
func (s *Stack) StartWorker(t testing.TB) (stop func()) {
	t.Helper()
	w, readers, err := s.worker()
	if err != nil {
		t.Fatal(err)
	}
	stopWorker := Run(t, w.Part())
	stop = sync.OnceFunc(func() {
		stopWorker()
		for _, r := range readers {
			if err := r.Close(); err != nil && !errors.Is(err, io.EOF) {
				t.Errorf("close reader: %v", err)
			}
		}
	})
	t.Cleanup(stop)
	return stop
}

// worker makes a worker from the stack's parts.
func (s *Stack) worker() (*worker.Worker, []*kafkago.Reader, error) {
	var model refine.Model
	if !s.Options.NoModel {
		var err error
		if model, err = s.model(); err != nil {
			return nil, nil, err
		}
	}
	var drafts pipeline.Cache
	if s.Options.Share {
		drafts = refine.RedisCache{Client: s.Redis}
	}
	made := pipeline.New(pipeline.Deps{
		Drafts: drafts, Locations: s.Places, Model: model, Affords: s.budget.Affords, Improver: s.Store, Budgets: *s.Options.Budgets,
		PlannerSlots: max(1, runtime.GOMAXPROCS(0)-1), Clock: clock.System{}, IDs: id.Random{}, Log: s.logger,
	})
	var readers []*kafkago.Reader
	for _, topic := range worker.Topics() {
		readers = append(readers, kafka.NewReader(s.Kafka, worker.Group(topic), topic))
	}
	return worker.New(worker.Deps{
		Config: worker.Config{
			Parallel: s.Options.Parallel, Window: 64, Attempts: s.Options.Attempts, Lease: s.Options.Lease, Grace: 5 * time.Second,
		},
		Store: s.Store, Pipeline: made, Readers: readers, Dead: s.Dead(), Clock: clock.System{}, IDs: id.Random{}, Log: s.logger,
		Journals: func(g ai.Generation) pipeline.Journal { return s.Log.Writer(s.Store, g.ID, g.LastSequence, s.logger) },
	}), readers, nil
}

const modelName = "claude-haiku-4-5"

// limited is the simulated Claude within limits.
func (s *Stack) limited() (*refine.Limited, error) {
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	claude := refine.NewClaude(refine.Config{Key: "any", BaseURL: s.claudeURL, Model: func() string { return modelName }})
	return refine.NewLimited(claude, guards.Guard(resilience.Policy{Name: "anthropic"}), refine.DefaultLimits(), nil)
}

// model is the simulated Claude within limits, shared if asked for.
func (s *Stack) model() (refine.Model, error) {
	limited, err := s.limited()
	if err != nil || !s.Options.Share {
		return limited, err
	}
	return refine.NewShared(limited, refine.RedisCache{Client: s.Redis}, func() string { return modelName }, s.logger, nil)
}

// Run runs a part until the test ends, or until stop, and awaits its end.
func Run(t testing.TB, part app.Part) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- part.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", part.Name, err)
		}
		if part.Close != nil {
			if err := part.Close(context.Background()); err != nil {
				t.Errorf("close %s: %v", part.Name, err)
			}
		}
	})
	t.Cleanup(stop)
	return stop
}
