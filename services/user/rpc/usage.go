package rpc

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/errs"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
)

// Usage serves UsageService.
type Usage struct{ Store user.UsageStore }

// GetUsage gives the calling client's usage by day.
func (u Usage) GetUsage(ctx context.Context, r *userv1.GetUsageRequest) (*userv1.GetUsageResponse, error) {
	p, ok := authn.From(ctx)
	if !ok {
		return nil, authn.ErrUnauthenticated
	}
	if p.Subject != p.ClientID {
		return nil, errs.PermissionDenied(errs.ReasonScopeMissing,
			"앱 자신의 토큰으로만 조회할 수 있습니다.", "Only a client that acts for itself may ask what it has used.")
	}
	from, err := day("from", r.GetFrom())
	if err != nil {
		return nil, err
	}
	to, err := day("to", r.GetTo())
	if err != nil {
		return nil, err
	}
	if err := user.CheckUsageSpan(from, to); err != nil {
		return nil, err
	}
	uses, err := u.Store.Usage(ctx, p.ClientID, from, to)
	if err != nil {
		return nil, err
	}
	return &userv1.GetUsageResponse{Days: usageDays(uses)}, nil
}

// usageDays gathers what is in order by day.
func usageDays(uses []user.Use) (days []*userv1.UsageDay) {
	var last time.Time
	for _, u := range uses {
		if len(days) == 0 || !u.Day.Equal(last) {
			last = u.Day
			days = append(days, &userv1.UsageDay{Date: &typev1.Date{
				Year: int32(u.Day.Year()), Month: int32(u.Day.Month()), Day: int32(u.Day.Day()),
			}})
		}
		today := days[len(days)-1]
		today.Used = append(today.GetUsed(), &userv1.Quota{Metric: u.Metric, Amount: u.Amount})
	}
	return days
}

// RecordUsage takes what clients have used of a service.
func (u Usage) RecordUsage(ctx context.Context, r *userv1.RecordUsageRequest) (*userv1.RecordUsageResponse, error) {
	uses := make([]user.Use, 0, len(r.GetUsage()))
	for _, c := range r.GetUsage() {
		d, err := day("usage.date", c.GetDate())
		if err != nil {
			return nil, err
		}
		uses = append(uses, user.Use{ClientID: c.GetClientId(), Day: d, Metric: c.GetUsed().GetMetric(), Amount: c.GetUsed().GetAmount()})
	}
	if err := u.Store.AddUsage(ctx, r.GetBatch(), uses); err != nil {
		return nil, err
	}
	return &userv1.RecordUsageResponse{}, nil
}

// day is midnight in UTC; a date that no calendar has is refused.
func day(field string, d *typev1.Date) (time.Time, error) {
	t := time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay()), 0, 0, 0, 0, time.UTC)
	if t.Day() != int(d.GetDay()) {
		return time.Time{}, errs.Invalid(errs.Field(field, "존재하지 않는 날짜입니다.", "There is no such date."))
	}
	return t, nil
}
