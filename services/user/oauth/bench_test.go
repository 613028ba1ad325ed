package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

func serve(b *testing.B, mux *http.ServeMux, user, password string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Errorf("answer %d %s", w.Code, w.Body)
	}
	return w
}

// The handler alone, without the network.
func BenchmarkClientCredentials(b *testing.B) {
	s := usertest.Start(b, usertest.Options{AtOnce: 10_000, Clients: func(c oauth.Clients) oauth.Clients {
		return oauth.Cached(c, realTime{}, time.Second)
	}})
	mux := http.NewServeMux()
	s.OAuth.Mount(mux.Handle, nil)
	form := url.Values{"grant_type": {"client_credentials"}}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			serve(b, mux, usertest.PartnerClient, usertest.PartnerSecret, form)
		}
	})
}

// Each goroutine renews a session of its own, with PostgreSQL.
func BenchmarkRefresh(b *testing.B) {
	s := usertest.Start(b, usertest.Options{AtOnce: 10_000, Clients: func(c oauth.Clients) oauth.Clients {
		return oauth.Cached(c, realTime{}, time.Second)
	}})
	mux := http.NewServeMux()
	s.OAuth.Mount(mux.Handle, nil)
	p := s.SignUp()
	tokens := make(chan string, 64)
	for range cap(tokens) {
		tokens <- s.LogIn(p, "bench").RefreshToken
	}
	b.ResetTimer()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		token := <-tokens
		for pb.Next() {
			body := serve(b, mux, "", "", refreshForm(token)).Body.String()
			_, after, _ := strings.Cut(body, `"refresh_token":"`)
			token, _, _ = strings.Cut(after, `"`)
		}
	})
}

type realTime struct{}

func (realTime) Now() time.Time { return time.Now().UTC() }
