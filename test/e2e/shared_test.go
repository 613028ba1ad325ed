package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
)

// checkShared opens a link to a trip's itinerary as somebody who has nothing but it, and again when it is revoked. [T12]
func checkShared(t *testing.T, client *tripgen.Client, trip *tripv1.Trip, place string) {
	t.Helper()
	made, err := client.Shares.CreateShareLink(t.Context(), &tripv1.CreateShareLinkRequest{TripId: trip.GetId()})
	if err != nil {
		t.Fatal("share: ", err)
	}
	open := func() (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway+made.GetShareLink().GetPath(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close() //nolint:errcheck // it was read
		page, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(page)
	}
	status, page := open()
	if status != http.StatusOK || !strings.Contains(page, trip.GetName()) || !strings.Contains(page, place) {
		t.Errorf("the link opens with %d: %.300s", status, page)
	}
	if strings.Contains(page, trip.GetMembers()[0].GetName()) {
		t.Error("the page names a member")
	}
	if _, err := client.Shares.RevokeShareLink(t.Context(), &tripv1.RevokeShareLinkRequest{
		TripId: trip.GetId(), ShareLinkId: made.GetShareLink().GetId(),
	}); err != nil {
		t.Fatal("revoke: ", err)
	}
	if status, _ := open(); status != http.StatusNotFound {
		t.Errorf("a revoked link opens with %d", status)
	}
}
