package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/location/openinghours"
)

// trips makes real trips from the built-in cities: 1 to 14 days, 20 to 400
// candidates, every pace, both modes, all weathers. The same number gives the
// same trip.
type trips struct{ cities []places.City }

// candidateCounts are what trips choose from; where a city has fewer places, the
// same places shifted by up to a kilometre stand in for what a map would add.
var candidateCounts = []int{20, 50, 100, 200, 400}

func (t *trips) problem(number int) (*planner.Problem, error) {
	r := rand.New(rand.NewPCG(uint64(number), 20260501))
	city := &t.cities[number%len(t.cities)]
	p := &planner.Problem{
		Mode:  []planner.Mode{planner.Transit, planner.Car}[r.IntN(2)],
		Group: group(r),
		Seed:  uint64(number),
	}
	first := time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
	lodging := endpoint(city, planner.Lodging, r)
	count := 1 + r.IntN(14)
	for d := range count {
		p.Days = append(p.Days, day(first.AddDate(0, 0, d), city, lodging, r))
	}
	p.Days[0].StartPoint, p.Days[0].Start = endpoint(city, planner.Airport, r), 600+30*r.IntN(10)
	last := &p.Days[count-1]
	last.EndPoint, last.End = endpoint(city, planner.Station, r), max(last.Start+120, 1080-30*r.IntN(8))
	if err := candidates(p, city, candidateCounts[r.IntN(len(candidateCounts))], r); err != nil {
		return nil, err
	}
	for range r.IntN(4) {
		p.MustSee = append(p.MustSee, planner.PlaceRef{ID: p.Places[r.IntN(len(p.Places))].ID})
	}
	return p, nil
}

func group(r *rand.Rand) planner.Group {
	healths := []planner.Health{planner.Excellent, planner.Good, planner.Caution, planner.Limited}
	tastes := []planner.Preference{planner.Sightseeing, planner.Shopping, planner.Culture, planner.Nature, planner.Sports, planner.Resting}
	worst := r.IntN(len(healths)) // every pace as often
	var g planner.Group
	for range 1 + r.IntN(5) {
		m := planner.Member{Age: 5 + r.IntN(75), Health: healths[r.IntN(worst+1)]}
		for range r.IntN(4) {
			m.Preferences = append(m.Preferences, tastes[r.IntN(len(tastes))])
		}
		g.Members = append(g.Members, m)
	}
	g.Members[0].Health = healths[worst]
	return g
}

func day(date time.Time, city *places.City, lodging planner.Endpoint, r *rand.Rand) planner.Day {
	d := planner.Day{
		Date:  planner.Date{Year: date.Year(), Month: date.Month(), Day: date.Day()},
		City:  city.ID,
		Start: 540, End: 1260, StartPoint: lodging, EndPoint: lodging,
		Lunch: planner.DefaultLunch(), Dinner: planner.DefaultDinner(),
	}
	temp, rain := -8+45*r.Float64(), r.IntN(3) == 0
	for h := range 24 {
		w := planner.HourWeather{TempC: temp, BadAir: temp > 30 && h == 14}
		if rain && h >= 12 && h < 17 {
			w.Precipitation = planner.Rain
		}
		d.Weather = append(d.Weather, w)
	}
	return d
}

func endpoint(city *places.City, kind planner.EndpointKind, r *rand.Rand) planner.Endpoint {
	for i := range city.Places {
		p := &city.Places[i]
		if string(p.Category) == string(kind) {
			return planner.Endpoint{ID: p.ID, Name: p.Name.EN, At: planner.LatLng{Lat: p.Lat, Lng: p.Lng}, Kind: kind}
		}
	}
	at := planner.LatLng{Lat: city.Center.Lat + 0.02*(r.Float64()-0.5), Lng: city.Center.Lng + 0.02*(r.Float64()-0.5)}
	return planner.Endpoint{Name: "lodging", At: at, Kind: kind}
}

// candidates fills p.Places with count places of the city in random order.
func candidates(p *planner.Problem, city *places.City, count int, r *rand.Rand) error {
	var usable []*places.Place
	for i := range city.Places {
		switch city.Places[i].Category {
		case places.Parking, places.Station, places.Airport, places.Laundry:
		default:
			usable = append(usable, &city.Places[i])
		}
	}
	order := r.Perm(len(usable))
	for k := range count {
		src := usable[order[k%len(order)]]
		pl, err := candidate(src, p.Days, r)
		if err != nil {
			return err
		}
		pl.City = city.ID
		if copyNo := k / len(order); copyNo > 0 {
			pl.ID = fmt.Sprintf("%s-%d", pl.ID, copyNo)
			pl.At.Lat += 0.018 * (r.Float64() - 0.5)
			pl.At.Lng += 0.018 * (r.Float64() - 0.5)
		}
		p.Places = append(p.Places, pl)
	}
	return nil
}

func candidate(src *places.Place, days []planner.Day, r *rand.Rand) (planner.Place, error) {
	pl := planner.Place{
		ID: src.ID, Name: src.Name.EN, At: planner.LatLng{Lat: src.Lat, Lng: src.Lng}, Category: string(src.Category),
		Setting: planner.Setting(src.Setting), StayMinutes: src.StayMinutes, Strenuous: src.Strenuous,
		Popularity: 0.2 + 0.8*r.Float64(), Fit: map[planner.Preference]float64{},
	}
	switch src.Category {
	case places.Food:
		pl.Kind = planner.Food
	case places.Cafe:
		pl.Kind = planner.Food | planner.Sight
	}
	for _, t := range src.Tags {
		pl.Fit[planner.Preference(t)] = 1
	}
	if src.StepFree != nil {
		pl.StepFree = planner.No
		if *src.StepFree {
			pl.StepFree = planner.Yes
		}
	}
	if src.Hours == "" {
		return pl, nil
	}
	schedule, err := openinghours.Parse(src.Hours)
	if err != nil {
		return pl, fmt.Errorf("hours of %s: %w", src.ID, err)
	}
	for i := range days {
		date := days[i].Date
		at := openinghours.DateOf(time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, time.UTC))
		h := planner.DayHours{Known: true}
		for _, o := range schedule.On(at, nil) {
			in := planner.Interval{Open: o.Open, Close: o.Close}
			if src.LastEntryMinutes > 0 {
				in.LastEntry = max(o.Open, o.Close-src.LastEntryMinutes)
			}
			h.Open = append(h.Open, in)
		}
		pl.Hours = append(pl.Hours, h)
	}
	return pl, nil
}
