package progress

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// tellTimeout bounds the telling of an event: telling must not hold the work up.
const tellTimeout = 300 * time.Millisecond

// Writer tells the events of one generation for the one who works on it.
type Writer struct {
	log          *Log
	generationID string
	logger       *slog.Logger

	mu   sync.Mutex
	last int64
}

// Writer makes a writer; last is a sequence number that the log is known to have reached.
func (l *Log) Writer(generationID string, last int64, logger *slog.Logger) *Writer {
	return &Writer{log: l, generationID: generationID, last: last, logger: logger}
}

// Tell writes an event. What cannot be written is logged and the work goes on.
func (w *Writer) Tell(ctx context.Context, event *aiv1.GenerationEvent, percent int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
	defer cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	sequence, err := w.log.Append(ctx, w.generationID, event, percent, w.last)
	switch {
	case err == nil:
		w.last = sequence
	case !errors.Is(err, ErrOver):
		w.logger.WarnContext(ctx, "progress is not told", "generation", w.generationID, "error", err)
	}
}

// Last is the sequence number of the last event that was told.
func (w *Writer) Last() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}
