package rpc_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/oauth2/clientcredentials"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/metering"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// usageAs calls UsageService as a client that acts for itself.
func usageAs(t *testing.T, s *usertest.Service, id, secret, scope string) userv1connect.UsageServiceClient {
	t.Helper()
	c := clientcredentials.Config{
		ClientID: id, ClientSecret: secret, TokenURL: s.URL + "/oauth2/token", EndpointParams: url.Values{"scope": {scope}},
	}
	return userv1connect.NewUsageServiceClient(c.Client(t.Context()), s.URL)
}

func date(year, month, day int32) *typev1.Date {
	return &typev1.Date{Year: year, Month: month, Day: day}
}

// deafened is a user service whose first answers get lost on the way.
type deafened struct {
	userv1connect.UsageServiceClient
	lost atomic.Int64
}

func (d *deafened) RecordUsage(ctx context.Context, r *userv1.RecordUsageRequest) (*userv1.RecordUsageResponse, error) {
	got, err := d.UsageServiceClient.RecordUsage(ctx, r)
	if d.lost.Add(-1) >= 0 {
		return nil, errors.Join(err, errors.New("the answer was lost"))
	}
	return got, err
}

// [P3] What two processes count is added up by client and day, once, also when answers get lost and when they stop.
func TestWhatClientsUseIsCountedOnce(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	tell := usageAs(t, s, usertest.InternalClient, usertest.InternalSecret, "internal")
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	for range 2 {
		now := clock.NewFake(time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC))
		meter := metering.New(now)
		count := func() {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 100 {
						meter.Count(usertest.PartnerClient, metering.Calls)
					}
				})
			}
			meter.Count("somebody-else", metering.Calls)
			meter.Count(usertest.PartnerClient, metering.Generations)
			all.Wait()
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		client := &deafened{UsageServiceClient: tell}
		client.lost.Store(1)
		count()
		go func() { ended <- meter.Run(ctx, client, log) }()
		deadline := time.Now().Add(20 * time.Second)
		for client.lost.Load() > -1 && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond) // between two looks
		}
		now.Advance(time.Hour)
		count()
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	own := usageAs(t, s, usertest.PartnerClient, usertest.PartnerSecret, "usage.read")
	got, err := own.GetUsage(t.Context(), &userv1.GetUsageRequest{From: date(2026, 3, 1), To: date(2026, 3, 2)})
	if err != nil {
		t.Fatal(err)
	}
	used := []*userv1.Quota{{Metric: "calls", Amount: 1600}, {Metric: "generations", Amount: 2}}
	want := &userv1.GetUsageResponse{Days: []*userv1.UsageDay{
		{Date: date(2026, 3, 1), Used: used}, {Date: date(2026, 3, 2), Used: used},
	}}
	if !proto.Equal(got, want) {
		t.Errorf("usage = %v", got)
	}
	got, err = own.GetUsage(t.Context(), &userv1.GetUsageRequest{From: date(2026, 3, 2), To: date(2026, 3, 2)})
	if err != nil || len(got.GetDays()) != 1 {
		t.Errorf("the second day alone = %v, %v", got, err)
	}
}

func TestWhoMayAskForUsageAndForWhichDays(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	partner := usageAs(t, s, usertest.PartnerClient, usertest.PartnerSecret, "usage.read")
	person := userv1connect.NewUsageServiceClient(bearer{s.LogIn(s.SignUp(), "phone").AccessToken}, s.URL)
	ask := func(c userv1connect.UsageServiceClient, from, to *typev1.Date) error {
		_, err := c.GetUsage(t.Context(), &userv1.GetUsageRequest{From: from, To: to})
		return err
	}
	for name, c := range map[string]struct {
		err  error
		code connect.Code
	}{
		"without the scope":  {ask(usageAs(t, s, usertest.PartnerClient, usertest.PartnerSecret, "places.read"), date(2026, 1, 1), date(2026, 1, 2)), connect.CodePermissionDenied},
		"a person":           {ask(person, date(2026, 1, 1), date(2026, 1, 2)), connect.CodePermissionDenied},
		"nobody":             {ask(userv1connect.NewUsageServiceClient(http.DefaultClient, s.URL), date(2026, 1, 1), date(2026, 1, 2)), connect.CodeUnauthenticated},
		"backwards":          {ask(partner, date(2026, 1, 2), date(2026, 1, 1)), connect.CodeInvalidArgument},
		"no such date":       {ask(partner, date(2026, 2, 30), date(2026, 3, 1)), connect.CodeInvalidArgument},
		"93 days later":      {ask(partner, date(2026, 1, 1), date(2026, 4, 4)), connect.CodeInvalidArgument},
		"without a last day": {ask(partner, date(2026, 1, 1), nil), connect.CodeInvalidArgument},
		"a partner tells usage": {func() error {
			_, err := partner.RecordUsage(t.Context(), &userv1.RecordUsageRequest{Batch: "b", Usage: []*userv1.ClientUsage{
				{ClientId: "c", Date: date(2026, 1, 1), Used: &userv1.Quota{Metric: "calls", Amount: 1}},
			}})
			return err
		}(), connect.CodePermissionDenied},
	} {
		if connect.CodeOf(c.err) != c.code {
			t.Errorf("%s: %v, want %v", name, c.err, c.code)
		}
	}
	if err := ask(partner, date(2026, 1, 1), date(2026, 4, 3)); err != nil {
		t.Errorf("92 days later: %v", err)
	}
}
