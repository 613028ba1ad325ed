package trip_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tripgen/tripgen/services/trip"
)

// outline reads days such as "a b c|d e"; a stop "a@600" arrives then, else an hour after the one before; its place is
// its name without a "'" at the end, which stands for a new id.
func outline(text string) trip.Outline {
	var o trip.Outline
	for i, day := range strings.Split(text, "|") {
		d := trip.OutlineDay{Number: i + 1}
		for j, name := range strings.Fields(day) {
			s := trip.OutlineStop{Kind: trip.Visit, Arrive: 540 + 60*j}
			if name, ok := strings.CutSuffix(name, "+"); ok {
				s.ID, s.Arrive = name, s.Arrive+30
			} else {
				s.ID = name
			}
			s.Place = strings.TrimSuffix(s.ID, "'")
			s.Leave = s.Arrive + 45
			if s.Place == "home" {
				s.Kind, s.Place = trip.AtLodging, ""
			}
			d.Stops = append(d.Stops, s)
		}
		o = append(o, d)
	}
	return o
}

// [T8] Two versions are compared stop by stop.
func TestDiffOfVersions(t *testing.T) {
	t.Parallel()
	kinds := map[trip.StopChangeKind]string{
		trip.StopAdded: "added", trip.StopRemoved: "removed", trip.StopMoved: "moved", trip.StopRetimed: "retimed",
	}
	for name, c := range map[string]struct {
		before, after string
		want          []string
	}{
		"nothing":                      {"a b|c", "a b|c", nil},
		"added in the middle":          {"a b|c", "a x b+|c", []string{"added x", "retimed b"}},
		"removed":                      {"a b|c", "a|c", []string{"removed b"}},
		"to another day":               {"a b|c", "a|c b", []string{"moved b"}},
		"one past the others":          {"a b c d", "b c d a", []string{"retimed b", "retimed c", "retimed d", "moved a"}},
		"swapped":                      {"a b", "b a", []string{"retimed b", "moved a"}},
		"retimed":                      {"a b", "a b+", []string{"retimed b"}},
		"the same place by a new id":   {"a b", "a' b'", nil},
		"elsewhere by a new id":        {"a b|c", "a|c b'", []string{"moved b"}},
		"lodgings of a new plan":       {"home a home|home b home", "home' a' home'|home' c home'", []string{"removed b", "added c"}},
		"replaced":                     {"a b", "a x", []string{"removed b", "added x"}},
		"a day less":                   {"a|b|c", "a|b", []string{"removed c"}},
		"the order is by day and time": {"a|b", "x a+|y b+", []string{"added x", "retimed a", "added y", "retimed b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, change := range trip.Diff(outline(c.before), outline(c.after)) {
				stop := change.After
				if stop == "" {
					stop = change.Before
				}
				got = append(got, kinds[change.Kind]+" "+strings.TrimSuffix(stop, "'"))
				if (change.BeforeDay == 0) != (change.Kind == trip.StopAdded) || (change.AfterDay == 0) != (change.Kind == trip.StopRemoved) {
					t.Errorf("%+v names the wrong days", change)
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
