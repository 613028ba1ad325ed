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
	"github.com/tripgen/tripgen/internal/seal"
)

// dataKeys runs `tripgen keys data …` on a fresh key file.
func dataKeys(t *testing.T) (path string, run func(args ...string) (string, error)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys.json")
	if _, err := seal.LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "tripgen.yaml")
	if err := os.WriteFile(settings, fmt.Appendf(nil, "seal: {key_file: %q}\n", path), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func(args ...string) (string, error) {
		t.Helper()
		var out bytes.Buffer
		c := commands{out: &out}
		parser, err := kong.New(&c)
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
	if out, err := run("disable", lines[1][1]); !errors.Is(err, seal.ErrPrimary) {
		t.Errorf("disable the primary: %q, %v", out, err)
	}
	if out, err := run("disable", lines[0][1]); err != nil || out != "disabled "+lines[0][1]+"\n" {
		t.Errorf("disable: %q, %v", out, err)
	}
	if out, err := run("list"); err != nil || strings.Count(out, "disabled") != 1 {
		t.Errorf("list: %q, %v", out, err)
	}
	for _, args := range [][]string{{"disable", "none"}, {"promote", "--settled", "1s"}} {
		if out, err := run(args...); err == nil {
			t.Errorf("%v: %q", args, out)
		}
	}
}
