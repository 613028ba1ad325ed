package tripgen

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The types of webhook events; see [WebhookEvent].
const (
	WebhookGenerationFinished = "generation.finished"
	WebhookTripChanged        = "trip.changed"
	WebhookItineraryChanged   = "itinerary.changed"
	WebhookAlertRaised        = "alert.raised"
)

// WebhookEvent is what a partner's endpoint is told. It has ids and no content: read the trip, itinerary or generation
// for that. Events may come twice or out of order; go by ID.
type WebhookEvent struct {
	// ID is the message's, `msg_…`, the same over all its tries.
	ID string `json:"-"`
	// Type is one of the constants above; later ones may come.
	Type string `json:"type"`
	// Time is when it happened.
	Time time.Time `json:"timestamp"`
	Data struct {
		TripID string `json:"trip_id"`
		// Revision is the trip's, or the itinerary's.
		Revision int64 `json:"revision"`
		// Deleted tells that the trip was deleted.
		Deleted bool `json:"deleted"`
		// Version is the itinerary's.
		Version int64 `json:"version"`
		// Days are those of the itinerary that changed; none for all.
		Days []int `json:"days"`
		// GenerationID, State (READY, FAILED, CANCELLED) and Reason are the generation's.
		GenerationID string `json:"generation_id"`
		State        string `json:"state"`
		Reason       string `json:"reason"`
		// AlertID and Kind (weather, air, place_closed) are the alert's.
		AlertID string `json:"alert_id"`
		Kind    string `json:"kind"`
		// Day is the alert's, or the day that was generated; from 1.
		Day int `json:"day"`
	} `json:"data"`
}

// ErrWebhook says that a call is none of TripGen's, or too old (more than 5 minutes).
var ErrWebhook = errors.New("not a good webhook call")

// WebhookVerifier tells TripGen's calls from others' (Standard Webhooks). Use [NewWebhookVerifier].
type WebhookVerifier struct{ keys []*standardwebhooks.Webhook }

const (
	minSecret      = 24
	maxWebhookBody = 1 << 16
	secretPrefix   = "whsec_"
)

// NewWebhookVerifier makes a verifier of an endpoint's secrets, `whsec_…`: one, or the old and the new one around a
// rotation.
func NewWebhookVerifier(secrets ...string) (*WebhookVerifier, error) {
	if len(secrets) == 0 {
		return nil, errors.New("a webhook's secret is needed")
	}
	v := new(WebhookVerifier)
	for _, secret := range secrets {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		if err != nil || len(raw) < minSecret {
			return nil, errors.New("this is no webhook's secret")
		}
		key, err := standardwebhooks.NewWebhookRaw(raw)
		if err != nil {
			return nil, err
		}
		v.keys = append(v.keys, key)
	}
	return v, nil
}

// Verify checks a call's signature, in constant time, and its age, and reads it. The body has to be the bytes that came.
func (v *WebhookVerifier) Verify(header http.Header, body []byte) (WebhookEvent, error) {
	var failures []error
	for _, key := range v.keys {
		err := key.Verify(body, header)
		if err == nil {
			e := WebhookEvent{ID: header.Get(standardwebhooks.HeaderWebhookID)}
			if err := json.Unmarshal(body, &e); err != nil {
				return WebhookEvent{}, fmt.Errorf("%w: %w", ErrWebhook, err)
			}
			return e, nil
		}
		failures = append(failures, err)
	}
	return WebhookEvent{}, fmt.Errorf("%w: %w", ErrWebhook, errors.Join(failures...))
}

// Handler answers TripGen's calls: 401 to others', 500 where take gives an error, so that the event comes again, else
// 204. Take should be quick: after 15 seconds the call counts as failed.
func (v *WebhookVerifier) Handler(take func(*http.Request, WebhookEvent) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhookBody))
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		event, err := v.Verify(r.Header, body)
		if err != nil {
			http.Error(w, "the signature is not good", http.StatusUnauthorized)
			return
		}
		if err := take(r, event); err != nil {
			http.Error(w, "try again later", http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
