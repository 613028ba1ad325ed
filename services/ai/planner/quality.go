package planner

import "slices"

// quality measures an itinerary.
func (c *compiled) quality(it *Itinerary) Quality {
	q := Quality{}
	o := newObjective(c)
	fit := make([]float64, len(c.p.Group.Members))
	cats := map[string]bool{}
	travel, out, known := 0, 0, 0
	score := int64(0)
	for d := range it.Days {
		plan := &it.Days[d]
		for _, l := range plan.Legs {
			travel += l.Minutes
			if l.Mode == Walk {
				q.WalkMetres += l.Metres
			}
		}
		out += plan.Stops[len(plan.Stops)-1].Arrive - plan.Stops[0].Leave
		visits, rests := 0, 0
		for k := range plan.Stops {
			s := &plan.Stops[k]
			i := c.placeIndex(s.Place)
			switch {
			case s.Kind == Rest:
				rests++
				continue
			case i < 0 || s.Kind != Visit && s.Kind != Meal:
				continue
			}
			known += b2i(!s.HoursUnknown)
			x := node{place: i, role: c.roleOf(d, s), lock: -1, must: slices.Contains(c.must, i)}
			score += o.visit(d, &x, s.Arrive, s.Leave)
			if s.Kind == Meal {
				q.Meals++
				continue
			}
			visits++
			cats[c.p.Places[i].Category] = true
			for m := range fit {
				fit[m] += fitTo(&c.p.Places[i], &c.p.Group.Members[m])
			}
			if c.p.Places[i].Setting == Outdoor {
				q.OutdoorMinutes += s.Leave - s.Arrive
				q.ExposedMinutes += c.p.Days[d].exposure(s.Arrive, s.Leave)
			}
		}
		q.Visits += visits
		score += c.coverage(visits) - missingRest*int64(max(0, min(c.rests[d], visits)-rests))
	}
	q.Score = float64(score + o.fair() - travelPerMin*int64(travel))
	q.Fit, q.WorstFit = fit, 1
	for m := range fit {
		fit[m] /= float64(max(q.Visits, 1))
		q.WorstFit = min(q.WorstFit, fit[m])
	}
	q.Diversity = float64(len(cats)) / float64(max(q.Visits, 1))
	q.HoursKnown = float64(known) / float64(max(q.Visits+q.Meals, 1))
	q.TravelShare = float64(travel) / float64(max(out, 1))
	return q
}

// roleOf tells which meal a meal is by the hours it lies in.
func (c *compiled) roleOf(d int, s *Stop) role {
	day := &c.p.Days[d]
	switch {
	case s.Kind != Meal:
		return asVisit
	case !day.Dinner.IsZero() && s.Arrive >= day.Dinner.From:
		return asDinner
	default:
		return asLunch
	}
}
