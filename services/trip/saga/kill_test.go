package saga_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/clock"
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

// killVariable says how many kills; by default each point is met once. 200 make some four minutes.
const killVariable = "TRIPGEN_FAULT_KILLS"

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
	at string
}

func (k killer) reach(at string) {
	if at != k.at {
		return
	}
	fmt.Println("killed at", at)
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		panic(err)
	}
	select {}
}

func (k killer) HandOver(ctx context.Context, id string) (trip.Receipt, error) {
	k.reach("hand over/before")
	defer k.reach("hand over/after")
	return k.Steps.HandOver(ctx, id)
}

func (k killer) Collect(ctx context.Context, id string) (int64, error) {
	k.reach("store/before")
	defer k.reach("store/after")
	return k.Steps.Collect(ctx, id)
}

func (k killer) Confirm(ctx context.Context, id string, version int64) error {
	k.reach("confirm/before")
	defer k.reach("confirm/after")
	return k.Steps.Confirm(ctx, id, version)
}

func (k killer) Finish(ctx context.Context, id string) error {
	k.reach("finish/before")
	defer k.reach("finish/after")
	return k.Steps.Finish(ctx, id)
}

func (k killer) GiveBack(ctx context.Context, id string, state trip.GenerationState, reason string) error {
	k.reach("give back/before")
	defer k.reach("give back/after")
	return k.Steps.GiveBack(ctx, id, state, reason)
}

// intakeKiller is the AI service with the points within steps.
type intakeKiller struct {
	trip.Intake
	reach func(string)
}

func (k intakeKiller) Start(ctx context.Context, g trip.Generation) (trip.Receipt, error) {
	defer k.reach("hand over/within")
	return k.Intake.Start(ctx, g)
}

func (k intakeKiller) Result(ctx context.Context, id string) (trip.Result, error) {
	defer k.reach("store/within")
	return k.Intake.Result(ctx, id)
}

func (k intakeKiller) Confirm(ctx context.Context, id string, version int64) (trip.Receipt, error) {
	defer k.reach("confirm/within")
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
	k := killer{at: os.Getenv(atVariable)}
	_, service, runner := process(t, url, key, intakeKiller{remoteAI(t, os.Getenv(aiVariable)), k.reach})
	k.Steps = service
	if err := runner.Launch(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := runner.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	running.Wait()
	if err := runner.Stop(context.Background()); err != nil {
		t.Error(err)
	}
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
	f.start("").stop()
	f.client, err = dbos.NewClient(context.Background(), dbos.ClientConfig{
		AppName: "tripgen-trip", DatabaseURL: url, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dbos.Shutdown(f.client, time.Second) }()

	kills := len(points)
	if text := os.Getenv(killVariable); text != "" {
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", killVariable, err)
		}
	}
	for i := range kills {
		p := points[i%len(points)]
		child := f.start(p.at)
		f.generate(p.scenario)
		child.killed(p.at)
	}
	last := f.start("")
	lost, doubled := f.account()
	last.stop()
	tell(t, fmt.Sprintf("generation %d %d %d %d", kills, len(f.scenarios), lost, doubled))
	if lost+doubled > 0 {
		t.Fail()
	}
}

// tallyVariable names the file that gets a line with the outcome: kind, kills, sagas, lost, doubled.
const tallyVariable = "TRIPGEN_FAULT_TALLY"

func tell(t *testing.T, line string) {
	t.Helper()
	fmt.Println("kind kills sagas lost doubled:", line)
	path := os.Getenv(tallyVariable)
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = fmt.Fprintln(file, line)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
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

// child is a process that runs sagas.
type child struct {
	*testing.T
	command *exec.Cmd
	in      io.Closer
	out     *bufio.Reader
}

func (f *front) start(at string) *child {
	f.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestSagaProcess$", "-test.count=1")
	c.Env = append(os.Environ(), childVariable+"="+f.url, keyVariable+"="+base64.StdEncoding.EncodeToString(f.key),
		aiVariable+"="+f.aiURL, tokenVariable+"="+f.token, atVariable+"="+at)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		f.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	if err := c.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Process.Kill() })
	process := &child{T: f.T, command: c, in: in, out: bufio.NewReader(out)}
	process.expect("ready")
	return process
}

// expect reads the process's next line.
func (c *child) expect(want string) {
	c.Helper()
	watchdog := time.AfterFunc(30*time.Second, func() { _ = c.command.Process.Kill() })
	defer watchdog.Stop()
	line, err := c.out.ReadString('\n')
	if got := strings.TrimSpace(line); got != want {
		c.Fatalf("the process says %q (%v), want %q", got, err, want)
	}
}

// killed waits until the process has killed itself.
func (c *child) killed(at string) {
	c.Helper()
	c.expect("killed at " + at)
	if err := c.command.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		c.Fatalf("the process ended with %v", err)
	}
}

func (c *child) stop() {
	c.Helper()
	if err := c.in.Close(); err != nil {
		c.Error(err)
	}
	_, _ = io.Copy(io.Discard, c.out)
	if err := c.command.Wait(); err != nil {
		c.Errorf("the process ended with %v", err)
	}
}
