package rules

import (
	"fmt"

	"github.com/tripgen/tripgen/services/ai/planner"
)

func rainAlternative(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p == nil || p.Setting != planner.Outdoor || wetMinutes(&c.facts.Days[d], s) == 0 {
			return
		}
		for _, a := range s.Alternatives {
			i, ok := c.place[a.Place]
			if ok && a.Purpose == planner.ForRain && c.facts.Places[i].Setting == planner.Indoor {
				return
			}
		}
		c.report(d, k, fmt.Sprintf("%s: 비가 오는데 실내 대안이 없습니다", label(s)), fmt.Sprintf("%s is outdoors in rain without an indoor alternative", label(s)))
	})
}

func harshOutdoor(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p == nil || p.Setting != planner.Outdoor || s.Locked || !harsh(&c.facts.Days[d]) {
			return
		}
		if s.Leave-s.Arrive > 60 {
			c.report(d, k, fmt.Sprintf("%s: 이 날씨에 야외 %d분은 깁니다", label(s), s.Leave-s.Arrive),
				fmt.Sprintf("%d minutes outdoors at %s are long in this weather", s.Leave-s.Arrive, label(s)))
		}
	})
}

// bringTold: rain or snow asks for an umbrella, bad air for a mask, frost for
// warm clothes, heat for water.
func bringTold(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		want := map[planner.Bring]bool{}
		for minute := day.Start - day.Start%60; minute < day.End && len(day.Weather) > 0; minute += 60 {
			w := day.Weather[(minute/60)%24]
			want[planner.BringUmbrella] = want[planner.BringUmbrella] || w.Precipitation != planner.Dry
			want[planner.BringMask] = want[planner.BringMask] || w.BadAir
			want[planner.BringWarmClothes] = want[planner.BringWarmClothes] || w.TempC <= 0
			want[planner.BringSunCare] = want[planner.BringSunCare] || w.TempC >= 33
		}
		for _, b := range plan.Bring {
			delete(want, b)
		}
		for _, b := range []planner.Bring{planner.BringUmbrella, planner.BringMask, planner.BringWarmClothes, planner.BringSunCare} {
			if want[b] {
				c.report(d, -1, "날씨에 맞는 준비물이 빠졌습니다: "+string(b), "what to bring lacks: "+string(b))
			}
		}
	})
}
