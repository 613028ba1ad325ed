package seal

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// ErrOther means that a key file does not continue the one that is in use.
var ErrOther = errors.New("these are other keys")

// Reload takes the keys that path has now, and tells whether they are others than before. The keys in use stay where the
// file cannot be read, is broken, or does not continue them ([ErrOther]): another index key, with which nothing would be
// found again, or without the key that seals now, so that what it sealed would be lost. A disabled key is still there.
func (s *Sealer) Reload(path string) (changed bool, err error) {
	file, err := readFile(path)
	if err != nil {
		return false, err
	}
	current := s.ring.Load()
	if sha256.Sum256(file) == current.content {
		return false, nil
	}
	k, err := parse(file)
	if err != nil {
		return false, err
	}
	if !hmac.Equal(k.index, s.index) {
		return false, fmt.Errorf("read keys: %w: another index key", ErrOther)
	}
	if !slices.ContainsFunc(k.List(), func(key Key) bool { return key.ID == current.primary }) {
		return false, fmt.Errorf("read keys: %w: key %d, which seals now, is missing", ErrOther, current.primary)
	}
	next, err := k.ring(file)
	if err != nil {
		return false, err
	}
	return s.ring.CompareAndSwap(current, next), nil
}

// Follow takes the changes of a key file until ctx ends, looking every so often. It looks at the content, as a change of
// a mounted secret changes links and no file. What [Sealer.Reload] refuses is logged once, and again when it is over.
func (s *Sealer) Follow(ctx context.Context, path string, every time.Duration, log *slog.Logger) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var told string
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		changed, err := s.Reload(path)
		switch {
		case err != nil && err.Error() != told:
			told = err.Error()
			log.ErrorContext(ctx, "the data keys' file is refused, the last good keys stay", "file", path, "error", err)
		case err == nil && told != "":
			told = ""
			log.InfoContext(ctx, "the data keys' file is good again", "file", path, "primary", s.ring.Load().primary)
		case changed:
			log.InfoContext(ctx, "the data keys changed", "file", path, "primary", s.ring.Load().primary)
		}
	}
}
