package id_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/id"
)

func TestNewIdsAreValidAndSortByTime(t *testing.T) {
	t.Parallel()
	for _, source := range []id.Source{id.Random{}, &id.Sequence{}} {
		ids := make([]string, 100)
		for i := range ids {
			ids[i] = source.New(id.Trip)
			if !id.Valid(id.Trip, ids[i]) {
				t.Fatalf("%T made the invalid %q", source, ids[i])
			}
		}
		if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 100 {
			t.Errorf("%T: ids are not in order or repeat", source)
		}
	}
}

func TestParseRefusesWhatIsNoId(t *testing.T) {
	t.Parallel()
	good := id.Random{}.New(id.Trip)
	for _, bad := range []string{
		"", "trip_", "user_" + good[5:], good[5:], strings.ToUpper(good[5:]), "trip_" + strings.ToUpper(good[5:]),
		"trip_{" + good[5:] + "}", "trip_" + strings.ReplaceAll(good[5:], "-", ""), good + "x",
		"trip_6ba7b810-9dad-11d1-80b4-00c04fd430c8", // version 1
	} {
		if id.Valid(id.Trip, bad) {
			t.Errorf("%q passes for an id", bad)
		}
	}
}

func TestTimeIsWhenTheIdWasMade(t *testing.T) {
	t.Parallel()
	before := time.Now().Truncate(time.Millisecond)
	made := id.Time(id.Generation, id.Random{}.New(id.Generation))
	if made.Before(before) || made.After(time.Now().Add(time.Second)) {
		t.Errorf("made at %v, not after %v", made, before)
	}
	if !id.Time(id.Generation, "nonsense").IsZero() {
		t.Error("nonsense has a time")
	}
}
