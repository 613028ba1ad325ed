package trip

import (
	"cmp"
	"slices"
)

// StopChangeKind is what happened to a stop between two versions.
type StopChangeKind int

// The kinds.
const (
	StopAdded   StopChangeKind = 1
	StopRemoved StopChangeKind = 2
	StopMoved   StopChangeKind = 3 // to another day, or past another stop of its day
	StopRetimed StopChangeKind = 4
)

// StopChange is one difference: the stop's id and day before and after; empty and 0 where it is not.
type StopChange struct {
	Kind                StopChangeKind
	Before, After       string
	BeforeDay, AfterDay int
}

// placed is a stop with its day.
type placed struct {
	OutlineStop
	day int
}

func (o Outline) placed() []placed {
	var all []placed
	for _, d := range o {
		for _, s := range d.Stops {
			all = append(all, placed{s, d.Number})
		}
	}
	return all
}

// Diff tells what happened from one outline to another, by day and time. A stop is the same by its id; where a new plan
// gave new ids, by its day and place, else by its place.
func Diff(before, after Outline) []StopChange {
	old, now := before.placed(), after.placed()
	origin := match(old, now)
	moved := moves(old, now, origin)
	type timed struct {
		StopChange
		day, at int
	}
	var found []timed
	kept := make([]bool, len(old))
	for _, i := range origin {
		kept[i] = true
	}
	for i, s := range old {
		if !kept[i] {
			found = append(found, timed{StopChange{Kind: StopRemoved, Before: s.ID, BeforeDay: s.day}, s.day, s.Arrive})
		}
	}
	for j, s := range now {
		c := StopChange{After: s.ID, AfterDay: s.day}
		i, ok := origin[j]
		switch {
		case !ok:
			c.Kind = StopAdded
		case moved[j]:
			c.Kind = StopMoved
		case old[i].Arrive != s.Arrive || old[i].Leave != s.Leave:
			c.Kind = StopRetimed
		}
		if ok {
			c.Before, c.BeforeDay = old[i].ID, old[i].day
		}
		if c.Kind != 0 {
			found = append(found, timed{c, s.day, s.Arrive})
		}
	}
	slices.SortStableFunc(found, func(a, b timed) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.at, b.at))
	})
	changes := make([]StopChange, len(found))
	for i, f := range found {
		changes[i] = f.StopChange
	}
	return changes
}

// match gives for stops of now, by index, the stop of old that each is.
func match(old, now []placed) map[int]int {
	origin := map[int]int{}
	taken := make([]bool, len(old))
	pass := func(same func(a, b placed) bool) {
		for j, b := range now {
			if _, done := origin[j]; done {
				continue
			}
			for i, a := range old {
				if !taken[i] && same(a, b) {
					origin[j], taken[i] = i, true
					break
				}
			}
		}
	}
	pass(func(a, b placed) bool { return a.ID == b.ID })
	pass(func(a, b placed) bool { return a.day == b.day && a.Kind == b.Kind && a.Place == b.Place })
	pass(func(a, b placed) bool {
		return a.Place != "" && a.Kind == b.Kind && a.Kind <= Meal && a.Place == b.Place
	})
	return origin
}

// moves tells which stops of now, by index, are on another day or were moved past others: those outside of a longest
// chain of stops that kept their order.
func moves(old, now []placed, origin map[int]int) map[int]bool {
	moved := map[int]bool{}
	byDay := map[int][]int{} // the stops that stayed on their day, in the new order
	for j, s := range now {
		i, ok := origin[j]
		switch {
		case ok && old[i].day != s.day:
			moved[j] = true
		case ok:
			byDay[s.day] = append(byDay[s.day], j)
		}
	}
	for _, stayed := range byDay {
		inChain := longestRising(stayed, func(j int) int { return origin[j] })
		for _, j := range stayed {
			moved[j] = !inChain[j]
		}
	}
	return moved
}

// longestRising marks the members of a longest subsequence whose values rise.
func longestRising(sequence []int, value func(int) int) map[int]bool {
	length, previous := make([]int, len(sequence)), make([]int, len(sequence))
	best := -1
	for i := range sequence {
		length[i], previous[i] = 1, -1
		for j := range i {
			if value(sequence[j]) < value(sequence[i]) && length[j]+1 > length[i] {
				length[i], previous[i] = length[j]+1, j
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	chain := map[int]bool{}
	for i := best; i >= 0; i = previous[i] {
		chain[sequence[i]] = true
	}
	return chain
}
