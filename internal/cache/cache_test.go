package cache_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/tripgen/tripgen/internal/cache"
)

// address is the real server where there is one, else one in the process.
func address(t *testing.T) string {
	t.Helper()
	if url := os.Getenv("TRIPGEN_TEST_REDIS"); url != "" {
		return url
	}
	if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
		t.Fatal("TRIPGEN_TEST_REDIS is not set")
	}
	return "redis://" + miniredis.RunT(t).Addr() + "/0"
}

func TestOpenAndCheck(t *testing.T) {
	t.Parallel()
	client, err := cache.Open(t.Context(), address(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := cache.Check(client)(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	if err := cache.Part(client).Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
	if err := cache.Check(client)(t.Context()); err == nil {
		t.Error("a closed client answers")
	}
}

func TestOpenRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, url := range []string{"redis://127.0.0.1:1/0", "http://127.0.0.1", ""} {
		if _, err := cache.Open(ctx, url); err == nil {
			t.Errorf("Open(%q) works", url)
		}
	}
}

func TestKeysOfDifferentPartsOrVersionsDiffer(t *testing.T) {
	t.Parallel()
	v1, v2 := cache.Space{Name: "place", Version: 1}, cache.Space{Name: "place", Version: 2}
	if got := v1.Key("munich", "en"); got != "tripgen:place:v1:munich:en" {
		t.Errorf("Key = %q", got)
	}
	seen := make(map[string]bool)
	for _, key := range []string{
		v1.Key("a", "b"), v1.Key("a:b"), v1.Key("a%3Ab"), v2.Key("a", "b"), v1.Key("a", "b", ""), v1.Key(),
	} {
		if seen[key] {
			t.Errorf("%q twice", key)
		}
		seen[key] = true
	}
}
