// Package progress tells how generations get on: a log of events per generation in Redis, and a hub in each process
// that reads it once for all who watch.
//
// A log is a stream whose ids are the events' sequence numbers, "<sequence>-0", from 1 without gaps: whoever writes
// next, be it a worker that took over, the intake or the end, goes on where the log stands. Nothing follows the event
// that ends a generation.
package progress

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/cache"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// Keep is how long a log is kept after its last event.
const Keep = time.Hour

var space = cache.Space{Name: "generation", Version: 1}

func streamKey(generationID string) string { return space.Key(generationID, "log") }

// channelKey is where each event is also published, so that one connection hears of all that a process watches.
func channelKey(generationID string) string { return space.Key(generationID, "live") }

// Field names of an entry.
const (
	fieldEvent   = "e"
	fieldPercent = "p"
	fieldEnds    = "f"
)

// ErrOver refuses events after the one that ended the generation.
var ErrOver = errors.New("the generation's log is closed")

// stateKey is a summary of the log, for those who poll.
func stateKey(generationID string) string { return space.Key(generationID, "state") }

// appendScript writes an event behind the last one, publishes it, and keeps the summary, in one step.
//
// KEYS: log, channel, summary. ARGV: event, percent, "1" if it ends the generation, seconds to keep, a number that the
// log is known to have reached, what to do where it has not (because it was lost): "wait" for it to be restored or "go"
// on from that number, "1" to write only into an empty log, then fields and values for the summary.
//
// It gives the sequence number; 0 where the log is closed, or does not stand where it should; where it is to be restored,
// minus one and minus the number that it stands at. The percentage never falls.
var appendScript = redis.NewScript(`
local last, percent = 0, tonumber(ARGV[2])
local tail = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if tail[1] then
  last = tonumber(string.match(tail[1][1], '^%d+'))
  local fields = {}
  for i = 1, #tail[1][2], 2 do fields[tail[1][2][i]] = tail[1][2][i + 1] end
  if fields['f'] == '1' then return 0 end
  percent = math.max(percent, tonumber(fields['p']))
end
if ARGV[7] ~= '' and last ~= tonumber(ARGV[7]) then return 0 end
if last < tonumber(ARGV[5]) then
  if ARGV[6] == 'wait' then return -1 - last end
  last = tonumber(ARGV[5])
end
local sequence = string.format('%.0f', last + 1)
redis.call('XADD', KEYS[1], sequence .. '-0', 'p', percent, 'f', ARGV[3], 'e', ARGV[1])
redis.call('PUBLISH', KEYS[2], sequence .. ' ' .. percent .. ' ' .. ARGV[1])
redis.call('HSET', KEYS[3], 'sequence', sequence, 'percent', percent)
for i = 8, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[3], ARGV[4])
return last + 1
`)

// downFor is how long Redis is left alone after a call that failed: telling must not hold the work up.
const downFor = time.Second

// errDown comes while Redis is left alone.
var errDown = errors.New("redis is away")

// Log is the logs of all generations.
type Log struct {
	client redis.UniversalClient
	// downUntil is in nanoseconds since 1970.
	downUntil atomic.Int64
}

// NewLog makes a log on Redis.
func NewLog(client redis.UniversalClient) *Log { return &Log{client: client} }

// appending is one run of the script.
type appending struct {
	generationID string
	event        *aiv1.GenerationEvent
	percent      int
	// least is a number that the log is known to have reached; restore says that the caller restores it where it has
	// not.
	least   int64
	restore bool
	// only writes where the log stands at this number; negative for any.
	only int64
}

// lostError says that the log stands at an earlier number than it had reached.
type lostError struct{ at int64 }

func (e *lostError) Error() string {
	return fmt.Sprintf("the progress log was lost; it stands at %d", e.at)
}

// Append writes an event behind the last one and gives its sequence number. least is a number that the log is known to
// have reached. ErrOver where the generation has ended.
func (l *Log) Append(ctx context.Context, generationID string, event *aiv1.GenerationEvent, percent int, least int64) (int64, error) {
	return l.append(ctx, appending{generationID: generationID, event: event, percent: percent, least: least, only: -1})
}

// AppendAt writes an event right behind the one with a sequence number, 0 for the first; nothing where the log stands
// elsewhere: somebody else has told more since.
func (l *Log) AppendAt(ctx context.Context, generationID string, event *aiv1.GenerationEvent, sequence int64) error {
	_, err := l.append(ctx, appending{generationID: generationID, event: event, only: sequence})
	if errors.Is(err, ErrOver) {
		return nil
	}
	return err
}

func (l *Log) append(ctx context.Context, a appending) (int64, error) {
	if l.down() {
		return 0, errDown
	}
	body, err := proto.Marshal(a.event)
	if err != nil {
		return 0, fmt.Errorf("marshal event: %w", err)
	}
	args := slices.Concat([]any{
		body, a.percent, flag(a.event.GetFinished() != nil), int(Keep.Seconds()), a.least,
		map[bool]string{true: "wait", false: "go"}[a.restore], onlyAt(a.only),
	}, summaryOf(a.event))
	keys := []string{streamKey(a.generationID), channelKey(a.generationID), stateKey(a.generationID)}
	sequence, err := appendScript.Run(ctx, l.client, keys, args...).Int64()
	switch {
	case err != nil:
		l.failed(ctx)
		return 0, fmt.Errorf("append to progress log: %w", err)
	case sequence == 0:
		return 0, ErrOver
	case sequence < 0:
		return 0, &lostError{at: -1 - sequence}
	}
	return sequence, nil
}

func (l *Log) down() bool { return time.Now().UnixNano() < l.downUntil.Load() }

// failed leaves Redis alone for a while, unless it was the caller who went away.
func (l *Log) failed(ctx context.Context) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		l.downUntil.Store(time.Now().Add(downFor).UnixNano())
	}
}

func onlyAt(sequence int64) string {
	if sequence < 0 {
		return ""
	}
	return strconv.FormatInt(sequence, 10)
}

func flag(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// Read gives the events after a sequence number, oldest first.
func (l *Log) Read(ctx context.Context, generationID string, after int64) ([]*aiv1.GenerationEvent, error) {
	read, err := l.ReadAll(ctx, map[string]int64{generationID: after})
	return read[generationID], err
}

// ReadAll gives the events of many generations, each after a sequence number, oldest first, in one round trip.
func (l *Log) ReadAll(ctx context.Context, after map[string]int64) (map[string][]*aiv1.GenerationEvent, error) {
	if l.down() {
		return nil, errDown
	}
	answers := make(map[string]*redis.XMessageSliceCmd, len(after))
	_, err := l.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for generationID, sequence := range after {
			answers[generationID] = p.XRange(ctx, streamKey(generationID), "("+strconv.FormatInt(sequence, 10)+"-0", "+")
		}
		return nil
	})
	if err != nil {
		l.failed(ctx)
		return nil, fmt.Errorf("read progress log: %w", err)
	}
	read := make(map[string][]*aiv1.GenerationEvent, len(after))
	for generationID, answer := range answers {
		for _, entry := range answer.Val() {
			event, err := decode(entry)
			if err != nil {
				return nil, err
			}
			read[generationID] = append(read[generationID], event)
		}
	}
	return read, nil
}

// Forget removes the logs of generations.
func (l *Log) Forget(ctx context.Context, generationIDs []string) error {
	var keys []string
	for _, generationID := range generationIDs {
		keys = append(keys, streamKey(generationID), stateKey(generationID))
	}
	if len(keys) == 0 {
		return nil
	}
	if err := l.client.Unlink(ctx, keys...).Err(); err != nil {
		return fmt.Errorf("remove progress logs: %w", err)
	}
	return nil
}

func decode(entry redis.XMessage) (*aiv1.GenerationEvent, error) {
	body, _ := entry.Values[fieldEvent].(string)
	percentText, _ := entry.Values[fieldPercent].(string)
	sequenceText, _, _ := cutID(entry.ID)
	return unmarshal(sequenceText, percentText, body)
}

func cutID(entryID string) (sequence, rest string, ok bool) {
	for i := range entryID {
		if entryID[i] == '-' {
			return entryID[:i], entryID[i+1:], true
		}
	}
	return entryID, "", false
}

func unmarshal(sequenceText, percentText, body string) (*aiv1.GenerationEvent, error) {
	sequence, err := strconv.ParseInt(sequenceText, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("progress event's sequence number: %w", err)
	}
	percent, err := strconv.Atoi(percentText)
	if err != nil {
		return nil, fmt.Errorf("progress event's percentage: %w", err)
	}
	event := &aiv1.GenerationEvent{}
	if err := proto.Unmarshal([]byte(body), event); err != nil {
		return nil, fmt.Errorf("progress event: %w", err)
	}
	event.Sequence = sequence
	if p := event.GetProgress(); p != nil {
		p.Percent = int32(percent)
	}
	return event, nil
}
