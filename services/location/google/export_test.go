package google

import "cloud.google.com/go/maps/places/apiv1/placespb"

// HoursOf makes periods of numbers: day, hour, minute to day, hour, minute; a day of -1 for no end.
func HoursOf(numbers [][6]int32) string {
	var periods []*placespb.Place_OpeningHours_Period
	for _, n := range numbers {
		point := func(n []int32) *placespb.Place_OpeningHours_Period_Point {
			return &placespb.Place_OpeningHours_Period_Point{Day: &n[0], Hour: &n[1], Minute: &n[2]}
		}
		p := &placespb.Place_OpeningHours_Period{Open: point(n[:3])}
		if n[3] >= 0 {
			p.Close = point(n[3:])
		}
		periods = append(periods, p)
	}
	return hoursOf(periods)
}
