package e2e

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/test/people"
)

// [U4] A traveller takes all data along and deletes the account, while an itinerary is being made: everything is in the
// archive, and then gone from all services, and proved.
func TestATravellerTakesTheDataAlongAndLeaves(t *testing.T) {
	t.Parallel()
	v, client := people.New(), anonymous(t)
	if _, err := client.Account.SignUp(t.Context(), v.SignUpRequest()); err != nil {
		t.Fatal("sign up: ", err)
	}
	tokens, err := client.LogIn(t.Context(), v.LogInParams())
	if err != nil {
		t.Fatal("log in: ", err)
	}
	mine := anonymous(t, tripgen.WithTokenSource(tokens))
	trip := createTrip(t, mine, "Paris", 1)
	var done *userv1.ExportMyDataResponse
	await(t, "the archive", func() bool {
		res, err := mine.Account.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{ExportId: done.GetExportId()})
		if connect.CodeOf(err) == connect.CodeResourceExhausted { // asked too often
			return false
		}
		if err != nil {
			t.Fatal("export: ", err)
		}
		done = res
		return done.GetState() == userv1.JobState_JOB_STATE_DONE
	})
	token, err := tokens.Token()
	if err != nil {
		t.Fatal(err)
	}
	files := archive(t, done.GetArchivePath(), token.AccessToken)
	if !strings.Contains(files["user/account.json"], v.LoginID) || !strings.Contains(files["trip/trips/"+trip.GetId()+"/trip.json"], "가족 여행") {
		t.Errorf("the archive lacks something: %v", files)
	}

	generation, err := mine.Itineraries.GenerateItinerary(t.Context(), &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
	if err != nil {
		t.Fatal("generate: ", err)
	}
	receipt, err := mine.Account.DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: v.Password})
	if err != nil {
		t.Fatal("delete: ", err)
	}
	var proof *userv1.GetDeletionResponse
	await(t, "the deletion", func() bool {
		proof, err = client.Account.GetDeletion(t.Context(), &userv1.GetDeletionRequest{DeletionId: receipt.GetDeletionId()})
		if err != nil {
			t.Fatal("get deletion: ", err)
		}
		return proof.GetState() == userv1.JobState_JOB_STATE_DONE
	})
	removed := map[string]map[string]int64{}
	for _, d := range proof.GetDeleted() {
		removed[d.GetService()] = d.GetRemoved()
	}
	if len(removed) != 4 || removed["trip"]["trips"] != 1 || removed["trip"]["generations"] != 1 || removed["user"]["accounts"] != 1 ||
		removed["user"]["exports"] != 1 || removed["ai"]["generations"] > 1 {
		t.Errorf("removed: %v (generation %s)", removed, generation.GetGeneration().GetId())
	}
	await(t, "the gateway to refuse the token", func() bool {
		_, err := mine.Trips.GetTrip(t.Context(), &tripv1.GetTripRequest{TripId: trip.GetId()})
		return connect.CodeOf(err) == connect.CodeUnauthenticated
	})
	if _, err := client.LogIn(t.Context(), v.LogInParams()); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("logging in afterwards: %v", err)
	}
	if _, err := client.Account.SignUp(t.Context(), v.SignUpRequest()); err != nil {
		t.Errorf("signing up anew: %v", err)
	}
}

// archive downloads and unpacks one.
func archive(t *testing.T, path, token string) map[string]string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	content, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("download: %d, %v: %.200s", res.StatusCode, err, content)
	}
	unpacked, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range unpacked.File {
		opened, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}
