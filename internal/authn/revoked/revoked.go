// Package revoked knows which access tokens are refused before their time: it follows the user service's list of
// revocations (RevocationService.WatchRevocations) and answers from memory.
//
// A verifier that asks a [Set] refuses a logged-out token within milliseconds of the log-out. While the user service
// cannot be reached, what is known stays refused and nothing new is heard; tokens then end by themselves, within
// 15 minutes. The list is short: it has the log-outs of the last quarter of an hour.
package revoked

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/clock"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

const (
	// silence is after how long without a word the stream is taken for dead: the service speaks every 5 seconds.
	silence = 15 * time.Second
	// retryFirst and retryMost bound the pauses between attempts to listen.
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	pruneEvery = time.Minute
)

// Set is the revocations that are known. It may be used by several goroutines. The zero value knows of none.
type Set struct {
	mu     sync.RWMutex
	known  map[string]span
	pruned time.Time
	after  int64
	// changed is closed and replaced when something was taken in.
	changed chan struct{}
}

type span struct{ at, expires time.Time }

var _ authn.Revocations = (*Set)(nil)

// Revoked tells whether the token, its session or its client was revoked after it was issued, or its key at any time.
func (s *Set) Revoked(p authn.Principal) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.known) == 0 {
		return false
	}
	if _, ok := s.known["kid:"+p.KeyID]; ok { // whoever has the key can make a token say when it was issued
		return true
	}
	return s.refuses("jti:"+p.TokenID, p) || s.refuses("client:"+p.ClientID, p) ||
		p.SessionID != "" && s.refuses("sid:"+p.SessionID, p)
}

// refuses goes by whole seconds, as tokens do: one that was issued within the second of the revocation is refused.
func (s *Set) refuses(subject string, p authn.Principal) bool {
	r, ok := s.known[subject]
	return ok && !p.Issued.After(r.at)
}

// Add takes a revocation in: tokens of the subject that were issued until at are refused; after expires it can be
// forgotten.
func (s *Set) Add(subject string, at, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = make(map[string]span)
	}
	s.known[subject] = span{at, expires}
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Subjects are all that is revoked at the time, sorted: sid:…, jti:…, client:… and kid:…. The channel is closed when there is
// more. A gateway that cannot ask a Set is told all of them each time.
func (s *Set) Subjects(now time.Time) (subjects []string, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for subject, r := range s.known {
		if now.Before(r.expires) {
			subjects = append(subjects, subject)
		}
	}
	slices.Sort(subjects)
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return subjects, s.changed
}

// Len is how many revocations are known.
func (s *Set) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.known)
}

func (s *Set) take(m *userv1.WatchRevocationsResponse, now time.Time) {
	for _, r := range m.GetRevocations() {
		s.Add(r.GetSubject(), r.GetRevokeTime().AsTime(), r.GetExpireTime().AsTime())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = m.GetSequence()
	if now.Sub(s.pruned) < pruneEvery {
		return
	}
	s.pruned = now
	for subject, r := range s.known {
		if now.After(r.expires) {
			delete(s.known, subject)
		}
	}
}

// Follow keeps the set up to date until ctx ends. The client needs the scope internal.
func (s *Set) Follow(ctx context.Context, c userv1connect.RevocationServiceClient, clk clock.Clock, log *slog.Logger) error {
	pause := retryFirst
	for {
		heard, err := s.listen(ctx, c, clk)
		if ctx.Err() != nil {
			return nil
		}
		if heard {
			pause = retryFirst
		} else {
			log.WarnContext(ctx, "listen for revocations", "error", err, "again_in", pause)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		pause = min(2*pause, retryMost)
	}
}

// listen takes in what one stream says; heard tells whether it said anything.
func (s *Set) listen(ctx context.Context, c userv1connect.RevocationServiceClient, clk clock.Clock) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	s.mu.RLock()
	after := s.after
	s.mu.RUnlock()
	stream, err := c.WatchRevocations(ctx, &userv1.WatchRevocationsRequest{After: after})
	if err != nil {
		return false, err
	}
	defer func() { _ = stream.Close() }()
	for stream.Receive() {
		heard = true
		watchdog.Reset(silence)
		s.take(stream.Msg(), clk.Now())
	}
	return heard, stream.Err()
}
