package rules

import "github.com/tripgen/tripgen/services/ai/planner"

// needs is what the most limited member asks of a day.
type needs struct {
	least, most int // visits
	rests       int
	walkLeg     int // metres, 0: no limit of its own
	walkDay     int // metres
	easy        bool
	taxi        bool
	stepFree    bool
	smallChild  bool
}

// needsOf states the pace by members: any limited member, else any caution one,
// else everybody well; small children and elders ask for one rest and nothing
// strenuous.
func needsOf(g planner.Group) needs {
	n := needs{least: 5, most: 7, walkDay: 12000}
	has := func(h planner.Health) bool {
		for _, m := range g.Members {
			if m.Health == h {
				return true
			}
		}
		return false
	}
	switch {
	case has(planner.Limited):
		n = needs{least: 2, most: 3, rests: 3, walkLeg: 500, walkDay: 3000, easy: true, taxi: true, stepFree: true}
	case has(planner.Caution):
		n = needs{least: 4, most: 5, rests: 2, walkDay: 6000, easy: true}
	}
	for _, m := range g.Members {
		if m.Age < 7 || m.Age > 74 {
			n.easy = true
			if n.rests < 1 {
				n.rests = 1
			}
		}
		n.smallChild = n.smallChild || m.Age < 7
	}
	return n
}

// harsh tells whether a day's hours hold heat, cold or bad air.
func harsh(day *planner.Day) bool {
	if len(day.Weather) == 0 {
		return false
	}
	for minute := day.Start - day.Start%60; minute < day.End; minute += 60 {
		w := day.Weather[(minute/60)%24]
		if w.BadAir || w.TempC >= 33 || w.TempC <= -5 {
			return true
		}
	}
	return false
}

// wetMinutes counts minutes of rain or snow during a stop.
func wetMinutes(day *planner.Day, s *planner.Stop) int {
	n := 0
	for minute := s.Arrive; minute < s.Leave && len(day.Weather) > 0; minute++ {
		if day.Weather[(minute/60)%24].Precipitation != planner.Dry {
			n++
		}
	}
	return n
}
