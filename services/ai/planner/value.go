package planner

// The scale of values: a perfect visit is worth fullValue points.
const (
	fullValue      = 1000
	popularWeight  = 35    // percent of a visit's worth that is its prior
	fairnessWeight = 30    // percent of the objective that is the least happy member
	travelPerMin   = 4     // points a minute of travel costs
	mealValue      = 1500  // a meal where one is asked for
	mustSeeValue   = 25000 // a must-see: more than any day of other visits
	firstVisit     = 600   // the first visit of a day
	paceVisit      = 150   // each further one up to the least the pace asks for
	missingRest    = 5000  // a rest the pace asks for and the day lacks
	unsurePercent  = 90    // worth of a place with unknown hours
)

// discount is the percentage the k-th visit of one category is worth.
func discount(k int) int64 {
	switch k {
	case 0:
		return 100
	case 1:
		return 85
	case 2:
		return 70
	case 3:
		return 60
	default:
		return 50
	}
}

// worthTo is what a visit is worth to one member, 0..fullValue, before weather
// and repetition.
func worthTo(p *Place, m *Member) int64 {
	pop := p.Popularity
	if pop == 0 {
		pop = 0.5
	}
	v := (popularWeight*pop + (100-popularWeight)*fitTo(p, m)) / 100
	return int64(v*fullValue + 0.5)
}

// fitTo is how well a place serves a member's tastes, 0..1: mostly the taste it
// serves best, a little the mean of all.
func fitTo(p *Place, m *Member) float64 {
	if len(p.Fit) == 0 || len(m.Preferences) == 0 {
		return 0.5
	}
	best, sum := 0.0, 0.0
	for _, t := range m.Preferences {
		v := p.Fit[t]
		best = max(best, v)
		sum += v
	}
	return 0.75*best + 0.25*sum/float64(len(m.Preferences))
}

// accessPercent scales a place's worth by its accessibility for groups that
// need step-free places.
func accessPercent(p *Place, pace *Pace) int64 {
	if !pace.StepFreeFirst {
		return 100
	}
	switch p.StepFree {
	case Yes:
		return 100
	case Unknown:
		return 80
	default:
		return 45
	}
}

// weatherPercent is what an hour's weather leaves of a visit's worth.
func weatherPercent(w HourWeather, s Setting) int64 {
	if s == Indoor {
		return 100
	}
	v := int64(100)
	if w.Precipitation != Dry {
		v = v * 35 / 100
	}
	if w.TempC >= HeatC || w.TempC <= ColdC {
		v = v * 60 / 100
	}
	if w.BadAir {
		v = v * 50 / 100
	}
	if s != Outdoor {
		v = (v + 100) / 2
	}
	return v
}

// exposed tells whether an hour is one to be indoors.
func exposed(w HourWeather) bool {
	return w.Precipitation != Dry || w.TempC >= HeatC || w.TempC <= ColdC || w.BadAir
}

// skies answers in O(1) what the weather of a day leaves of a visit.
type skies struct{ outdoor, mixed *hourly } // nil: unknown

func newSkies(d *Day) *skies {
	if len(d.Weather) == 0 {
		return &skies{}
	}
	return &skies{outdoor: newHourly(d, Outdoor), mixed: newHourly(d, Mixed)}
}

// hourly sums a percentage per minute that changes by the hour.
type hourly struct {
	percent [24]int32
	before  [maxHours + 1]int32 // sum up to the begin of each hour
}

const maxHours = (MaxMinute + MaxStay) / 60

func newHourly(d *Day, set Setting) *hourly {
	h := &hourly{}
	for k := range h.percent {
		h.percent[k] = int32(weatherPercent(d.Weather[k], set))
	}
	for k := range maxHours {
		h.before[k+1] = h.before[k] + 60*h.percent[k%24]
	}
	return h
}

func (h *hourly) upTo(minute int) int32 {
	hour := min(minute/60, maxHours)
	return h.before[hour] + int32(minute-60*hour)*h.percent[hour%24]
}

// kept is the percentage of its worth that a visit from a to b keeps.
func (h *hourly) kept(a, b int) int64 {
	if h == nil || b <= a {
		return 100
	}
	return int64(h.upTo(b)-h.upTo(a)) / int64(b-a)
}

// best is the largest percentage of the hours between a and b.
func (h *hourly) best(a, b int) float64 {
	if h == nil {
		return 100
	}
	most := int32(0)
	for k := a / 60; k*60 < b; k++ {
		most = max(most, h.percent[k%24])
	}
	return float64(most)
}

// over is the sums for a setting, nil where weather does not matter.
func (s *skies) over(set Setting) *hourly {
	switch set {
	case Indoor:
		return nil
	case Outdoor:
		return s.outdoor
	default:
		return s.mixed
	}
}

// harsh tells whether the day's span holds heat, cold or bad air: then outdoor
// visits are kept short and one more rest is made.
func (d *Day) harsh() bool {
	for m := d.Start / 60; m*60 < d.End && len(d.Weather) > 0; m++ {
		w := d.Weather[m%24]
		if w.TempC >= HeatC || w.TempC <= ColdC || w.BadAir {
			return true
		}
	}
	return false
}

// HarshOutdoorMinutes is the longest outdoor visit on a day of heat, cold or
// bad air.
const HarshOutdoorMinutes = 60
