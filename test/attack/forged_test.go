package attack

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/authn/authntest"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/rpc/rpctest"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
)

// trips answers everybody who gets as far as here.
type trips struct {
	tripv1connect.UnimplementedTripServiceHandler
}

func (trips) ListTrips(context.Context, *tripv1.ListTripsRequest) (*tripv1.ListTripsResponse, error) {
	return &tripv1.ListTripsResponse{}, nil
}

// forge is a service with the real interceptors behind a real gateway, and an issuer whose key the test has: only so
// can a token be wrong in one thing and right in all others.
type forge struct {
	*rpctest.Server
	gateway string
}

func newForge(t *testing.T) forge {
	t.Helper()
	server := rpctest.Start(t, rpc.Deps{}, func(s *rpc.Server, options []connect.HandlerOption) {
		s.Handle(tripv1connect.NewTripServiceHandler(trips{}, options...))
	})
	keys := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		res, err := http.Get(server.URL())
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer res.Body.Close() //nolint:errcheck // read to its end
		_, _ = io.Copy(w, res.Body)
	}))
	keys.Config.Protocols = new(http.Protocols)
	keys.Config.Protocols.SetUnencryptedHTTP2(true)
	keys.Start()
	t.Cleanup(keys.Close)
	port, err := local.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, address := t.TempDir(), local.Address(port)
	behind := strings.TrimPrefix(server.BaseURL, "http://")
	if err := envoy.Write(dir, envoy.Config{
		Listen: address, Admin: "127.0.0.1:0", Issuer: server.URL(), Audience: authntest.Audience, AccessLog: filepath.Join(dir, "access.log"),
		Endpoints: map[envoy.Cluster][]string{
			envoy.User: {keys.Listener.Addr().String()}, envoy.Trip: {behind}, envoy.AI: {behind}, envoy.Location: {behind},
		},
	}); err != nil {
		t.Fatal(err)
	}
	running, err := local.StartEnvoy(t.Context(), local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: filepath.Join(dir, envoy.Bootstrap), LogFile: filepath.Join(dir, "envoy.log"), Drain: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := running.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	f := forge{server, "http://" + address}
	good := f.Token("user_1", "trips.read")
	for deadline := time.Now().Add(10 * time.Second); call(t, f.gateway, listTrips, good, "{}").status != http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("the gateway does not take a good token")
		}
	}
	if got := call(t, f.BaseURL, listTrips, good, "{}"); got.status != http.StatusOK {
		t.Fatalf("the service does not take a good token: %d %s", got.status, got.body)
	}
	return f
}

// jwtOf puts a token together by hand.
func jwtOf(header, payload string, signature []byte) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(header)) + "." + e([]byte(payload)) + "." + e(signature)
}

func parts(token string) (header, payload string) {
	p := strings.Split(token, ".")
	h, _ := base64.RawURLEncoding.DecodeString(p[0])
	b, _ := base64.RawURLEncoding.DecodeString(p[1])
	return string(h), string(b)
}

func TestForgedTokens(t *testing.T) {
	f := newForge(t)
	good := f.Token("user_1", "trips.read")
	header, payload := parts(good)
	with := func(edit func(*authntest.Claims)) string {
		claims := f.Claims("user_1", "trips.read")
		edit(&claims)
		return f.Sign("at+jwt", claims)
	}
	mine, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mineRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := f.keys(t)
	kid := set.Keys[0].KeyID
	public, err := x509.MarshalPKIXPublicKey(set.Keys[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	asJWK, err := set.Keys[0].MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	sign := func(alg jose.SignatureAlgorithm, key any, kid string, extra map[jose.HeaderKey]any) string {
		options := (&jose.SignerOptions{ExtraHeaders: extra}).WithType("at+jwt")
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, options)
		if err != nil {
			t.Fatal(err)
		}
		out, err := jwt.Signed(signer).Claims(f.Claims("user_1", "trips.read")).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	late, early := jwt.NewNumericDate(time.Now().Add(-10*time.Minute)), jwt.NewNumericDate(time.Now().Add(10*time.Minute))
	for name, token := range map[string]string{
		"alg none":                         jwtOf(strings.Replace(header, "ES256", "none", 1), payload, nil),
		"alg NoNe":                         jwtOf(strings.Replace(header, "ES256", "NoNe", 1), payload, nil),
		"alg none with a signature":        jwtOf(strings.Replace(header, "ES256", "none", 1), payload, []byte("x")),
		"HS256 with the public key as PEM": sign(jose.HS256, publicPEM, kid, nil),
		"HS256 with the public key as DER": sign(jose.HS256, public, kid, nil),
		"HS256 with the public key as JWK": sign(jose.HS256, asJWK, kid, nil),
		"another's key under our kid":      sign(jose.ES256, mine, kid, nil),
		"unknown kid":                      sign(jose.ES256, mine, "mine", nil),
		"kid that is a path":               sign(jose.ES256, mine, "../../../../dev/null", nil),
		"kid that is SQL":                  sign(jose.ES256, mine, "' OR 1=1 --", nil),
		"RS256 with another's key":         sign(jose.RS256, mineRSA, kid, nil),
		"key in the header (jwk)":          sign(jose.ES256, mine, "", map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: mine.Public()}}),
		"key by address (jku)":             sign(jose.ES256, mine, kid, map[jose.HeaderKey]any{"jku": "http://127.0.0.1:1/keys"}),
		"signature of zeros":               jwtOf(header, payload, make([]byte, 64)),
		"signature cut":                    good[:len(good)-6],
		"no signature":                     strings.Join(strings.Split(good, ".")[:2], ".") + ".",
		"payload changed":                  jwtOf(header, strings.Replace(payload, "user_1", "user_2", 1), []byte(good[len(good)-86:])),
		"wrong iss":                        with(func(c *authntest.Claims) { c.Issuer = "https://elsewhere.example" }),
		"iss with a slash more":            with(func(c *authntest.Claims) { c.Issuer += "/" }),
		"wrong aud":                        with(func(c *authntest.Claims) { c.Audience = jwt.Audience{"elsewhere"} }),
		"no aud":                           with(func(c *authntest.Claims) { c.Audience = nil }),
		"wrong typ (an id token)":          f.Sign("JWT", f.Claims("user_1", "trips.read")),
		"expired":                          with(func(c *authntest.Claims) { c.Expiry = late }),
		"no exp":                           with(func(c *authntest.Claims) { c.Expiry = nil }),
		"not yet valid":                    with(func(c *authntest.Claims) { c.NotBefore = early }),
		"no sub":                           with(func(c *authntest.Claims) { c.Subject = "" }),
		"not a token":                      "aaaa.bbbb.cccc",
		"encrypted token's form":           "a.b.c.d.e",
	} {
		attack(t, name, func(t *testing.T) {
			for door, base := range map[string]string{"gateway": f.gateway, "service": f.BaseURL} {
				got := call(t, base, listTrips, token, "{}")
				if got.status == http.StatusOK {
					t.Errorf("the %s takes it", door)
				}
				refused(t, got, http.StatusUnauthorized, "unauthenticated")
			}
		})
	}
	for name, token := range map[string]string{
		"scope missing":            f.Token("user_1", "account"),
		"scope as part of another": f.Token("user_1", "trips.readx", "xtrips.read"),
		"scope in capitals":        f.Token("user_1", "TRIPS.READ"),
		"scope with a comma":       f.Token("user_1", "trips.read,trips.write"),
	} {
		attack(t, name, func(t *testing.T) {
			for _, base := range []string{f.gateway, f.BaseURL} {
				refused(t, call(t, base, listTrips, token, "{}"), http.StatusForbidden, "permission_denied")
			}
		})
	}
	for name, change := range map[string]func(*http.Request){
		"token in the address":   func(r *http.Request) { r.URL.RawQuery = "access_token=" + good },
		"token as Basic":         func(r *http.Request) { r.Header.Set("Authorization", "Basic "+good) },
		"token without a scheme": func(r *http.Request) { r.Header.Set("Authorization", good) },
		"token in a cookie":      func(r *http.Request) { r.Header.Set("Cookie", "access_token="+good) },
		"identity headers": func(r *http.Request) {
			for _, name := range []string{"X-Tripgen-Subject", "X-Tripgen-Client", "X-Tripgen-Session", "X-User-Id", "X-Forwarded-User", "Remote-User", "X-Jwt-Payload"} {
				r.Header.Set(name, "user_1")
			}
		},
	} {
		attack(t, name, func(t *testing.T) {
			for _, base := range []string{f.gateway, f.BaseURL} {
				refused(t, call(t, base, listTrips, "", "{}", change), http.StatusUnauthorized, "unauthenticated")
			}
		})
	}
}

func (f forge) keys(t *testing.T) jose.JSONWebKeySet {
	t.Helper()
	res, err := http.Get(f.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var set jose.JSONWebKeySet
	decode(t, res.Body, &set)
	return set
}
