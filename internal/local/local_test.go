package local_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// stateDir is a temporary folder that an unprivileged server can reach, unlike t.TempDir's when the tests run as root.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tripgen-local-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// needs skips a test whose program is not installed, unless the test run promises that all are.
func needs(t *testing.T, err, missing error) {
	t.Helper()
	if errors.Is(err, missing) && os.Getenv("TRIPGEN_TEST_REAL") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), d)
	t.Cleanup(cancel)
	return ctx
}

// await waits until the condition holds.
func await(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx := deadline(t, limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited %v: %s", limit, what)
		case <-tick.C:
		}
	}
}
