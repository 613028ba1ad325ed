package google

import (
	"fmt"
	"strings"

	"cloud.google.com/go/maps/places/apiv1/placespb"
)

var weekdays = [7]string{"Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"}

// hoursOf writes opening periods as OpenStreetMap writes opening hours; empty where they say something that cannot be
// written so, such as a period of more than a day.
func hoursOf(periods []*placespb.Place_OpeningHours_Period) string {
	if len(periods) == 0 {
		return ""
	}
	if len(periods) == 1 && periods[0].GetClose() == nil {
		if o := periods[0].GetOpen(); o.GetDay() == 0 && o.GetHour() == 0 && o.GetMinute() == 0 {
			return "24/7"
		}
		return ""
	}
	var days [7][]string
	for _, p := range periods {
		o, c := p.GetOpen(), p.GetClose()
		if o == nil || c == nil || o.GetDay() < 0 || o.GetDay() > 6 {
			return ""
		}
		from, to := minutes(o), minutes(c)
		next := c.GetDay() == (o.GetDay()+1)%7
		if !next && c.GetDay() != o.GetDay() || next && to > from || !next && to <= from {
			return ""
		}
		if next && to == 0 {
			to = 24 * 60
		}
		days[o.GetDay()] = append(days[o.GetDay()], fmt.Sprintf("%02d:%02d-%02d:%02d", from/60, from%60, to/60, to%60))
	}
	var rules []string
	for _, day := range []int{1, 2, 3, 4, 5, 6, 0} {
		if spans := days[day]; len(spans) > 0 {
			rules = append(rules, weekdays[day]+" "+strings.Join(spans, ","))
		}
	}
	return strings.Join(rules, "; ")
}

func minutes(p *placespb.Place_OpeningHours_Period_Point) int32 {
	return p.GetHour()*60 + p.GetMinute()
}
