package rpc_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
)

// open reads a page as a browser does.
func (w *world) open(path, language string) (*http.Response, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.server.BaseURL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Accept-Language", language)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	return res, string(body)
}

// [T12] A link opens as a page in the reader's language, which stands for itself and tells nothing about the members.
func TestASharedLinkOpensAsAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr := w.create(func(r *tripv1.CreateTripRequest) { r.Name = "<script>봄" })
	w.generate(tr)
	made, err := w.user.Shares.CreateShareLink(t.Context(), &tripv1.CreateShareLinkRequest{TripId: tr.GetId(), ValidDays: 1})
	if err != nil {
		t.Fatal(err)
	}
	path := made.GetShareLink().GetPath()
	for language, says := range map[string][]string{
		"ko": {`<html lang="ko">`, "1일차", "명소 1-1", "2027-06-01 (화)", "맑음, 14~22 °C"},
		"en": {`<html lang="en">`, "Day 1", "Sight 1-1", "2027-06-01 (Tue)", "Clear, 14 to 22 °C"},
	} {
		res, page := w.open(path, language)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" ||
			res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: %s with %v", language, res.Status, res.Header)
		}
		for _, text := range append(says, "&lt;script&gt;봄") {
			if !strings.Contains(page, text) {
				t.Errorf("%s: the page lacks %q", language, text)
			}
		}
		for _, text := range []string{"지우", "<script", "http:", "https:", tr.GetId(), "gen_"} {
			if strings.Contains(page, text) {
				t.Errorf("%s: the page has %q", language, text)
			}
		}
		_, rest, _ := strings.Cut(page, "<style>")
		style, _, _ := strings.Cut(rest, "</style>")
		sum := sha256.Sum256([]byte(style))
		if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			t.Errorf("%s: %q refuses the page's style", language, policy)
		}
	}
	w.clock.Advance(24 * time.Hour)
	for language, says := range map[string]string{"ko": "더 이상 열 수 없는 링크입니다.", "en": "This link does not work (any more)."} {
		for name, path := range map[string]string{"expired": path, "never was": "/shared/?t=x", "nothing": "/shared/"} {
			res, page := w.open(path, language)
			if res.StatusCode != http.StatusNotFound || res.Header.Get("Content-Type") != "text/html; charset=utf-8" ||
				!strings.Contains(page, `<html lang="`+language+`">`) || !strings.Contains(page, "<h1>"+says+"</h1>") {
				t.Errorf("%s, %s: %s %q", name, language, res.Status, page)
			}
		}
	}
}

// [T12] With fonts there is a map in it.
func TestASharedPageHasAMap(t *testing.T) {
	t.Parallel()
	needFonts(t)
	w := newWorld(t)
	tr := w.create()
	w.generate(tr)
	made, err := w.user.Shares.CreateShareLink(t.Context(), &tripv1.CreateShareLinkRequest{TripId: tr.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for {
		if _, page := w.open(made.GetShareLink().GetPath(), "ko"); strings.Contains(page, `<img src="data:image/png;base64,iVBOR`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the page never has a map")
		}
	}
}
