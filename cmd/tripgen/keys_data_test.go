package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/services/user"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
)

// dataKeys runs `tripgen keys data …` on a fresh key file, with these settings beside it.
func dataKeys(t *testing.T, more ...string) (path string, run func(args ...string) (string, error)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys.json")
	if _, err := seal.LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "tripgen.yaml")
	if err := os.WriteFile(settings, fmt.Appendf(nil, "seal: {key_file: %q}\n%s", path, strings.Join(more, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func(args ...string) (string, error) {
		t.Helper()
		var out bytes.Buffer
		c := commands{out: &out}
		parser, err := kong.New(&c, kong.BindTo(t.Context(), (*context.Context)(nil)))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.Parse(append([]string{"--config", settings, "keys", "data"}, args...))
		if err != nil {
			return "", err
		}
		err = parsed.Run(&c)
		return out.String(), err
	}
}

// [U5] A process that is running takes a key that the commands bring in, and never is without the keys it needs.
func TestARunningProcessTakesARotation(t *testing.T) {
	t.Parallel()
	_, stop := signal.NotifyContext(t.Context(), os.Interrupt) // the runtime's signal goroutine cannot start in a bubble
	defer stop()
	synctest.Test(t, func(t *testing.T) {
		path, run := dataKeys(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		err := app.Run(ctx, app.Options{Log: log, Shutdown: time.Second}, func(ctx context.Context, g *app.Group) error {
			p := &process{Group: g, Log: log}
			p.Config.Seal.KeyFile = path
			for range 2 { // two roles share it
				if err := needSeal(ctx, &role{process: p}); err != nil {
					return err
				}
			}
			g.Add(app.Part{Name: "test", Run: func(ctx context.Context) error {
				rotateUnder(t, p.Seal, path, run)
				cancel() // as a signal does
				<-ctx.Done()
				return nil
			}})
			return nil
		})
		if err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// rotateUnder brings a key in under a running sealer.
func rotateUnder(t *testing.T, running *seal.Sealer, path string, run func(args ...string) (string, error)) {
	added, err := run("add")
	id, ok := strings.CutPrefix(strings.TrimSpace(added), "added ")
	if err != nil || !ok {
		t.Errorf("add: %q, %v", added, err)
		return
	}
	if out, err := run("promote"); !errors.Is(err, seal.ErrYoung) {
		t.Errorf("promote at once: %q, %v", out, err)
	}
	time.Sleep(11 * time.Minute) // the bubble's clock
	if out, err := run("promote"); err != nil || out != id+" seals\n" {
		t.Errorf("promote: %q, %v", out, err)
	}
	time.Sleep(dataKeysEvery + time.Second)
	fresh, err := seal.Load(path)
	if err != nil {
		t.Error(err)
		return
	}
	sealed, err := fresh.Seal([]byte("x"), "c")
	if err != nil {
		t.Error(err)
	}
	if plain, err := running.Open(sealed, "c"); err != nil || string(plain) != "x" {
		t.Errorf("Open = %q, %v", plain, err)
	}
}

var listed = regexp.MustCompile(`(?m)^(\d+) +(\S+) +(.+)$`)

func TestDataKeysAreListedPromotedNowAndDisabled(t *testing.T) {
	t.Parallel()
	_, run := dataKeys(t)
	for _, args := range [][]string{{"add"}, {"promote", "--now"}} {
		if out, err := run(args...); err != nil {
			t.Fatalf("%v: %q, %v", args, out, err)
		}
	}
	out, err := run("list")
	lines := listed.FindAllStringSubmatch(out, -1)
	if err != nil || len(lines) != 2 || lines[0][3] != "opens" || lines[1][3] != "primary: seals and opens" || lines[0][2] != "unknown" {
		t.Fatalf("list: %q, %v", out, err)
	}
	if out, err := run("disable", "--unchecked", lines[1][1]); !errors.Is(err, seal.ErrPrimary) {
		t.Errorf("disable the primary: %q, %v", out, err)
	}
	if out, err := run("disable", "--unchecked", lines[0][1]); err != nil || out != "disabled "+lines[0][1]+"\n" {
		t.Errorf("disable: %q, %v", out, err)
	}
	if out, err := run("list"); err != nil || strings.Count(out, "disabled") != 1 {
		t.Errorf("list: %q, %v", out, err)
	}
	if out, err := run("drop", lines[1][1]); !errors.Is(err, seal.ErrEnabled) {
		t.Errorf("drop the primary: %q, %v", out, err)
	}
	if out, err := run("drop", lines[0][1]); err != nil || out != "dropped "+lines[0][1]+"\n" {
		t.Errorf("drop: %q, %v", out, err)
	}
	if out, err := run("list"); err != nil || strings.Contains(out, lines[0][1]) {
		t.Errorf("list: %q, %v", out, err)
	}
	for _, args := range [][]string{{"disable", "none"}, {"disable", lines[1][1]}, {"reseal"}, {"promote", "--settled", "1s"}} {
		if out, err := run(args...); err == nil {
			t.Errorf("%v: %q", args, out)
		}
	}
}

// [U5] After a rotation the old key goes: not before all that it has sealed is sealed anew.
func TestAnOldKeyGoesOnceItsValuesAreSealedAnew(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewURL(t)
	path, run := dataKeys(t, fmt.Sprintf("postgres: {user: %q}", url))
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := postgres.Migrate(t.Context(), pool, userpostgres.Migrations()); err != nil {
		t.Fatal(err)
	}
	account := func(sealer *seal.Sealer) (user.Account, *userpostgres.Store) {
		return user.Account{
			ID: id.Random{}.New(id.User), LoginID: "adalove", Name: "Ada Lovelace", Email: "ada@mail.example", Language: lang.English,
			Terms: user.Terms{Version: "1", Accepted: time.Now()}, Created: time.Now(), Revision: 1,
		}, userpostgres.New(pool, sealer, clock.System{}, slog.New(slog.DiscardHandler), func() {})
	}
	sealer, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	a, store := account(sealer)
	if err := store.Create(t.Context(), a, "hash", user.Confirmation{Code: "c", Language: lang.English, Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	list, err := run("list")
	old := listed.FindStringSubmatch(list)
	if err != nil || old == nil {
		t.Fatalf("list: %q, %v", list, err)
	}
	for _, args := range [][]string{{"add"}, {"promote", "--now"}} {
		if out, err := run(args...); err != nil {
			t.Fatalf("%v: %q, %v", args, out, err)
		}
	}
	if out, err := run("disable", old[1]); !errors.Is(err, errHeld) {
		t.Errorf("disable at once: %q, %v", out, err)
	}
	out, err := run("reseal", "--pause", "0s")
	if err != nil || !regexp.MustCompile(`(?m)^user +accounts\.profile +1 +0 +0$`).MatchString(out) {
		t.Fatalf("reseal: %q, %v", out, err)
	}
	for _, args := range [][]string{{"disable", old[1]}, {"drop", old[1]}} {
		if out, err := run(args...); err != nil {
			t.Fatalf("%v: %q, %v", args, out, err)
		}
	}
	if sealer, err = seal.Load(path); err != nil {
		t.Fatal(err)
	}
	_, store = account(sealer)
	if found, err := store.Account(t.Context(), a.ID); err != nil || found.Name != a.Name || found.Email != a.Email {
		t.Errorf("with the new key alone: %+v, %v", found, err)
	}
}
