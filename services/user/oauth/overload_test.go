package oauth_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// hangingClients is a store that answers nobody.
type hangingClients struct{ oauth.Clients }

func (hangingClients) Client(ctx context.Context, _ string) (oauth.Client, error) {
	<-ctx.Done()
	return oauth.Client{}, ctx.Err()
}

// A database that hangs keeps nobody's place: whoever waits for it is told to come back.
func TestAStoreThatHangsIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{AtOnce: 1, Patience: 50 * time.Millisecond, Clients: func(c oauth.Clients) oauth.Clients {
		return hangingClients{c}
	}})
	for range 2 {
		got := post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials"}})
		if got.status != http.StatusServiceUnavailable || got.code() != "temporarily_unavailable" || got.header.Get("Retry-After") == "" {
			t.Errorf("%d %v %v", got.status, got.body, got.header)
		}
	}
}

// A client that dawdles with its body keeps a place for no longer than anybody.
func TestASlowBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{AtOnce: 1, Patience: 100 * time.Millisecond})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	if _, err := fmt.Fprintf(conn, "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type="); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // nothing is read
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("the slow one = %s", res.Status)
	}
	got := post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials"}})
	if got.status != http.StatusOK {
		t.Errorf("the next one = %d %v", got.status, got.body)
	}
}
