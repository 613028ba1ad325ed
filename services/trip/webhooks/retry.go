package webhooks

import (
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/tripgen/tripgen/services/trip"
)

// pauses are those between the tries of a message: some 18 hours in all, as Standard Webhooks recommends.
var pauses = []time.Duration{
	5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
}

const (
	// jitter is by which share a pause is made longer at most, so that what failed together does not come again together.
	jitter = 0.2
	// patience is how long an endpoint may take nothing before it is disabled.
	patience = 24 * time.Hour
	// maxWait bounds what an endpoint may ask for by Retry-After.
	maxWait = time.Hour
)

// judge says what follows from a try. wait is what the endpoint asked for; 0 if it did not.
func judge(m Message, a trip.Attempt, now time.Time, wait time.Duration) Outcome {
	if a.Error == "" {
		return Outcome{Delivered: true}
	}
	lasting := !m.Webhook.Failing.IsZero() && now.Sub(m.Webhook.Failing) >= patience
	if a.Status == http.StatusGone || lasting {
		return Outcome{Disable: true}
	}
	if m.Step >= len(pauses) {
		return Outcome{}
	}
	pause := max(pauses[m.Step], min(wait, maxWait))
	pause += time.Duration(rand.Float64() * jitter * float64(pause)) //nolint:gosec // nothing secret
	return Outcome{Next: now.Add(pause)}
}
