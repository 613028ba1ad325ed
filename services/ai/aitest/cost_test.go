package aitest_test

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

// [A4] What whole searches take is measured, by size, and nothing is learned from drafts that were shared.
func TestWhatPlanningTakesIsMeasured(t *testing.T) {
	t.Parallel()
	budgets := aitest.PatientBudgets()
	budgets.Plan = time.Minute // only whole searches are measured
	s := aitest.Start(t, aitest.Options{NoModel: true, Share: true, Budgets: budgets})
	for range 2 { // the second has the first one's draft
		request := aitest.Request("munich", 2)
		s.Begin(t, request)
		s.AwaitMade(t, request.GetGenerationId())
	}
	got, err := s.Store.Measured(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Size != (ai.Size{Days: 3, Members: 2, Destinations: 1}) || got[0].Count != 1 || got[0].Seconds <= 0 || got[0].Seconds > 60 {
		t.Errorf("measured %+v", got)
	}
	costs, err := ai.NewCosts(s.Store, s.Logger(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// Further cities turn out to be what planning takes.
	if _, err := s.Pool.Exec(t.Context(), `INSERT INTO generation (id, trip_id, owner, client_id, day, state, class, cost_units,
			ordinal, fingerprint, request_time, made_time, days, members, destinations, work_seconds)
		SELECT 'gen_' || n, 'trip_1', 'user_1', 'app', 0, 'ready', 'bulk', 1, 0, '', now(), now(), 1 + n % 7, 2, 1 + n % 3, 0.01 + n % 3
		FROM generate_series(1, 600) n`); err != nil {
		t.Fatal(err)
	}
	weekend := ai.Size{Days: 3, Members: 2, Destinations: 3}
	before := costs.Units(weekend)
	if err := costs.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := costs.Units(weekend); after <= before || ai.ClassOf(before) != ai.Standard {
		t.Errorf("three cities cost %d units, before they were measured %d", after, before)
	}
}
