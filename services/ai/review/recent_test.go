package review_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/review"
)

// source tells what it was asked.
type source struct {
	asked []string
	away  error
}

func (s *source) ask(what ...string) error {
	s.asked = append(s.asked, what...)
	return s.away
}

func (s *source) Candidates(_ context.Context, cityID string, _ []*typev1.Date) (*locationv1.FindCandidatesResponse, error) {
	return &locationv1.FindCandidatesResponse{}, s.ask("candidates of " + cityID)
}

func (s *source) Resolve(context.Context, string) (string, error) { return "", s.ask("resolve") }

func (s *source) Forecast(context.Context, *typev1.LatLng, *typev1.Date, int) ([]*locationv1.ForecastDay, error) {
	return nil, s.ask("forecast")
}

func (s *source) Places(_ context.Context, ids []string) ([]*locationv1.Place, error) {
	var found []*locationv1.Place
	for _, id := range ids {
		if id != "builtin:none" {
			found = append(found, &locationv1.Place{Id: id})
		}
	}
	return found, s.ask(ids...)
}

// [T7] One edit after the other asks for each place once; what is new, missing or failed is asked for.
func TestWhatWasToldAMomentAgoIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	s := &source{away: errors.New("away")}
	l, err := review.Recently(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	june := func(day int32) *typev1.Date { return &typev1.Date{Year: 2027, Month: 6, Day: day} }
	all := func(ids ...string) {
		_, noCandidates := l.Candidates(ctx, "munich", []*typev1.Date{june(1)})
		_, noForecast := l.Forecast(ctx, &typev1.LatLng{Latitude: 48}, june(1), 1)
		places, noPlaces := l.Places(ctx, ids)
		if failed := errors.Join(noCandidates, noForecast, noPlaces); (failed != nil) != (s.away != nil) {
			t.Fatal(failed)
		}
		if s.away == nil && len(places) != len(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "builtin:none" })) {
			t.Fatalf("got %v of %v", places, ids)
		}
	}
	want := func(asked ...string) {
		t.Helper()
		if !slices.Equal(s.asked, asked) {
			t.Fatalf("asked for %q, want %q", s.asked, asked)
		}
		s.asked = nil
	}
	all("builtin:a", "builtin:b")
	want("candidates of munich", "forecast", "builtin:a", "builtin:b")
	s.away = nil
	all("builtin:a", "builtin:b") // a failure is not remembered
	want("candidates of munich", "forecast", "builtin:a", "builtin:b")
	all("builtin:a", "builtin:none", "builtin:b", "builtin:c")
	want("builtin:none", "builtin:c")
	all("builtin:none")
	want("builtin:none")
	if _, err := l.Candidates(ctx, "munich", []*typev1.Date{june(1), june(2)}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Forecast(ctx, &typev1.LatLng{Latitude: 48}, june(2), 1); err != nil {
		t.Fatal(err)
	}
	want("candidates of munich", "forecast") // other days
}
