package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/app"
	tripgen "github.com/tripgen/tripgen/sdk/go"
	"github.com/tripgen/tripgen/test/fleet"
	"github.com/tripgen/tripgen/test/people"
)

func post(path, contentType, authorization, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: tripgen\r\nContent-Type: %s\r\nContent-Length: %d\r\n", path, contentType, len(body))
	if authorization != "" {
		fmt.Fprintf(&b, "Authorization: %s\r\n", authorization)
	}
	return b.String() + "\r\n" + body
}

func form(authorization string, values url.Values) string {
	return post("/oauth2/token", "application/x-www-form-urlencoded", authorization, values.Encode())
}

// tokens asks for tokens: refreshes of the families that wait for one, and client credentials while none does.
type tokens struct {
	credentials string
	// families are the refresh tokens of those that have no request under way.
	families chan string
}

// newTokens gives each person so many sessions.
func newTokens(ctx context.Context, f *fleet.Fleet, travellers []*people.Person, sessions int) (*tokens, error) {
	id, secret := f.Credentials(app.Trip)
	t := &tokens{
		credentials: form("Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)), url.Values{"grant_type": {"client_credentials"}}),
		families:    make(chan string, len(travellers)*sessions),
	}
	client, err := tripgen.New(f.Gateway)
	if err != nil {
		return nil, err
	}
	for _, p := range travellers {
		for range sessions {
			source, err := client.LogIn(ctx, p.LogInParams())
			if err != nil {
				return nil, fmt.Errorf("log in: %w", err)
			}
			token, err := source.Token()
			if err != nil {
				return nil, err
			}
			t.families <- token.RefreshToken
		}
	}
	return t, nil
}

func (t *tokens) credential() exchange {
	return exchange{request: t.credentials, done: func(int, []byte) {}}
}

func (t *tokens) any() exchange {
	select {
	case token := <-t.families:
		return t.refresh(token)
	default:
		return t.credential()
	}
}

func (t *tokens) refresh(token string) exchange {
	return exchange{
		request: form("", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {people.ClientID}}),
		done: func(status int, body []byte) {
			var got struct {
				Refresh string `json:"refresh_token"`
			}
			if status == http.StatusOK && json.Unmarshal(body, &got) == nil {
				token = got.Refresh
			}
			t.families <- token // one that was refused is as good as before
		},
	}
}

// broken counts the families that no token can be had for any more.
func (t *tokens) broken(to target) int {
	c, broken := caller{to: to}, 0
	defer c.close()
	for range len(t.families) {
		e := t.refresh(<-t.families)
		a, err := c.send(e.request)
		e.done(a.status, a.body)
		if err != nil || a.status != http.StatusOK {
			broken++
		}
	}
	return broken
}

// logIns logs people in, each by their own password, in turn.
type logIns struct {
	requests []string
	next     atomic.Uint64
}

func newLogIns(travellers []*people.Person) (*logIns, error) {
	l := new(logIns)
	challenge := oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier())
	for _, p := range travellers {
		body, err := json.Marshal(map[string]string{
			"loginId": p.LoginID, "password": p.Password, "clientId": people.ClientID, "redirectUri": people.RedirectURI, "codeChallenge": challenge,
		})
		if err != nil {
			return nil, err
		}
		l.requests = append(l.requests, post("/tripgen.user.v1.AccountService/SignIn", "application/json", "", string(body)))
	}
	return l, nil
}

func (l *logIns) any() exchange {
	n := l.next.Add(1)
	return exchange{request: l.requests[n%uint64(len(l.requests))], done: func(int, []byte) {}}
}

// lockedOut counts the people who cannot log in.
func (l *logIns) lockedOut(to target) int {
	var (
		n   atomic.Int64
		all sync.WaitGroup
	)
	for _, request := range l.requests {
		all.Go(func() {
			c := caller{to: to}
			defer c.close()
			if a, err := c.send(request); err != nil || a.status != http.StatusOK {
				n.Add(1)
			}
		})
	}
	all.Wait()
	return int(n.Load())
}
