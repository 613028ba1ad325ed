package progress

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/app"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// Catch-up reads the log where a published event may have been missed.
const (
	catchUpEvery   = time.Second
	catchUpTimeout = 2 * time.Second
	catchUpBatch   = 200
	// silence is how long a topic may be silent before its log is read again.
	silence = 3 * time.Second
	// hubBuffer is how many published events may wait to be taken in.
	hubBuffer = 4096
)

// Those who follow what is silent for so long are woken for a heartbeat, up to beatCheck later.
const (
	beatEvery = 10 * time.Second
	beatCheck = 100 * time.Millisecond // so that not too many are woken at the same moment
)

// Hub lets any number of watchers follow generations over one connection to Redis. Events come by publication and are
// read from the log at first, after a gap, after the connection was lost, and where a topic is quiet.
type Hub struct {
	log    *Log
	spare  Spare
	client redis.UniversalClient
	logger *slog.Logger
	wake   chan struct{}

	mu     sync.Mutex
	topics map[string]*topic

	// subscribing keeps subscribing and unsubscribing in the order of the topics' coming and going.
	subscribing sync.Mutex
	pubsub      *redis.PubSub
}

// topic is a generation that somebody in this process watches.
type topic struct {
	generationID string
	watchers     int // guarded by the hub

	mu sync.Mutex
	// events are all from sequence number 1 on, or from first on where the log had lost the earlier ones.
	events []*aiv1.GenerationEvent
	// changed is closed and replaced with each event, and for a heartbeat.
	changed chan struct{}
	stale   bool
	// heard is when the log was read or an event came, grew when there was a new event, woke when changed was closed.
	heard, grew, woke time.Time
}

// NewHub makes a hub; it works once its part runs. spare has the events while Redis is away.
func NewHub(client redis.UniversalClient, spare Spare, logger *slog.Logger) *Hub {
	return &Hub{
		log: NewLog(client), spare: spare, client: client, logger: logger, wake: make(chan struct{}, 1), topics: map[string]*topic{},
		pubsub: client.Subscribe(context.Background()),
	}
}

// Part runs the hub.
func (h *Hub) Part() app.Part {
	return app.Part{Name: "progress hub", Run: h.run, Close: func(context.Context) error { return h.pubsub.Close() }}
}

func (h *Hub) run(ctx context.Context) error {
	var catching sync.WaitGroup
	defer catching.Wait()
	catching.Go(func() { h.catchUpUntil(ctx) }) // beside the publications, which do not wait for it
	messages := h.pubsub.ChannelWithSubscriptions(redis.WithChannelSize(hubBuffer))
	tick := time.NewTicker(beatCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			h.beat(now)
		case message, ok := <-messages:
			if !ok {
				return nil
			}
			h.take(message)
		}
	}
}

// beat wakes those who follow what is silent: one clock for all, where each might have its timer.
func (h *Hub) beat(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.topics {
		t.beat(now)
	}
}

func (h *Hub) catchUpUntil(ctx context.Context) {
	tick := time.NewTicker(catchUpEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		case <-tick.C:
		}
		h.catchUp(ctx)
	}
}

// take takes in what came over the connection: an event, or the confirmation of a subscription, which also comes after
// the connection was made anew.
func (h *Hub) take(message any) {
	switch m := message.(type) {
	case *redis.Subscription:
		if m.Kind == "subscribe" {
			if t := h.topicOf(m.Channel); t != nil {
				t.mark()
				h.nudge()
			}
		}
	case *redis.Message:
		t := h.topicOf(m.Channel)
		if t == nil {
			return
		}
		parts := strings.SplitN(m.Payload, " ", 3)
		if len(parts) != 3 {
			h.logger.Warn("published progress cannot be read", "channel", m.Channel)
			return
		}
		event, err := unmarshal(parts[0], parts[1], parts[2])
		if err != nil {
			h.logger.Warn("published progress cannot be read", "channel", m.Channel, "error", err)
			return
		}
		if !t.add(event) {
			h.nudge()
		}
	}
}

func (h *Hub) nudge() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *Hub) topicOf(channel string) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics[channel]
}

// catchUp reads the logs of the topics that may have missed something, many at a time.
func (h *Hub) catchUp(ctx context.Context) {
	now := time.Now()
	h.mu.Lock()
	var due []*topic
	for _, t := range h.topics {
		if t.due(now) {
			due = append(due, t)
		}
	}
	h.mu.Unlock()
	for batch := range slices.Chunk(due, catchUpBatch) {
		if ctx.Err() != nil {
			return
		}
		h.refresh(ctx, batch...)
	}
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

// Follow starts to follow a generation's events after a sequence number. The caller must Close the follower. Where
// Redis is away, events come once it is back.
func (h *Hub) Follow(ctx context.Context, generationID string, after int64) *Follower {
	channel := channelKey(generationID)
	h.mu.Lock()
	t, known := h.topics[channel]
	if !known {
		now := time.Now()
		t = &topic{generationID: generationID, changed: make(chan struct{}), stale: true, grew: now, woke: now}
		h.topics[channel] = t
	}
	t.watchers++
	h.mu.Unlock()
	f := &Follower{hub: h, topic: t, channel: channel, after: after}
	if !known {
		h.subscribe(ctx, channel)
		h.refresh(ctx, t)
	}
	return f
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

// Quiet gives the followed generations that are not over and that nothing was heard of for a while, with the number of
// the last event that is known of each.
func (h *Hub) Quiet(since time.Duration) map[string]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	quiet := map[string]int64{}
	now := time.Now()
	for _, t := range h.topics {
		if last, is := t.quiet(now, since); is {
			quiet[t.generationID] = last
		}
	}
	return quiet
}

// Refresh reads a followed generation's log again, and tells whether it is over.
func (h *Hub) Refresh(ctx context.Context, generationID string) bool {
	t := h.topicOf(channelKey(generationID))
	if t == nil {
		return true // nobody follows it
	}
	h.refresh(ctx, t)
	return t.newest().GetFinished() != nil
}

// Inject shows an event to those who follow a generation in this process, as if it had come behind all that is known,
// and behind a number that the log is known to have reached.
func (h *Hub) Inject(generationID string, event *aiv1.GenerationEvent, reached int64) {
	if t := h.topicOf(channelKey(generationID)); t != nil {
		event.Sequence = max(reached, t.last()) + 1
		t.take(event)
	}
}

func (h *Hub) subscribe(ctx context.Context, channel string) {
	h.subscribing.Lock()
	defer h.subscribing.Unlock()
	if err := h.pubsub.Subscribe(ctx, channel); err != nil {
		h.logger.WarnContext(ctx, "subscribe to progress", "error", err) // the catch-up goes on reading the log
	}
}

func (h *Hub) leave(f *Follower) {
	h.mu.Lock()
	f.topic.watchers--
	last := f.topic.watchers == 0
	if last {
		delete(h.topics, f.channel)
	}
	h.mu.Unlock()
	if !last {
		return
	}
	h.subscribing.Lock()
	defer h.subscribing.Unlock()
	if h.topicOf(f.channel) == nil { // nobody has come meanwhile
		// Nothing is lost if this fails: events of unknown topics are dropped.
		_ = h.pubsub.Unsubscribe(context.Background(), f.channel)
	}
}

// Follower reads a generation's events in order, each once.
type Follower struct {
	hub     *Hub
	topic   *topic
	channel string
	after   int64
}

// Next gives the events after those given before, waiting for at least one until ctx ends; none for a heartbeat, where
// nothing came for about ten seconds.
func (f *Follower) Next(ctx context.Context) ([]*aiv1.GenerationEvent, error) {
	events, changed := f.topic.since(f.after)
	if len(events) == 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
		events, _ = f.topic.since(f.after)
	}
	if n := len(events); n > 0 {
		f.after = events[n-1].GetSequence()
	}
	return events, nil
}

// Last is the number of the newest event that is known; 0 for none.
func (f *Follower) Last() int64 { return f.topic.last() }

// Over tells whether the event that ends the generation was given, or lies before where the following started.
func (f *Follower) Over() bool {
	last := f.topic.newest()
	return last.GetFinished() != nil && last.GetSequence() <= f.after
}

// Close ends the following.
func (f *Follower) Close() { f.hub.leave(f) }

// quiet tells whether nothing was heard for a while of what is not over.
func (t *topic) quiet(now time.Time, since time.Duration) (last int64, is bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.events); n > 0 && t.events[n-1].GetFinished() != nil {
		return 0, false
	}
	return t.lastLocked(), now.Sub(t.grew) >= since
}

func (t *topic) newest() *aiv1.GenerationEvent {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.events) == 0 {
		return nil
	}
	return t.events[len(t.events)-1]
}

func (t *topic) last() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lastLocked()
}

func (t *topic) lastLocked() int64 {
	if len(t.events) == 0 {
		return 0
	}
	return t.events[len(t.events)-1].GetSequence()
}

// add takes in a published event; false asks for the log to be read, because one before it is missing.
func (t *topic) add(event *aiv1.GenerationEvent) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch last := t.lastLocked(); {
	case event.GetSequence() <= last:
		return true
	case event.GetSequence() != last+1 || t.stale:
		t.stale = true
		return false
	}
	t.events = append(t.events, event)
	t.tell(time.Now())
	return true
}

// take takes in an event that was kept, if it is new; it stays open whether more is missing.
func (t *topic) take(event *aiv1.GenerationEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if event.GetSequence() > t.lastLocked() {
		t.events = append(t.events, event)
		t.tell(time.Now())
		t.stale = true
	}
}

// fill takes in what the log has.
func (t *topic) fill(events []*aiv1.GenerationEvent, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale, t.heard = false, now
	grew := false
	for _, event := range events {
		if event.GetSequence() > t.lastLocked() {
			t.events = append(t.events, event)
			grew = true
		}
	}
	if grew {
		t.tell(now)
	}
}

func (t *topic) tell(now time.Time) {
	t.heard, t.grew = now, now
	t.wake(now)
}

func (t *topic) wake(now time.Time) {
	t.woke = now
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *topic) beat(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.woke) >= beatEvery {
		t.wake(now)
	}
}

func (t *topic) mark() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale = true
}

func (t *topic) due(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stale || now.Sub(t.heard) >= silence
}

// since gives the events after a sequence number, or what to wait for.
func (t *topic) since(after int64) ([]*aiv1.GenerationEvent, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, event := range t.events {
		if event.GetSequence() > after {
			return t.events[i:], t.changed
		}
	}
	return nil, t.changed
}
