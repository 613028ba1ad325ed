package postgres_test

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/reseal/resealtest"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/postgres"
)

// [U5] After a rotation everything can be sealed anew, and is read without the old key.
func TestEverythingSealedCanBeSealedAnew(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := ada(f)
	f.create(t, a)
	session := f.begin(t, a)
	pictured, err := f.SetAvatar(t.Context(), a.ID, &user.Picture{Full: []byte("PICTURE"), Thumbnail: []byte("THUMBNAIL")})
	if err != nil {
		t.Fatal(err)
	}
	times := oauth.KeyTimes{Lead: time.Minute, Keep: time.Minute, Reload: time.Hour}
	keys, err := oauth.OpenKeys(t.Context(), f.Store, f.clock, times)
	if err != nil {
		t.Fatal(err)
	}
	export, _, err := f.BeginExport(t.Context(), a.ID, "export_1", f.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	document := user.Document{Path: "trips.json", Content: []byte("the trips")}
	if err := f.AddDocument(t.Context(), export.ID, "trip", "first", 1, document); err != nil {
		t.Fatal(err)
	}
	alone := resealtest.Rotate(t, f.pool, f.keys, postgres.Sealed(),
		"accounts.login_index", "accounts.email_index", "browsers.hash", "clients.secret_hash", "clients.old_secret_hash", "codes.hash",
		"codes.browser", "confirmations.code_hash", "journal.from_index", "login_attempts.login_index", "sessions.browser",
		"sessions.refresh_hash", "sessions.previous_hash")
	after := f.by(t, alone)
	if found, _, err := after.Credentials(t.Context(), a.LoginID); err != nil || found.Name != a.Name || found.Phone != a.Phone {
		t.Errorf("account: %+v, %v", found, err)
	}
	if g, err := after.Grant(t.Context(), session.ID); err != nil || g.DeviceName != session.DeviceName {
		t.Errorf("session: %+v, %v", g, err)
	}
	if c, err := after.Code(t.Context(), []byte(session.ID)); err != nil || c.Session.DeviceName != session.DeviceName {
		t.Errorf("code: %+v, %v", c, err)
	}
	again, err := oauth.OpenKeys(t.Context(), after, f.clock, times)
	if err != nil || again.IDs()[0] != keys.IDs()[0] {
		t.Errorf("signing keys: %v", err)
	}
	if mails, err := after.Claim(t.Context(), 10, time.Minute); err != nil || len(mails) == 0 {
		t.Errorf("mails: %v, %v", mails, err)
	}
	if p, err := after.Avatar(t.Context(), a.ID, pictured.AvatarVersion); err != nil || string(p.Full) != "PICTURE" || string(p.Thumbnail) != "THUMBNAIL" {
		t.Errorf("picture: %+v, %v", p, err)
	}
	export.Parts = map[string]user.Part{"trip": {Attempt: "first", Documents: 1}}
	if err := after.Documents(t.Context(), export, func(_ string, d user.Document) error {
		if string(d.Content) != string(document.Content) {
			t.Errorf("document: %q", d.Content)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
