package user

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Use is how much a client has used of something on a day.
type Use struct {
	ClientID string
	// Day is midnight, UTC.
	Day    time.Time
	Metric string
	Amount int64
}

// UsageStore keeps what clients have used.
type UsageStore interface {
	// AddUsage adds a batch, unless one of this name was added before.
	AddUsage(ctx context.Context, batch string, uses []Use) error
	// Usage gives a client's from a day to another, both included, by day and metric.
	Usage(ctx context.Context, clientID string, from, to time.Time) ([]Use, error)
}

// usageSpan is how many days after the first one the last may be.
const usageSpan = 92

// CheckUsageSpan refuses a span of days that ends before it begins or is too long.
func CheckUsageSpan(from, to time.Time) error {
	switch days := to.Sub(from) / (24 * time.Hour); {
	case days < 0:
		return errs.Invalid(errs.Field("to", "시작일보다 빠를 수 없습니다.", "The last day is before the first."))
	case days > usageSpan:
		return errs.Invalid(errs.Field("to", "한 번에 92일까지 조회할 수 있습니다.", "The last day is more than 92 days after the first."))
	}
	return nil
}
