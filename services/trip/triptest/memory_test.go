package triptest_test

import (
	"testing"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

func TestMemoryKeepsTheStoresPromises(t *testing.T) {
	t.Parallel()
	triptest.Suite(t, func(_ *testing.T, c clock.Clock) triptest.Store { return triptest.NewMemory(c) })
}
