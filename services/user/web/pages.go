package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// Authorizer reads authorization requests and answers them. *oauth.Server is one.
type Authorizer interface {
	ParseAuthorization(ctx context.Context, params url.Values) (*oauth.Authorization, error)
	Approve(ctx context.Context, a *oauth.Authorization, accountID string, authenticated time.Time, browser []byte) (string, error)
	Deny(a *oauth.Authorization, code string) string
}

// People proves passwords and knows names. *user.Service is one.
type People interface {
	Authenticate(ctx context.Context, loginID, password string) (user.Account, error)
	Me(ctx context.Context, accountID string) (user.Account, error)
}

// Deps is what the pages work with.
type Deps struct {
	Authorizer Authorizer
	People     People
	Browsers   Browsers
	// Key (32 bytes) authenticates forms.
	Key []byte
	// Secure is true where the issuer has https: cookies are then for https alone.
	Secure bool
	Log    *slog.Logger
	Clock  clock.Clock
	// Origin is where a request came from, for the journal.
	Origin func(*http.Request) user.Origin
}

// Pages serves the authorization endpoint.
type Pages struct {
	Deps
	forms forms
}

//go:embed assets/style.css
var assets embed.FS

// PathAssets is where the style sheet is.
const PathAssets = "/oauth2/assets/"

// New makes the pages.
func New(d Deps) *Pages { return &Pages{Deps: d, forms: forms{key: d.Key}} }

// Mount adds the pages.
func (p *Pages) Mount(mount func(pattern string, h http.Handler)) {
	mount(oauth.PathAuthorize, http.HandlerFunc(p.authorize))
	mount(PathAssets+"style.css", http.HandlerFunc(p.style))
}

func (p *Pages) style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, assets, "assets/style.css")
}

// maxForm bounds a form that is sent.
const maxForm = 32 << 10

// authorize is the authorization endpoint: GET with an app's request, POST with the same request in the query and a
// page's form in the body. An app may also POST its request.
func (p *Pages) authorize(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(user.WithOrigin(r.Context(), p.Origin(r)))
	v := &visit{Pages: p, w: w, r: r}
	v.readLanguage(nil)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			v.showError(http.StatusBadRequest, "invalid_request", "")
			return
		}
		if r.PostForm.Has("client_id") {
			v.redirect(oauth.PathAuthorize + "?" + r.PostForm.Encode())
			return
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		v.showError(http.StatusMethodNotAllowed, "invalid_request", "")
		return
	}
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		v.showError(http.StatusBadRequest, "invalid_request", "")
		return
	}
	v.auth, err = p.Authorizer.ParseAuthorization(r.Context(), params)
	if err != nil {
		v.failed(err)
		return
	}
	v.readLanguage(v.auth.Locales)
	if err := v.findBrowser(); err != nil {
		v.failed(err)
		return
	}
	if r.Method == http.MethodPost {
		v.submitted()
		return
	}
	v.decide(false)
}

// failed shows or sends back what went wrong.
func (v *visit) failed(err error) {
	refusal, ok := errors.AsType[*oauth.AuthorizationError](err)
	switch {
	case !ok:
		v.Log.ErrorContext(v.r.Context(), "authorization endpoint", "error", err)
		v.showError(http.StatusInternalServerError, "server_error", "")
	case refusal.Location != "":
		v.redirect(refusal.Location)
	default:
		v.showError(http.StatusBadRequest, refusal.Code, refusal.Description)
	}
}

func (v *visit) redirect(location string) {
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Referrer-Policy", "no-referrer")
	v.w.Header().Set("Location", location)
	v.w.WriteHeader(http.StatusSeeOther)
}

func hashOf(cookie string) []byte {
	sum := sha256.Sum256([]byte(cookie))
	return sum[:]
}

func newCookie() string { return strings.ToLower(rand.Text() + rand.Text()) }
