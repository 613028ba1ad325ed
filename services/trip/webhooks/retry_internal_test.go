package webhooks

import (
	"net/http"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/trip"
)

// [P2] What follows from a try.
func TestTriesFollowEachOtherForSomeHoursAndEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 5, 10, 3, 0, 0, 0, time.UTC)
	bad := trip.Attempt{Status: 500, Error: "it answered 500"}
	var whole time.Duration
	for step, pause := range pauses {
		o := judge(Message{Step: step}, bad, now, 0)
		if got := o.Next.Sub(now); got < pause || got > pause+pause/5 || o.Delivered || o.Disable {
			t.Errorf("after try %d: %+v, want about %v", step+1, o, pause)
		}
		whole += pause
	}
	if whole < 12*time.Hour || whole > 30*time.Hour {
		t.Errorf("tried for %v, want about a day", whole)
	}
	if o := judge(Message{Step: len(pauses)}, bad, now, 0); o != (Outcome{}) {
		t.Errorf("after the last try: %+v", o)
	}
	seen := map[time.Time]bool{}
	for range 20 {
		seen[judge(Message{}, bad, now, 0).Next] = true
	}
	if len(seen) < 2 {
		t.Error("no jitter")
	}
	if o := judge(Message{}, bad, now, 10*time.Minute); o.Next.Sub(now) < 10*time.Minute {
		t.Errorf("Retry-After is not kept: %v", o.Next.Sub(now))
	}
	if o := judge(Message{}, bad, now, 100*time.Hour); o.Next.Sub(now) > 2*time.Hour {
		t.Errorf("Retry-After without bound: %v", o.Next.Sub(now))
	}
	if o := judge(Message{}, trip.Attempt{Status: 204}, now, 0); o != (Outcome{Delivered: true}) {
		t.Errorf("delivered: %+v", o)
	}
	if o := judge(Message{}, trip.Attempt{Status: http.StatusGone, Error: "x"}, now, 0); o != (Outcome{Disable: true}) {
		t.Errorf("gone: %+v", o)
	}
	for ago, disable := range map[time.Duration]bool{patience - time.Second: false, patience: true} {
		m := Message{Webhook: trip.Webhook{Failing: now.Add(-ago)}}
		if o := judge(m, bad, now, 0); o.Disable != disable {
			t.Errorf("failing for %v: %+v", ago, o)
		}
	}
}
