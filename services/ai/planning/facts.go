package planning

import (
	"fmt"

	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

// Facts are a planner's problem with all that is needed to tell its plans in the contract's terms.
type Facts struct {
	Problem *planner.Problem
	// Wishes is what was found in the traveller's words.
	Wishes Wishes

	trip    *Trip
	cities  map[string]*City
	places  map[string]*locationv1.Place
	weather []*typev1.DayWeather // per day, nil where not known
	// gone are places of the present itinerary that the data has no more.
	gone map[string]bool
}

// Build makes the problem. cities has each of trip.Cities, in that order.
func Build(r Request, trip *Trip, cities []*City) (*Facts, error) {
	f := &Facts{
		trip: trip, cities: make(map[string]*City, len(cities)), places: map[string]*locationv1.Place{}, gone: map[string]bool{},
		weather: make([]*typev1.DayWeather, trip.Len()),
		Problem: &planner.Problem{Mode: planner.Transit, Seed: r.Seed, Group: GroupOf(r.Profile)},
	}
	if r.Profile.GetTransportMode() == typev1.TransportMode_TRANSPORT_MODE_CAR {
		f.Problem.Mode = planner.Car
	}
	for i, id := range trip.Cities() {
		f.cities[id] = cities[i]
		f.addCity(id, cities[i])
	}
	f.addExtra(r)
	for d := range trip.days {
		f.Problem.Days = append(f.Problem.Days, f.day(d, r.DayStart, r.DayEnd))
	}
	f.Wishes = findWishes(r.Wishes, f.places)
	for _, id := range f.Wishes.MustSee {
		f.Problem.MustSee = append(f.Problem.MustSee, planner.PlaceRef{ID: id})
	}
	for _, id := range f.Wishes.Avoid {
		f.Problem.Avoid = append(f.Problem.Avoid, planner.PlaceRef{ID: id})
	}
	if err := f.Problem.Validate(); err != nil {
		return nil, errs.Internal(fmt.Errorf("problem from the place data: %w", err))
	}
	return f, nil
}

// addCity takes in a city's places and weather.
func (f *Facts) addCity(id string, c *City) {
	var dayOf []int
	for d := range f.trip.days {
		if f.trip.cities[f.trip.days[d].destination] == id {
			dayOf = append(dayOf, d)
		}
	}
	byDate := map[planner.Date]*typev1.DayWeather{}
	for _, w := range c.Weather {
		byDate[dateOf(w.GetDate())] = w.GetWeather()
	}
	for _, d := range dayOf {
		f.weather[d] = byDate[f.trip.days[d].date]
	}
	var parks []planner.Parking
	if f.Problem.Mode == planner.Car {
		parks = parksOf(c.Candidates)
	}
	for _, candidate := range c.Candidates {
		p := candidate.GetPlace()
		if _, twice := f.places[p.GetId()]; twice {
			continue
		}
		f.places[p.GetId()] = p
		if uses(p.GetCategory()) != 0 {
			f.Problem.Places = append(f.Problem.Places, placeOf(candidate, dayOf, f.trip.Len(), parks))
		}
	}
}

// addExtra takes in the places of the present itinerary that are not among the candidates: as they are told by
// themselves, without hours, or as the itinerary tells them where they are gone.
func (f *Facts) addExtra(r Request) {
	for _, p := range r.Extra {
		f.addPlace(p)
	}
	for d, day := range r.Present.GetDays() {
		if d < len(f.weather) && f.weather[d] == nil {
			f.weather[d] = day.GetWeather()
		}
		for _, s := range day.GetStops() {
			if k := s.GetKind(); k != typev1.StopKind_STOP_KIND_VISIT && k != typev1.StopKind_STOP_KIND_MEAL {
				continue
			}
			if _, known := f.places[s.GetPlaceId()]; known || s.GetPlaceId() == "" {
				continue
			}
			f.gone[s.GetPlaceId()] = true
			category := locationv1.PlaceCategory(locationv1.PlaceCategory_value[s.GetCategory()])
			if s.GetKind() == typev1.StopKind_STOP_KIND_MEAL {
				category = locationv1.PlaceCategory_PLACE_CATEGORY_FOOD
			} else if uses(category)&planner.Sight == 0 {
				category = locationv1.PlaceCategory_PLACE_CATEGORY_SIGHT
			}
			f.addPlace(&locationv1.Place{
				Id: s.GetPlaceId(), Name: s.GetName(), Location: s.GetLocation(), Category: category, Setting: s.GetSetting(), Source: s.GetSource(),
			})
		}
	}
}

// AvoidGone keeps places that the data has no more out of new plans.
func (f *Facts) AvoidGone() {
	for id := range f.gone {
		f.Problem.Avoid = append(f.Problem.Avoid, planner.PlaceRef{ID: id})
	}
}

func (f *Facts) addPlace(p *locationv1.Place) {
	if _, known := f.places[p.GetId()]; known {
		return
	}
	f.places[p.GetId()] = p
	place := placeOf(&locationv1.Candidate{Place: p}, nil, f.trip.Len(), nil)
	if place.Kind == 0 {
		place.Kind = planner.Sight // a person chose it
	}
	f.Problem.Places = append(f.Problem.Places, place)
}

// day makes a planner's day: from the lodging to the lodging, or from where the group comes in and to where it leaves.
func (f *Facts) day(d, start, end int) planner.Day {
	s := f.trip.days[d]
	if start == 0 {
		start = defaultStart
	}
	cityID := f.trip.cities[s.destination]
	day := planner.Day{
		Date: s.date, City: cityID, Start: start, End: dayEnd, StartPoint: f.lodging(s.destination), EndPoint: f.lodging(s.destination),
		Lunch: planner.DefaultLunch(), Dinner: planner.DefaultDinner(), Weather: weatherOf(f.weather[d]),
	}
	if s.arrives {
		day.StartPoint = f.gate(cityID, day.StartPoint)
	}
	if s.arrives && s.destination > 0 {
		from, to := f.cities[f.trip.cities[s.destination-1]], f.cities[cityID]
		way := wayMinutes(pointOf(from.City.GetCenter()), pointOf(to.City.GetCenter()))
		day.Start = min(start+way, max(latestStart, start))
	}
	if s.leaves {
		day.EndPoint = f.gate(cityID, day.EndPoint)
		day.End = lastDayEnd
	}
	if end != 0 {
		day.End = end
	}
	day.End = min(max(day.End, day.Start+leastDay), planner.MaxMinute)
	return day
}

func (f *Facts) lodging(destination int) planner.Endpoint {
	l := f.trip.profile.GetDestinations()[destination].GetLodging()
	at := f.cities[f.trip.cities[destination]].City.GetCenter()
	if l.GetLocation() != nil {
		at = l.GetLocation()
	}
	return planner.Endpoint{Name: l.GetName(), At: pointOf(at), Kind: planner.Lodging}
}

// gate is the city's station or airport; without one the day starts and ends at the lodging.
func (f *Facts) gate(cityID string, otherwise planner.Endpoint) planner.Endpoint {
	p, ok := gateOf(f.cities[cityID])
	if !ok {
		return otherwise
	}
	kind := planner.Station
	if p.GetCategory() == locationv1.PlaceCategory_PLACE_CATEGORY_AIRPORT {
		kind = planner.Airport
	}
	return planner.Endpoint{ID: p.GetId(), Name: p.GetName().GetEn(), At: pointOf(p.GetLocation()), Kind: kind}
}

var healthOf = map[typev1.HealthLevel]planner.Health{
	typev1.HealthLevel_HEALTH_LEVEL_EXCELLENT: planner.Excellent,
	typev1.HealthLevel_HEALTH_LEVEL_GOOD:      planner.Good,
	typev1.HealthLevel_HEALTH_LEVEL_CAUTION:   planner.Caution,
	typev1.HealthLevel_HEALTH_LEVEL_LIMITED:   planner.Limited,
}

// GroupOf gives the planner's group.
func GroupOf(p *aiv1.PlanningProfile) planner.Group {
	var g planner.Group
	for _, m := range p.GetMembers() {
		member := planner.Member{Age: int(m.GetAge()), Health: healthOf[m.GetHealth()]}
		for _, t := range m.GetPreferences() {
			if preference, ok := preferenceOf[t]; ok {
				member.Preferences = append(member.Preferences, preference)
			}
		}
		g.Members = append(g.Members, member)
	}
	return g
}
