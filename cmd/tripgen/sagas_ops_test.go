package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	"github.com/tripgen/tripgen/services/user"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
	usersaga "github.com/tripgen/tripgen/services/user/saga"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// operated is a user service's sagas on a real database, beside one other service, as ops reach them.
type operated struct {
	*testing.T
	c      *commands
	out    *bytes.Buffer
	url    string
	store  *userpostgres.Store
	runner *usersaga.Runner
	others *usertest.Keeper
}

func operate(t *testing.T) *operated {
	t.Helper()
	c, out := userCommands(t)
	settings, err := c.settings()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.Load(settings.Seal.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	o := &operated{T: t, c: c, out: out, url: settings.Postgres.User.Reveal(), others: usertest.NewKeeper()}
	quiet := slog.New(slog.DiscardHandler)
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: o.url, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	workflows, err := postgres.Open(t.Context(), postgres.Config{URL: o.url, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	o.store = userpostgres.New(pool, sealer, clock.System{}, quiet, func() {})
	service := user.New(user.Deps{
		Config: user.Defaults(), Deletions: o.store, Exports: o.store, Announcer: o.others, Log: quiet, Clock: clock.System{}, IDs: id.Random{},
		Keepers: map[string]user.Keeper{"trip": o.others, "ai": o.others, "location": o.others},
	})
	o.runner = usersaga.New(usersaga.Deps{
		Pool: workflows, Leases: pool, Executor: "a", Unfinished: o.store, Clock: clock.System{}, Log: quiet,
		Times: usersaga.Times{
			Times:  durable.Times{Beat: 50 * time.Millisecond, FirstRetry: 10 * time.Millisecond, LastRetry: 50 * time.Millisecond},
			Orphan: 100 * time.Millisecond,
		},
	})
	if err := o.runner.Launch(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.runner.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, o.runner.Stop(context.Background())); err != nil {
			t.Error(err)
		}
		workflows.Close()
	})
	return o
}

// account makes an account.
func (o *operated) account() string {
	o.Helper()
	owner, now := id.Random{}.New(id.User), time.Now()
	if err := o.store.Create(o.Context(), user.Account{
		ID: owner, LoginID: "p" + owner[30:], Name: "김하늘", Email: owner + "@traveller.example", Language: lang.Korean,
		Terms: user.Terms{Version: "2026-01-01", Accepted: now}, Created: now, Revision: 1,
	}, "hash", user.Confirmation{Code: owner, Expires: now.Add(time.Hour)}); err != nil {
		o.Fatal(err)
	}
	return owner
}

// deletion begins one.
func (o *operated) deletion() string {
	o.Helper()
	d, err := o.store.BeginDeletion(o.Context(), o.account(), id.Random{}.New(id.Deletion))
	if err == nil {
		err = o.runner.StartDeletion(d.ID)
	}
	if err != nil {
		o.Fatal(err)
	}
	return d.ID
}

// shown waits until `sagas show` prints all of some lines.
func (o *operated) shown(sagaID string, lines ...string) {
	o.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		o.out.Reset()
		err := (&sagasShowCmd{ID: sagaID}).Run(o.Context(), o.c)
		all := err == nil
		for _, line := range lines {
			all = all && strings.Contains(o.out.String(), line+"\n")
		}
		if all {
			return
		}
		select {
		case <-deadline:
			o.Fatalf("want %q: %v\n%s", lines, err, o.out)
		case <-tick.C:
		}
	}
}

// Ops have a deletion undone that has not decided yet: its saga compensates, and the account is as it was.
func TestACancelledDeletionIsCompensated(t *testing.T) {
	t.Parallel()
	o := operate(t)
	o.others.Away(true)
	deletion := o.deletion()
	o.shown(deletion, "kind      deletion", "state     running")
	if err := (&sagasCancelCmd{ID: deletion}).Run(t.Context(), o.c); err != nil {
		t.Fatal(err)
	}
	o.others.Away(false)
	o.shown(deletion, "state     done", "result    undone")
	d, err := o.store.Deletion(t.Context(), deletion)
	if err != nil || d.State != user.Undone || o.others.Held(d.AccountID) != 0 {
		t.Errorf("the deletion is %+v with %d holds, %v", d, o.others.Held(d.AccountID), err)
	}
	if again, err := o.store.BeginDeletion(t.Context(), d.AccountID, id.Random{}.New(id.Deletion)); err != nil || again.ID == deletion {
		t.Errorf("the account is not as it was: %+v, %v", again, err)
	}
	gone := o.deletion()
	o.shown(gone, "state     done", "result    done")
	if err := (&sagasCancelCmd{ID: gone}).Run(t.Context(), o.c); !errors.Is(err, user.ErrDeletionDecided) {
		t.Errorf("one that is done: %v", err)
	}
	if err := (&sagasCancelCmd{ID: "del_nobody"}).Run(t.Context(), o.c); !errors.Is(err, user.ErrNoDeletion) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := (&sagasCancelCmd{ID: "trip_1"}).Run(t.Context(), o.c); !errors.Is(err, durable.ErrNoSaga) {
		t.Errorf("what is no saga: %v", err)
	}
}

// Ops have an export given up: its saga compensates, nothing of the archive stays, and another one can be asked for.
func TestACancelledExportIsCompensated(t *testing.T) {
	t.Parallel()
	o := operate(t)
	o.others.Away(true)
	owner, export := o.account(), id.Random{}.New(id.Export)
	if _, _, err := o.store.BeginExport(t.Context(), owner, export, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := o.runner.StartExport(export); err != nil {
		t.Fatal(err)
	}
	o.shown(export, "kind      export", "state     running")
	if err := (&sagasCancelCmd{ID: export}).Run(t.Context(), o.c); err != nil {
		t.Fatal(err)
	}
	o.shown(export, "state     done", "result    failed")
	e, err := o.store.Export(t.Context(), export)
	if err != nil || e.State != user.ExportFailed {
		t.Errorf("the export is %+v, %v", e, err)
	}
	if err := o.store.Documents(t.Context(), e, func(string, user.Document) error { return errors.New("a document stayed") }); err != nil {
		t.Error(err)
	}
	o.others.Away(false)
	next := id.Random{}.New(id.Export)
	if _, _, err := o.store.BeginExport(t.Context(), owner, next, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := o.runner.StartExport(next); err != nil {
		t.Fatal(err)
	}
	o.shown(next, "state     done")
	if e, err := o.store.Export(t.Context(), next); err != nil || e.State != user.Exported {
		t.Errorf("the next export is %+v, %v", e, err)
	}
}

// Ops let a saga that was stopped go on: it goes to its end, from where it was.
func TestARetriedSagaGoesToItsEnd(t *testing.T) {
	t.Parallel()
	o := operate(t)
	o.others.Away(true)
	deletion := o.deletion()
	o.shown(deletion, "state     running")
	if err := (&sagasRetryCmd{ID: deletion}).Run(t.Context(), o.c); !errors.Is(err, durable.ErrNotBrokenOff) {
		t.Errorf("one that runs: %v", err)
	}
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: o.url, MaxConns: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	library, err := dbos.NewClient(t.Context(), dbos.ClientConfig{SystemDBPool: pool, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(dbos.CancelWorkflow(library, deletion), dbos.Shutdown(library, time.Second)); err != nil {
		t.Fatal(err)
	}
	o.shown(deletion, "state     cancelled")
	o.others.Away(false)
	if err := (&sagasRetryCmd{ID: deletion}).Run(t.Context(), o.c); err != nil {
		t.Fatal(err)
	}
	o.shown(deletion, "state     done", "result    done")
	if d, err := o.store.Deletion(t.Context(), deletion); err != nil || d.State != user.Deleted || len(o.others.Announced()) != 1 {
		t.Errorf("the deletion is %+v, announced %v, %v", d, o.others.Announced(), err)
	}
	if err := (&sagasRetryCmd{ID: "del_nobody"}).Run(t.Context(), o.c); !errors.Is(err, durable.ErrNoSaga) {
		t.Errorf("one that is not there: %v", err)
	}
}

// Ops cancel a generation as its traveller could: it ends, which is told, once; the saga gives back what it took.
func TestACancelledGenerationEndsOnce(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewURL(t)
	settings := filepath.Join(t.TempDir(), "tripgen.yaml")
	if err := os.WriteFile(settings, fmt.Appendf(nil, "postgres: {ai: %q}\n", url), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &commands{Config: settings, out: new(bytes.Buffer)}
	if err := (&migrateCmd{Roles: []string{"ai"}}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	sealer, _ := sealtest.New(t)
	store := aipostgres.New(aipostgres.Deps{Pool: pool, Seal: sealer, Clock: clock.System{}, IDs: id.Random{}})
	body, err := proto.Marshal(&aiv1.StartGenerationRequest{})
	if err != nil {
		t.Fatal(err)
	}
	generation := id.Random{}.New(id.Generation)
	if _, _, err := store.Accept(t.Context(), ai.Request{
		ID: generation, TripID: "trip_1", Owner: id.Random{}.New(id.User), ClientID: "app", RequestTime: time.Now(), Fingerprint: []byte("f"), Body: body,
	}, 9, ai.Express); err != nil {
		t.Fatal(err)
	}
	told := func() (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM outbox WHERE topic = 'tripgen.generation.finished.v1'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := told()
	if err := (&sagasCancelCmd{ID: generation}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if g, err := store.Get(t.Context(), generation); err != nil || g.State != ai.Cancelled || told() != before+1 {
		t.Errorf("the generation is %+v, told %d times, %v", g, told()-before, err)
	}
	if err := (&sagasCancelCmd{ID: generation}).Run(t.Context(), c); err == nil || told() != before+1 {
		t.Errorf("again: %v, told %d times", err, told()-before)
	}
	if err := (&sagasCancelCmd{ID: id.Random{}.New(id.Generation)}).Run(t.Context(), c); !errors.Is(err, ai.ErrNoGeneration) {
		t.Errorf("one that is not there: %v", err)
	}
}
