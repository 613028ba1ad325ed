package pipeline

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/planning"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// optionsPerDay is how many places besides the draft's a day may use.
const optionsPerDay = 12

// briefs makes a question for each day; the days' vocabularies share no place, so that their answers fit together.
func (w *work) briefs() map[int]refine.Brief {
	options := w.options()
	group := GroupOf(w.request.GetProfile())
	cities := map[string]refine.City{}
	out := make(map[int]refine.Brief, len(w.days))
	for _, d := range w.days {
		cityID := w.facts.Problem.Days[d].City
		city, ok := cities[cityID]
		if !ok {
			city = Catalogue(w.facts, cityID)
			cities[cityID] = city
		}
		out[d] = refine.Brief{City: city, Group: group, Wishes: w.facts.Wishes.Text, Days: []refine.Day{w.day(d, options[d])}}
	}
	return out
}

// Catalogue is a city's plannable places in the order of their ids.
func Catalogue(facts *planning.Facts, cityID string) refine.City {
	c := refine.City{ID: cityID}
	name := facts.City(cityID).GetName()
	c.Name = refine.Text{Ko: name.GetKo(), En: name.GetEn()}
	for i := range facts.Problem.Places {
		if p := &facts.Problem.Places[i]; p.City == cityID {
			place, _ := facts.Place(p.ID)
			c.Places = append(c.Places, placeOf(place))
		}
	}
	slices.SortFunc(c.Places, func(a, b refine.Place) int { return cmp.Compare(a.ID, b.ID) })
	return c
}

func placeOf(p *locationv1.Place) refine.Place {
	out := refine.Place{
		ID: p.GetId(), Ko: p.GetName().GetKo(), En: p.GetName().GetEn(), Stay: int(p.GetStayMinutes()), Hours: p.GetOpeningHours(),
		Category: strings.TrimPrefix(p.GetCategory().String(), "PLACE_CATEGORY_"),
		Setting:  lowerName(p.GetSetting().String(), "SETTING_"), Cuisine: p.GetCuisines(), Hard: p.GetStrenuous(),
		StepFree: lowerName(p.GetStepFree().String(), "KNOWLEDGE_"),
	}
	for _, t := range p.GetPleases() {
		out.Pleases = append(out.Pleases, lowerName(t.String(), "PREFERENCE_"))
	}
	return out
}

// lowerName is an enum's name without its prefix; nothing for what is not said.
func lowerName(name, prefix string) string {
	short := strings.ToLower(strings.TrimPrefix(name, prefix))
	if short == "unspecified" {
		return ""
	}
	return short
}

// GroupOf tells a group without anything that names a person.
func GroupOf(profile *aiv1.PlanningProfile) refine.Group {
	pace := planner.PaceOf(planning.GroupOf(profile))
	g := refine.Group{Mode: lowerName(profile.GetTransportMode().String(), "TRANSPORT_MODE_"), MinStops: pace.MinStops, MaxStops: pace.MaxStops}
	for _, m := range profile.GetMembers() {
		member := refine.Member{Age: ageBand(int(m.GetAge())), Health: lowerName(m.GetHealth().String(), "HEALTH_LEVEL_")}
		for _, t := range m.GetPreferences() {
			member.Likes = append(member.Likes, lowerName(t.String(), "PREFERENCE_"))
		}
		slices.Sort(member.Likes)
		g.Members = append(g.Members, member)
	}
	// The order in which a trip names its members says nothing: equal groups are asked about alike.
	slices.SortFunc(g.Members, func(a, b refine.Member) int {
		return cmp.Or(cmp.Compare(a.Age, b.Age), cmp.Compare(a.Health, b.Health), slices.Compare(a.Likes, b.Likes))
	})
	return g
}

// ageBand tells an age as far as it matters for a plan.
func ageBand(age int) string {
	for _, band := range []struct {
		below int
		name  string
	}{{7, "child under 7"}, {13, "child of 7 to 12"}, {20, "teenager"}, {65, "adult"}, {75, "65 to 74"}} {
		if age < band.below {
			return band.name
		}
	}
	return "75 or older"
}

// day describes a day of the draft.
func (w *work) day(d int, options []string) refine.Day {
	plan := &w.plan.Days[d]
	date := time.Date(plan.Date.Year, plan.Date.Month, plan.Date.Day, 0, 0, 0, 0, time.UTC)
	out := refine.Day{
		Number: d + 1, Date: date.Format(time.DateOnly), Weekday: date.Weekday().String(),
		Weather: WeatherWords(w.rendered[d].GetWeather()), Options: options,
	}
	for _, s := range plan.Stops {
		if s.Kind == planner.Visit || s.Kind == planner.Meal {
			out.Draft = append(out.Draft, refine.Stop{
				ID: s.Place, Kind: string(s.Kind), Arrive: minuteWords(s.Arrive), Leave: minuteWords(s.Leave), Fixed: s.Locked || w.fixed[s.Place],
			})
		}
	}
	return out
}

func minuteWords(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// WeatherWords tells a day's weather coarsely; nothing where it is not known.
func WeatherWords(d *typev1.DayWeather) string {
	if d == nil {
		return ""
	}
	const step = 5 // degrees: finer differences change no plan, and equal days are asked about alike
	round := func(celsius float64) float64 { return math.Round(celsius/step) * step }
	words := fmt.Sprintf("%s, about %.0f to %.0f °C", lowerName(d.GetKind().String(), "WEATHER_KIND_"), round(d.GetMinCelsius()), round(d.GetMaxCelsius()))
	if d.GetPm25() >= planning.BadPM25 {
		words += ", bad air"
	}
	return words
}

// options gives each day the unplanned places nearest to its stops: of its city, open on it, fit for the group.
func (w *work) options() map[int][]string {
	planned, avoided := map[string]bool{}, map[string]bool{}
	for d := range w.plan.Days {
		for _, s := range w.plan.Days[d].Stops {
			planned[s.Place] = true
		}
	}
	for _, placeID := range w.facts.Wishes.Avoid {
		avoided[placeID] = true
	}
	type option struct {
		id     string
		metres float64
	}
	near := map[int][]option{}
	easy := planner.PaceOf(w.facts.Problem.Group).NoStrenuous
	for i := range w.facts.Problem.Places {
		p := &w.facts.Problem.Places[i]
		if planned[p.ID] || avoided[p.ID] || easy && p.Strenuous {
			continue
		}
		if d, metres := w.nearestDay(p); d >= 0 {
			near[d] = append(near[d], option{p.ID, metres})
		}
	}
	out := map[int][]string{}
	for d, options := range near {
		slices.SortFunc(options, func(a, b option) int { return cmp.Or(cmp.Compare(a.metres, b.metres), cmp.Compare(a.id, b.id)) })
		for _, o := range options[:min(len(options), optionsPerDay)] {
			out[d] = append(out[d], o.id)
		}
	}
	return out
}

// nearestDay is the made day, open for a place, that has the stop nearest to it.
func (w *work) nearestDay(p *planner.Place) (day int, metres float64) {
	day, metres = -1, math.Inf(1)
	for _, d := range w.days {
		if p.City != w.facts.Problem.Days[d].City || p.Hours[d].Known && len(p.Hours[d].Open) == 0 {
			continue
		}
		for _, s := range w.plan.Days[d].Stops {
			if m := planner.GreatCircleMetres(s.At, p.At); m < metres {
				day, metres = d, m
			}
		}
	}
	return day, metres
}
