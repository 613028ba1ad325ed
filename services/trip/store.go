package trip

import (
	"context"
	"errors"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// What stores say. Other errors of theirs are failures.
var (
	// ErrNoTrip also stands for somebody else's trip, and where not said otherwise for a deleted one.
	ErrNoTrip = errs.NotFound(errs.ReasonNotFound, "여행을 찾을 수 없습니다.", "There is no such trip.")
	// ErrStaleRevision carries the present Trip or Itinerary as its resource.
	ErrStaleRevision = errs.Aborted(errs.ReasonStaleRevision,
		"다른 곳에서 먼저 수정되었습니다.", "It was changed elsewhere in the meantime.")
	// ErrMismatch: the idempotency key was used for another request.
	ErrMismatch = errs.AlreadyExists(errs.ReasonIdempotencyMismatch,
		"같은 요청 번호로 다른 내용이 왔습니다.", "The same idempotency key came with another request.")
	// ErrUnchanged is what a function given to a store returns to leave everything as it is; no error comes back.
	ErrUnchanged = errors.New("unchanged")
)

// Trips stores trips. A store counts up the revision, sets Updated and writes the feed with each change.
type Trips interface {
	// Create stores a new trip: Repeated, ErrMismatch.
	Create(ctx context.Context, t Trip, once Once) error
	// Trip reads a trip, also a deleted one that can still be taken back: ErrNoTrip.
	Trip(ctx context.Context, owner, id string) (Trip, error)
	// List gives a page of an owner's trips.
	List(ctx context.Context, q Query) ([]Trip, error)
	// Update changes a trip in one transaction that nobody else can change it during: ErrNoTrip, Repeated, ErrMismatch,
	// or what fn returns. fn is given deleted trips too.
	Update(ctx context.Context, owner, id string, once Once, fn func(*Trip) error) (Trip, error)
	// UpdateAll changes several trips, all or none, and gives them in the order asked for. fn is called for each.
	UpdateAll(ctx context.Context, owner string, ids []string, once Once, fn func(*Trip) error) ([]Trip, error)
	// Purge removes what is past its time: trips deleted, keys and feed entries written before these instants; it tells
	// how many trips.
	Purge(ctx context.Context, trips, keys, changes time.Time) (int, error)
}

// Order is how a list of trips is ordered.
type Order int

// The orders.
const (
	Newest  Order = 1
	Oldest  Order = 2
	ByStart Order = 3 // soonest first, trips without a date last
	ByName  Order = 4
)

// Query asks for a page of trips.
type Query struct {
	Owner string
	// Status narrows to trips with it at Now; 0 for all.
	Status Status
	Now    time.Time
	// Search is folded text that the trip's Searchable text has to contain; empty for all.
	Search string
	Order  Order
	// Deleted asks for the deleted trips instead of the others.
	Deleted bool
	// After is the last trip of the page before; nil for the first page.
	After *Cursor
	Limit int
}

// Cursor is a place in a list of trips: the trip's values in the list's order.
type Cursor struct {
	ID    string `json:"i"`
	Start Date   `json:"s,omitzero"`
	Name  []byte `json:"n,omitempty"`
}

// Itineraries stores the versions of trips' itineraries.
type Itineraries interface {
	// Itinerary reads a version, 0 for the newest: ErrNoTrip, ErrNoItinerary, ErrVersionGone.
	Itinerary(ctx context.Context, owner, tripID string, version int64) (Itinerary, error)
	// Versions are those that are kept, newest first: ErrNoTrip.
	Versions(ctx context.Context, owner, tripID string) ([]VersionInfo, error)
	// Edit changes a version in one transaction that nobody else can change it during, counts up its revision and writes
	// the feed with the days that fn says were changed. It asks for the details of places that were not in the version
	// before. ErrNoTrip, ErrVersionGone, Repeated, ErrMismatch, or what fn returns.
	Edit(ctx context.Context, owner, tripID string, version int64, once Once, fn func(*Itinerary) (days []int, err error)) (Itinerary, error)
	// AddVersion stores what fn makes as the trip's newest version, drops the ones that are not kept any more, and
	// writes the feed. It asks for the details of places that the newest version did not have. ErrNoTrip, Repeated,
	// ErrMismatch, or what fn returns. The store sets TripID, Version, Revision and Created.
	AddVersion(ctx context.Context, owner, tripID string, once Once, fn func(*Trip) (Itinerary, error)) (Itinerary, error)
}

// Generations stores generations with their sagas' state.
type Generations interface {
	// Begin stores a new generation in one transaction with what fn changes of the trip's Running and Regenerations:
	// ErrNoTrip, Repeated (with the generation's id), ErrMismatch, or what fn returns.
	Begin(ctx context.Context, owner, tripID string, once Once, fn func(*Trip) (Generation, error)) (Generation, error)
	// Generation reads a generation: ErrNoGeneration.
	Generation(ctx context.Context, id string) (Generation, error)
	// Advance changes a generation and its trip in one transaction that nobody else can change either during; see
	// Advance. ErrNoGeneration where the trip is gone for good, or what fn returns.
	Advance(ctx context.Context, id string, fn func(*Advance) error) (Generation, error)
}

// Advance is one step of a generation's saga in the store. A new state of the generation that is Told is written to
// the feed.
type Advance struct {
	Generation *Generation
	Trip       *Trip
	// NewVersion is stored as the trip's newest version if it is set, as by Itineraries.AddVersion.
	NewVersion *Itinerary
	// Enrich are places whose details are asked for.
	Enrich []string
	// ForgetKey makes the generation's idempotency key free again, so that the same request can be made anew.
	ForgetKey bool
}

// Feed is what happened to trips.
type Feed interface {
	// Changes gives a trip's entries numbered after a number, oldest first: ErrNoTrip, ErrResumeToken where some of them
	// are not kept any more.
	Changes(ctx context.Context, owner, tripID string, after int64, limit int) ([]Change, error)
	// Filled writes that the details of a place of the trip were filled in, as an event told; the same event is told once,
	// and a trip that is gone is none to tell.
	Filled(ctx context.Context, eventID, tripID, placeID string) error
	// Subscribe gives a channel that is sent to (without blocking) each time the trip may have new entries, until stop
	// is called.
	Subscribe(tripID string) (wake <-chan struct{}, stop func())
}

// Shares stores read-only links. Tokens are stored by their hash only, and sealed while a request may be repeated.
type Shares interface {
	// AddShare stores a link: ErrNoTrip, Repeated (with its id and, once more, its token), ErrMismatch.
	AddShare(ctx context.Context, owner string, s Share, token string, once Once) error
	// Shares gives a page of a trip's links, newest first, those made before the cursor (a link's id; empty for the
	// first page): ErrNoTrip.
	Shares(ctx context.Context, owner, tripID, before string, limit int) ([]Share, error)
	// RevokeShare makes a link stop working; repeating it changes nothing: ErrNoTrip, ErrNoShare.
	RevokeShare(ctx context.Context, owner, tripID, shareID string, now time.Time) (Share, error)
	// Share reads a link: ErrNoTrip, ErrNoShare.
	Share(ctx context.Context, owner, tripID, shareID string) (Share, error)
	// Shared gives the trip that a link shows and its newest itinerary: ErrShareInvalid unless the link works at now and
	// the trip is not deleted.
	Shared(ctx context.Context, token string, now time.Time) (Trip, Itinerary, error)
}

// Alerts stores what the watch over trips found.
type Alerts interface {
	// OpenAlerts are a trip's open alerts, oldest first, and the trip's StaleFrom: ErrNoTrip.
	OpenAlerts(ctx context.Context, owner, tripID string) (open []Alert, stale time.Time, err error)
	// Alert reads one, also one that has ended: ErrNoAlert.
	Alert(ctx context.Context, owner, tripID, alertID string) (Alert, error)
	// UpdateAlerts changes a trip's alerts, and its Looked, in one transaction that nobody else can change the trip
	// during: fn is given the trip and those of its alerts that are open or were kept, and gives those that are new or
	// changed; each is written to the feed. ErrNoTrip, Repeated, ErrMismatch, or what fn returns.
	UpdateAlerts(ctx context.Context, owner, tripID string, once Once, fn func(t *Trip, known []Alert) ([]Alert, error)) error
	// LookNow makes a trip due for a look.
	LookNow(ctx context.Context, tripID string, now time.Time) error
	// TakeDue gives trips whose NextLook is not after now, the most overdue first, and puts each off until an instant, so
	// that no other process takes it meanwhile and one takes it again if this one dies.
	TakeDue(ctx context.Context, now, until time.Time, limit int) ([]Due, error)
}

// Due is a trip that is due for a look.
type Due struct {
	Owner, TripID string
	// At is since when.
	At time.Time
}
