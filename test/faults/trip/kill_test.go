// Package trip kills the processes that run the sagas of deletions and exports, at every step; the trip service's own
// are killed in services/trip/saga.
package trip

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
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

// reach ends the process (SIGKILL) if it is to end at this point.
type reach string

func (r reach) at(point string) {
	if point != string(r) {
		return
	}
	fmt.Println("killed at", point)
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		panic(err)
	}
	select {}
}

// around is before and after a step; it is called at its beginning, and what it gives at its end.
func (r reach) around(step string) func() {
	r.at(step + "/before")
	return func() { r.at(step + "/after") }
}

// killer has the points at the borders of steps.
type killer struct {
	saga.Steps
	reach reach
}

func (k killer) HoldData(ctx context.Context, id, service string) (bool, error) {
	defer k.reach.around("hold " + service)()
	return k.Steps.HoldData(ctx, id, service)
}

func (k killer) DecideDeletion(ctx context.Context, id string) (bool, error) {
	defer k.reach.around("decide")()
	return k.Steps.DecideDeletion(ctx, id)
}

func (k killer) ReleaseData(ctx context.Context, id, service string) error {
	defer k.reach.around("release " + service)()
	return k.Steps.ReleaseData(ctx, id, service)
}

func (k killer) UndoDeletion(ctx context.Context, id string) error {
	defer k.reach.around("unlock")()
	return k.Steps.UndoDeletion(ctx, id)
}

func (k killer) ForgetData(ctx context.Context, id, service string) (user.Forgotten, error) {
	defer k.reach.around("forget " + service)()
	return k.Steps.ForgetData(ctx, id, service)
}

func (k killer) ForgetAccount(ctx context.Context, id string) (user.Forgotten, error) {
	defer k.reach.around("forget user")()
	return k.Steps.ForgetAccount(ctx, id)
}

func (k killer) AnnounceDeletion(ctx context.Context, id string) error {
	defer k.reach.around("announce")()
	return k.Steps.AnnounceDeletion(ctx, id)
}

func (k killer) FinishDeletion(ctx context.Context, id string) error {
	defer k.reach.around("finish deletion")()
	return k.Steps.FinishDeletion(ctx, id)
}

func (k killer) CollectData(ctx context.Context, id, service string) (*user.Part, error) {
	defer k.reach.around("collect " + service)()
	return k.Steps.CollectData(ctx, id, service)
}

func (k killer) FinishExport(ctx context.Context, id string, parts map[string]user.Part) (bool, error) {
	defer k.reach.around("finish export")()
	return k.Steps.FinishExport(ctx, id, parts)
}

func (k killer) DropExport(ctx context.Context, id string) error {
	defer k.reach.around("drop")()
	return k.Steps.DropExport(ctx, id)
}

// keeperKiller has the points within steps: another service has done its part, and nobody here knows yet.
type keeperKiller struct {
	user.Keeper
	name  string
	reach reach
}

func (k keeperKiller) Hold(ctx context.Context, id, owner string) error {
	defer k.reach.at("hold " + k.name + "/within")
	return k.Keeper.Hold(ctx, id, owner)
}

func (k keeperKiller) Release(ctx context.Context, id, owner string) error {
	defer k.reach.at("release " + k.name + "/within")
	return k.Keeper.Release(ctx, id, owner)
}

func (k keeperKiller) Forget(ctx context.Context, id, owner string) (map[string]int64, time.Time, error) {
	defer k.reach.at("forget " + k.name + "/within")
	return k.Keeper.Forget(ctx, id, owner)
}

func (k keeperKiller) Collect(ctx context.Context, owner string, add func(string, []byte) error) error {
	defer k.reach.at("collect " + k.name + "/within")
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
		keepers[name] = keeperKiller{remote, name, reach(s.At)}
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
	if err := runner.Launch(t.Context(), killer{service, reach(s.At)}); err != nil {
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

// child is a process that runs sagas.
type child struct {
	*testing.T
	command *exec.Cmd
	in      io.Closer
	out     *bufio.Reader
}

func startChild(t *testing.T, s setting) *child {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestSagaProcess$", "-test.count=1")
	c.Env = append(os.Environ(), settingVariable+"="+string(text))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	process := &child{T: t, command: c, in: in, out: bufio.NewReader(out)}
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
