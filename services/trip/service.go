package trip

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
)

// Service has the use cases.
type Service struct{ Deps }

// Deps is what the use cases work with.
type Deps struct {
	Trips       Trips
	Itineraries Itineraries
	Generations Generations
	Feed        Feed
	Keys        Keys
	Shares      Shares
	Alerts      Alerts
	Webhooks    Webhooks
	Targets     Targets
	Outlook     Outlook
	Cities      Cities
	Zones       Zones
	Sagas       Sagas
	Intake      Intake
	Planner     Planner
	Documents   Documents
	Log         *slog.Logger
	Clock       clock.Clock
	IDs         id.Source
	// HandOverWait is how long GenerateItinerary waits for the outcome of the hand-over, so that the caller hears of a
	// full queue at once.
	HandOverWait time.Duration
}

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Caller is who makes a call, and how.
type Caller struct {
	// Owner is the token's subject, ClientID the OAuth2 client.
	Owner, ClientID string
	Language        lang.Lang
	// Once makes a write happen once.
	Once Once
}

func (s *Service) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Microsecond) }

// locate finds the city and zone of a destination as far as the data knows it: by its name, else by its lodging. An
// error says that the location service cannot be asked; the destination stays unknown and is looked up again before a
// generation.
func (s *Service) locate(ctx context.Context, d *Destination) error {
	d.City, d.Zone = "", ""
	var at *Point
	if d.Lodging != nil {
		at = d.Lodging.At
	}
	city, err := s.Cities.CityByName(ctx, d.Name)
	if errors.Is(err, ErrCityUnknown) && at != nil {
		city, err = s.Cities.CityAt(ctx, *at)
	}
	if err == nil {
		d.City, d.Zone = city.ID, city.Zone
		return nil
	}
	if at != nil {
		d.Zone = s.Zones.ZoneAt(*at)
	}
	if errors.Is(err, ErrCityUnknown) {
		return nil
	}
	return err
}

// tryLocate is locate for edits, which work without the location service.
func (s *Service) tryLocate(ctx context.Context, d *Destination) {
	if err := s.locate(ctx, d); err != nil {
		s.Log.WarnContext(ctx, "look up a city", "error", err)
	}
}

// temporary tells whether the same call may work later.
func temporary(err error) bool {
	e, ok := errs.Of(err)
	return ok && (e.Kind == errs.KindUnavailable || e.Kind == errs.KindDeadlineExceeded || e.Kind == errs.KindCanceled)
}
