package progress

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/app"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// hubBuffer is how many published events may wait to be taken in.
const hubBuffer = 4096

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
	rounds rounds
	due    []*topic // whose logs are to be read

	// subscribing keeps subscribing and unsubscribing in the order of the topics' coming and going.
	subscribing sync.Mutex
	pubsub      *redis.PubSub
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
	tick := time.NewTicker(roundTime / slots)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			h.visit(now)
		case message, ok := <-messages:
			if !ok {
				return nil
			}
			h.take(message)
		}
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
				h.ask(t)
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
			h.ask(t)
		}
	}
}

func (h *Hub) topicOf(channel string) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics[channel]
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
		h.rounds.join(t)
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

// Quiet gives the followed generations that are not over and that nothing was heard of for a while, with the number of
// the last event that is known of each: those of one part of so many, so that nobody has to look after all at once.
func (h *Hub) Quiet(since time.Duration, part, parts int) map[string]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	quiet := map[string]int64{}
	now := time.Now()
	for slot := part; slot < slots; slot += parts {
		for t := range h.rounds.slots[slot] {
			if last, is := t.quiet(now, since); is {
				quiet[t.generationID] = last
			}
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
		h.rounds.leave(f.topic)
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
