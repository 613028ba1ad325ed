package orienteering

// CanHold tells whether one node of every set can be visited together. It tries
// every insertion of the sets in turn, depth first, which is exhaustive where
// travel times keep the triangle inequality; after the given number of steps it
// gives up and answers true.
func CanHold(p *Problem, sets [][]int32, steps int) bool {
	h := &holder{s: NewState(p), sets: sets, steps: steps}
	return h.place(0)
}

type holder struct {
	s     *State
	sets  [][]int32
	steps int
}

func (h *holder) place(k int) bool {
	if k == len(h.sets) {
		return true
	}
	for _, u := range h.sets[k] {
		if !h.s.free(int(u)) {
			continue
		}
		for r := range h.s.routes {
			if h.placeOn(k, r, u) {
				return true
			}
		}
	}
	return false
}

// placeOn tries all positions of a route. Rests count only where every node needs
// one; where it is free which nodes carry them, this errs on the side of true.
func (h *holder) placeOn(k, r int, u int32) bool {
	t := &h.s.routes[r]
	if !h.s.admits(t, int(u)) {
		return false
	}
	dwell := h.s.stay(t, u)
	if h.s.p.Kind[u] == 0 && t.Limit[0] >= 0 && t.Rests >= t.Limit[0] {
		dwell += t.RestTime
	}
	for at := 1; at < t.n; at++ {
		if h.steps--; h.steps < 0 {
			return true
		}
		if !h.s.fits(t, at, int(u), dwell) {
			continue
		}
		h.s.insert(r, at, u, dwell)
		if h.place(k + 1) {
			return true
		}
		h.s.remove(r, at, at+1)
	}
	return false
}
