package progress

import (
	"sync"
	"time"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// topic is a generation that somebody in this process watches.
type topic struct {
	generationID string
	// Guarded by the hub.
	watchers, slot int
	asked          bool // for its log to be read

	mu sync.Mutex
	// events are all from sequence number 1 on, or from first on where the log had lost the earlier ones.
	events []*aiv1.GenerationEvent
	// changed is closed and replaced with each event, and for a heartbeat.
	changed chan struct{}
	stale   bool
	// heard is when the log was read or an event came, grew when there was a new event, woke when changed was closed.
	heard, grew, woke time.Time
}

// quiet tells whether nothing was heard for a while of what is not over.
func (t *topic) quiet(now time.Time, since time.Duration) (last int64, is bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.events); n > 0 && t.events[n-1].GetFinished() != nil {
		return 0, false
	}
	return t.lastLocked(), now.Sub(t.grew) >= since
}

func (t *topic) newest() *aiv1.GenerationEvent {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.events) == 0 {
		return nil
	}
	return t.events[len(t.events)-1]
}

func (t *topic) last() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lastLocked()
}

func (t *topic) lastLocked() int64 {
	if len(t.events) == 0 {
		return 0
	}
	return t.events[len(t.events)-1].GetSequence()
}

// add takes in a published event; false asks for the log to be read, because one before it is missing.
func (t *topic) add(event *aiv1.GenerationEvent) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch last := t.lastLocked(); {
	case event.GetSequence() <= last:
		return true
	case event.GetSequence() != last+1 || t.stale:
		t.stale = true
		return false
	}
	t.events = append(t.events, event)
	t.tell(time.Now())
	return true
}

// take takes in an event that was kept, if it is new; it stays open whether more is missing.
func (t *topic) take(event *aiv1.GenerationEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if event.GetSequence() > t.lastLocked() {
		t.events = append(t.events, event)
		t.tell(time.Now())
		t.stale = true
	}
}

// fill takes in what the log has.
func (t *topic) fill(events []*aiv1.GenerationEvent, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale, t.heard = false, now
	grew := false
	for _, event := range events {
		if event.GetSequence() > t.lastLocked() {
			t.events = append(t.events, event)
			grew = true
		}
	}
	if grew {
		t.tell(now)
	}
}

func (t *topic) tell(now time.Time) {
	t.heard, t.grew = now, now
	t.wake(now)
}

func (t *topic) wake(now time.Time) {
	t.woke = now
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *topic) beat(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.woke) >= beatEvery-roundTime/2 {
		t.wake(now)
	}
}

func (t *topic) mark() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale = true
}

func (t *topic) due(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stale || now.Sub(t.heard) >= silence
}

// since gives the events after a sequence number, or what to wait for.
func (t *topic) since(after int64) ([]*aiv1.GenerationEvent, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, event := range t.events {
		if event.GetSequence() > after {
			return t.events[i:], t.changed
		}
	}
	return nil, t.changed
}
