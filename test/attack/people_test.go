package attack

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/envoy"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/test/people"
)

func decode(t *testing.T, r io.Reader, into any) {
	t.Helper()
	if err := json.NewDecoder(r).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// person is somebody of this one attack only.
func person(t *testing.T) *people.Person {
	t.Helper()
	p, err := whole.Person(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// soon wants the token refused by the gateway within a second.
func soon(t *testing.T, token string) {
	t.Helper()
	soonAt(t, whole.Gateway, token)
}

// soonAt wants the token refused at an address within a second.
func soonAt(t *testing.T, base, token string) {
	t.Helper()
	for began := time.Now(); ; {
		got := call(t, base, listTrips, token, "{}")
		if got.status == http.StatusUnauthorized {
			refused(t, got, http.StatusUnauthorized, "unauthenticated")
			return
		}
		if time.Since(began) > time.Second {
			t.Fatalf("after a second: %d", got.status)
		}
	}
}

func TestEndedSessions(t *testing.T) {
	attack(t, "token of a session that was logged out", func(t *testing.T) {
		p := person(t)
		held := token(t, p)
		if _, err := p.Client.Account.LogOut(t.Context(), &userv1.LogOutRequest{}); err != nil {
			t.Fatal(err)
		}
		soon(t, held)
		at, err := whole.Service(t.Context(), envoy.Trip)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, call(t, "http://"+at, listTrips, held, "{}"), http.StatusUnauthorized, "unauthenticated")
	})
	attack(t, "revoked token", func(t *testing.T) {
		held := token(t, person(t))
		if got := form(t, "/oauth2/revoke", url.Values{"token": {held}, "client_id": {people.ClientID}}); got.status != http.StatusOK {
			t.Fatalf("revoke: %d %s", got.status, got.body)
		}
		soon(t, held)
	})
	attack(t, "token with forged session headers after log-out", func(t *testing.T) {
		p := person(t)
		held := token(t, p)
		if _, err := p.Client.Account.LogOut(t.Context(), &userv1.LogOutRequest{}); err != nil {
			t.Fatal(err)
		}
		soon(t, held)
		refused(t, call(t, whole.Gateway, listTrips, held, "{}", func(r *http.Request) {
			r.Header.Set("X-Tripgen-Session", "sess_other")
			r.Header.Set("X-Tripgen-Token", "other")
		}), http.StatusUnauthorized, "unauthenticated")
	})
	attack(t, "refresh after log-out", func(t *testing.T) {
		p := person(t)
		held, err := p.Tokens.Token()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Client.Account.LogOut(t.Context(), &userv1.LogOutRequest{}); err != nil {
			t.Fatal(err)
		}
		refused(t, refresh(t, held.RefreshToken), http.StatusBadRequest, "invalid_grant")
	})
}

func refresh(t *testing.T, token string, more ...string) answer {
	t.Helper()
	values := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {people.ClientID}}
	for i := 0; i+1 < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	return form(t, "/oauth2/token", values)
}

func TestOthersThings(t *testing.T) {
	created, err := victim.Client.Trips.CreateTrip(t.Context(), &tripv1.CreateTripRequest{
		Name: "mine", TransportMode: typev1.TransportMode_TRANSPORT_MODE_CAR,
		Members: []*tripv1.Member{{
			Name: "Jiwoo", Age: 38, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD,
			Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_CULTURE},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := created.GetTrip().GetId()
	sessions, err := victim.Client.Account.ListSessions(t.Context(), &userv1.ListSessionsRequest{})
	if err != nil || len(sessions.GetSessions()) == 0 {
		t.Fatal(err)
	}
	body := func(pairs ...string) string {
		m := map[string]any{}
		for i := 0; i+1 < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		out, _ := json.Marshal(m) // strings can always be written
		return string(out)
	}
	for name, c := range map[string]struct{ path, body string }{
		"another's trip, read":       {getTrip, body("tripId", id)},
		"another's trip, deleted":    {"/tripgen.trip.v1.TripService/DeleteTrip", body("tripId", id, "revision", "1")},
		"another's trip, generated":  {"/tripgen.trip.v1.ItineraryService/GenerateItinerary", body("tripId", id, "revision", "1")},
		"another's itinerary":        {"/tripgen.trip.v1.ItineraryService/GetItinerary", body("tripId", id)},
		"another's session, ended":   {"/tripgen.user.v1.AccountService/EndSession", body("sessionId", sessions.GetSessions()[0].GetId())},
		"a generation of nobody":     {"/tripgen.ai.v1.GenerationService/GetGeneration", body("generationId", "gen_018f0000-0000-7000-8000-000000000001")},
		"another's trip, id as path": {getTrip, body("tripId", "../"+id)},
		"another's trip, id as SQL":  {getTrip, body("tripId", id+"' OR '1'='1")},
	} {
		attack(t, name, func(t *testing.T) {
			got := call(t, whole.Gateway, c.path, token(t, attacker), c.body)
			switch got.status {
			case http.StatusNotFound:
				refused(t, got, http.StatusNotFound, "not_found")
			default:
				refused(t, got, http.StatusBadRequest, "invalid_argument")
			}
			if strings.Contains(got.body, "mine") {
				t.Error("the answer tells of another's trip")
			}
		})
	}
	attack(t, "straight to the service with forged headers", func(t *testing.T) {
		at, err := whole.Service(t.Context(), envoy.Trip)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, call(t, "http://"+at, getTrip, "", body("tripId", id), func(r *http.Request) {
			r.Header.Set("X-Tripgen-Subject", created.GetTrip().GetId())
			r.Header.Set("X-User-Id", "user_admin")
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
		}), http.StatusUnauthorized, "unauthenticated")
	})
	for _, path := range []string{
		"/tripgen.user.v1.RevocationService/WatchRevocations", "/tripgen.ai.v1.GenerationIntakeService/StartGeneration",
	} {
		attack(t, "internal RPC from outside "+path, func(t *testing.T) {
			refused(t, call(t, whole.Gateway, path, token(t, attacker), "{}"), http.StatusNotFound, "unimplemented")
		})
	}
	attack(t, "internal RPC straight to the service with a person's token", func(t *testing.T) {
		at, err := whole.Service(t.Context(), envoy.AI)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, call(t, "http://"+at, "/tripgen.ai.v1.GenerationIntakeService/StartGeneration", token(t, attacker), "{}"), http.StatusForbidden, "permission_denied")
	})
}

// code is a fresh authorization code of the person and its verifier.
func code(t *testing.T, p *people.Person) (code, verifier string) {
	t.Helper()
	verifier = oauth2.GenerateVerifier()
	signedIn, err := p.Client.Account.SignIn(t.Context(), &userv1.SignInRequest{
		LoginId: p.LoginID, Password: p.Password, ClientId: people.ClientID, RedirectUri: people.RedirectURI,
		CodeChallenge: oauth2.S256ChallengeFromVerifier(verifier),
	})
	if err != nil {
		t.Fatal(err)
	}
	return signedIn.GetAuthorizationCode(), verifier
}
