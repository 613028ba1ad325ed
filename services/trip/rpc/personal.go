package rpc

import (
	"context"
	"fmt"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/personal"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/export"
)

// Collector gives all that the trip service has of a person, as messages of the contract in JSON:
//
//	trips/TRIP/trip.json              a Trip; those deleted in the last days too
//	trips/TRIP/itinerary-VERSION.json an Itinerary; the newest also as .ics and .gpx
//	trips/TRIP/feed/NUMBER.json       an entry of the trip's feed, as WatchTrip tells it, of the last days
//	trips/TRIP/shares/LINK.json       a ShareLink
//	trips/TRIP/alerts/ALERT.json      an Alert that is open
//	webhooks/WEBHOOK.json             a Webhook, without its secret
type Collector struct {
	Deps
	Trips interface {
		trip.Trips
		trip.Shares
		trip.Alerts
		// KeptItinerary gives the oldest version after another one, and KeptChanges the entries of a feed after one, also of
		// trips that are deleted and not purged yet: ErrVersionGone, ErrNoTrip.
		KeptItinerary(ctx context.Context, owner, tripID string, after int64) (trip.Itinerary, error)
		KeptChanges(ctx context.Context, owner, tripID string, after int64, limit int) ([]trip.Change, error)
		Webhooks(ctx context.Context, owner, before string, limit int) ([]trip.Webhook, error)
	}
}

const collectPage = 100

// Collect gives all data of an owner.
func (c Collector) Collect(ctx context.Context, owner string, add func(string, []byte) error) error {
	for _, deleted := range []bool{false, true} {
		q := trip.Query{Owner: owner, Order: trip.Newest, Deleted: deleted, Now: c.Clock.Now(), Limit: collectPage}
		for {
			trips, err := c.Trips.List(ctx, q)
			if err != nil {
				return err
			}
			for _, t := range trips {
				if err := c.trip(ctx, t, add); err != nil {
					return err
				}
			}
			if len(trips) < collectPage {
				break
			}
			q.After = &trip.Cursor{ID: trips[len(trips)-1].ID}
		}
	}
	for before := ""; ; {
		hooks, err := c.Trips.Webhooks(ctx, owner, before, collectPage)
		if err != nil {
			return err
		}
		for _, w := range hooks {
			if err := personal.Adder(add).Message("webhooks/"+w.ID, webhookMessage(w)); err != nil {
				return err
			}
			before = w.ID
		}
		if len(hooks) < collectPage {
			return nil
		}
	}
}

// trip gives one trip. One that is removed meanwhile has nothing more to give.
func (c Collector) trip(ctx context.Context, t trip.Trip, add personal.Adder) error {
	at := "trips/" + t.ID
	if err := add.Message(at+"/trip", tripMessage(t, c.Clock.Now())); err != nil {
		return err
	}
	for _, part := range []func(context.Context, trip.Trip, string, personal.Adder) error{c.itineraries, c.feed, c.shares, c.alerts} {
		if err := part(ctx, t, at, add); err != nil && errs.KindOf(err) != errs.KindNotFound {
			return err
		}
	}
	return nil
}

// itineraries gives the versions one by one, since each may be replaced meanwhile.
func (c Collector) itineraries(ctx context.Context, t trip.Trip, at string, add personal.Adder) error {
	for after := int64(0); ; {
		it, err := c.Trips.KeptItinerary(ctx, t.Owner, t.ID, after)
		if errs.KindOf(err) == errs.KindNotFound {
			return nil
		}
		if err == nil {
			err = itinerary(t, it, fmt.Sprintf("%s/itinerary-%d", at, it.Version), add)
		}
		if err != nil {
			return err
		}
		after = it.Version
	}
}

func itinerary(t trip.Trip, it trip.Itinerary, path string, add personal.Adder) error {
	m, err := itineraryMessage(it)
	if err != nil {
		return err
	}
	if err := add.Message(path, m); err != nil || it.Version != t.Itinerary {
		return err
	}
	sheet := export.Sheet{TripName: t.Name, Itinerary: m, Language: lang.Default}
	gpx, err := export.GPX(sheet)
	if err != nil {
		return err
	}
	if err := add(path+".gpx", gpx.Data); err != nil {
		return err
	}
	return add(path+".ics", export.ICS(sheet).Data)
}

func (c Collector) feed(ctx context.Context, t trip.Trip, at string, add personal.Adder) error {
	for after := int64(0); ; {
		entries, err := c.Trips.KeptChanges(ctx, t.Owner, t.ID, after, collectPage)
		if err != nil {
			return err
		}
		for _, e := range entries {
			m := new(tripv1.WatchTripResponse)
			if err := fillChange(m, &e, c.Clock.Now()); err != nil {
				return err
			}
			if err := add.Message(fmt.Sprintf("%s/feed/%d", at, e.Number), m); err != nil {
				return err
			}
			after = e.Number
		}
		if len(entries) < collectPage {
			return nil
		}
	}
}

func (c Collector) shares(ctx context.Context, t trip.Trip, at string, add personal.Adder) error {
	for before := ""; ; {
		links, err := c.Trips.Shares(ctx, t.Owner, t.ID, before, collectPage)
		if err != nil {
			return err
		}
		for _, s := range links {
			if err := add.Message(at+"/shares/"+s.ID, shareMessage(s)); err != nil {
				return err
			}
			before = s.ID
		}
		if len(links) < collectPage {
			return nil
		}
	}
}

func (c Collector) alerts(ctx context.Context, t trip.Trip, at string, add personal.Adder) error {
	open, _, err := c.Trips.OpenAlerts(ctx, t.Owner, t.ID)
	if err != nil {
		return err
	}
	for _, a := range open {
		if err := add.Message(at+"/alerts/"+a.ID, alertMessage(a)); err != nil {
			return err
		}
	}
	return nil
}
