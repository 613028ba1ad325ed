package planning

import (
	"cmp"
	"slices"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

const (
	parkingRange = 800.0 // metres from a place to a car park that is of use
	parkingMost  = 2
	maxStay      = planner.MaxStay
	defaultStay  = 45
)

// uses says what a category is good for in a plan; zero for what no plan visits.
func uses(c locationv1.PlaceCategory) planner.PlaceKind {
	switch c {
	case locationv1.PlaceCategory_PLACE_CATEGORY_FOOD:
		return planner.Food
	case locationv1.PlaceCategory_PLACE_CATEGORY_MARKET:
		return planner.Sight | planner.Food
	case locationv1.PlaceCategory_PLACE_CATEGORY_UNSPECIFIED, locationv1.PlaceCategory_PLACE_CATEGORY_LAUNDRY,
		locationv1.PlaceCategory_PLACE_CATEGORY_PARKING, locationv1.PlaceCategory_PLACE_CATEGORY_STATION,
		locationv1.PlaceCategory_PLACE_CATEGORY_AIRPORT:
		return 0
	default:
		return planner.Sight
	}
}

func pointOf(p *typev1.LatLng) planner.LatLng {
	return planner.LatLng{Lat: p.GetLatitude(), Lng: p.GetLongitude()}
}

var settingOf = map[typev1.Setting]planner.Setting{
	typev1.Setting_SETTING_INDOOR:  planner.Indoor,
	typev1.Setting_SETTING_OUTDOOR: planner.Outdoor,
	typev1.Setting_SETTING_MIXED:   planner.Mixed,
}

var preferenceOf = map[typev1.Preference]planner.Preference{
	typev1.Preference_PREFERENCE_SIGHTSEEING: planner.Sightseeing,
	typev1.Preference_PREFERENCE_SHOPPING:    planner.Shopping,
	typev1.Preference_PREFERENCE_CULTURE:     planner.Culture,
	typev1.Preference_PREFERENCE_NATURE:      planner.Nature,
	typev1.Preference_PREFERENCE_SPORTS:      planner.Sports,
	typev1.Preference_PREFERENCE_REST:        planner.Resting,
}

func knownOf(k locationv1.Knowledge) planner.Known {
	switch k {
	case locationv1.Knowledge_KNOWLEDGE_YES:
		return planner.Yes
	case locationv1.Knowledge_KNOWLEDGE_NO:
		return planner.No
	default:
		return planner.Unknown
	}
}

// placeOf makes a planner's place; dayOf gives the index of the problem's day for each of the city's dates.
func placeOf(c *locationv1.Candidate, dayOf []int, days int, parks []planner.Parking) planner.Place {
	p := c.GetPlace()
	out := planner.Place{
		ID: p.GetId(), Name: p.GetName().GetEn(), City: p.GetCityId(), At: pointOf(p.GetLocation()),
		Category: p.GetCategory().String(), Kind: uses(p.GetCategory()), Setting: settingOf[p.GetSetting()],
		StayMinutes: stayOf(p), StepFree: knownOf(p.GetStepFree()), Strenuous: p.GetStrenuous(),
		Popularity: min(max(c.GetPopularity(), 0), 1), Hours: make([]planner.DayHours, days), Parking: near(parks, pointOf(p.GetLocation())),
	}
	if len(p.GetPleases()) > 0 {
		out.Fit = make(map[planner.Preference]float64, len(p.GetPleases()))
		for _, t := range p.GetPleases() {
			out.Fit[preferenceOf[t]] = 1
		}
		delete(out.Fit, "") // a preference that this build does not know
	}
	for i, h := range c.GetHours() {
		if i < len(dayOf) {
			out.Hours[dayOf[i]] = hoursOf(h)
		}
	}
	return out
}

func stayOf(p *locationv1.Place) int {
	if p.GetStayMinutes() <= 0 {
		return defaultStay
	}
	return min(int(p.GetStayMinutes()), maxStay)
}

func hoursOf(h *locationv1.CandidateHours) planner.DayHours {
	out := planner.DayHours{Known: h.GetKnown()}
	for _, i := range h.GetIntervals() {
		o := planner.Interval{
			Open: int(i.GetOpen().GetMinutes()), Close: min(int(i.GetClose().GetMinutes()), planner.MaxMinute),
			LastEntry: int(i.GetLastEntry().GetMinutes()),
		}
		if o.Open < o.Close && len(out.Open) < planner.MaxInterval {
			out.Open = append(out.Open, o)
		}
	}
	return out
}

// parksOf are a city's car parks.
func parksOf(cs []*locationv1.Candidate) []planner.Parking {
	var out []planner.Parking
	for _, c := range cs {
		if c.GetPlace().GetCategory() == locationv1.PlaceCategory_PLACE_CATEGORY_PARKING {
			out = append(out, planner.Parking{Name: c.GetPlace().GetId(), At: pointOf(c.GetPlace().GetLocation())})
		}
	}
	return out
}

// near are the car parks in reach of a place, nearest first.
func near(parks []planner.Parking, at planner.LatLng) []planner.Parking {
	var out []planner.Parking
	for _, p := range parks {
		if metres := planner.GreatCircleMetres(p.At, at); metres <= parkingRange {
			p.WalkMetres = int(metres)
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b planner.Parking) int { return cmp.Compare(a.WalkMetres, b.WalkMetres) })
	return out[:min(len(out), parkingMost)]
}

// gateOf is where a group comes into a city: the station nearest to its centre, else the nearest airport.
func gateOf(c *City) (*locationv1.Place, bool) {
	var best *locationv1.Place
	rank := func(p *locationv1.Place) float64 {
		metres := planner.GreatCircleMetres(pointOf(p.GetLocation()), pointOf(c.City.GetCenter()))
		if p.GetCategory() == locationv1.PlaceCategory_PLACE_CATEGORY_AIRPORT {
			metres += 1e9
		}
		return metres
	}
	for _, candidate := range c.Candidates {
		p := candidate.GetPlace()
		switch p.GetCategory() {
		case locationv1.PlaceCategory_PLACE_CATEGORY_STATION, locationv1.PlaceCategory_PLACE_CATEGORY_AIRPORT:
			if best == nil || rank(p) < rank(best) {
				best = p
			}
		}
	}
	return best, best != nil
}
