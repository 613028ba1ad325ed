package dispatch

import "sync"

// Partition names a partition of a topic.
type Partition struct {
	Topic     string
	Partition int
}

// Ledger knows which messages of each partition are under way, and so how far the partition is done: only what lies
// below the lowest unfinished message may be committed, because a commit says that all before it is done. Messages may
// finish in any order and may be delivered again. It may be used by several goroutines.
type Ledger struct {
	mu         sync.Mutex
	partitions map[Partition]*account
}

// account is the state of one partition.
type account struct {
	open map[int64]bool
	// next is one past the highest offset that was begun.
	next int64
	// told is what Commits gave last.
	told int64
}

// NewLedger makes an empty ledger.
func NewLedger() *Ledger { return &Ledger{partitions: map[Partition]*account{}} }

// Begin notes that a message is under way; false if it is already, because it was delivered again.
func (l *Ledger) Begin(p Partition, offset int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.partitions[p]
	if !ok {
		a = &account{open: map[int64]bool{}, next: offset, told: offset}
		l.partitions[p] = a
	}
	if a.open[offset] {
		return false
	}
	if offset < a.next { // the partition was given back to its last commit: go on from there
		a.told = min(a.told, offset)
	}
	a.open[offset] = true
	a.next = offset + 1
	return true
}

// Finish notes that a message is done.
func (l *Ledger) Finish(p Partition, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a, ok := l.partitions[p]; ok {
		delete(a.open, offset)
	}
}

// Commits gives, for each partition that got on since the last call, the offset that is to be committed: the lowest
// unfinished one, or the next one where all are done.
func (l *Ledger) Commits() map[Partition]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	commits := map[Partition]int64{}
	for p, a := range l.partitions {
		done := a.next
		for offset := range a.open {
			done = min(done, offset)
		}
		if done > a.told {
			a.told = done
			commits[p] = done
		}
	}
	return commits
}

// Undone notes that a commit failed: the next Commits gives the partition again.
func (l *Ledger) Undone(p Partition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a, ok := l.partitions[p]; ok {
		a.told = 0
	}
}

// Open counts the messages under way.
func (l *Ledger) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range l.partitions {
		n += len(a.open)
	}
	return n
}
