package planner_test

import (
	"testing"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// [A2] The most limited member sets the pace.
func TestMostLimitedMemberSetsThePace(t *testing.T) {
	t.Parallel()
	well, caution, limited := planner.Member{Age: 30, Health: planner.Excellent}, planner.Member{Age: 30, Health: planner.Caution}, planner.Member{Age: 30, Health: planner.Limited}
	for _, c := range []struct {
		name               string
		members            []planner.Member
		least, most, rests int
		walkLeg            int
		noStrenuous, taxi  bool
	}{
		{"well", []planner.Member{well, {Age: 12}}, 5, 7, 0, 0, false, false},
		{"caution among well", []planner.Member{well, caution}, 4, 5, 2, 0, true, false},
		{"limited among caution", []planner.Member{caution, limited, well}, 2, 3, 3, 500, true, true},
		{"small child", []planner.Member{well, {Age: 6}}, 5, 7, 1, 0, true, false},
		{"elder", []planner.Member{{Age: 75}}, 5, 7, 1, 0, true, false},
	} {
		p := planner.PaceOf(planner.Group{Members: c.members})
		if p.MinStops != c.least || p.MaxStops != c.most || p.Rests != c.rests || p.WalkLegMetres != c.walkLeg || p.NoStrenuous != c.noStrenuous || p.TaxiFirst != c.taxi {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

// [A2] A limited member goes by taxi, never by public transport, and walks only
// what is short.
func TestLimitedMembersRideTaxis(t *testing.T) {
	t.Parallel()
	p := city()
	p.Group.Members[0].Health = planner.Limited
	it := mustPlan(t, p)
	rides := 0
	for _, d := range it.Days {
		for _, l := range d.Legs {
			switch {
			case l.Mode == planner.Transit || l.Mode == planner.Car:
				t.Errorf("leg %+v", l)
			case l.Mode == planner.Walk && l.Metres > 500:
				t.Errorf("walk %+v", l)
			case l.Mode == planner.Taxi:
				rides++
			}
		}
	}
	if rides == 0 {
		t.Error("no taxi at all: the test shows nothing")
	}
}

// [A2] Rain sends the group indoors first, and each outdoor stop in rain has an
// indoor alternative.
func TestRainSendsTheGroupIndoors(t *testing.T) {
	t.Parallel()
	outdoors := func(rain bool) (minutes int) {
		p := city()
		for d := range p.Days {
			for range 24 {
				w := planner.HourWeather{TempC: 20}
				if rain {
					w.Precipitation = planner.Rain
				}
				p.Days[d].Weather = append(p.Days[d].Weather, w)
			}
		}
		it := mustPlan(t, p)
		return it.Quality.OutdoorMinutes
	}
	if dry, wet := outdoors(false), outdoors(true); wet >= dry {
		t.Errorf("%d minutes outdoors in rain, %d when dry", wet, dry)
	}
}

// [T9] Forecasts change: an outdoor stop of a dry day has an indoor alternative as
// well, and two stops of a day do not share one where there are others.
func TestOutdoorStopsHaveAnIndoorAlternativeOnDryDays(t *testing.T) {
	t.Parallel()
	p := city()
	setting := map[string]planner.Setting{}
	for _, pl := range p.Places {
		setting[pl.ID] = pl.Setting
	}
	it := mustPlan(t, p)
	outdoors, with, shared := 0, 0, 0
	for _, d := range it.Days {
		offered := map[string]bool{}
		for _, s := range d.Stops {
			if (s.Kind != planner.Visit && s.Kind != planner.Meal) || setting[s.Place] != planner.Outdoor {
				continue
			}
			outdoors++
			for _, a := range s.Alternatives {
				if a.Purpose != planner.ForRain {
					continue
				}
				with++
				if setting[a.Place] != planner.Indoor {
					t.Errorf("%s is no shelter instead of %s", a.Place, s.Place)
				}
				if offered[a.Place] {
					shared++
				}
				offered[a.Place] = true
			}
		}
	}
	if outdoors == 0 || with < outdoors || shared > 0 {
		t.Errorf("of %d outdoor stops %d have an alternative, %d a shared one", outdoors, with, shared)
	}
}

// Distances agree with known ones, over short and long ways.
func TestGreatCircleDistances(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b planner.LatLng
		want float64
	}{
		{planner.LatLng{Lat: 37.5665, Lng: 126.978}, planner.LatLng{Lat: 35.1796, Lng: 129.0756}, 325_000},
		{planner.LatLng{Lat: 48.1372, Lng: 11.5755}, planner.LatLng{Lat: 48.1373, Lng: 11.5755}, 11.1},
		{planner.LatLng{Lat: 0, Lng: 179.99}, planner.LatLng{Lat: 0, Lng: -179.99}, 2224},
		{planner.LatLng{Lat: 90}, planner.LatLng{Lat: -90}, 20_015_000},
	} {
		if got := planner.GreatCircleMetres(c.a, c.b); got < c.want*0.995 || got > c.want*1.005 {
			t.Errorf("%v to %v: %.1f m, want about %.1f", c.a, c.b, got, c.want)
		}
	}
}
