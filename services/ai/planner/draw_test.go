package planner_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// drawProblem makes any well-formed problem of a size that tests bear.
func drawProblem(t *rapid.T) *planner.Problem {
	days := rapid.IntRange(1, 4).Draw(t, "days")
	p := &planner.Problem{
		Mode:  rapid.SampledFrom([]planner.Mode{planner.Transit, planner.Car}).Draw(t, "mode"),
		Seed:  rapid.Uint64().Draw(t, "seed"),
		Group: drawGroup(t),
	}
	centre := planner.LatLng{Lat: rapid.Float64Range(-60, 60).Draw(t, "lat"), Lng: rapid.Float64Range(-170, 170).Draw(t, "lng")}
	for d := range days {
		p.Days = append(p.Days, drawDay(t, d, centre))
	}
	for i := range rapid.IntRange(0, 30).Draw(t, "places") {
		p.Places = append(p.Places, drawPlace(t, i, days, centre))
	}
	drawWishes(t, p)
	if rapid.Bool().Draw(t, "routed") {
		p.Travel = planner.EstimateTravel(p)
	}
	return p
}

func drawGroup(t *rapid.T) planner.Group {
	var g planner.Group
	for range rapid.IntRange(1, 10).Draw(t, "members") {
		g.Members = append(g.Members, planner.Member{
			Age:         rapid.IntRange(0, 100).Draw(t, "age"),
			Health:      rapid.SampledFrom([]planner.Health{"", planner.Excellent, planner.Excellent, planner.Good, planner.Good, planner.Caution, planner.Limited}).Draw(t, "health"),
			Preferences: rapid.SliceOfN(rapid.SampledFrom(tastes), 0, 3).Draw(t, "preferences"),
		})
	}
	return g
}

var tastes = []planner.Preference{planner.Sightseeing, planner.Shopping, planner.Culture, planner.Nature, planner.Sports, planner.Resting}

func near(t *rapid.T, c planner.LatLng, by float64) planner.LatLng {
	return planner.LatLng{
		Lat: c.Lat + rapid.Float64Range(-by, by).Draw(t, "dlat"),
		Lng: c.Lng + rapid.Float64Range(-by, by).Draw(t, "dlng"),
	}
}

func drawDay(t *rapid.T, d int, centre planner.LatLng) planner.Day {
	start := rapid.IntRange(0, 1300).Draw(t, "start")
	day := planner.Day{
		Date: planner.Date{Year: 2026, Month: 5, Day: 1 + d}, Start: start, End: rapid.IntRange(start+1, planner.MaxMinute).Draw(t, "end"),
		City: rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "city"),
	}
	if rapid.IntRange(0, 3).Draw(t, "usual") > 0 {
		day.Start, day.End = 540, 1260
	}
	kinds := rapid.SampledFrom([]planner.EndpointKind{"", planner.Lodging, planner.Station, planner.Airport})
	spread := rapid.SampledFrom([]float64{0.02, 0.02, 0.3, 5}).Draw(t, "spread")
	day.StartPoint = planner.Endpoint{Name: "start", At: near(t, centre, spread), Kind: kinds.Draw(t, "start kind")}
	day.EndPoint = day.StartPoint
	if rapid.Bool().Draw(t, "moves") {
		day.EndPoint = planner.Endpoint{Name: "end", At: near(t, centre, spread), Kind: kinds.Draw(t, "end kind")}
	}
	if rapid.IntRange(0, 3).Draw(t, "meals") > 0 {
		day.Lunch, day.Dinner = planner.DefaultLunch(), planner.DefaultDinner()
	}
	if rapid.Bool().Draw(t, "forecast") {
		for range 24 {
			day.Weather = append(day.Weather, planner.HourWeather{
				Precipitation: rapid.SampledFrom([]planner.Precipitation{planner.Dry, planner.Dry, planner.Rain, planner.Snow}).Draw(t, "rain"),
				TempC:         rapid.Float64Range(-20, 45).Draw(t, "temp"),
				BadAir:        rapid.IntRange(0, 9).Draw(t, "air") == 0,
			})
		}
	}
	day.MaxStops = rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "max stops")
	return day
}

func drawPlace(t *rapid.T, i, days int, centre planner.LatLng) planner.Place {
	pl := planner.Place{
		ID: fmt.Sprint("p", i), Name: fmt.Sprint("Place ", i), City: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "place city"),
		At:       near(t, centre, rapid.SampledFrom([]float64{0.003, 0.03, 0.3}).Draw(t, "place spread")),
		Category: rapid.SampledFrom([]string{"museum", "park", "palace"}).Draw(t, "category"),
		Kind:     rapid.SampledFrom([]planner.PlaceKind{0, planner.Sight, planner.Food, planner.Sight | planner.Food}).Draw(t, "kind"),
		Setting:  rapid.SampledFrom([]planner.Setting{"", planner.Indoor, planner.Outdoor, planner.Mixed}).Draw(t, "setting"),

		StayMinutes: rapid.IntRange(5, 240).Draw(t, "stay"),
		StepFree:    rapid.SampledFrom([]planner.Known{planner.Unknown, planner.Yes, planner.No}).Draw(t, "step free"),
		Strenuous:   rapid.IntRange(0, 4).Draw(t, "strenuous") == 0,
		Popularity:  rapid.Float64Range(0, 1).Draw(t, "popularity"),
	}
	pl.Fit = map[planner.Preference]float64{rapid.SampledFrom(tastes).Draw(t, "taste"): rapid.Float64Range(0, 1).Draw(t, "fit")}
	if rapid.IntRange(0, 3).Draw(t, "hours known") == 0 {
		return pl
	}
	for range days {
		var h planner.DayHours
		h.Known = rapid.IntRange(0, 9).Draw(t, "known") > 0
		for range rapid.IntRange(0, 3).Draw(t, "intervals") {
			open := rapid.IntRange(0, 1380).Draw(t, "open")
			o := planner.Interval{Open: open, Close: open + rapid.IntRange(1, 900).Draw(t, "for")}
			if rapid.IntRange(0, 3).Draw(t, "has last entry") == 0 {
				o.LastEntry = rapid.IntRange(o.Open, o.Close).Draw(t, "last entry")
			}
			h.Open = append(h.Open, o)
		}
		pl.Hours = append(pl.Hours, h)
	}
	return pl
}

func drawWishes(t *rapid.T, p *planner.Problem) {
	if len(p.Places) == 0 {
		return
	}
	locked := map[string]bool{}
	for range rapid.IntRange(0, 2).Draw(t, "locks") {
		pl := rapid.SampledFrom(p.Places).Draw(t, "locked")
		if locked[pl.ID] {
			continue
		}
		locked[pl.ID] = true
		arrive := rapid.IntRange(0, 1400).Draw(t, "lock at")
		p.Locks = append(p.Locks, planner.Lock{
			Day: rapid.IntRange(0, len(p.Days)-1).Draw(t, "lock day"), Place: pl.ID,
			Arrive: arrive, Leave: arrive + rapid.IntRange(1, 200).Draw(t, "lock stay"), Meal: rapid.Bool().Draw(t, "lock meal"),
		})
	}
	ref := rapid.Custom(func(t *rapid.T) planner.PlaceRef {
		pl := rapid.SampledFrom(p.Places).Draw(t, "wished")
		return rapid.SampledFrom([]planner.PlaceRef{{ID: pl.ID}, {Name: "place" + pl.ID[1:]}, {ID: "nowhere"}}).Draw(t, "ref")
	})
	p.MustSee = rapid.SliceOfN(ref, 0, 3).Draw(t, "must see")
	p.Avoid = rapid.SliceOfN(ref, 0, 2).Draw(t, "avoid")
}
