package rules

import (
	"fmt"

	"github.com/tripgen/tripgen/services/ai/planner"
)

func countKind(plan *planner.DayPlan, kind planner.StopKind) int {
	n := 0
	for _, s := range plan.Stops {
		if s.Kind == kind {
			n++
		}
	}
	return n
}

func paceMost(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		most := c.needs.most
		if day.MaxStops > 0 && day.MaxStops < most {
			most = day.MaxStops
		}
		if n := countKind(plan, planner.Visit); n > most {
			c.report(d, -1, fmt.Sprintf("하루 %d곳은 많습니다 (최대 %d곳)", n, most), fmt.Sprintf("%d visits in a day, at most %d suit the group", n, most))
		}
	})
}

func paceLeast(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, _ *planner.Day) {
		if n := countKind(plan, planner.Visit); n < c.needs.least {
			c.report(d, -1, fmt.Sprintf("하루 %d곳은 적습니다 (보통 %d곳 이상)", n, c.needs.least), fmt.Sprintf("%d visits in a day, usually at least %d", n, c.needs.least))
		}
	})
}

// rests: as many as the group needs, one more on a harsh day, but no more than
// there are visits to rest from.
func rests(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		want := c.needs.rests
		if harsh(day) {
			want++
		}
		if v := countKind(plan, planner.Visit); v < want {
			want = v
		}
		if n := countKind(plan, planner.Rest); n < want && !c.told(planner.WishRests, d, "") {
			c.report(d, -1, fmt.Sprintf("휴식이 %d번입니다 (%d번 필요)", n, want), fmt.Sprintf("%d rests, the group needs %d", n, want))
		}
	})
}

// mealHours: a meal lies wholly in the lunch or the dinner hours. One that a
// person locked is only warned of.
func mealHours(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, _ *planner.Place) {
		if s.Kind != planner.Meal {
			return
		}
		day := &c.facts.Days[d]
		if within(s, day.Lunch) || within(s, day.Dinner) {
			return
		}
		c.reportAs(softIfLocked(s), d, k, fmt.Sprintf("%s: 식사 시간이 아닙니다", label(s)), fmt.Sprintf("the meal at %s is outside meal hours", label(s)))
	})
}

func within(s *planner.Stop, w planner.Window) bool {
	return !(w.From == 0 && w.To == 0) && w.From <= s.Arrive && s.Leave <= w.To
}

func mealsPresent(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		c.mealPresent(d, plan, day, day.Lunch, planner.WishLunch, Text{"점심이 없습니다", "there is no lunch"})
		c.mealPresent(d, plan, day, day.Dinner, planner.WishDinner, Text{"저녁이 없습니다", "there is no dinner"})
	})
}

func (c *checker) mealPresent(d int, plan *planner.DayPlan, day *planner.Day, w planner.Window, wish planner.UnhonouredKind, t Text) {
	if w.From == 0 && w.To == 0 || c.told(wish, d, "") {
		return
	}
	if overlap := min(w.To, day.End) - max(w.From, day.Start); overlap < 60 {
		return
	}
	for k := range plan.Stops {
		if s := &plan.Stops[k]; s.Kind == planner.Meal && s.Arrive < w.To && s.Leave > w.From {
			return
		}
	}
	c.report(d, -1, t.Ko, t.En)
}

func mealsOnce(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		for _, w := range []planner.Window{day.Lunch, day.Dinner} {
			n := 0
			for k := range plan.Stops {
				if s := &plan.Stops[k]; s.Kind == planner.Meal && within(s, w) {
					if n++; n > 1 {
						c.report(d, k, fmt.Sprintf("%s: 같은 끼니가 또 있습니다", label(s)), fmt.Sprintf("%s is the same meal again", label(s)))
					}
				}
			}
		}
	})
}

func childrenHome(c *checker) {
	if !c.needs.smallChild {
		return
	}
	c.days(func(d int, plan *planner.DayPlan, _ *planner.Day) {
		if n := len(plan.Stops); n > 0 && plan.Stops[n-1].Arrive > 21*60 {
			c.report(d, n-1, "어린아이에게는 늦은 시간입니다", "that is late for a small child")
		}
	})
}
