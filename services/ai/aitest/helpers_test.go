package aitest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/pipeline"
)

// shortBudgets make the deadline half a second.
func shortBudgets() pipeline.Budgets {
	return pipeline.Budgets{
		Deadline: 700 * time.Millisecond, Store: 100 * time.Millisecond, Gather: 500 * time.Millisecond, Plan: 300 * time.Millisecond,
		Refine: 300 * time.Millisecond, Late: 10 * time.Second, Hedge: -1,
	}
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	if !errs.HasReason(rpc.Error(err), reason) {
		t.Errorf("error is %v, want %s", err, reason)
	}
}

func wantLost(err error) bool { return errors.Is(err, ai.ErrLeaseLost) }
