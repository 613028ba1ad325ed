package events_test

import "testing"

// [L1] What a look at a place fetches is kept for searches as what enrichment fetches is; where it cannot be kept, the look
// goes on.
func TestARatingThatALookFetchedIsKept(t *testing.T) {
	t.Parallel()
	p := start(t)
	const square, palace = "builtin:munich-marienplatz", "builtin:munich-residenz"
	place, err := p.finder.Place(t.Context(), square)
	if err != nil || place.Details == nil || place.Details.Rating == nil {
		t.Fatalf("%+v, %v", place.Details, err)
	}
	p.store.mu.Lock()
	if kept := p.store.rated[square]; kept.Rating == nil || *kept.Rating != *place.Details.Rating || kept.Source.Provider != "google" {
		t.Errorf("kept as rated %+v", kept)
	}
	p.store.broken = true
	p.store.mu.Unlock()
	if place, err := p.finder.Place(t.Context(), palace); err != nil || place.Details == nil {
		t.Errorf("without a store: %+v, %v", place.Details, err)
	}
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	if len(p.store.rated) != 1 {
		t.Errorf("kept %v", p.store.rated)
	}
}
