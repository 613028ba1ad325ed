package progress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// tellTimeout bounds the telling of an event: telling must not hold the work up.
const tellTimeout = 300 * time.Millisecond

// Writer tells the events of one generation for the one who works on it. It remembers what it told: where Redis has lost
// the log, it writes it again under the same numbers; while Redis is away, it keeps events with the spare.
type Writer struct {
	log          *Log
	spare        Spare
	generationID string
	logger       *slog.Logger

	mu      sync.Mutex
	last    int64
	percent int
	told    []Spared
	spared  time.Time
	over    bool
}

// Writer makes a writer; last is a sequence number that the log is known to have reached.
func (l *Log) Writer(spare Spare, generationID string, last int64, logger *slog.Logger) *Writer {
	return &Writer{log: l, spare: spare, generationID: generationID, last: last, logger: logger}
}

// Tell writes an event. What cannot be written at all is logged and the work goes on.
func (w *Writer) Tell(ctx context.Context, event *aiv1.GenerationEvent, percent int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
	defer cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	w.percent = max(w.percent, percent)
	sequence, err := w.write(ctx, event)
	if errors.Is(err, ErrOver) {
		w.over = true
		return
	}
	if err != nil {
		sequence, err = w.keep(ctx, event, err)
	}
	if err != nil {
		w.logger.WarnContext(ctx, "progress is not told", "generation", w.generationID, "error", err)
	}
	if sequence == 0 {
		return
	}
	body, err := proto.Marshal(event)
	if err != nil {
		w.logger.ErrorContext(ctx, "progress cannot be remembered", "error", err)
		return
	}
	w.last = sequence
	w.told = append(w.told, Spared{GenerationID: w.generationID, Sequence: sequence, Percent: w.percent, Body: body})
	w.over = event.GetFinished() != nil
}

// write appends to the log, after it was restored where it had been lost.
func (w *Writer) write(ctx context.Context, event *aiv1.GenerationEvent) (int64, error) {
	a := appending{generationID: w.generationID, event: event, percent: w.percent, least: w.last, restore: len(w.told) > 0, only: -1}
	sequence, err := w.log.append(ctx, a)
	lost, isLost := errors.AsType[*lostError](err)
	if !isLost {
		return sequence, err
	}
	if err := w.restore(ctx, lost.at); err != nil {
		return 0, err
	}
	a.restore = false
	return w.log.append(ctx, a)
}

// restore writes what was told after a number again.
func (w *Writer) restore(ctx context.Context, at int64) error {
	w.logger.InfoContext(ctx, "restores a lost progress log", "generation", w.generationID, "stands_at", at)
	_, err := w.log.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, e := range w.told {
			if e.Sequence <= at {
				continue
			}
			p.XAdd(ctx, &redis.XAddArgs{
				Stream: streamKey(w.generationID), ID: strconv.FormatInt(e.Sequence, 10) + "-0",
				Values: []any{fieldPercent, e.Percent, fieldEnds, "0", fieldEvent, e.Body},
			})
			event, err := e.event()
			if err != nil {
				return err
			}
			if fields := summaryOf(event); len(fields) > 0 {
				p.HSet(ctx, stateKey(w.generationID), fields...)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("restore progress log: %w", err)
	}
	return nil
}

// keep puts an event with the spare: days and ends always, progress now and then. 0 where it is left out.
func (w *Writer) keep(ctx context.Context, event *aiv1.GenerationEvent, why error) (int64, error) {
	now := time.Now()
	if event.GetProgress() != nil && now.Sub(w.spared) < spareEvery {
		return 0, nil
	}
	body, err := proto.Marshal(event)
	if err != nil {
		return 0, err
	}
	e := Spared{GenerationID: w.generationID, Sequence: w.last + 1, Percent: w.percent, Body: body}
	if err := w.spare.PutEvent(ctx, e); err != nil {
		return 0, errors.Join(why, err)
	}
	w.spared = now
	return e.Sequence, nil
}

// Last is the sequence number of the last event that was told.
func (w *Writer) Last() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}
