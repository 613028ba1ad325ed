package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// browserLife is how long somebody stays logged in at the authorization server.
const browserLife = 14 * 24 * time.Hour

// visit is one request to the authorization endpoint.
type visit struct {
	*Pages
	w    http.ResponseWriter
	r    *http.Request
	lang lang.Lang
	auth *oauth.Authorization
	// browser is who is logged in; nil for nobody.
	browser *Browser
}

// readLanguage takes the app's wish, else what the browser prefers.
func (v *visit) readLanguage(wished []string) {
	v.lang = lang.Parse(v.r.Header.Get("Accept-Language"))
	if len(wished) > 0 {
		v.lang = lang.Parse(wished[0])
	}
}

func (v *visit) findBrowser() error {
	cookie, err := v.r.Cookie(v.cookieName(browserCookie))
	if err != nil {
		return nil // there is none
	}
	b, err := v.Browsers.Browser(v.r.Context(), hashOf(cookie.Value))
	if errors.Is(err, ErrNoBrowser) {
		return nil
	}
	if err != nil {
		return err
	}
	v.browser = &b
	return nil
}

// decide goes on to the next step: log in, ask, or send the browser back with a code. fresh tells that the person has
// logged in during this very request of the app.
func (v *visit) decide(fresh bool) {
	none := v.auth.Wants("none")
	switch {
	case v.mustLogIn(fresh) && none:
		v.redirect(v.Authorizer.Deny(v.auth, "login_required"))
		return
	case v.mustLogIn(fresh):
		v.showLogIn(http.StatusOK, "", "")
		return
	}
	ask, err := v.mustAsk(fresh)
	switch {
	case err != nil:
		v.failed(err)
	case ask && none:
		v.redirect(v.Authorizer.Deny(v.auth, "consent_required"))
	case ask:
		v.showConsent(fresh)
	default:
		v.approve()
	}
}

// mustLogIn tells whether the password has to be proved (again).
func (v *visit) mustLogIn(fresh bool) bool {
	switch {
	case v.browser == nil:
		return true
	case fresh:
		return false
	case v.auth.Wants("login"):
		return true
	}
	return v.auth.MaxAge >= 0 && v.Clock.Now().Sub(v.browser.Authenticated) > v.auth.MaxAge
}

// mustAsk tells whether the person has to say yes: to another party's app that asks for more than it was given, where
// the app wants it asked, and where the code goes to an address that any app on the device could have taken (RFC 8252,
// 8.6) unless the person has just typed the password.
func (v *visit) mustAsk(fresh bool) (bool, error) {
	if v.auth.Wants("consent") {
		return true, nil
	}
	if v.auth.Client.FirstParty {
		return !fresh && v.auth.Redirect().Scheme != "https", nil
	}
	if v.auth.Redirect().Scheme != "https" {
		return true, nil
	}
	given, err := v.Browsers.Consent(v.r.Context(), v.browser.AccountID, v.auth.Client.ID)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(v.auth.Scopes, func(s string) bool { return !slices.Contains(given, s) }), nil
}

// submitted handles a page's form.
func (v *visit) submitted() {
	form := v.r.PostForm
	if !v.sameSite() || !v.forms.check(form.Get("csrf"), v.csrfCookie()) {
		v.showError(http.StatusForbidden, "invalid_request", "")
		return
	}
	switch form.Get("action") {
	case "login":
		v.logIn(form.Get("login_id"), form.Get("password"))
	case "consent":
		v.consent(form.Get("ticket"), form.Get("decision"))
	case "switch":
		v.switchAccount()
	default:
		v.showError(http.StatusBadRequest, "invalid_request", "")
	}
}

// sameSite heeds what browsers tell of where a form came from.
func (v *visit) sameSite() bool {
	site := v.r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "same-origin"
}

func (v *visit) logIn(loginID, password string) {
	account, err := v.People.Authenticate(v.r.Context(), loginID, password)
	if refusal, ok := errs.Of(err); ok && refusal.Kind != errs.KindInternal {
		v.showLogIn(statusOf(refusal), loginID, refusal.Message.In(v.lang))
		return
	}
	if err != nil {
		v.failed(err)
		return
	}
	cookie, now := newCookie(), v.Clock.Now()
	fresh := Browser{Hash: hashOf(cookie), AccountID: account.ID, Authenticated: now, Expires: now.Add(browserLife)}
	if err := v.Browsers.SaveBrowser(v.r.Context(), fresh); err != nil {
		v.failed(err)
		return
	}
	if v.browser != nil { // the one before must not linger
		if err := v.Browsers.EndBrowser(v.r.Context(), v.browser.Hash); err != nil {
			v.failed(err)
			return
		}
	}
	v.setCookie(browserCookie, cookie, browserLife)
	v.browser = &fresh
	v.decide(true)
}

func statusOf(refusal *errs.Error) int {
	switch refusal.Kind {
	case errs.KindResourceExhausted:
		return http.StatusTooManyRequests
	case errs.KindUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusUnauthorized
	}
}

// consent heeds the answer of the person to whom the question was put, about the request that it was put for.
func (v *visit) consent(ticket, decision string) {
	if v.browser == nil {
		v.showLogIn(http.StatusOK, "", "")
		return
	}
	fresh, ok := v.forms.open(ticket, v.question(), v.Clock.Now())
	if !ok || v.mustLogIn(fresh) {
		v.decide(false)
		return
	}
	if decision != "allow" {
		if err := v.Browsers.NoteRefusal(v.r.Context(), v.browser.AccountID, v.auth.Client.ID); err != nil {
			v.failed(err)
			return
		}
		v.redirect(v.Authorizer.Deny(v.auth, "access_denied"))
		return
	}
	if !v.auth.Client.FirstParty {
		if err := v.Browsers.SaveConsent(v.r.Context(), v.browser.AccountID, v.auth.Client.ID, v.auth.Scopes); err != nil {
			v.failed(err)
			return
		}
	}
	v.approve()
}

// switchAccount logs the person out here, so that somebody else can log in.
func (v *visit) switchAccount() {
	if v.browser != nil {
		if err := v.Browsers.EndBrowser(v.r.Context(), v.browser.Hash); err != nil {
			v.failed(err)
			return
		}
	}
	v.browser = nil
	v.setCookie(browserCookie, "", -time.Second)
	v.showLogIn(http.StatusOK, "", "")
}

func (v *visit) approve() {
	location, err := v.Authorizer.Approve(
		v.r.Context(), v.auth, v.browser.AccountID, v.browser.Authenticated, v.browser.Hash)
	if err != nil {
		v.failed(err)
		return
	}
	v.redirect(location)
}

// question names what a consent is about: the person and the whole request.
func (v *visit) question() string { return v.browser.AccountID + "\n" + v.r.URL.RawQuery }

// account is the person who is logged in; one that was deleted meanwhile is nobody.
func (v *visit) account() (user.Account, error) {
	return v.People.Me(v.r.Context(), v.browser.AccountID)
}
