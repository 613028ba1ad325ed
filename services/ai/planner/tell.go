package planner

import "github.com/tripgen/tripgen/services/ai/planner/orienteering"

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
		if rests < min(c.rests[d], visits) {
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
	if len(stops) == 2 && stops[1].Arrive > day.End {
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

// candidatesOr is NoCandidate when no place in that role is ever possible on the
// day, else the given reason.
func (c *compiled) candidatesOr(d int, r role, otherwise UnhonouredReason) UnhonouredReason {
	for i := range c.p.Places {
		if c.could(i, r) && len(c.startWindows(d, node{place: i, role: r, lock: -1})) > 0 {
			return otherwise
		}
	}
	return NoCandidate
}

// could tells whether the group could use the place in that role at all.
func (c *compiled) could(place int, r role) bool {
	pl := &c.p.Places[place]
	sight, food := pl.uses()
	return !c.avoid[place] && !(pl.Strenuous && c.pace.NoStrenuous) && (r == asVisit && sight || r != asVisit && food)
}

// whyNot says why a must-see is not in the plan.
func (c *compiled) whyNot(place int) UnhonouredReason {
	switch {
	case c.avoid[place]:
		return Avoided
	case c.p.Places[place].Strenuous && c.pace.NoStrenuous:
		return NotForGroup
	}
	open, reach := false, false
	for d := range c.p.Days {
		for r := asVisit; r <= asDinner; r++ {
			x := node{place: place, role: r, lock: -1}
			if !c.could(place, r) {
				continue
			}
			w := c.startWindows(d, x)
			open = open || len(w) > 0
			reach = reach || c.row[place] >= 0 && c.reaches(d, x, w)
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

// reaches tells whether a node alone fits day d within its windows.
func (c *compiled) reaches(d int, x node, w []orienteering.Window) bool {
	pt := c.row[x.place]
	in, out := c.legs.minutes[c.startPoint(d)*c.legs.n+pt], c.legs.minutes[pt*c.legs.n+c.endPoint(d)]
	reached := c.p.Days[d].Start + int(in)
	for _, w := range w {
		if reached <= int(w.Close) && max(reached, int(w.Open))+c.stay(d, x)+int(out) <= c.p.Days[d].End {
			return true
		}
	}
	return false
}
