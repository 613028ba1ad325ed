package progress

import (
	"strconv"
	"testing"
	"time"
)

// hubOf makes a hub that follows so many generations, of which nothing was heard since then.
func hubOf(n int, since time.Time) *Hub {
	h := &Hub{topics: map[string]*topic{}, wake: make(chan struct{}, 1)}
	for i := range n {
		generation := strconv.Itoa(i)
		t := &topic{generationID: generation, changed: make(chan struct{}), heard: since, grew: since, woke: since}
		h.topics[channelKey(generation)] = t
		h.rounds.join(t)
	}
	return h
}

// [T6] Heartbeats of many watchers do not come at once, where their generations fell silent at once; each gets one.
func TestHeartbeatsOfManyAreSpread(t *testing.T) {
	t.Parallel()
	const watchers = 10_000
	start := time.Now()
	h := hubOf(watchers, start)
	waiting := make(map[*topic]<-chan struct{}, watchers)
	for _, topic := range h.topics {
		waiting[topic] = topic.changed
	}
	for slot := range slots {
		h.visit(start.Add(beatEvery + time.Duration(slot)*roundTime/slots))
		n := 0
		for topic, changed := range waiting {
			select {
			case <-changed:
				n++
				delete(waiting, topic)
			default:
			}
		}
		if n != watchers/slots {
			t.Fatalf("moment %d woke %d of %d", slot, n, watchers)
		}
	}
	if len(waiting) > 0 {
		t.Errorf("%d got no heartbeat within a round", len(waiting))
	}
}

// A round asks for the logs of what is silent, each once until it was read, and for no others.
func TestARoundAsksForTheLogsOfWhatIsSilent(t *testing.T) {
	t.Parallel()
	start := time.Now()
	h := hubOf(300, start)
	h.topics[channelKey("7")].heard = start.Add(time.Second)
	for range 2 * slots {
		h.visit(start.Add(silence))
	}
	if len(h.due) != 299 {
		t.Errorf("%d logs are to be read, want those of 299", len(h.due))
	}
}

// All parts together are all that is quiet, each in one of them.
func TestThePartsOfWhatIsQuietAreAllOfIt(t *testing.T) {
	t.Parallel()
	h := hubOf(1234, time.Now().Add(-time.Minute))
	h.rounds.leave(h.topics[channelKey("5")])
	seen := map[string]bool{}
	for part := range 10 {
		for id := range h.Quiet(time.Second, part, 10) {
			if seen[id] {
				t.Errorf("%s is in two parts", id)
			}
			seen[id] = true
		}
	}
	if len(seen) != 1233 || seen["5"] {
		t.Errorf("%d are quiet, want 1233 without the one that left", len(seen))
	}
}
