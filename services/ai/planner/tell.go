package planner

import (
	"slices"
	"sort"
)

// why lists the reasons of a stop, strongest first.
func (c *compiled) why(d int, i item, s *Stop) []Reason {
	pl := &c.p.Places[i.place]
	var out []Reason
	add := func(is bool, r Reason) {
		if is {
			out = append(out, r)
		}
	}
	add(i.pinned, WhyLocked)
	add(i.must, WhyMustSee)
	add(i.role == asLunch, WhyLunch)
	add(i.role == asDinner, WhyDinner)
	fit := 0.0
	for m := range c.p.Group.Members {
		fit += fitTo(pl, &c.p.Group.Members[m])
	}
	add(len(pl.Fit) > 0 && fit/float64(len(c.p.Group.Members)) >= 0.6, WhyTaste)
	add(pl.Popularity >= 0.7, WhyPopular)
	bad := c.p.Days[d].exposure(s.Arrive, s.Leave)
	add(pl.Setting == Indoor && bad > 0, WhyIndoor)
	add(pl.Setting == Outdoor && len(c.p.Days[d].Weather) > 0 && bad == 0, WhyOutdoorDry)
	add(c.pace.StepFreeFirst && pl.StepFree == Yes, WhyStepFree)
	add(s.HoursUnknown, WhyHoursUnsure)
	add(len(out) == 0, WhyOnTheWay)
	return out
}

// exposure counts the minutes from a to b whose weather asks to be indoors.
func (d *Day) exposure(a, b int) int {
	if len(d.Weather) == 0 {
		return 0
	}
	n := 0
	for m := a; m < b; m++ {
		n += b2i(exposed(d.Weather[m/60%24]))
	}
	return n
}

// bring lists what the weather of the day's hours asks for.
func bring(d *Day) []Bring {
	var rain, snow, heat, cold, smog bool
	for h := d.Start / 60; h*60 < d.End && len(d.Weather) > 0; h++ {
		w := d.Weather[h%24]
		rain = rain || w.Precipitation == Rain
		snow = snow || w.Precipitation == Snow
		heat = heat || w.TempC >= 28
		cold = cold || w.TempC <= 5
		smog = smog || w.BadAir
	}
	var out []Bring
	for _, x := range []struct {
		is bool
		b  Bring
	}{{rain || snow, BringUmbrella}, {snow, BringGrippyShoes}, {cold, BringWarmClothes}, {heat, BringSunCare}, {smog, BringMask}} {
		if x.is {
			out = append(out, x.b)
		}
	}
	return out
}

// tellUnhonoured says which wishes the plan does not keep.
func (c *compiled) tellUnhonoured(it *Itinerary) {
	planned := map[string]bool{}
	for d := range it.Days {
		visits, lunch, dinner, rests := 0, false, false, 0
		for _, s := range it.Days[d].Stops {
			switch s.Kind {
			case Visit:
				visits++
				planned[s.Place] = true
			case Meal:
				planned[s.Place] = true
				lunch = lunch || s.Arrive < c.p.Days[d].Lunch.To
				dinner = dinner || s.Arrive >= c.p.Days[d].Dinner.From
			case Rest:
				rests++
			}
		}
		c.tellDay(it, d, visits, lunch, dinner)
		if rests < min(c.rests(d), visits) {
			it.lose(WishRests, NoTime, d, PlaceRef{})
		}
	}
	for k := range c.p.Locks {
		if l := &c.p.Locks[k]; !planned[l.Place] {
			it.lose(WishLock, NoTime, l.Day, PlaceRef{ID: l.Place})
		}
	}
	for _, i := range c.must {
		if id := c.p.Places[i].ID; !planned[id] {
			it.lose(WishMustSee, c.whyNot(i), -1, PlaceRef{ID: id, Name: c.p.Places[i].Name})
		}
	}
}

func (it *Itinerary) lose(k UnhonouredKind, r UnhonouredReason, day int, ref PlaceRef) {
	it.Unhonoured = append(it.Unhonoured, Unhonoured{Kind: k, Reason: r, Day: day, Ref: ref})
}

func (c *compiled) tellDay(it *Itinerary, d, visits int, lunch, dinner bool) {
	day := &c.p.Days[d]
	stops := it.Days[d].Stops
	if stops[len(stops)-1].Arrive > day.End {
		it.lose(WishWay, NotReachable, d, PlaceRef{ID: day.EndPoint.ID, Name: day.EndPoint.Name})
	}
	if visits == 0 {
		it.lose(WishDay, c.candidatesOr(d, asVisit, NoTime), d, PlaceRef{})
	} else if visits < c.pace.MinStops {
		it.lose(WishPace, c.candidatesOr(d, asVisit, NoTime), d, PlaceRef{})
	}
	if day.asksFor(day.Lunch) && !lunch {
		it.lose(WishLunch, c.candidatesOr(d, asLunch, NoTime), d, PlaceRef{})
	}
	if day.asksFor(day.Dinner) && !dinner {
		it.lose(WishDinner, c.candidatesOr(d, asDinner, NoTime), d, PlaceRef{})
	}
}

// LeastMealMinutes is how much of a meal's hours a day must hold for the meal to
// be asked for.
const LeastMealMinutes = 60

// asksFor tells whether the day is there for a meal in the window.
func (d *Day) asksFor(w Window) bool {
	return !w.IsZero() && min(w.To, d.End)-max(w.From, d.Start) >= LeastMealMinutes
}

// candidatesOr is NoCandidate when nothing in that role is ever possible on the
// day, else the given reason.
func (c *compiled) candidatesOr(d int, r role, otherwise UnhonouredReason) UnhonouredReason {
	for u, x := range c.nodes {
		if x.role == r && len(c.eng.Windows[d*c.eng.Nodes+u]) > 0 {
			return otherwise
		}
	}
	return NoCandidate
}

// whyNot says why a must-see is not in the plan.
func (c *compiled) whyNot(place int) UnhonouredReason {
	pl := &c.p.Places[place]
	if pl.Strenuous && c.pace.NoStrenuous {
		return NotForGroup
	}
	open, reach := false, false
	for u, x := range c.nodes {
		for d := 0; x.place == place && d < len(c.p.Days); d++ {
			w := c.eng.Windows[d*c.eng.Nodes+u]
			open = open || len(w) > 0
			reach = reach || c.reaches(d, u)
		}
	}
	switch {
	case !open:
		return AlwaysClosed
	case !reach:
		return NotReachable
	}
	return NoTime
}

// reaches tells whether node u alone fits day d.
func (c *compiled) reaches(d, u int) bool {
	e := c.eng
	pt := int(e.Point[u])
	in, out := int(c.legs.minutes[c.startPoint(d)*c.legs.n+pt]), int(c.legs.minutes[pt*c.legs.n+c.endPoint(d)])
	reached := c.p.Days[d].Start + in
	for _, w := range e.Windows[d*e.Nodes+u] {
		if reached <= int(w.Close) && max(reached, int(w.Open))+int(e.Stay[d*e.Nodes+u])+out <= c.p.Days[d].End {
			return true
		}
	}
	return false
}

// suggestAll adds alternatives to the outdoor stops in rain, and for every
// visit and meal the nearest that could replace it if it were closed.
func (c *compiled) suggestAll(it *Itinerary) {
	used := it.placesUsed()
	for d := range it.Days {
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			if s.Kind != Visit && s.Kind != Meal {
				continue
			}
			if c.outdoorInRain(d, s) {
				s.Alternatives = append(s.Alternatives, c.suggest(d, s, ForRain, 1, used)...)
			}
			s.Alternatives = append(s.Alternatives, c.suggest(d, s, ForClosed, 1, used)...)
		}
	}
}

func (it *Itinerary) placesUsed() map[string]bool {
	used := map[string]bool{}
	for d := range it.Days {
		for _, s := range it.Days[d].Stops {
			used[s.Place] = true
		}
	}
	return used
}

func (c *compiled) outdoorInRain(d int, s *Stop) bool {
	i := c.placeIndex(s.Place)
	w := c.p.Days[d].Weather
	if i < 0 || c.p.Places[i].Setting != Outdoor || len(w) == 0 {
		return false
	}
	for m := s.Arrive; m < s.Leave; m++ {
		if w[m/60%24].Precipitation != Dry {
			return true
		}
	}
	return false
}

// suggest finds up to n places that could take a stop's time: open then, near,
// indoor where it is for rain, best worth per distance first.
func (c *compiled) suggest(d int, s *Stop, why Purpose, n int, used map[string]bool) []Alternative {
	type option struct {
		Alternative
		rank float64
	}
	var found []option
	for u, x := range c.nodes {
		pl := &c.p.Places[x.place]
		if used[pl.ID] || x.lock >= 0 || (x.role == asVisit) != (s.Kind == Visit) || why == ForRain && pl.Setting != Indoor {
			continue
		}
		open := slices.ContainsFunc(c.startWindowsOf(d, u), func(w Window) bool { return w.From <= s.Arrive && s.Arrive <= w.To })
		if !open {
			continue
		}
		metres := GreatCircleMetres(s.At, pl.At)
		if metres > 5000 {
			continue
		}
		rank := float64(c.blend(x.place)) / (500 + metres)
		found = append(found, option{Alternative{pl.ID, why, int(metres + 0.5)}, rank})
	}
	sort.SliceStable(found, func(a, b int) bool { return found[a].rank > found[b].rank })
	var out []Alternative
	for _, f := range found[:min(n, len(found))] {
		out = append(out, f.Alternative)
	}
	return out
}

func (c *compiled) startWindowsOf(d, u int) []Window {
	var out []Window
	for _, w := range c.eng.Windows[d*c.eng.Nodes+u] {
		out = append(out, Window{int(w.Open), int(w.Close)})
	}
	return out
}
