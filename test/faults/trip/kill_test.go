// Package trip kills the processes that run the sagas of deletions and exports, at every step; the trip service's own
// are killed in services/trip/saga.
package trip

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/durable/durabletest"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1/privacyv1connect"
	"github.com/tripgen/tripgen/services/user"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
	"github.com/tripgen/tripgen/services/user/saga"
)

// killer has the points at the borders of steps.
type killer struct {
	saga.Steps
	point durabletest.Point
}

func (k killer) HoldData(ctx context.Context, id, service string) (bool, error) {
	defer k.point.Around("hold " + service)()
	return k.Steps.HoldData(ctx, id, service)
}

func (k killer) DecideDeletion(ctx context.Context, id string) (bool, error) {
	defer k.point.Around("decide")()
	return k.Steps.DecideDeletion(ctx, id)
}

func (k killer) ReleaseData(ctx context.Context, id, service string) error {
	defer k.point.Around("release " + service)()
	return k.Steps.ReleaseData(ctx, id, service)
}

func (k killer) UndoDeletion(ctx context.Context, id string) error {
	defer k.point.Around("unlock")()
	return k.Steps.UndoDeletion(ctx, id)
}

func (k killer) ForgetData(ctx context.Context, id, service string) (user.Forgotten, error) {
	defer k.point.Around("forget " + service)()
	return k.Steps.ForgetData(ctx, id, service)
}

func (k killer) ForgetAccount(ctx context.Context, id string) (user.Forgotten, error) {
	defer k.point.Around("forget user")()
	return k.Steps.ForgetAccount(ctx, id)
}

func (k killer) AnnounceDeletion(ctx context.Context, id string) error {
	defer k.point.Around("announce")()
	return k.Steps.AnnounceDeletion(ctx, id)
}

func (k killer) FinishDeletion(ctx context.Context, id string) error {
	defer k.point.Around("finish deletion")()
	return k.Steps.FinishDeletion(ctx, id)
}

func (k killer) CollectData(ctx context.Context, id, service string) (*user.Part, error) {
	defer k.point.Around("collect " + service)()
	return k.Steps.CollectData(ctx, id, service)
}

func (k killer) FinishExport(ctx context.Context, id string, parts map[string]user.Part) (bool, error) {
	defer k.point.Around("finish export")()
	return k.Steps.FinishExport(ctx, id, parts)
}

func (k killer) DropExport(ctx context.Context, id string) error {
	defer k.point.Around("drop")()
	return k.Steps.DropExport(ctx, id)
}

// keeperKiller has the points within steps: another service has done its part, and nobody here knows yet.
type keeperKiller struct {
	user.Keeper
	name  string
	point durabletest.Point
}

func (k keeperKiller) Hold(ctx context.Context, id, owner string) error {
	defer k.point.Reach("hold " + k.name + "/within")
	return k.Keeper.Hold(ctx, id, owner)
}

func (k keeperKiller) Release(ctx context.Context, id, owner string) error {
	defer k.point.Reach("release " + k.name + "/within")
	return k.Keeper.Release(ctx, id, owner)
}

func (k keeperKiller) Forget(ctx context.Context, id, owner string) (map[string]int64, time.Time, error) {
	defer k.point.Reach("forget " + k.name + "/within")
	return k.Keeper.Forget(ctx, id, owner)
}

func (k keeperKiller) Collect(ctx context.Context, owner string, add func(string, []byte) error) error {
	defer k.point.Reach("collect " + k.name + "/within")
	return k.Keeper.Collect(ctx, owner, add)
}

// setting is what a process is told by its environment.
type setting struct {
	URL, At string
	Key     []byte
	// Services are the others: address and token.
	Services map[string][2]string
}

const settingVariable = "TRIPGEN_TEST_SAGA_SETTING"

// log is an announcer that keeps what it was told in the table announced.
type log struct{ pool *pgxpool.Pool }

// AccountDeleted notes it.
func (l log) AccountDeleted(ctx context.Context, d user.Deletion) error {
	_, err := l.pool.Exec(ctx, `INSERT INTO announced (deletion_id) VALUES ($1)`, d.ID)
	return err
}

func openPool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func userStore(t *testing.T, url string, key []byte) (*userpostgres.Store, *pgxpool.Pool) {
	t.Helper()
	sealer, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := openPool(t, url)
	return userpostgres.New(pool, sealer, clock.System{}, slog.New(slog.DiscardHandler), func() {}), pool
}

// TestSagaProcess is the process that runs sagas: until it kills itself, or its standard input is closed.
func TestSagaProcess(t *testing.T) {
	text := os.Getenv(settingVariable)
	if text == "" {
		t.Skip("run by TestSagasSurviveKills")
	}
	var s setting
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	options, err := rpc.ClientOptions()
	if err != nil {
		t.Fatal(err)
	}
	store, pool := userStore(t, s.URL, s.Key)
	keepers := map[string]user.Keeper{}
	for name, at := range s.Services {
		client := rpc.NewHTTPClient(rpc.Transport(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: at[1]}))
		remote := personal.Remote{Client: privacyv1connect.NewPersonalDataServiceClient(client, at[0], options...)}
		keepers[name] = keeperKiller{remote, name, durabletest.Point(s.At)}
	}
	quiet := slog.New(slog.DiscardHandler)
	service := user.New(user.Deps{
		Config: user.Defaults(), Deletions: store, Exports: store, Keepers: keepers, Announcer: log{pool}, Log: quiet,
		Clock: clock.System{}, IDs: id.Random{},
	})
	runner := saga.New(saga.Deps{
		Pool: openPool(t, s.URL), Leases: pool, Executor: fmt.Sprint("process-", os.Getpid(), "-", time.Now().UnixNano()),
		Unfinished: store, Clock: clock.System{}, Log: quiet,
		Times: saga.Times{
			Times:  durable.Times{Beat: 50 * time.Millisecond, FirstRetry: 10 * time.Millisecond, LastRetry: 50 * time.Millisecond},
			Orphan: 100 * time.Millisecond,
		},
	})
	if err := runner.Launch(t.Context(), killer{service, durabletest.Point(s.At)}); err != nil {
		t.Fatal(err)
	}
	durabletest.Serve(t, runner)
}

// startProcess starts a process that runs sagas.
func startProcess(t *testing.T, s setting) *durabletest.Process {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return durabletest.Start(t, "TestSagaProcess", settingVariable+"="+string(text))
}
