package clock_test

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
)

func TestClocksTellUTC(t *testing.T) {
	t.Parallel()
	seoul := time.FixedZone("KST", 9*60*60)
	start := time.Date(2026, 5, 1, 9, 0, 0, 0, seoul)
	fake := clock.NewFake(start)
	for _, c := range []clock.Clock{clock.System{}, fake} {
		if c.Now().Location() != time.UTC {
			t.Errorf("%T tells the time in %v", c, c.Now().Location())
		}
	}
	if !fake.Now().Equal(start) {
		t.Errorf("Now = %v, want %v", fake.Now(), start)
	}
}

func TestFakeStandsUntilMoved(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	fake := clock.NewFake(start)
	fake.Advance(90 * time.Minute)
	if got := fake.Now().Sub(start); got != 90*time.Minute {
		t.Errorf("advanced by %v", got)
	}
	fake.Set(start.AddDate(0, 0, -1))
	if got := fake.Now(); !got.Equal(start.AddDate(0, 0, -1)) {
		t.Errorf("Now = %v", got)
	}
}
