package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"
)

const (
	// browserCookie says who is logged in, csrfCookie binds forms to the browser that they were shown in.
	browserCookie = "tripgen_login"
	csrfCookie    = "tripgen_form"
	csrfLife      = 24 * time.Hour
	// ticketLife is how long a question can be answered.
	ticketLife = time.Hour
)

// cookieName has the prefix that keeps other hosts and paths from setting the cookie, where there is https.
func (p *Pages) cookieName(name string) string {
	if p.Secure {
		return "__Host-" + name
	}
	return name
}

func (v *visit) setCookie(name, value string, life time.Duration) {
	http.SetCookie(v.w, &http.Cookie{
		Name: v.cookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, Secure: v.Secure,
		SameSite: http.SameSiteLaxMode, // the way here is a link from an app
	})
}

func (v *visit) csrfCookie() string {
	cookie, err := v.r.Cookie(v.cookieName(csrfCookie))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// csrfToken is what a form has to send back; it belongs to the browser's cookie, which is set if it is not there.
func (v *visit) csrfToken() string {
	cookie := v.csrfCookie()
	if cookie == "" {
		cookie = newCookie()
		v.setCookie(csrfCookie, cookie, csrfLife)
	}
	return v.forms.token(cookie)
}

// forms authenticates what comes back from a page.
type forms struct{ key []byte }

func (f forms) token(cookie string) string {
	return base64.RawURLEncoding.EncodeToString(f.mac("form", []byte(cookie)))
}

func (f forms) check(token, cookie string) bool {
	return cookie != "" && hmac.Equal([]byte(token), []byte(f.token(cookie)))
}

// ticket says that a question was put now, and whether the person had just logged in.
func (f forms) ticket(question string, fresh bool, now time.Time) string {
	head := make([]byte, 9)
	binary.BigEndian.PutUint64(head, uint64(now.Unix()))
	if fresh {
		head[8] = 1
	}
	return base64.RawURLEncoding.EncodeToString(append(head, f.mac("ticket", head, []byte(question))...))
}

func (f forms) open(ticket, question string, now time.Time) (fresh, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(raw) != 9+sha256.Size || !hmac.Equal(raw[9:], f.mac("ticket", raw[:9], []byte(question))) {
		return false, false
	}
	put := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0)
	return raw[8] == 1, now.Sub(put) < ticketLife
}

func (f forms) mac(purpose string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, f.key)
	h.Write([]byte(purpose))
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return h.Sum(nil)
}
