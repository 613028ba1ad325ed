package rules

import (
	"fmt"

	"github.com/tripgen/tripgen/services/ai/planner"
)

func daysCovered(c *checker) {
	if len(c.it.Days) != len(c.facts.Days) {
		c.report(-1, -1, fmt.Sprintf("여행은 %d일인데 일정은 %d일입니다", len(c.facts.Days), len(c.it.Days)),
			fmt.Sprintf("the trip has %d days, the itinerary %d", len(c.facts.Days), len(c.it.Days)))
	}
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		if plan.Date != day.Date {
			c.report(d, -1, "날짜가 여행 날짜와 다릅니다", "the date is not the trip's")
		}
	})
}

func dayEndpoints(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		n := len(plan.Stops)
		if n < 2 {
			c.report(d, -1, "출발지나 도착지가 없습니다", "the start or end point is missing")
			return
		}
		if s := &plan.Stops[0]; s.At != day.StartPoint.At || s.Kind != endKind(day.StartPoint, planner.Arrival) {
			c.report(d, 0, "하루의 출발지가 다릅니다", "the day does not start where it should")
		}
		if s := &plan.Stops[n-1]; s.At != day.EndPoint.At || s.Kind != endKind(day.EndPoint, planner.Departure) {
			c.report(d, n-1, "하루의 도착지가 다릅니다", "the day does not end where it should")
		}
		for k := 1; k < n-1; k++ {
			switch plan.Stops[k].Kind {
			case planner.Visit, planner.Meal, planner.Rest:
			default:
				c.report(d, k, "일정 중간에 숙소나 역이 있습니다", "an end point lies inside the day")
			}
		}
	})
}

func endKind(e planner.Endpoint, travel planner.StopKind) planner.StopKind {
	if e.Kind == planner.Station || e.Kind == planner.Airport {
		return travel
	}
	return planner.AtLodging
}

func timesInOrder(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, _ *planner.Day) {
		if len(plan.Stops) > 0 && len(plan.Legs) != len(plan.Stops)-1 {
			c.report(d, -1, "이동 구간의 수가 맞지 않습니다", "there is not one leg between each two stops")
			return
		}
		for k := range plan.Stops {
			s := &plan.Stops[k]
			if s.Leave < s.Arrive {
				c.report(d, k, "떠나는 시간이 도착보다 빠릅니다", fmt.Sprintf("%s is left before it is reached", label(s)))
			}
			if k == 0 {
				continue
			}
			if ready := plan.Stops[k-1].Leave + plan.Legs[k-1].Minutes; ready > s.Arrive {
				c.report(d, k, fmt.Sprintf("%s에 %s보다 일찍 갈 수 없습니다", label(s), clock(ready)),
					fmt.Sprintf("%s cannot be reached before %s", label(s), clock(ready)))
			}
		}
	})
}

// insideDay lets the way to the end point run over only on a day that holds
// nothing else and says so: then nobody can do better.
func insideDay(c *checker) {
	c.days(func(d int, plan *planner.DayPlan, day *planner.Day) {
		excused := len(plan.Stops) == 2 && c.told(planner.WishWay, d, "")
		for k := range plan.Stops {
			s := &plan.Stops[k]
			late := s.Leave > day.End && !excused
			if s.Arrive < day.Start || late {
				c.report(d, k, fmt.Sprintf("%s: 하루 일정 시간 %s–%s 밖입니다", label(s), clock(day.Start), clock(day.End)),
					fmt.Sprintf("%s is outside the day's %s–%s", label(s), clock(day.Start), clock(day.End)))
			}
		}
	})
}

func locksKept(c *checker) {
	for _, l := range c.facts.Locks {
		if l.Day < 0 || l.Day >= len(c.it.Days) {
			continue
		}
		kept := false
		for _, s := range c.it.Days[l.Day].Stops {
			kept = kept || s.Place == l.Place && s.Arrive == l.Arrive && s.Leave == l.Leave
		}
		if !kept && !c.told(planner.WishLock, l.Day, l.Place) {
			c.report(l.Day, -1, "고정한 일정이 바뀌었습니다: "+l.Place, "the locked stop has changed: "+l.Place)
		}
	}
}
