// Package dispatch decides which generation a worker takes next, and how far a partition's messages are done.
//
// # Order
//
// A worker prefetches the heads of the three classes' topics and takes the one with the highest priority, which is
//
//	priority(g, now) = credit(class of g) + (now − time at which g was asked for)
//
// a weight of the class, in seconds, plus a bonus of one a second of waiting. As the bonus grows alike for all, the
// order of two generations never changes while they wait: it is the order of the times at which they were asked for,
// each moved back by its class's credit.
//
// # Bound on waiting
//
// A generation of class c that was asked for at time a is overtaken only by those that were asked for before
// a + (highest credit − credit of c). So it starts at the latest when the work is done that was asked for until then: in
// a system that keeps up with its load on average, where work of up to U seconds is asked for in any time of length
// T = highest credit − credit of c = 30 s for bulk, 15 s for standard, 0 for express, it waits at most U seconds longer
// than it would first come, first served. Nobody starves under any load: what arrives later than T does not count.
package dispatch

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/tripgen/tripgen/services/ai"
)

// Item is a generation that waits for a worker.
type Item struct {
	ID    string
	Class ai.Class
	// Lane is what the item came by: each is prefetched by itself, so that none holds another up.
	Lane string
	// Asked is when the traveller asked.
	Asked time.Time
	// Done is called once nothing is left to do for the message that the item came with.
	Done func()
	// Context carries the trace of the message.
	Context context.Context //nolint:containedctx // it comes with the message
}

// key orders items: the time of asking, moved back by the credit.
func (i *Item) key() time.Time { return i.Asked.Add(-i.Class.Credit()) }

// Queue holds what was prefetched. It may be used by several goroutines.
type Queue struct {
	window int

	mu      sync.Mutex
	items   itemHeap
	waiting map[string]int // by lane
	changed chan struct{}
}

// NewQueue makes a queue that prefetches up to window items of each lane: the larger it is, the better the order
// within a class over its partitions, and the more a crash gives back.
func NewQueue(window int) *Queue {
	return &Queue{window: max(1, window), waiting: map[string]int{}, changed: make(chan struct{})}
}

// Offer puts an item in, waiting while the window of its lane is full. The error is ctx's.
func (q *Queue) Offer(ctx context.Context, item *Item) error {
	for {
		q.mu.Lock()
		if q.waiting[item.Lane] < q.window {
			q.waiting[item.Lane]++
			heap.Push(&q.items, item)
			q.tell()
			q.mu.Unlock()
			return nil
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Take gives the item with the highest priority, waiting for one. The error is ctx's.
func (q *Queue) Take(ctx context.Context) (*Item, error) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			item, _ := heap.Pop(&q.items).(*Item)
			q.waiting[item.Lane]--
			q.tell()
			q.mu.Unlock()
			return item, nil
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Len is the number of items that wait here.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// tell wakes all who wait for a change.
func (q *Queue) tell() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// itemHeap is a heap by key; equal keys go by id, so that the order is always the same.
type itemHeap []*Item

func (h itemHeap) Len() int      { return len(h) }
func (h itemHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h itemHeap) Less(i, j int) bool {
	if a, b := h[i].key(), h[j].key(); !a.Equal(b) {
		return a.Before(b)
	}
	return h[i].ID < h[j].ID
}

// Push is for package heap.
func (h *itemHeap) Push(x any) {
	item, _ := x.(*Item)
	*h = append(*h, item)
}

// Pop is for package heap.
func (h *itemHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
