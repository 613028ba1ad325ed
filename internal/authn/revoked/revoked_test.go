package revoked_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/authn/revoked"
	"github.com/tripgen/tripgen/internal/clock"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

func TestOnlyWhatWasIssuedBeforeIsRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	p := authn.Principal{TokenID: "t", SessionID: "sess_s", ClientID: "c", Issued: now}
	for subject, want := range map[string]bool{
		"jti:t": true, "sid:sess_s": true, "client:c": true, "jti:u": false, "sid:t": false, "client:": false, "sid:": false,
	} {
		var set revoked.Set
		set.Add(subject, now.Add(time.Second), now.Add(time.Hour))
		if got := set.Revoked(p); got != want {
			t.Errorf("%s: %v", subject, got)
		}
		later := p
		later.Issued = now.Add(2 * time.Second)
		if set.Revoked(later) {
			t.Errorf("%s: a token that was issued later is refused", subject)
		}
	}
	var set revoked.Set
	set.Add("kid:k", now, now.Add(time.Hour))
	forged := authn.Principal{TokenID: "t", ClientID: "c", KeyID: "k", Issued: now.Add(time.Minute)}
	if !set.Revoked(forged) {
		t.Error("a token of a withdrawn key passes because it says that it was issued later")
	}
	if forged.KeyID = "l"; set.Revoked(forged) {
		t.Error("another key's token is refused")
	}
	var none revoked.Set
	if none.Revoked(p) {
		t.Error("the empty set refuses")
	}
}

func TestAGatewayIsToldOfAllAndOfChanges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var set revoked.Set
	set.Add("sid:b", now, now.Add(time.Hour))
	set.Add("jti:old", now, now.Add(time.Minute))
	subjects, changed := set.Subjects(now.Add(2 * time.Minute))
	if !slices.Equal(subjects, []string{"sid:b"}) {
		t.Errorf("subjects = %v", subjects)
	}
	select {
	case <-changed:
		t.Error("nothing has changed")
	default:
	}
	set.Add("client:a", now, now.Add(time.Hour))
	<-changed
	if subjects, _ := set.Subjects(now.Add(2 * time.Minute)); !slices.Equal(subjects, []string{"client:a", "sid:b"}) {
		t.Errorf("subjects = %v", subjects)
	}
}

// service sends a revocation a stream and ends it.
type service struct {
	mu    sync.Mutex
	after []int64
	now   time.Time
}

func (s *service) WatchRevocations(
	ctx context.Context, r *userv1.WatchRevocationsRequest, stream *connect.ServerStream[userv1.WatchRevocationsResponse],
) error {
	s.mu.Lock()
	s.after = append(s.after, r.GetAfter())
	n := int64(len(s.after))
	s.mu.Unlock()
	if n == 2 {
		return connect.NewError(connect.CodeUnavailable, nil) // it is being restarted
	}
	err := stream.Send(&userv1.WatchRevocationsResponse{Sequence: 10 * n, Revocations: []*userv1.Revocation{{
		Subject: "jti:" + string(rune('a'+n)), RevokeTime: timestamppb.New(s.now), ExpireTime: timestamppb.New(s.now.Add(time.Hour)),
	}}})
	if err != nil || n == 1 {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestAListenerResumesWhereItWasCutOff(t *testing.T) {
	t.Parallel()
	s := &service{now: time.Now()}
	mux := http.NewServeMux()
	mux.Handle(userv1connect.NewRevocationServiceHandler(s))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	var set revoked.Set
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	client := userv1connect.NewRevocationServiceClient(server.Client(), server.URL)
	go func() {
		ended <- set.Follow(ctx, client, clock.System{}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	}()
	deadline := time.Now().Add(10 * time.Second)
	for set.Len() < 2 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond) // between two looks
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Follow = %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if set.Len() != 2 || len(s.after) != 3 || s.after[0] != 0 || s.after[1] != 10 || s.after[2] != 10 {
		t.Errorf("%d revocations; asked after %v", set.Len(), s.after)
	}
}
