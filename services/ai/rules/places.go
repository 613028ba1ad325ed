package rules

import (
	"fmt"
	"strings"

	"github.com/tripgen/tripgen/services/ai/planner"
)

func placeExists(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p == nil {
			c.report(d, k, fmt.Sprintf("%s: 확인되지 않는 장소입니다", label(s)), fmt.Sprintf("%s is not a known place", label(s)))
		}
	})
}

func rightCity(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p == nil || p.City == "" || c.facts.Days[d].City == "" {
			return
		}
		if p.City != c.facts.Days[d].City {
			c.reportAs(softIfLocked(s), d, k, fmt.Sprintf("%s: 이날의 도시에 있지 않습니다", label(s)), fmt.Sprintf("%s is in another city", label(s)))
		}
	})
}

func noPlaceTwice(c *checker) {
	seen := map[string]bool{}
	c.visits(func(d, k int, s *planner.Stop, _ *planner.Place) {
		if seen[s.Place] {
			c.report(d, k, fmt.Sprintf("%s: 두 번 방문합니다", label(s)), fmt.Sprintf("%s is visited twice", label(s)))
		}
		seen[s.Place] = true
	})
}

// openThroughout goes minute by minute through a visit, so that intervals that
// touch or overlap need no special care. What a person locked is only warned of.
func openThroughout(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p == nil || d >= len(p.Hours) || !p.Hours[d].Known {
			return
		}
		sev := softIfLocked(s)
		for minute := s.Arrive; minute < s.Leave; minute++ {
			if !openAt(p.Hours[d].Open, minute) {
				c.reportAs(sev, d, k, fmt.Sprintf("%s: %s에 열려 있지 않습니다", label(s), clock(minute)),
					fmt.Sprintf("%s is closed at %s", label(s), clock(minute)))
				return
			}
		}
		if !entryAt(p.Hours[d].Open, s.Arrive) {
			c.reportAs(sev, d, k, fmt.Sprintf("%s: 입장 마감이 지났습니다", label(s)), fmt.Sprintf("%s admits nobody after its last entry", label(s)))
		}
	})
}

// softIfLocked only warns of what a person fixed knowingly.
func softIfLocked(s *planner.Stop) Severity {
	if s.Locked {
		return Soft
	}
	return Hard
}

func openAt(open []planner.Interval, minute int) bool {
	for _, o := range open {
		if o.Open <= minute && minute < o.Close {
			return true
		}
	}
	return false
}

func entryAt(open []planner.Interval, minute int) bool {
	for _, o := range open {
		if o.Open <= minute && minute < o.Close && (o.LastEntry == 0 || minute <= o.LastEntry) {
			return true
		}
	}
	return false
}

func hoursKnown(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p != nil && (d >= len(p.Hours) || !p.Hours[d].Known) {
			c.report(d, k, fmt.Sprintf("%s: 영업시간을 확인하지 못했습니다", label(s)), fmt.Sprintf("the hours of %s are not known", label(s)))
		}
	})
}

func nothingStrenuous(c *checker) {
	if !c.needs.easy {
		return
	}
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p == nil || !p.Strenuous {
			return
		}
		c.reportAs(softIfLocked(s), d, k, fmt.Sprintf("%s: 일행에게 무리입니다", label(s)), fmt.Sprintf("%s is too strenuous for the group", label(s)))
	})
}

func stepFree(c *checker) {
	if !c.needs.stepFree {
		return
	}
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p != nil && p.StepFree == planner.No {
			c.report(d, k, fmt.Sprintf("%s: 계단이 있습니다", label(s)), fmt.Sprintf("%s has steps", label(s)))
		}
	})
}

func avoided(c *checker) {
	c.visits(func(d, k int, s *planner.Stop, p *planner.Place) {
		if p == nil || s.Locked {
			return
		}
		for _, ref := range c.facts.Avoid {
			if matches(ref, p) {
				c.report(d, k, fmt.Sprintf("%s: 피해 달라고 한 곳입니다", label(s)), fmt.Sprintf("%s was to be avoided", label(s)))
				return
			}
		}
	})
}

func matches(ref planner.PlaceRef, p *planner.Place) bool {
	switch {
	case ref.ID != "":
		return ref.ID == p.ID
	case ref.Name != "":
		return squeeze(ref.Name) == squeeze(p.Name)
	default:
		return ref.Category == p.Category
	}
}

func squeeze(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }

func mustSee(c *checker) {
	for _, ref := range c.facts.MustSee {
		seen := false
		c.visits(func(_, _ int, _ *planner.Stop, p *planner.Place) {
			seen = seen || p != nil && (ref.ID != "" || ref.Name != "") && matches(ref, p)
		})
		if !seen && !c.toldMustSee(ref) {
			c.report(-1, -1, "꼭 가고 싶은 곳이 말없이 빠졌습니다: "+ref.ID+ref.Name, "a must-see is missing without a word: "+ref.ID+ref.Name)
		}
	}
}

func (c *checker) toldMustSee(ref planner.PlaceRef) bool {
	for _, u := range c.it.Unhonoured {
		if u.Kind != planner.WishMustSee {
			continue
		}
		if u.Ref == ref || ref.ID != "" && u.Ref.ID == ref.ID || ref.ID == "" && squeeze(u.Ref.Name) == squeeze(ref.Name) {
			return true
		}
	}
	return false
}
