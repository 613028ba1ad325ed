package web

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/services/user"
)

//go:embed templates/*.html
var templates embed.FS

var pages = map[string]*template.Template{
	"login":   template.Must(template.ParseFS(templates, "templates/layout.html", "templates/login.html")),
	"consent": template.Must(template.ParseFS(templates, "templates/layout.html", "templates/consent.html")),
	"error":   template.Must(template.ParseFS(templates, "templates/layout.html", "templates/error.html")),
}

// page is what a template is filled from.
type page struct {
	Lang   lang.Lang
	Words  words
	Action string
	CSRF   string
	Style  string
	// Client is the app's name.
	Client string
	// LoginID and Problem belong to the log-in page.
	LoginID, Problem string
	// Person, Scopes, Ticket and FirstParty belong to the question.
	Person     string
	Scopes     []string
	Ticket     string
	FirstParty bool
	// Code and Description belong to the page with an error.
	Code, Description string
}

func (v *visit) page() page {
	p := page{Lang: v.lang, Words: wordsIn(v.lang), Style: PathAssets + "style.css", Action: v.r.URL.RequestURI()}
	if v.auth != nil {
		p.Client, p.FirstParty = v.auth.Client.Name, v.auth.Client.FirstParty
		p.CSRF = v.csrfToken()
	}
	return p
}

func (v *visit) showLogIn(status int, loginID, problem string) {
	p := v.page()
	p.LoginID, p.Problem = loginID, problem
	if loginID == "" {
		p.LoginID = v.auth.LoginHint
	}
	v.show(status, "login", p)
}

func (v *visit) showConsent(fresh bool) {
	account, err := v.account()
	if errors.Is(err, user.ErrNoAccount) {
		v.browser = nil
		v.showLogIn(http.StatusOK, "", "")
		return
	}
	if err != nil {
		v.failed(err)
		return
	}
	p := v.page()
	p.Person, p.Ticket = account.Name, v.forms.ticket(v.question(), fresh, v.Clock.Now())
	for _, scope := range v.auth.Scopes {
		if text := scopeText(scope).In(v.lang); text != "" {
			p.Scopes = append(p.Scopes, text)
		}
	}
	v.show(http.StatusOK, "consent", p)
}

func (v *visit) showError(status int, code, description string) {
	v.auth = nil
	p := v.page()
	p.Code, p.Description = code, description
	v.show(status, "error", p)
}

func (v *visit) show(status int, name string, p page) {
	var body bytes.Buffer
	if err := pages[name].ExecuteTemplate(&body, "layout", p); err != nil {
		v.Log.ErrorContext(v.r.Context(), "make page", "page", name, "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(v.lang))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", v.policy())
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	v.w.WriteHeader(status)
	_, _ = body.WriteTo(v.w) // the browser has gone if this fails
}

// policy allows the style sheet and nothing else. Browsers hold forms to it across redirects, so that the way back to
// the app has to be in it.
func (v *visit) policy() string {
	policy := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	if v.auth != nil {
		policy += " " + origin(v.auth.Redirect())
	}
	return policy
}

func origin(u *url.URL) string {
	if u.Scheme == "https" || u.Scheme == "http" {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + ":"
}
