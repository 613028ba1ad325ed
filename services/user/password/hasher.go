package password

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"

	"github.com/tripgen/tripgen/internal/errs"
)

// leastParams are what OWASP asks of argon2id at least: 19 MiB, two passes, one lane.
var leastParams = argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// mostIterations bounds what a slow measurement may ask for.
const mostIterations = 16

// retryAfter is told to those who are turned away.
const retryAfter = 2 * time.Second

// Hasher hashes people's passwords with argon2id (RFC 9106). Each hash takes memory and tens of milliseconds of a core
// on purpose, so that only a few run at once: others wait as long as the patience allows and are then turned away. Those
// whose turn could not come in time are turned away at once.
type Hasher struct {
	params   argon2id.Params
	running  *semaphore.Weighted
	patience time.Duration
	decoy    string
	// waiting counts those who have a turn or wait for one; mostWaiting is how many of them the patience suffices for.
	waiting     atomic.Int64
	mostWaiting int64
}

// HasherConfig says how costly a hash is and how many may run.
type HasherConfig struct {
	// Target is how long one hash should take on this machine; the cost never goes below OWASP's least.
	Target time.Duration
	// AtOnce is how many hashes may run at once.
	AtOnce int
	// Patience is how long a caller waits for its turn.
	Patience time.Duration
}

// NewHasher measures the machine and picks the number of passes that comes closest to the target.
func NewHasher(c HasherConfig) (*Hasher, error) {
	params := leastParams
	start := time.Now()
	if _, err := argon2id.CreateHash("measure", &params); err != nil {
		return nil, fmt.Errorf("measure password hash: %w", err)
	}
	perPass := time.Since(start) / time.Duration(params.Iterations)
	if passes := uint32(c.Target / max(perPass, time.Microsecond)); passes > params.Iterations {
		params.Iterations = min(passes, mostIterations)
	}
	decoy, err := argon2id.CreateHash("nobody has this password", &params)
	if err != nil {
		return nil, fmt.Errorf("hash decoy password: %w", err)
	}
	h := &Hasher{params: params, running: semaphore.NewWeighted(int64(c.AtOnce)), patience: c.Patience, decoy: decoy}
	took := max(perPass*time.Duration(params.Iterations), time.Microsecond)
	h.mostWaiting = int64(c.AtOnce) * max(1, int64(c.Patience/took))
	return h, nil
}

// Hash is what a password is stored as.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	turn, err := h.Turn(ctx)
	if err != nil {
		return "", err
	}
	defer turn.Done()
	return turn.Hash(password)
}

// Turn is the right to hash, one password after the other, until it is given back.
type Turn struct{ hasher *Hasher }

// Turn waits for its turn: `unavailable`, with the time after which to try again, where it does not come in time.
func (h *Hasher) Turn(ctx context.Context) (*Turn, error) {
	if h.waiting.Add(1) > h.mostWaiting {
		h.waiting.Add(-1)
		return nil, turnedAway(errTooMany)
	}
	waiting, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	if err := h.running.Acquire(waiting, 1); err != nil {
		h.waiting.Add(-1)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, turnedAway(err)
	}
	return &Turn{h}, nil
}

var errTooMany = errors.New("too many wait already")

func turnedAway(err error) error {
	return errs.Unavailable(fmt.Errorf("wait for a password hash: %w", err)).Retry(retryAfter)
}

// Done gives the turn back.
func (t *Turn) Done() {
	t.hasher.running.Release(1)
	t.hasher.waiting.Add(-1)
}

// Hash is what a password is stored as.
func (t *Turn) Hash(password string) (string, error) {
	return argon2id.CreateHash(Clean(password), &t.hasher.params)
}

// Verify compares a password with a stored hash. An empty hash (there is no such account) costs as much time as any
// other and never matches. stale tells that a matching password should be hashed anew, because more is asked of hashes
// now than when this one was made.
func (t *Turn) Verify(password, hash string) (ok, stale bool, err error) {
	h := t.hasher
	nobody := hash == ""
	if nobody {
		hash = h.decoy
	}
	match, params, err := argon2id.CheckHash(Clean(password), hash)
	if err != nil {
		return false, false, fmt.Errorf("check password hash: %w", err)
	}
	weaker := params.Memory < h.params.Memory || params.Iterations < h.params.Iterations
	return match && !nobody, match && !nobody && weaker, nil
}
