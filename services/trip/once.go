package trip

import (
	"context"
	"errors"
	"time"
)

// Once makes a write happen once, however often it is sent: all writes of an owner under the same key within KeepKeys
// are the same one. Without a key it does nothing.
type Once struct {
	Key string
	// Fingerprint tells a repeated request from another one under its key.
	Fingerprint []byte
}

// KeepKeys is how long idempotency keys are kept at least.
const KeepKeys = 24 * time.Hour

// Repeated is the error of a write that was made before under its key: nothing was changed now.
type Repeated struct {
	// Resources are the ids of what the write made or changed then: trips, or a generation.
	Resources []string
}

// Error is for the log.
func (*Repeated) Error() string { return "the write was made before" }

// Keys knows which writes were made.
type Keys interface {
	// Made gives Repeated or ErrMismatch where the owner's key was used within KeepKeys, else nil.
	Made(ctx context.Context, owner string, once Once) error
}

// writeOnce makes a write, and answers a repeated one with what is there now: also where it cannot be made any more
// because it was, or because of what happened since (a stale revision, a version that is dropped, a date that has passed).
// again gives that by the ids that the store noted.
func writeOnce[T any](
	ctx context.Context, s *Service, c Caller, write func() (T, error), again func(ids []string) (T, error),
) (T, error) {
	made, err := write()
	if err == nil || c.Once.Key == "" {
		return made, err
	}
	before, ok := errors.AsType[*Repeated](err)
	if !ok {
		switch known := s.Keys.Made(ctx, c.Owner, c.Once); {
		case errors.Is(known, ErrMismatch):
			return made, known
		case known != nil:
			if before, ok = errors.AsType[*Repeated](known); !ok && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "look for a request that is repeated", "error", known)
			}
		}
	}
	if !ok {
		return made, err
	}
	return again(before.Resources)
}
