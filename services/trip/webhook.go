package trip

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Webhook is an endpoint of a partner that is told of what happens to the owner's trips (Standard Webhooks).
type Webhook struct {
	// ID is hook_….
	ID, Owner string
	// URL is https.
	URL    string
	Events []WebhookEvent
	// Secret signs; it is whsec_ and base64. Stores seal it. OldSecret signs beside it until OldUntil.
	Secret, OldSecret string
	OldUntil          time.Time
	// Created and Disabled are in UTC; Disabled is zero while the endpoint is told of things.
	Created, Disabled time.Time
	// Failing is since when it has taken nothing, in UTC; zero while it takes what it is told.
	Failing time.Time
}

// Secrets are those that sign at an instant, the newest first.
func (w Webhook) Secrets(now time.Time) []string {
	if w.OldSecret != "" && now.Before(w.OldUntil) {
		return []string{w.Secret, w.OldSecret}
	}
	return []string{w.Secret}
}

// WebhookEvent is what an endpoint can be told of.
type WebhookEvent int

// The events.
const (
	OnGenerationFinished WebhookEvent = 1
	OnTripChanged        WebhookEvent = 2
	OnItineraryChanged   WebhookEvent = 3
	OnAlertRaised        WebhookEvent = 4
)

// Delivery is a message to one endpoint with its tries.
type Delivery struct {
	// ID is msg_…, the same over all tries and endpoints.
	ID      string
	Event   WebhookEvent
	Created time.Time
	// Delivered tells whether an answer of 2xx came.
	Delivered bool
	// Next is when the next try is due; zero if none is.
	Next time.Time
	// Attempts are the newest AttemptsShown, oldest first.
	Attempts []Attempt
}

// Attempt is a try to deliver a message.
type Attempt struct {
	Time time.Time
	// Status is HTTP's; 0 if no answer came.
	Status int
	// Error says what went wrong; empty if nothing did.
	Error   string
	Latency time.Duration
}

const (
	prefixHook    = "hook"
	prefixMessage = "msg"

	maxWebhooks  = 20
	secretBytes  = 32
	secretPrefix = "whsec_"

	// KeepOldSecret is how long an old secret still signs after a rotation.
	KeepOldSecret = 24 * time.Hour
	// KeepDeliveries is how long the log of deliveries goes back.
	KeepDeliveries = 30 * 24 * time.Hour
	// AttemptsShown is how many tries of a delivery are told.
	AttemptsShown = 20
)

var (
	// ErrNoWebhook also stands for somebody else's.
	ErrNoWebhook = errs.NotFound(errs.ReasonNotFound, "웹훅을 찾을 수 없습니다.", "There is no such webhook.")
	// ErrNoDelivery: the endpoint was told no such message, or it is not kept any more.
	ErrNoDelivery = errs.NotFound(errs.ReasonNotFound, "전송 기록을 찾을 수 없습니다.", "There is no such delivery.")
	// ErrTooManyWebhooks: an owner has all that one may have.
	ErrTooManyWebhooks = errs.ResourceExhausted(errs.ReasonQuotaExceeded,
		"웹훅은 20개까지 등록할 수 있습니다.", "There can be at most 20 webhooks.")
	// ErrWebhookDisabled: it has to be enabled first.
	ErrWebhookDisabled = errs.FailedPrecondition(errs.ReasonWebhookDisabled,
		"중지된 웹훅입니다. 먼저 다시 켜 주세요.", "The webhook is disabled. Enable it first.")
)

// Webhooks stores endpoints and what they are told. The messages themselves are written by every store with the entry
// of the trip's feed that they tell of, in its transaction; see MessageOf.
type Webhooks interface {
	// AddWebhook stores an endpoint unless its owner has limit of them: ErrTooManyWebhooks, Repeated (with its id),
	// ErrMismatch.
	AddWebhook(ctx context.Context, w Webhook, limit int, once Once) error
	// Webhook reads one: ErrNoWebhook.
	Webhook(ctx context.Context, owner, id string) (Webhook, error)
	// Webhooks gives a page of an owner's, newest first, those made before the cursor (an id; empty for the first page).
	Webhooks(ctx context.Context, owner, before string, limit int) ([]Webhook, error)
	// UpdateWebhook changes one in a transaction: ErrNoWebhook, Repeated (with its id), ErrMismatch, or what fn returns.
	UpdateWebhook(ctx context.Context, owner, id string, once Once, fn func(*Webhook) error) (Webhook, error)
	// RemoveWebhook removes one with its deliveries: ErrNoWebhook, Repeated, ErrMismatch.
	RemoveWebhook(ctx context.Context, owner, id string, once Once) error
	// Deliveries gives a page of what an endpoint was told, newest first, as Webhooks does.
	Deliveries(ctx context.Context, webhookID, before string, limit int) ([]Delivery, error)
	// Replay makes a message of an owner's endpoint due again from the first try on: ErrNoDelivery, and where it was
	// repeated the delivery as it is: ErrMismatch.
	Replay(ctx context.Context, owner, webhookID, messageID string, now time.Time, once Once) (Delivery, error)
}

// Targets knows which addresses may be called.
type Targets interface {
	// Allows tells whether an address may be called.
	Allows(a netip.Addr) bool
}

// CreateWebhook registers an endpoint. Its secret is told only here and on rotation; a repeated request is told it again.
func (s *Service) CreateWebhook(ctx context.Context, c Caller, address string, events []WebhookEvent) (Webhook, error) {
	if err := s.checkTarget(address); err != nil {
		return Webhook{}, err
	}
	w := Webhook{
		ID: s.IDs.New(prefixHook), Owner: c.Owner, URL: address, Events: events, Secret: newSecret(), Created: s.now(),
	}
	return writeOnce(ctx, s, c, func() (Webhook, error) {
		return w, s.Webhooks.AddWebhook(ctx, w, maxWebhooks, c.Once)
	}, s.madeWebhook(ctx, c))
}

// madeWebhook reads the endpoint that a write made or changed.
func (s *Service) madeWebhook(ctx context.Context, c Caller) func(ids []string) (Webhook, error) {
	return func(ids []string) (Webhook, error) { return s.Webhooks.Webhook(ctx, c.Owner, ids[0]) }
}

// checkTarget refuses what is no address of a server that may be called. What a name resolves to is checked with each
// call.
func (s *Service) checkTarget(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return errs.Invalid(errs.Field("url", "https 주소여야 합니다.", "It has to be an https address."))
	case u.User != nil || u.Fragment != "":
		return errs.Invalid(errs.Field("url", "계정 정보나 #은 넣을 수 없습니다.", "It has neither a user nor a fragment."))
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !s.Targets.Allows(ip) {
		return errs.Invalid(errs.Field("url", "외부에서 접속할 수 있는 주소여야 합니다.", "It has to be a public address."))
	}
	return nil
}

func newSecret() string {
	key := make([]byte, secretBytes)
	_, _ = rand.Read(key) // it never fails (crypto/rand)
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// ListWebhooks gives a page of the caller's endpoints, newest first.
func (s *Service) ListWebhooks(ctx context.Context, c Caller, before string, limit int) ([]Webhook, error) {
	return s.Webhooks.Webhooks(ctx, c.Owner, before, limit)
}

// DeleteWebhook removes an endpoint. Removing it again, not under the same key, is ErrNoWebhook.
func (s *Service) DeleteWebhook(ctx context.Context, c Caller, id string) error {
	type nothing struct{}
	_, err := writeOnce(ctx, s, c, func() (nothing, error) {
		return nothing{}, s.Webhooks.RemoveWebhook(ctx, c.Owner, id, c.Once)
	}, func([]string) (nothing, error) { return nothing{}, nil })
	return err
}

// EnableWebhook lets a disabled endpoint be told of things again.
func (s *Service) EnableWebhook(ctx context.Context, c Caller, id string) (Webhook, error) {
	return s.changeWebhook(ctx, c, id, func(w *Webhook) { w.Disabled, w.Failing = time.Time{}, time.Time{} })
}

// RotateSecret gives an endpoint a new secret; the old one signs beside it for KeepOldSecret.
func (s *Service) RotateSecret(ctx context.Context, c Caller, id string) (Webhook, error) {
	return s.changeWebhook(ctx, c, id, func(w *Webhook) {
		w.OldSecret, w.OldUntil = w.Secret, s.now().Add(KeepOldSecret)
		w.Secret = newSecret()
	})
}

func (s *Service) changeWebhook(ctx context.Context, c Caller, id string, change func(*Webhook)) (Webhook, error) {
	return writeOnce(ctx, s, c, func() (Webhook, error) {
		return s.Webhooks.UpdateWebhook(ctx, c.Owner, id, c.Once, func(w *Webhook) error {
			change(w)
			return nil
		})
	}, s.madeWebhook(ctx, c))
}

// Deliveries gives a page of what an endpoint was told, newest first.
func (s *Service) Deliveries(ctx context.Context, c Caller, id, before string, limit int) ([]Delivery, error) {
	if _, err := s.Webhooks.Webhook(ctx, c.Owner, id); err != nil {
		return nil, err
	}
	return s.Webhooks.Deliveries(ctx, id, before, limit)
}

// ReplayDelivery delivers a message again, as it was.
func (s *Service) ReplayDelivery(ctx context.Context, c Caller, id, messageID string) (Delivery, error) {
	w, err := s.Webhooks.Webhook(ctx, c.Owner, id)
	if err != nil {
		return Delivery{}, err
	}
	if !w.Disabled.IsZero() {
		return Delivery{}, ErrWebhookDisabled
	}
	return s.Webhooks.Replay(ctx, c.Owner, id, messageID, s.now(), c.Once)
}

// message is the body of a message.
type message struct {
	Type string    `json:"type"`
	Time time.Time `json:"timestamp"`
	Data any       `json:"data"`
}

var alertWords = map[AlertKind]string{AlertWeather: "weather", AlertAir: "air", AlertPlaceClosed: "place_closed"}

// MessageOf gives what endpoints are told of an entry of a trip's feed: ids, kinds and times, nothing personal. ok is
// false for an entry that they are not told of.
func MessageOf(c Change) (event WebhookEvent, body []byte, ok bool, err error) {
	m := message{Time: c.Time}
	switch {
	case c.Trip != nil:
		event, m.Type = OnTripChanged, "trip.changed"
		m.Data = struct {
			TripID   string `json:"trip_id"`
			Revision int64  `json:"revision"`
			Deleted  bool   `json:"deleted"`
		}{c.TripID, c.Trip.Revision, c.Trip.IsDeleted()}
	case c.Itinerary != nil:
		event, m.Type = OnItineraryChanged, "itinerary.changed"
		m.Data = struct {
			TripID   string `json:"trip_id"`
			Version  int64  `json:"version"`
			Revision int64  `json:"revision"`
			Days     []int  `json:"days,omitempty"`
		}{c.TripID, c.Itinerary.Version, c.Itinerary.Revision, c.Itinerary.Days}
	case c.Generation != nil && c.Generation.State.Final():
		event, m.Type = OnGenerationFinished, "generation.finished"
		m.Data = struct {
			TripID       string `json:"trip_id"`
			GenerationID string `json:"generation_id"`
			State        string `json:"state"`
			Day          int    `json:"day,omitempty"`
			Version      int64  `json:"version,omitempty"`
			Reason       string `json:"reason,omitempty"`
		}{c.TripID, c.Generation.ID, told(c.Generation.State), c.Generation.Day, c.Generation.Version, c.Generation.Reason}
	case c.Alert != nil && c.Raised:
		event, m.Type = OnAlertRaised, "alert.raised"
		m.Data = struct {
			TripID  string `json:"trip_id"`
			AlertID string `json:"alert_id"`
			Kind    string `json:"kind"`
			Day     int    `json:"day"`
		}{c.TripID, c.Alert.ID, alertWords[c.Alert.Kind], c.Alert.Day}
	default:
		return 0, nil, false, nil
	}
	body, err = json.Marshal(m)
	return event, body, err == nil, err
}

// told is a final state in the contract's words.
func told(s GenerationState) string {
	if s == GenerationRefused {
		s = GenerationFailed
	}
	return strings.ToUpper(string(s))
}
