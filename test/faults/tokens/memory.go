package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// footprint is resident memory, in bytes.
type footprint struct{ before, most int64 }

const memoryEvery = 50 * time.Millisecond

// watchMemory looks at a process until it is stopped; memory gives what was seen, once it is.
func watchMemory(pid int) (memory func() (footprint, error), stop func()) {
	type result struct {
		seen footprint
		err  error
	}
	done, results := make(chan struct{}), make(chan result, 1)
	go func() {
		var r result
		r.seen.before, r.err = resident(pid)
		r.seen.most = r.seen.before
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		for r.err == nil {
			select {
			case <-done:
				results <- r
				return
			case <-tick.C:
			}
			var now int64
			now, r.err = resident(pid)
			r.seen.most = max(r.seen.most, now)
		}
		results <- r
	}()
	return func() (footprint, error) {
		r := <-results
		return r.seen, r.err
	}, func() { close(done) }
}

// resident is VmRSS of proc(5).
func resident(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}
