package progress

import (
	"context"
	"slices"
	"time"
)

// Catch-up reads the log where a published event may have been missed.
const (
	catchUpTimeout = 2 * time.Second
	catchUpBatch   = 200
	// silence is how long a topic may be silent before its log is read again.
	silence = 3 * time.Second
)

// ask has a topic's log read soon.
func (h *Hub) ask(t *topic) {
	h.mu.Lock()
	h.askLocked(t)
	h.mu.Unlock()
	h.nudge()
}

func (h *Hub) askLocked(t *topic) {
	if !t.asked {
		t.asked = true
		h.due = append(h.due, t)
	}
}

func (h *Hub) nudge() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *Hub) catchUpUntil(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
			h.catchUp(ctx)
		}
	}
}

// catchUp reads the logs of the topics that may have missed something, many at a time.
func (h *Hub) catchUp(ctx context.Context) {
	h.mu.Lock()
	due := h.due
	h.due = nil
	for _, t := range due {
		t.asked = false
	}
	h.mu.Unlock()
	for batch := range slices.Chunk(due, catchUpBatch) {
		if ctx.Err() != nil {
			return
		}
		h.refresh(ctx, batch...)
	}
}

// refresh reads topics' logs, or what was kept of them.
func (h *Hub) refresh(ctx context.Context, topics ...*topic) {
	reading, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	if err := h.read(reading, topics); err != nil {
		h.logger.WarnContext(ctx, "progress is read from the spare", "error", err)
		h.readSpare(ctx, topics)
	}
}

func (h *Hub) read(ctx context.Context, topics []*topic) error {
	after := make(map[string]int64, len(topics))
	for _, t := range topics {
		after[t.generationID] = t.last()
	}
	read, err := h.log.ReadAll(ctx, after)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, t := range topics {
		t.fill(read[t.generationID], now)
	}
	return nil
}

// readSpare reads what was kept of topics while Redis is away, all in one.
func (h *Hub) readSpare(ctx context.Context, topics []*topic) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), catchUpTimeout)
	defer cancel()
	after := make(map[string]int64, len(topics))
	byID := make(map[string]*topic, len(topics))
	for _, t := range topics {
		after[t.generationID], byID[t.generationID] = t.last(), t
	}
	kept, err := h.spare.EventsAfter(ctx, after)
	if err != nil {
		h.logger.WarnContext(ctx, "progress cannot be read", "error", err)
		return
	}
	for _, e := range kept {
		event, err := e.event()
		if err != nil {
			h.logger.WarnContext(ctx, "kept progress cannot be read", "error", err)
			continue
		}
		byID[e.GenerationID].take(event)
	}
}
