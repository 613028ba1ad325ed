package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// idClaims are the claims of the id token, with its signature checked.
func idClaims(t *testing.T, s *usertest.Service, token *oauth2.Token) map[string]any {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	keys := s.Keys.Public()
	var claims map[string]any
	if err := parsed.Claims(keys.Key(parsed.Headers[0].KeyID)[0], &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func challengeParams() url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {oauth.ClientWeb}, "redirect_uri": {webRedirect}, "state": {"abc"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier())}, "code_challenge_method": {"S256"},
	}
}

// An address that is not the client's gets nothing, not even an error.
func TestNothingIsSentToAnAddressThatIsNotTheClients(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	b := newBrowser(t, s)
	for _, c := range []struct{ client, redirect string }{
		{oauth.ClientWeb, "https://app.example/callback/"},
		{oauth.ClientWeb, "https://app.example/callback?x=1"},
		{oauth.ClientWeb, "https://app.example/callback#x"},
		{oauth.ClientWeb, "https://app.example.evil.example/callback"},
		{oauth.ClientWeb, "https://app.example@evil.example/callback"},
		{oauth.ClientWeb, "https://user@app.example/callback"},
		{oauth.ClientWeb, "https://APP.example/callback"},
		{oauth.ClientWeb, "http://app.example/callback"},
		{oauth.ClientWeb, "//app.example/callback"},
		{oauth.ClientWeb, "https://app.example/%63allback"},
		{oauth.ClientWeb, "https://app.example/x/../callback"},
		{oauth.ClientCLI, "http://localhost:1234/callback"},
		{oauth.ClientCLI, "http://127.0.0.1:1234/other"},
		{oauth.ClientCLI, "http://user@127.0.0.1:1234/callback"},
		{oauth.ClientCLI, "http://127.0.0.1.evil.example:1234/callback"},
		{oauth.ClientCLI, "http://127.0.0.2:1234/callback"},
		{oauth.ClientCLI, "https://127.0.0.1:1234/callback"},
		{oauth.ClientCLI, ""},
		{"nobody", webRedirect},
		{"", webRedirect},
	} {
		params := challengeParams()
		params.Set("client_id", c.client)
		params.Set("redirect_uri", c.redirect)
		got := b.open(s.URL + oauth.PathAuthorize + "?" + params.Encode())
		if got.StatusCode != http.StatusBadRequest || got.Header.Get("Location") != "" || !strings.Contains(got.body, "invalid_") {
			t.Errorf("%s at %s: %d to %q", c.redirect, c.client, got.StatusCode, got.Header.Get("Location"))
		}
	}
}

func TestMalformedRequestsGoBackWithTheRFCsCode(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	b := newBrowser(t, s)
	for _, c := range []struct {
		name string
		with func(url.Values)
		want string
	}{
		{"no PKCE", func(v url.Values) { v.Del("code_challenge"); v.Del("code_challenge_method") }, "invalid_request"},
		{"plain PKCE", func(v url.Values) { v.Set("code_challenge_method", "plain") }, "invalid_request"},
		{"no PKCE method", func(v url.Values) { v.Del("code_challenge_method") }, "invalid_request"},
		{"short challenge", func(v url.Values) { v.Set("code_challenge", "abc") }, "invalid_request"},
		{"implicit", func(v url.Values) { v.Set("response_type", "token") }, "unsupported_response_type"},
		{"hybrid", func(v url.Values) { v.Set("response_type", "code id_token") }, "unsupported_response_type"},
		{"no type", func(v url.Values) { v.Del("response_type") }, "unsupported_response_type"},
		{"form_post", func(v url.Values) { v.Set("response_mode", "form_post") }, "unsupported_response_mode"},
		{"unknown scope", func(v url.Values) { v.Set("scope", "everything") }, "invalid_scope"},
		{"internal scope", func(v url.Values) { v.Set("scope", "internal") }, "invalid_scope"},
		{"unknown prompt", func(v url.Values) { v.Set("prompt", "dance") }, "invalid_request"},
		{"none with login", func(v url.Values) { v.Set("prompt", "none login") }, "invalid_request"},
		{"max_age", func(v url.Values) { v.Set("max_age", "-1") }, "invalid_request"},
		{"request object", func(v url.Values) { v.Set("request", "eyJhbGciOiJub25lIn0.e30.") }, "request_not_supported"},
		{"request address", func(v url.Values) { v.Set("request_uri", "https://evil.example/r") }, "request_uri_not_supported"},
		{"twice", func(v url.Values) { v["scope"] = []string{"account", "openid"} }, "invalid_request"},
	} {
		params := challengeParams()
		c.with(params)
		got := b.open(s.URL+oauth.PathAuthorize+"?"+params.Encode()).returned(t, webRedirect)
		if got.Get("error") != c.want || got.Get("state") != "abc" || got.Get("iss") != s.URL || got.Get("code") != "" {
			t.Errorf("%s: returned %v, want %s", c.name, got, c.want)
		}
	}
}

func TestARequestWithoutStateOrByPostIsFine(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	params := challengeParams()
	params.Del("state")
	sent := b.post(s.URL+oauth.PathAuthorize, params)
	if sent.StatusCode != http.StatusSeeOther {
		t.Fatalf("by POST: %d", sent.StatusCode)
	}
	page := b.open(s.URL + sent.Header.Get("Location"))
	back := b.submit(page, "login_id", p.LoginID, "password", p.Password).returned(t, webRedirect)
	if back.Has("state") || back.Get("code") == "" {
		t.Errorf("returned %v", back)
	}
}

// Logging out of the web app ends the log-in at the authorization server, too.
func TestLoggingOutOfAnAppLogsItsBrowserOut(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app, verifier := webApp(s), oauth2.GenerateVerifier()
	address := app.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier))
	back := b.submit(b.open(address), "login_id", p.LoginID, "password", p.Password).returned(t, webRedirect)
	token, err := app.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accounts(token.AccessToken).LogOut(t.Context(), &userv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	if got := b.open(address); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `type="password"`) {
		t.Errorf("answer = %d", got.StatusCode)
	}
}
