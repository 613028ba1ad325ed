package attack

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/tripgen/tripgen/envoy"
)

// The last of the attacks, since nobody's access token survives it: whoever has got hold of the key that signs, and of
// tokens that the gateway has checked before, has nothing any more once an operator withdraws it.
func TestWithdrawnKeys(t *testing.T) {
	p := person(t)
	before, err := p.Tokens.Token()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the gateway and the service remember it
		if got := call(t, whole.Gateway, listTrips, before.AccessToken, "{}"); got.status != http.StatusOK {
			t.Fatalf("before: %d %s", got.status, got.body)
		}
	}
	key := keyID(t, before.AccessToken)
	out, err := whole.Command(t.Context(), []string{
		"TRIPGEN_POSTGRES_USER=" + database.URL("tripgen_user"), "TRIPGEN_SEAL_KEY_FILE=" + filepath.Join(whole.Dir, "keys.json"),
	}, "keys", "revoke", key)
	if err != nil {
		t.Fatal(err)
	}
	made := regexp.MustCompile("^" + key + ` is revoked: .*; (\w{16}) was made in its place\n$`).FindStringSubmatch(out)
	if made == nil {
		t.Fatalf("tripgen keys revoke printed %q", out)
	}
	t.Run("refused", func(t *testing.T) {
		attack(t, "token of a withdrawn key at the gateway", func(t *testing.T) { soon(t, before.AccessToken) })
		attack(t, "token of a withdrawn key at a service", func(t *testing.T) {
			trip, err := whole.Service(t.Context(), envoy.Trip)
			if err != nil {
				t.Fatal(err)
			}
			soonAt(t, "http://"+trip, before.AccessToken)
		})
	})
	t.Run("its owner goes on by the refresh token", func(t *testing.T) {
		renewed := granted(t, refresh(t, before.RefreshToken)).Access
		if id := keyID(t, renewed); id != made[1] {
			t.Errorf("signed with %s, want %s", id, made[1])
		}
		for deadline := time.Now().Add(10 * time.Second); ; {
			got := call(t, whole.Gateway, listTrips, renewed, "{}")
			if got.status == http.StatusOK {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the new token: %d %s", got.status, got.body)
			}
		}
	})
}

// keyID is the key that a token names.
func keyID(t *testing.T, token string) string {
	t.Helper()
	header, _ := parts(token)
	var named struct {
		ID string `json:"kid"`
	}
	if err := json.Unmarshal([]byte(header), &named); err != nil || named.ID == "" {
		t.Fatalf("header %q names no key: %v", header, err)
	}
	return named.ID
}
