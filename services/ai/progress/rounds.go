package progress

import "time"

// A topic is visited once in roundTime, at a moment of its own: what ten thousand of them need now and then is a little
// at any moment, and no event waits behind all of it.
const (
	roundTime = time.Second
	slots     = 100
)

// beatEvery is how long followers of what is silent wait for a heartbeat, give or take half a round.
const beatEvery = 10 * time.Second

// rounds are the topics by the moment of their visits.
type rounds struct {
	slots     [slots]map[*topic]struct{}
	free, now int // the slots that the next topic joins, and that is visited next
}

func (r *rounds) join(t *topic) {
	t.slot = r.free
	r.free = (r.free + 1) % slots
	if r.slots[t.slot] == nil {
		r.slots[t.slot] = map[*topic]struct{}{}
	}
	r.slots[t.slot][t] = struct{}{}
}

func (r *rounds) leave(t *topic) { delete(r.slots[t.slot], t) }

// visit wakes those who follow what is silent, and has logs read that may hold more than is known.
func (h *Hub) visit(now time.Time) {
	h.mu.Lock()
	for t := range h.rounds.slots[h.rounds.now] {
		t.beat(now)
		if t.due(now) {
			h.askLocked(t)
		}
	}
	h.rounds.now = (h.rounds.now + 1) % slots
	found := len(h.due) > 0
	h.mu.Unlock()
	if found {
		h.nudge()
	}
}
