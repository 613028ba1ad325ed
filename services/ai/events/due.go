package events

import (
	"container/heap"
	"context"
	"time"
)

// heldMost bounds the events that a process holds until they are due; further ones are left to the sweep.
const heldMost = 4096

// holdUntilDue kicks events when they are due, until ctx ends: then the sweep of another process sends them.
func (r *Relay) holdUntilDue(ctx context.Context) {
	var held dueHeap
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if len(held) > 0 {
			timer.Reset(time.Until(held[0].Due))
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case e := <-r.later:
			if len(held) < heldMost {
				heap.Push(&held, e)
			}
		case <-due:
			e, _ := heap.Pop(&held).(Entry)
			r.Kick(e)
		}
	}
}

// dueHeap has the event that is due first on top.
type dueHeap []Entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h dueHeap) Less(i, j int) bool { return h[i].Due.Before(h[j].Due) }

// Push is for package heap.
func (h *dueHeap) Push(x any) {
	e, _ := x.(Entry)
	*h = append(*h, e)
}

// Pop is for package heap.
func (h *dueHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
