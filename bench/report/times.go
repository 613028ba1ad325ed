package report

import (
	"slices"
	"time"
)

// Times are durations to tell percentiles of.
type Times []time.Duration

// At gives the share q of the durations, 0 to 1; 0 where there are none.
func (t Times) At(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// Longest is the longest of them; 0 where there are none.
func (t Times) Longest() time.Duration { return t.At(1) }

// Mean is their mean; 0 where there are none.
func (t Times) Mean() time.Duration {
	if len(t) == 0 {
		return 0
	}
	var sum time.Duration
	for _, d := range t {
		sum += d
	}
	return sum / time.Duration(len(t))
}

// Within gives the share of them that took at most d, 0 to 1; 0 where there are none.
func (t Times) Within(d time.Duration) float64 {
	if len(t) == 0 {
		return 0
	}
	n := 0
	for _, x := range t {
		if x <= d {
			n++
		}
	}
	return float64(n) / float64(len(t))
}
