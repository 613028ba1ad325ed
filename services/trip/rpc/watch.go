package rpc

import (
	"context"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/page"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// WatchTrip streams a trip's feed. A resume token is the signed number of an entry.
func (h *trips) WatchTrip(
	ctx context.Context, r *tripv1.WatchTripRequest, stream *connect.ServerStream[tripv1.WatchTripResponse],
) error {
	c, err := h.reader(ctx)
	if err != nil {
		return err
	}
	w := watch{trips: h, stream: stream, query: page.Query{"WatchTrip", c.Owner, r.GetTripId()}, tripID: r.GetTripId()}
	after, err := w.begin(ctx, c, r.GetResumeToken())
	if err != nil {
		return err
	}
	ticker := time.NewTicker(h.Heartbeat)
	defer ticker.Stop()
	for change, err := range h.Service.Watch(ctx, c, r.GetTripId(), after, ticker.C) {
		if err != nil {
			return err
		}
		if err := w.send(change); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// watch is one stream.
type watch struct {
	*trips
	stream *connect.ServerStream[tripv1.WatchTripResponse]
	query  page.Query
	tripID string
	// number is that of the last entry sent.
	number int64
}

// begin gives the number of the entry after which to go on: the token's, or, after the present state was sent, the
// newest one's.
func (w *watch) begin(ctx context.Context, c trip.Caller, token string) (int64, error) {
	if token != "" {
		text, err := w.Pages.Open(w.query, token)
		if err != nil {
			return 0, trip.ErrResumeToken.Wrap(err)
		}
		if w.number, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, trip.ErrResumeToken.Wrap(err)
		}
		return w.number, nil
	}
	t, err := w.Service.Get(ctx, c, w.tripID)
	if err != nil {
		return 0, err
	}
	return t.Changes, w.send(&trip.Change{TripID: t.ID, Number: t.Changes, Time: t.Updated, Trip: &t})
}

func (w *watch) send(change *trip.Change) error {
	m := &tripv1.WatchTripResponse{}
	if change == nil {
		m.Time = timestamppb.New(w.Clock.Now())
		m.Event = &tripv1.WatchTripResponse_Heartbeat{Heartbeat: &tripv1.Heartbeat{}}
	} else {
		w.number = change.Number
		if err := fillChange(m, change, w.Clock.Now()); err != nil {
			return err
		}
	}
	m.ResumeToken = w.Pages.Seal(w.query, strconv.FormatInt(w.number, 10))
	return w.stream.Send(m)
}

// fillChange tells an entry of a feed, as of now.
func fillChange(m *tripv1.WatchTripResponse, c *trip.Change, now time.Time) error {
	m.Time = timestamppb.New(c.Time)
	switch {
	case c.Trip != nil:
		m.Event = &tripv1.WatchTripResponse_TripChanged{TripChanged: tripMessage(*c.Trip, now)}
	case c.Itinerary != nil:
		change := &tripv1.ItineraryChange{Version: c.Itinerary.Version, Revision: c.Itinerary.Revision}
		for _, day := range c.Itinerary.Days {
			change.Days = append(change.Days, int32(day))
		}
		m.Event = &tripv1.WatchTripResponse_ItineraryChanged{ItineraryChanged: change}
	case c.Generation != nil:
		g, err := generationMessage(c.TripID, *c.Generation, nil)
		if err != nil {
			return err
		}
		m.Event = &tripv1.WatchTripResponse_GenerationChanged{GenerationChanged: g}
	case c.Alert != nil:
		m.Event = &tripv1.WatchTripResponse_AlertRaised{AlertRaised: alertMessage(*c.Alert)}
	default:
		m.Event = &tripv1.WatchTripResponse_PlacesFilled{PlacesFilled: &tripv1.PlacesFilled{PlaceIds: c.Places}}
	}
	return nil
}
