package ai

import (
	"context"
	"time"
)

// Query asks for a page of an owner's generations, newest first.
type Query struct {
	Owner string
	// TripID narrows to one trip; empty for all.
	TripID string
	// Before is the id after which the page starts; empty for the newest.
	Before string
	Limit  int
}

// IntakeStore is what accepting needs stored.
type IntakeStore interface {
	// Accept stores a request as queued, together with its event for the queue, in one step. Where the id is there
	// already with the same fingerprint, it changes nothing, gives the generation as it stands and accepted = false;
	// with another fingerprint it gives ErrMismatch.
	Accept(ctx context.Context, r Request, units int, class Class) (g Generation, accepted bool, err error)
	// Get finds a generation; ErrNoGeneration.
	Get(ctx context.Context, id string) (Generation, error)
	// Waiting counts the queued generations.
	Waiting(ctx context.Context) (int, error)
}

// Reader reads generations.
type Reader interface {
	// Get finds a generation; ErrNoGeneration.
	Get(ctx context.Context, id string) (Generation, error)
	// Idle gives those of the generations that nobody works on: that wait in the queue or have ended, in no order.
	Idle(ctx context.Context, ids []string) ([]Generation, error)
	// List gives a page.
	List(ctx context.Context, q Query) ([]Generation, error)
	// Result gives the itinerary that was made and the improvements that came late, by day; ErrNoResult.
	Result(ctx context.Context, id string) (itinerary []byte, improvements [][]byte, err error)
}

// Ender ends generations.
type Ender interface {
	// Cancel ends a queued or running generation as cancelled and tells so by an event. One that has made its
	// itinerary or ended is given unchanged, with cancelled = false. ErrNoGeneration.
	Cancel(ctx context.Context, id string) (g Generation, cancelled bool, err error)
	// Confirm ends a made generation as ready; repeating it with the same version changes nothing. ErrEnded where it
	// ended otherwise, ErrNoResult where nothing was made.
	Confirm(ctx context.Context, id string, version int64) (Generation, error)
}

// WorkStore is what a worker needs stored. Made, Fail and Retry take the generation as Claim gave it (its Worker and
// Attempts are the lease) and give ErrLeaseLost once another worker has taken over or the generation ended.
type WorkStore interface {
	// Claim gives the generation to a worker for as long as the lease lasts, with its request's body. ErrEnded where
	// there is nothing to do any more, ErrHeld while another worker's lease runs, ErrEarly while it waits to be tried
	// again.
	Claim(ctx context.Context, id, worker string, lease time.Duration) (Generation, []byte, error)
	// Renew prolongs a worker's leases and gives the ids of those that it still has.
	Renew(ctx context.Context, worker string, ids []string, lease time.Duration) (held []string, err error)
	// Held gives the ids that the worker still has, without prolonging anything.
	Held(ctx context.Context, worker string, ids []string) ([]string, error)
	// Made stores the result and tells so by an event.
	Made(ctx context.Context, g Generation, r Result) error
	// Fail ends the generation as failed for a reason (of package errs), tells so by an event, and gives it.
	Fail(ctx context.Context, g Generation, reason string, t Trouble, cost Cost) (Generation, error)
	// Retry puts the generation back into the queue, to be taken no sooner than at notBefore.
	Retry(ctx context.Context, g Generation, notBefore time.Time, t Trouble, cost Cost) error
	// Postpone has a generation that was claimed too early told again when it is due.
	Postpone(ctx context.Context, id string) error
	// Stranded gives generations whose worker's lease ran out, and queued ones that have waited since before the given
	// time, each of these to one caller.
	Stranded(ctx context.Context, queuedBefore time.Time, limit int) ([]Generation, error)
}

// Improver stores what comes after an itinerary was made.
type Improver interface {
	// Improve keeps a better version of a day (a marshalled tripgen.type.v1.Day) of a generation that made an
	// itinerary. The first one of a day is kept.
	Improve(ctx context.Context, id string, day int, better []byte) error
	// AddCost adds what was spent after the itinerary was made.
	AddCost(ctx context.Context, id string, cost Cost) error
}
