package planner_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// city is a trip of two days among 32 places around a hotel, open 9–18,
// with food places open all day.
func city() *planner.Problem {
	at := func(k int) planner.LatLng {
		return planner.LatLng{Lat: 48.13 + 0.004*float64(k%4), Lng: 11.56 + 0.006*float64(k/4)}
	}
	hotel := planner.Endpoint{Name: "hotel", At: at(0)}
	p := &planner.Problem{Mode: planner.Transit, Seed: 1, Group: planner.Group{Members: []planner.Member{{Age: 30, Preferences: []planner.Preference{planner.Culture}}}}}
	for d := range 2 {
		p.Days = append(p.Days, planner.Day{
			Date: planner.Date{Year: 2026, Month: 5, Day: 4 + d}, Start: 540, End: 1260,
			StartPoint: hotel, EndPoint: hotel, Lunch: planner.DefaultLunch(), Dinner: planner.DefaultDinner(),
		})
	}
	for k := range 32 {
		pl := planner.Place{
			ID: fmt.Sprint("p", k), Name: fmt.Sprint("Place ", k), At: at(k), Category: fmt.Sprint("c", k%5), StayMinutes: 60,
			Setting: []planner.Setting{planner.Indoor, planner.Outdoor}[k%2], Popularity: 0.3 + 0.02*float64(k),
		}
		open := planner.Interval{Open: 540, Close: 1080}
		if k%3 == 2 {
			pl.Kind, open = planner.Food, planner.Interval{Open: 600, Close: 1320}
		}
		pl.Hours = []planner.DayHours{{Known: true, Open: []planner.Interval{open}}, {Known: true, Open: []planner.Interval{open}}}
		p.Places = append(p.Places, pl)
	}
	return p
}

func mustPlan(t testing.TB, p *planner.Problem) *planner.Itinerary {
	t.Helper()
	it, err := planner.Plan(p, planner.Budget{Iterations: 500})
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// firstVisit is the index of the first visit of a day.
func firstVisit(day *planner.DayPlan) int {
	return slices.IndexFunc(day.Stops, func(s planner.Stop) bool { return s.Kind == planner.Visit })
}

func placesOf(day *planner.DayPlan) []string {
	var out []string
	for _, s := range day.Stops {
		if s.Kind == planner.Visit || s.Kind == planner.Meal {
			out = append(out, s.Place)
		}
	}
	return out
}

// [T7] A moved stop is on its new day, both days are retimed, nothing else is
// dropped.
func TestMovingAStopRetimesBothDays(t *testing.T) {
	t.Parallel()
	p := city()
	before := mustPlan(t, p)
	k := firstVisit(&before.Days[0])
	place := before.Days[0].Stops[k].Place
	after, days, err := planner.Apply(p, before, planner.Edit{Kind: planner.EditMove, Day: 0, Stop: k, ToDay: 1, Position: -1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(days, []int{0, 1}) {
		t.Errorf("days changed: %v", days)
	}
	if slices.Contains(placesOf(&after.Days[0]), place) || !slices.Contains(placesOf(&after.Days[1]), place) {
		t.Errorf("%s did not move:\n%s", place, show(after))
	}
	if got, want := len(placesOf(&after.Days[0]))+len(placesOf(&after.Days[1])), len(placesOf(&before.Days[0]))+len(placesOf(&before.Days[1])); got != want {
		t.Errorf("%d stops, before %d", got, want)
	}
	for d := range after.Days {
		for k, l := range after.Days[d].Legs {
			if s := after.Days[d].Stops; s[k].Leave+l.Minutes > s[k+1].Arrive {
				t.Errorf("day %d: leg %d does not fit its stops", d, k)
			}
		}
	}
}

// [T7] What an edit breaks is told, not dropped: eight visits of three hours do
// not fit a day.
func TestWhatAnEditBreaksIsToldAndKept(t *testing.T) {
	t.Parallel()
	p := city()
	it := mustPlan(t, p)
	k := firstVisit(&it.Days[0])
	place := it.Days[0].Stops[k].Place
	it, _, err := planner.Apply(p, it, planner.Edit{Kind: planner.EditStay, Day: 0, Stop: k, Minutes: 600})
	if err != nil {
		t.Fatal(err)
	}
	hard := rules.HardOnly(rules.Check(it, p))
	if len(hard) == 0 || !slices.Contains(placesOf(&it.Days[0]), place) {
		t.Fatalf("violations %v\n%s", hard, show(it))
	}
}

// [T7] Add, replace, lock, unlock and remove do what they say.
func TestEditsDoWhatTheySay(t *testing.T) {
	t.Parallel()
	p := city()
	it := mustPlan(t, p)
	free := slices.IndexFunc(p.Places, func(pl planner.Place) bool {
		return pl.Kind == 0 && !slices.Contains(placesOf(&it.Days[0]), pl.ID) && !slices.Contains(placesOf(&it.Days[1]), pl.ID)
	})
	k := firstVisit(&it.Days[0])
	it, _, err := planner.Apply(p, it, planner.Edit{Kind: planner.EditReplace, Day: 0, Stop: k, Place: p.Places[free].ID})
	if err != nil || it.Days[0].Stops[k].Place != p.Places[free].ID {
		t.Fatalf("replace: %v\n%s", err, show(it))
	}
	it, _, err = planner.Apply(p, it, planner.Edit{Kind: planner.EditRemove, Day: 0, Stop: k})
	if err != nil || slices.Contains(placesOf(&it.Days[0]), p.Places[free].ID) {
		t.Fatalf("remove: %v\n%s", err, show(it))
	}
	it, _, err = planner.Apply(p, it, planner.Edit{Kind: planner.EditAdd, ToDay: 0, Position: 0, Place: p.Places[free].ID, ID: "stop_new", Minutes: 45})
	if err != nil || it.Days[0].Stops[1].ID != "stop_new" || it.Days[0].Stops[1].Leave-it.Days[0].Stops[1].Arrive != 45 {
		t.Fatalf("add: %v\n%s", err, show(it))
	}
	it, _, err = planner.Apply(p, it, planner.Edit{Kind: planner.EditLock, Day: 0, Stop: 1, Arrive: 700})
	if s := it.Days[0].Stops[1]; err != nil || !s.Locked || s.Arrive != 700 {
		t.Fatalf("lock: %v\n%s", err, show(it))
	}
	it, _, err = planner.Apply(p, it, planner.Edit{Kind: planner.EditUnlock, Day: 0, Stop: 1})
	if s := it.Days[0].Stops[1]; err != nil || s.Locked || s.Arrive == 700 {
		t.Fatalf("unlock: %v\n%s", err, show(it))
	}
}

// Edits that name nothing say which field is wrong.
func TestEditsThatNameNothingAreRefused(t *testing.T) {
	t.Parallel()
	p := city()
	it := mustPlan(t, p)
	for _, c := range []struct {
		edit  planner.Edit
		field string
	}{
		{planner.Edit{Kind: planner.EditMove, Day: 9}, "edit.day"},
		{planner.Edit{Kind: planner.EditMove, Stop: 0}, "edit.stop"},
		{planner.Edit{Kind: planner.EditMove, Stop: 1, ToDay: -1}, "edit.to_day"},
		{planner.Edit{Kind: planner.EditMove, Stop: 1, Position: 99}, "edit.position"},
		{planner.Edit{Kind: planner.EditAdd, Place: "nowhere"}, "edit.place"},
		{planner.Edit{Kind: planner.EditStay, Stop: 1}, "edit.minutes"},
		{planner.Edit{Kind: planner.EditStay, Stop: 1, Minutes: 1 << 40}, "edit.minutes"},
		{planner.Edit{Kind: planner.EditLock, Stop: 1, Arrive: 1 << 40}, "edit.arrive"},
		{planner.Edit{Kind: "paint", Stop: 1}, "edit.kind"},
	} {
		_, _, err := planner.Apply(p, it, c.edit)
		if pe := (*planner.ProblemError)(nil); !errors.As(err, &pe) || pe.Field != c.field {
			t.Errorf("%+v: %v, want field %s", c.edit, err, c.field)
		}
	}
}

// [A8] Each stop carries the interval it was planned against and its slack: it
// can begin so much later and everything after it still holds.
func TestSlackIsRoomThatIsReallyThere(t *testing.T) {
	t.Parallel()
	p := city()
	it := mustPlan(t, p)
	for k, s := range it.Days[0].Stops {
		if s.Kind != planner.Visit {
			continue
		}
		if s.Opening.Close-s.Leave != s.SlackClosing {
			t.Errorf("stop %d: slack to closing %d, opening %+v", k, s.SlackClosing, s.Opening)
		}
		for late, ok := range map[int]bool{s.SlackNext: true, s.SlackNext + 1: false} {
			q, err := planner.Retime(p, it)
			if err != nil {
				t.Fatal(err)
			}
			q, _, err = planner.Apply(p, q, planner.Edit{Kind: planner.EditLock, Day: 0, Stop: k, Arrive: s.Arrive + late})
			if err != nil {
				t.Fatal(err)
			}
			vs := slices.DeleteFunc(rules.Check(q, p), func(v rules.Violation) bool {
				return v.Severity != rules.Hard && v.Rule != "open_throughout"
			})
			if (len(vs) == 0) != ok {
				t.Errorf("stop %d (%s) %d minutes later: violations %+v", k, s.Place, late, vs)
			}
		}
	}
}

func BenchmarkApply(b *testing.B) {
	p := city()
	it := mustPlan(b, p)
	k := firstVisit(&it.Days[0])
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := planner.Apply(p, it, planner.Edit{Kind: planner.EditMove, Day: 0, Stop: k, ToDay: 1, Position: -1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	p := city()
	b.ReportAllocs()
	for b.Loop() {
		mustPlan(b, p)
	}
}
