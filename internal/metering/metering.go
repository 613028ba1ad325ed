// Package metering counts what clients use and brings the counts to the user service, which keeps them.
//
// Counts wait in memory for a few seconds: a process that is killed loses those. One whose answer was lost is told again,
// under the same name, and is not counted twice.
package metering

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tripgen/tripgen/internal/clock"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

// What is counted.
const (
	Calls       = "calls"
	Generations = "generations"
	Checks      = "checks"
)

const (
	// Every is how often counts are told.
	Every = 2 * time.Second
	// tellLimit bounds one attempt.
	tellLimit = 5 * time.Second
	// most is how many counts a batch has, as the contract bounds it.
	most = 10_000
)

type key struct {
	client, metric string
	day            civil
}

type civil struct {
	year, day int
	month     time.Month
}

// Meter counts. It may be used by several goroutines; nil counts nothing.
type Meter struct {
	clock clock.Clock

	mu     sync.Mutex
	counts map[key]int64
}

// New makes a meter.
func New(c clock.Clock) *Meter { return &Meter{clock: c, counts: make(map[key]int64)} }

// Count adds one to what a client has used today, in UTC.
func (m *Meter) Count(clientID, metric string) {
	if m == nil {
		return
	}
	var day civil
	day.year, day.month, day.day = m.clock.Now().UTC().Date()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[key{clientID, metric, day}]++
}

// take empties the meter into a batch; nil where nothing was counted.
func (m *Meter) take() *userv1.RecordUsageRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.counts) == 0 {
		return nil
	}
	batch := &userv1.RecordUsageRequest{Batch: uuid.NewString()}
	for k, amount := range m.counts {
		if len(batch.GetUsage()) == most {
			break
		}
		batch.Usage = append(batch.Usage, &userv1.ClientUsage{
			ClientId: k.client, Date: &typev1.Date{Year: int32(k.day.year), Month: int32(k.day.month), Day: int32(k.day.day)},
			Used: &userv1.Quota{Metric: k.metric, Amount: amount},
		})
		delete(m.counts, k)
	}
	return batch
}

// Run tells what was counted until ctx ends, and then what is left. The client needs the scope internal.
func (m *Meter) Run(ctx context.Context, c userv1connect.UsageServiceClient, log *slog.Logger) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	var batch *userv1.RecordUsageRequest // not told yet: no other one before it
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			m.tell(context.WithoutCancel(ctx), c, log, m.tell(context.WithoutCancel(ctx), c, log, batch))
			return nil
		}
		batch = m.tell(ctx, c, log, batch)
	}
}

// tell tells a batch, a new one where there is none, and gives it back if that failed.
func (m *Meter) tell(
	ctx context.Context, c userv1connect.UsageServiceClient, log *slog.Logger, batch *userv1.RecordUsageRequest,
) *userv1.RecordUsageRequest {
	if batch == nil {
		if batch = m.take(); batch == nil {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, tellLimit)
	defer cancel()
	if _, err := c.RecordUsage(ctx, batch); err != nil {
		log.WarnContext(ctx, "tell usage", "counts", len(batch.GetUsage()), "error", err)
		return batch
	}
	return nil
}
