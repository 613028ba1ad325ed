// Package tripgen is the Go client of TripGen: itineraries that really work, over a typed API.
//
// From credentials to a streamed generation:
//
//	client, err := tripgen.New("https://api.example.com", tripgen.WithClientCredentials(id, secret))
//	if err != nil { … }
//	gen, err := client.Generate(ctx, &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
//	if err != nil { … }
//	for event, err := range gen.Events(ctx) { … }
//	itinerary, err := gen.Wait(ctx)
//
// The client renews its tokens by itself, gives every unsafe call an idempotency key that all its retries
// share, waits as long as the server says before it tries again, and resumes a cut stream where it was cut;
// where streams do not get through it polls. Errors are *connect.Error; [AsError] turns them into an [Error]
// with the stable reason, the field violations and the time to wait.
//
// [WebhookVerifier] tells TripGen's webhook calls from others' and reads them.
//
// The generated messages and raw clients are in the gen/ folder; every RPC of the contract can be called
// through the fields of [Client].
package tripgen
