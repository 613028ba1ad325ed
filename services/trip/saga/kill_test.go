package saga_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable/durabletest"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	database "github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/rpc/rpctest"
	"github.com/tripgen/tripgen/internal/seal"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/peers"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/saga"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
	"github.com/tripgen/tripgen/services/trip/zones"
)

// Sagas are run by processes of their own, which kill themselves (SIGKILL) at a point of a step: before it, within it
// (after the AI service's answer and before the database knows), or after it (before the workflow notes it).

// point is where a process kills itself, and what the AI service makes of the generation that gets there.
type point struct{ at, scenario string }

var points = []point{
	{"hand over/before", "ready"},
	{"hand over/within", "ready"},
	{"hand over/after", "ready"},
	{"store/before", "ready"},
	{"store/within", "ready"},
	{"store/after", "ready"},
	{"confirm/before", "ready"},
	{"confirm/within", "ready"},
	{"confirm/after", "ready"},
	{"finish/before", "ready"},
	{"finish/after", "ready"},
	{"give back/before", "fail"},
	{"give back/after", "fail"},
	{"hand over/within", "refuse"},
	{"give back/before", "refuse"},
	{"give back/after", "refuse"},
}

// killer ends the process at a point.
type killer struct {
	saga.Steps
	point durabletest.Point
}

func (k killer) HandOver(ctx context.Context, id string) (trip.Receipt, error) {
	defer k.point.Around("hand over")()
	return k.Steps.HandOver(ctx, id)
}

func (k killer) Collect(ctx context.Context, id string) (int64, error) {
	defer k.point.Around("store")()
	return k.Steps.Collect(ctx, id)
}

func (k killer) Confirm(ctx context.Context, id string, version int64) error {
	defer k.point.Around("confirm")()
	return k.Steps.Confirm(ctx, id, version)
}

func (k killer) Finish(ctx context.Context, id string) error {
	defer k.point.Around("finish")()
	return k.Steps.Finish(ctx, id)
}

func (k killer) GiveBack(ctx context.Context, id string, state trip.GenerationState, reason string) error {
	defer k.point.Around("give back")()
	return k.Steps.GiveBack(ctx, id, state, reason)
}

// intakeKiller is the AI service with the points within steps.
type intakeKiller struct {
	trip.Intake
	point durabletest.Point
}

func (k intakeKiller) Start(ctx context.Context, g trip.Generation) (trip.Receipt, error) {
	defer k.point.Reach("hand over/within")
	return k.Intake.Start(ctx, g)
}

func (k intakeKiller) Result(ctx context.Context, id string) (trip.Result, error) {
	defer k.point.Reach("store/within")
	return k.Intake.Result(ctx, id)
}

func (k intakeKiller) Confirm(ctx context.Context, id string, version int64) (trip.Receipt, error) {
	defer k.point.Reach("confirm/within")
	return k.Intake.Confirm(ctx, id, version)
}

const (
	childVariable = "TRIPGEN_TEST_SAGA_PROCESS"
	keyVariable   = "TRIPGEN_TEST_SAGA_KEY"
	aiVariable    = "TRIPGEN_TEST_SAGA_AI"
	tokenVariable = "TRIPGEN_TEST_SAGA_TOKEN"
	atVariable    = "TRIPGEN_TEST_SAGA_KILL_AT"
)

// TestSagaProcess is the process that runs sagas: until it kills itself, or its standard input is closed.
func TestSagaProcess(t *testing.T) {
	url := os.Getenv(childVariable)
	if url == "" {
		t.Skip("run by TestSagasSurviveKills")
	}
	key, err := base64.StdEncoding.DecodeString(os.Getenv(keyVariable))
	if err != nil {
		t.Fatal(err)
	}
	point := durabletest.Point(os.Getenv(atVariable))
	_, service, runner := process(t, url, key, intakeKiller{remoteAI(t, os.Getenv(aiVariable)), point})
	if err := runner.Launch(t.Context(), killer{service, point}); err != nil {
		t.Fatal(err)
	}
	durabletest.Serve(t, runner)
}

func remoteAI(t *testing.T, url string) peers.AI {
	t.Helper()
	options, err := rpc.ClientOptions()
	if err != nil {
		t.Fatal(err)
	}
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: os.Getenv(tokenVariable)})
	client := rpc.NewHTTPClient(rpc.Transport(), token)
	return peers.AI{Intake: aiv1connect.NewGenerationIntakeServiceClient(client, url, options...)}
}

// noSagas leaves accepted generations to be found.
type noSagas struct{}

func (noSagas) Start(context.Context, string) error { return nil }
func (noSagas) HandedOver(context.Context, string, time.Duration) (trip.Receipt, error) {
	return nil, nil
}

func openPool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := database.Open(t.Context(), database.Config{URL: url, MaxConns: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func process(t *testing.T, url string, key []byte, intake trip.Intake) (*postgres.Store, *trip.Service, *saga.Runner) {
	t.Helper()
	sealer, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	store := postgres.New(postgres.Deps{
		Pool: openPool(t, url), Seal: sealer, Clock: clock.System{}, IDs: id.Random{}, Waker: wake.NewHub(nil, quiet),
	})
	runner := saga.New(saga.Deps{
		Pool: openPool(t, url), Leases: openPool(t, url), Executor: fmt.Sprint("process-", os.Getpid(), "-", time.Now().UnixNano()), Generations: store,
		Times: quick(), Clock: clock.System{}, Log: quiet,
	})
	return store, trip.New(trip.Deps{
		Trips: store, Itineraries: store, Generations: store, Feed: store, Keys: store, Shares: store, Alerts: store,
		Cities: new(triptest.Cities), Zones: zones.New(), Sagas: noSagas{}, Intake: intake, Log: quiet,
		Clock: clock.System{}, IDs: id.Random{},
	}), runner
}

// scenarioAI makes of each generation what its special request says.
type scenarioAI struct {
	*triptest.AI
	aiv1connect.UnimplementedGenerationIntakeServiceHandler
}

func (a scenarioAI) StartGeneration(ctx context.Context, r *aiv1.StartGenerationRequest) (*aiv1.StartGenerationResponse, error) {
	if r.GetSpecialRequest() == "refuse" {
		return nil, errs.ResourceExhausted(errs.ReasonQueueFull, "많습니다.", "Full.")
	}
	res, err := a.AI.StartGeneration(ctx, r)
	if err == nil && res.GetGeneration().GetState() == aiv1.GenerationState_GENERATION_STATE_QUEUED {
		state, reason := ready, ""
		if r.GetSpecialRequest() == "fail" {
			state, reason = failed, errs.ReasonPlanInfeasible
		}
		a.Finish(r.GetGenerationId(), state, reason)
	}
	return res, err
}

func (a scenarioAI) GetGenerationResult(ctx context.Context, r *aiv1.GetGenerationResultRequest) (*aiv1.GetGenerationResultResponse, error) {
	return a.AI.GetGenerationResult(ctx, r)
}

func (a scenarioAI) ConfirmStored(ctx context.Context, r *aiv1.ConfirmStoredRequest) (*aiv1.ConfirmStoredResponse, error) {
	return a.AI.ConfirmStored(ctx, r)
}

// TestSagasSurviveKills: every saga ends done or compensated, none is lost and none done twice, whenever and however
// often its process is killed.
func TestSagasSurviveKills(t *testing.T) {
	url := postgrestest.NewURL(t)
	key, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Migrate(t.Context(), openPool(t, url), postgres.Migrations()); err != nil {
		t.Fatal(err)
	}
	f := &front{T: t, url: url, key: key, scenarios: map[string]string{}}
	f.ai = triptest.NewAI(f.tell)
	f.ai.Hold(true)
	quiet := rpc.Deps{Log: slog.New(slog.DiscardHandler)}
	server := rpctest.Start(t, quiet, func(s *rpc.Server, options []connect.HandlerOption) {
		s.Handle(aiv1connect.NewGenerationIntakeServiceHandler(scenarioAI{AI: f.ai}, options...))
	})
	f.aiURL, f.token = server.BaseURL, server.ServiceToken("tripgen-trip")
	f.store, f.service, _ = process(t, url, key, nil)
	// The tables of the workflows are there before anybody is told of a finished generation.
	f.start("").Stop()
	f.client, err = dbos.NewClient(context.Background(), dbos.ClientConfig{
		AppName: "tripgen-trip", DatabaseURL: url, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dbos.Shutdown(f.client, time.Second) }()

	kills := durabletest.Kills(t, len(points))
	for i := range kills {
		p := points[i%len(points)]
		child := f.start(p.at)
		f.generate(p.scenario)
		child.Killed(p.at)
	}
	last := f.start("")
	lost, doubled := f.account()
	last.Stop()
	durabletest.Tell(t, "generation", kills, len(f.scenarios), lost, doubled)
	if lost+doubled > 0 {
		t.Fail()
	}
}

// front takes requests, and never dies.
type front struct {
	*testing.T
	url, aiURL, token string
	key               []byte
	ai                *triptest.AI
	store             *postgres.Store
	service           *trip.Service
	client            dbos.Client
	// scenarios are those of all generations.
	scenarios map[string]string
}

// tell is Kafka: it tells of a finished generation, twice.
func (f *front) tell(generationID string, state aiv1.GenerationState, reason string) {
	states := map[aiv1.GenerationState]string{ready: "ready", failed: "failed"}
	message := map[string]string{"state": states[state], "reason": reason}
	for range 2 {
		err := dbos.Send(f.client, generationID, message, "finished", dbos.WithIdempotencyKey("evt_"+generationID))
		if err != nil {
			f.Error(err)
		}
	}
}

// generate accepts a regeneration of a new trip that has an itinerary already, so that there is a count to give back.
func (f *front) generate(scenario string) {
	f.Helper()
	draft := triptest.Sample(id.Random{}, time.Now())
	draft.Start = trip.DateOf(time.Now(), time.UTC).AddDays(7)
	t, err := f.service.Create(f.Context(), caller, draft)
	if err != nil {
		f.Fatal(err)
	}
	_, err = f.store.AddVersion(f.Context(), caller.Owner, t.ID, trip.Once{}, func(*trip.Trip) (trip.Itinerary, error) {
		return trip.Itinerary{Origin: trip.FromGeneration}, nil
	})
	if err != nil {
		f.Fatal(err)
	}
	g, err := f.service.Generate(f.Context(), caller, t.ID, trip.Wish{Revision: t.Revision, Special: scenario})
	if err != nil {
		f.Fatal(err)
	}
	f.scenarios[g.ID] = scenario
}

// account waits until all sagas have ended and counts those that did not end as they should, and those that did
// something twice.
func (f *front) account() (lost, doubled int) {
	want := map[string]trip.GenerationState{
		"ready": trip.GenerationReady, "fail": trip.GenerationFailed, "refuse": trip.GenerationRefused,
	}
	for generationID, scenario := range f.scenarios {
		versions, used, confirmed := int64(1), 0, int64(0)
		if scenario == "ready" {
			versions, used, confirmed = 2, 1, 2
		}
		var g trip.Generation
		until(f.T, func() (err error) { // the confirmation is the last step, after the generation's own end
			g, err = f.store.Generation(f.Context(), generationID)
			if at := f.ai.Confirmed(generationID); err == nil && (!g.State.Final() || at != confirmed) {
				err = fmt.Errorf("%s is %s, confirmed at %d", generationID, g.State, at)
			}
			return err
		})
		t, err := f.store.Trip(f.Context(), caller.Owner, g.TripID)
		if err != nil {
			f.Fatal(err)
		}
		if g.State != want[scenario] || t.Running != "" || t.Itinerary < versions || t.Regenerations.Used != used ||
			f.ai.Confirmed(generationID) != confirmed {
			f.Errorf("%s (%s): %+v of %+v", generationID, scenario, g, t)
			lost++
		}
		changes, err := f.store.Changes(f.Context(), caller.Owner, t.ID, 0, 100)
		if err != nil {
			f.Fatal(err)
		}
		told := map[string]int{}
		for _, c := range changes {
			if c.Generation != nil {
				told[string(c.Generation.State)]++
			}
		}
		if t.Itinerary > versions || told[string(want[scenario])] != 1 || told["accepted"] != 1 || told["stored"] > 1 {
			f.Errorf("%s (%s) has version %d and was told %v", generationID, scenario, t.Itinerary, told)
			doubled++
		}
	}
	return lost, doubled
}

// start starts a process that runs sagas.
func (f *front) start(at string) *durabletest.Process {
	f.Helper()
	return durabletest.Start(f.T, "TestSagaProcess", childVariable+"="+f.url, keyVariable+"="+base64.StdEncoding.EncodeToString(f.key),
		aiVariable+"="+f.aiURL, tokenVariable+"="+f.token, atVariable+"="+at)
}
