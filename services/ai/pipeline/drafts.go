package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// Cache keeps values for a while. Losing it costs work, never data.
type Cache interface {
	// Get gives the values of keys, nil where there is none.
	Get(ctx context.Context, keys []string) ([][]byte, error)
	// Put keeps a value for a while.
	Put(ctx context.Context, key string, value []byte, keep time.Duration) error
}

const (
	keepDrafts   = 24 * time.Hour
	cacheTimeout = 50 * time.Millisecond
	// draftVersion goes up with any change of what a plan looks like.
	draftVersion = 1
)

// planWhole searches, or takes the draft that an equal problem had: the same places and hours, days, weather, group and
// wishes. Only plans that had a whole search are shared. What is shared names places and times and nobody.
func (w *work) planWhole(ctx context.Context, b planner.Budget) (*planner.Itinerary, error) {
	if w.Drafts == nil {
		return planner.Plan(w.facts.Problem, b)
	}
	key, err := draftKey(w.facts.Problem)
	if err != nil {
		return nil, err
	}
	if plan := w.sharedDraft(ctx, key); plan != nil {
		w.Metrics.drafts.WithLabelValues("hit").Inc()
		w.shared = true
		return plan, nil
	}
	w.Metrics.drafts.WithLabelValues("miss").Inc()
	plan, err := planner.Plan(w.facts.Problem, b)
	if err == nil && whole(b) {
		w.shareDraft(ctx, key, plan)
	}
	return plan, err
}

func draftKey(p *planner.Problem) (string, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("problem: %w", err)
	}
	sum := sha256.Sum256(body)
	return fmt.Sprintf("draft/%d/%s", draftVersion, hex.EncodeToString(sum[:])), nil
}

func (w *work) sharedDraft(ctx context.Context, key string) *planner.Itinerary {
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	values, err := w.Drafts.Get(ctx, []string{key})
	if err != nil {
		w.Log.WarnContext(ctx, "shared drafts cannot be read", "error", err)
		return nil
	}
	if values[0] == nil {
		return nil
	}
	plan := &planner.Itinerary{}
	if err := json.Unmarshal(values[0], plan); err != nil || len(plan.Days) != len(w.facts.Problem.Days) {
		w.Log.WarnContext(ctx, "a shared draft cannot be read", "error", err)
		return nil
	}
	return plan
}

func (w *work) shareDraft(ctx context.Context, key string, plan *planner.Itinerary) {
	value, err := json.Marshal(plan)
	if err != nil {
		w.Log.ErrorContext(ctx, "a draft cannot be shared", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	if err := w.Drafts.Put(ctx, key, value, keepDrafts); err != nil {
		w.Log.WarnContext(ctx, "a draft cannot be shared", "error", err)
	}
}
