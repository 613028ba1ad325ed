package rpc_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

// onceCase is a write, what stands in its way after it was made, and what it changed.
type onceCase struct {
	write func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error)
	// spoil makes the write impossible: its revision is stale, its version dropped, its date passed.
	spoil func(w *world, tr *tripv1.Trip)
	// present is the resource as it is, as the write gives it.
	present func(w *world, first proto.Message) proto.Message
}

// call makes a write of an RPC and its request.
func call[Req, Res proto.Message](rpc func(context.Context, Req) (Res, error), r Req) func(context.Context) (proto.Message, error) {
	return func(ctx context.Context) (proto.Message, error) {
		res, err := rpc(ctx, r)
		if err != nil {
			return nil, err
		}
		return res, nil
	}
}

func (w *world) rest(tr *tripv1.Trip) { w.rename(tr.GetId(), "다른 이름") }

// later passes the rest of a day, but not the time that keys are kept.
func (w *world) later(*tripv1.Trip) { w.clock.Advance(trip.KeepKeys - time.Hour) }

// versions makes so many new ones that those before are dropped.
func (w *world) versions(tr *tripv1.Trip) {
	for range trip.KeptVersions {
		w.generate(w.get(tr.GetId()))
	}
}

func presentTrip[M interface {
	proto.Message
	GetTrip() *tripv1.Trip
}](wrap func(*tripv1.Trip) M) func(*world, proto.Message) proto.Message {
	return func(w *world, first proto.Message) proto.Message {
		return wrap(w.get(first.(M).GetTrip().GetId())) //nolint:forcetypeassert // the test's own
	}
}

func tripWrites() map[string]onceCase {
	names := &fieldmaskpb.FieldMask{Paths: []string{"name"}}
	return map[string]onceCase{
		"CreateTrip, its start passed": {
			func(w *world, _ *tripv1.Trip) func(context.Context) (proto.Message, error) {
				r := draft()
				r.StartDate = &typev1.Date{Year: 2027, Month: 5, Day: 10}
				return call(w.user.Trips.CreateTrip, r)
			}, (*world).later, presentTrip(func(t *tripv1.Trip) *tripv1.CreateTripResponse { return &tripv1.CreateTripResponse{Trip: t} }),
		},
		"UpdateTrip, its start passed": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.UpdateTrip, &tripv1.UpdateTripRequest{
					TripId: tr.GetId(), Revision: tr.GetRevision(), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"start_date"}},
					Basics: &tripv1.TripBasics{StartDate: &typev1.Date{Year: 2027, Month: 5, Day: 10}},
				})
			}, (*world).later, presentTrip(func(t *tripv1.Trip) *tripv1.UpdateTripResponse { return &tripv1.UpdateTripResponse{Trip: t} }),
		},
		"AddMember": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.AddMember, &tripv1.AddMemberRequest{
					TripId: tr.GetId(), Revision: tr.GetRevision(), Member: &tripv1.Member{Name: "민준", Age: 9, Health: 2},
				})
			}, (*world).rest, presentTrip(func(t *tripv1.Trip) *tripv1.AddMemberResponse { return &tripv1.AddMemberResponse{Trip: t} }),
		},
		"UpdateMember": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.UpdateMember, &tripv1.UpdateMemberRequest{
					TripId: tr.GetId(), Revision: tr.GetRevision(), MemberId: tr.GetMembers()[0].GetId(), UpdateMask: names,
					Member: &tripv1.Member{Name: "서연"},
				})
			}, (*world).rest, presentTrip(func(t *tripv1.Trip) *tripv1.UpdateMemberResponse { return &tripv1.UpdateMemberResponse{Trip: t} }),
		},
		"AddDestination": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.AddDestination, &tripv1.AddDestinationRequest{
					TripId: tr.GetId(), Revision: tr.GetRevision(), Destination: &tripv1.Destination{Name: "서울", Nights: 1},
				})
			}, (*world).rest, presentTrip(func(t *tripv1.Trip) *tripv1.AddDestinationResponse { return &tripv1.AddDestinationResponse{Trip: t} }),
		},
		"UpdateDestination": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.UpdateDestination, &tripv1.UpdateDestinationRequest{
					TripId: tr.GetId(), Revision: tr.GetRevision(), DestinationId: tr.GetDestinations()[0].GetId(), UpdateMask: names,
					Destination: &tripv1.Destination{Name: "서울"},
				})
			}, (*world).rest, presentTrip(func(t *tripv1.Trip) *tripv1.UpdateDestinationResponse {
				return &tripv1.UpdateDestinationResponse{Trip: t}
			}),
		},
		"MoveDestination": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.MoveDestination, &tripv1.MoveDestinationRequest{
					TripId: tr.GetId(), Revision: tr.GetRevision(), DestinationId: tr.GetDestinations()[0].GetId(), Position: 1,
				})
			}, (*world).rest, presentTrip(func(t *tripv1.Trip) *tripv1.MoveDestinationResponse { return &tripv1.MoveDestinationResponse{Trip: t} }),
		},
		"RemoveDestination": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.RemoveDestination, &tripv1.RemoveDestinationRequest{
					TripId: tr.GetId(), Revision: tr.GetRevision(), DestinationId: tr.GetDestinations()[0].GetId(),
				})
			}, (*world).rest, presentTrip(func(t *tripv1.Trip) *tripv1.RemoveDestinationResponse {
				return &tripv1.RemoveDestinationResponse{Trip: t}
			}),
		},
		"DeleteTrip": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.DeleteTrip, &tripv1.DeleteTripRequest{TripId: tr.GetId(), Revision: tr.GetRevision()})
			}, (*world).later, func(_ *world, first proto.Message) proto.Message { return first },
		},
		"BatchDeleteTrips": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				return call(w.user.Trips.BatchDeleteTrips, &tripv1.BatchDeleteTripsRequest{TripIds: []string{tr.GetId()}})
			}, (*world).later, func(_ *world, first proto.Message) proto.Message { return first },
		},
		"UndeleteTrip, after a week": {
			func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
				if _, err := w.user.Trips.DeleteTrip(w.Context(), &tripv1.DeleteTripRequest{TripId: tr.GetId(), Revision: tr.GetRevision()}); err != nil {
					w.Fatal(err)
				}
				w.clock.Advance(trip.KeepDeleted - time.Second)
				return call(w.user.Trips.UndeleteTrip, &tripv1.UndeleteTripRequest{TripId: tr.GetId()})
			}, (*world).rest, presentTrip(func(t *tripv1.Trip) *tripv1.UndeleteTripResponse { return &tripv1.UndeleteTripResponse{Trip: t} }),
		},
	}
}

func itineraryWrites() map[string]onceCase {
	edit := func(change func(*world, string, int64, int64, string) func(context.Context) (proto.Message, error)) func(*world, *tripv1.Trip) func(context.Context) (proto.Message, error) {
		return func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
			it := w.generate(tr)
			return change(w, tr.GetId(), it.GetVersion(), it.GetRevision(), it.GetDays()[0].GetStops()[1].GetId())
		}
	}
	newest := func(wrap func(*typev1.Itinerary) proto.Message) func(*world, proto.Message) proto.Message {
		return func(w *world, _ proto.Message) proto.Message { return wrap(w.itinerary(w.only())) }
	}
	return map[string]onceCase{
		"MoveStop, its version dropped": {edit(func(w *world, id string, v, r int64, stop string) func(context.Context) (proto.Message, error) {
			return call(w.user.Itineraries.MoveStop, &tripv1.MoveStopRequest{TripId: id, Version: v, Revision: r, StopId: stop, ToDay: 2})
		}), (*world).versions, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.MoveStopResponse{Itinerary: it} })},
		"AddStop": {edit(func(w *world, id string, v, r int64, _ string) func(context.Context) (proto.Message, error) {
			return call(w.user.Itineraries.AddStop, &tripv1.AddStopRequest{TripId: id, Version: v, Revision: r, Day: 1, PlaceId: "builtin:x"})
		}), (*world).rest, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.AddStopResponse{Itinerary: it} })},
		"RemoveStop, which is gone": {edit(func(w *world, id string, v, r int64, stop string) func(context.Context) (proto.Message, error) {
			return call(w.user.Itineraries.RemoveStop, &tripv1.RemoveStopRequest{TripId: id, Version: v, Revision: r, StopId: stop})
		}), (*world).rest, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.RemoveStopResponse{Itinerary: it} })},
		"ReplaceStop": {edit(func(w *world, id string, v, r int64, stop string) func(context.Context) (proto.Message, error) {
			return call(w.user.Itineraries.ReplaceStop, &tripv1.ReplaceStopRequest{TripId: id, Version: v, Revision: r, StopId: stop, PlaceId: "builtin:x"})
		}), (*world).rest, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.ReplaceStopResponse{Itinerary: it} })},
		"LockStop": {edit(func(w *world, id string, v, r int64, stop string) func(context.Context) (proto.Message, error) {
			return call(w.user.Itineraries.LockStop, &tripv1.LockStopRequest{TripId: id, Version: v, Revision: r, StopId: stop, Locked: true})
		}), (*world).rest, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.LockStopResponse{Itinerary: it} })},
		"SetStay": {edit(func(w *world, id string, v, r int64, stop string) func(context.Context) (proto.Message, error) {
			return call(w.user.Itineraries.SetStay, &tripv1.SetStayRequest{TripId: id, Version: v, Revision: r, StopId: stop, StayMinutes: 30})
		}), (*world).rest, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.SetStayResponse{Itinerary: it} })},
		"RestoreVersion, which is dropped": {func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
			w.versions(tr)
			return call(w.user.Itineraries.RestoreVersion, &tripv1.RestoreVersionRequest{TripId: tr.GetId(), Version: 1})
		}, (*world).rest, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.RestoreVersionResponse{Itinerary: it} })},
		"AcceptImprovement, of a generation that is not the newest": {func(w *world, tr *tripv1.Trip) func(context.Context) (proto.Message, error) {
			it := w.generate(tr)
			w.ai.Improve(it.GetGenerationId(), 2)
			return call(w.user.Itineraries.AcceptImprovement, &tripv1.AcceptImprovementRequest{TripId: tr.GetId(), GenerationId: it.GetGenerationId()})
		}, (*world).versions, newest(func(it *typev1.Itinerary) proto.Message { return &tripv1.AcceptImprovementResponse{Itinerary: it} })},
	}
}

// only is the one trip of the world.
func (w *world) only() *tripv1.Trip {
	w.Helper()
	res, err := w.user.Trips.ListTrips(w.Context(), &tripv1.ListTripsRequest{})
	if err != nil || len(res.GetTrips()) != 1 {
		w.Fatalf("%v, %v", res.GetTrips(), err)
	}
	return res.GetTrips()[0]
}

// entries counts those of all the trips' feeds.
func (w *world) entries() (n int64) {
	w.Helper()
	for _, deleted := range []bool{false, true} {
		found, err := w.store.List(w.Context(), trip.Query{Owner: triptest.Owner, Now: w.clock.Now(), Order: trip.Newest, Deleted: deleted, Limit: 100})
		if err != nil {
			w.Fatal(err)
		}
		for _, t := range found {
			n += t.Changes
		}
	}
	return n
}

// [T3] A repeated write changes nothing and gives what is there now, whatever has happened since.
func TestARepeatedWriteGivesWhatIsThereNow(t *testing.T) {
	t.Parallel()
	for _, writes := range []map[string]onceCase{tripWrites(), itineraryWrites()} {
		for name, c := range writes {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				tr := w.create()
				write := c.write(w, tr)
				first, err := write(keyed(t.Context(), "k"))
				if err != nil {
					t.Fatal(err)
				}
				c.spoil(w, tr)
				before := w.entries()
				again, err := write(keyed(t.Context(), "k"))
				if err != nil {
					t.Fatal("repeated: ", err)
				}
				wantSame(t, again, c.present(w, first))
				_, err = w.user.Trips.CreateTrip(keyed(t.Context(), "k"), draft())
				wantReason(t, err, errs.ReasonIdempotencyMismatch)
				if after := w.entries(); after != before {
					t.Errorf("the feeds have %d entries more", after-before)
				}
			})
		}
	}
}

// [T9] An alert is acted on once under a key, also one of several stops that stays open.
func TestARepeatedResolutionGivesWhatIsThereNow(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]tripv1.AlertAction{"keep": keep, "replace": replace, "regenerate": regenerate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			made := w.soon()
			w.outlook.SetWeather(tomorrow, rain)
			alert := w.check(made)[0]
			r := &tripv1.ResolveAlertRequest{TripId: made.GetId(), AlertId: alert.GetId(), Action: action}
			if action == replace {
				r.StopId = alert.GetStopIds()[0]
			}
			resolve := call(w.user.Itineraries.ResolveAlert, r)
			first, err := resolve(keyed(t.Context(), "k"))
			if err != nil {
				t.Fatal(err)
			}
			w.outlook.SetWeather(tomorrow, fair)
			w.check(made)
			before, started := w.entries(), w.ai.Started()
			again, err := resolve(keyed(t.Context(), "k"))
			if err != nil {
				t.Fatal("repeated: ", err)
			}
			a, b := first.(*tripv1.ResolveAlertResponse), again.(*tripv1.ResolveAlertResponse) //nolint:forcetypeassert // its own
			wantSame(t, b.GetAlert(), a.GetAlert())
			if a.GetGeneration().GetId() != b.GetGeneration().GetId() || a.GetItinerary().GetRevision() != b.GetItinerary().GetRevision() {
				t.Errorf("got %v after %v", b, a)
			}
			if w.entries() != before || w.ai.Started() != started {
				t.Error("it was done again")
			}
			r.Action = keep
			if action == keep {
				r.Action = regenerate
			}
			_, err = resolve(keyed(t.Context(), "k"))
			wantReason(t, err, errs.ReasonIdempotencyMismatch)
		})
	}
}

// [T12] A link under one key is one link, with its token; revoking it again changes nothing.
func TestARepeatedLinkIsTheSameLink(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(triptest.Now)
	w := newWorldOn(t, c, openPostgres(t, c))
	tr := w.create()
	w.generate(tr)
	share := call(w.user.Shares.CreateShareLink, &tripv1.CreateShareLinkRequest{TripId: tr.GetId()})
	first, err := share(keyed(t.Context(), "k"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := share(keyed(t.Context(), "k"))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, again, first)
	link := first.(*tripv1.CreateShareLinkResponse).GetShareLink() //nolint:forcetypeassert // its own
	revoke := call(w.user.Shares.RevokeShareLink, &tripv1.RevokeShareLinkRequest{TripId: tr.GetId(), ShareLinkId: link.GetId()})
	revoked, err := revoke(keyed(t.Context(), "r"))
	if err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	if again, err = revoke(keyed(t.Context(), "r")); err != nil {
		t.Fatal(err)
	}
	wantSame(t, again, revoked)
	list, err := w.user.Shares.ListShareLinks(t.Context(), &tripv1.ListShareLinksRequest{TripId: tr.GetId()})
	if err != nil || len(list.GetShareLinks()) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// [P2] A secret is rotated once under a key, an endpoint removed once, a delivery replayed once.
func TestRepeatedWritesOfWebhooks(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(triptest.Now)
	w := newWorldOn(t, c, openPostgres(t, c))
	hooks, ctx := w.user.Webhooks, t.Context()
	made, err := hooks.CreateWebhook(ctx, &tripv1.CreateWebhookRequest{
		Url: "https://example.com/hook", Events: []tripv1.WebhookEvent{tripv1.WebhookEvent_WEBHOOK_EVENT_TRIP_CHANGED},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.create()
	id := made.GetWebhook().GetId()
	log, err := hooks.ListWebhookDeliveries(ctx, &tripv1.ListWebhookDeliveriesRequest{WebhookId: id})
	if err != nil || len(log.GetDeliveries()) != 1 {
		t.Fatalf("%v, %v", log, err)
	}
	for key, write := range map[string]func(context.Context) (proto.Message, error){
		"rotate": call(hooks.RotateWebhookSecret, &tripv1.RotateWebhookSecretRequest{WebhookId: id}),
		"enable": call(hooks.EnableWebhook, &tripv1.EnableWebhookRequest{WebhookId: id}),
		"replay": call(hooks.ReplayWebhookDelivery, &tripv1.ReplayWebhookDeliveryRequest{WebhookId: id, DeliveryId: log.GetDeliveries()[0].GetId()}),
	} {
		first, err := write(keyed(ctx, key))
		if err != nil {
			t.Fatal(key, ": ", err)
		}
		c.Advance(time.Minute)
		again, err := write(keyed(ctx, key))
		if err != nil {
			t.Fatal(key, " again: ", err)
		}
		wantSame(t, again, first)
	}
	remove := call(hooks.DeleteWebhook, &tripv1.DeleteWebhookRequest{WebhookId: id})
	for range 2 {
		if _, err := remove(keyed(ctx, "remove")); err != nil {
			t.Error("remove: ", err)
		}
	}
	_, err = remove(ctx)
	wantReason(t, err, errs.ReasonNotFound)
}
