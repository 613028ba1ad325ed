package resilience

import "sync"

// Share lets a share of the calls do something more, such as a retry or a second request, so that a dependency that is
// down or slow as a whole gets a little more to do and not several times as much. It may be used by several goroutines.
type Share struct {
	each, most float64

	mu     sync.Mutex
	tokens float64
}

// NewShare makes one: each call earns a part of one more, from 0 to 1, of which some are there at first and at most so
// many are saved.
func NewShare(each, first, most float64) *Share { return &Share{each: each, most: most, tokens: first} }

// Earn is called with each call.
func (s *Share) Earn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = min(s.tokens+s.each, s.most)
}

// Spend takes one more, if there is one.
func (s *Share) Spend() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}
