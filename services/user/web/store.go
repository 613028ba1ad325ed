// Package web is what a person sees of the authorization server: the log-in page and the page that asks for consent.
// They are made on the server, in Korean and English, need no JavaScript, and allow none.
package web

import (
	"context"
	"errors"
	"time"
)

// ErrNoBrowser says that nobody is logged in with this cookie.
var ErrNoBrowser = errors.New("nobody is logged in here")

// Browser is somebody who is logged in at the authorization server itself.
type Browser struct {
	// Hash is SHA-256 of the cookie.
	Hash      []byte
	AccountID string
	// Authenticated is when the password was proved, Expires when it has to be proved again. In UTC.
	Authenticated, Expires time.Time
}

// Browsers stores who is logged in.
type Browsers interface {
	// SaveBrowser stores a log-in.
	SaveBrowser(ctx context.Context, b Browser) error
	// Browser finds a log-in that has not expired: ErrNoBrowser.
	Browser(ctx context.Context, hash []byte) (Browser, error)
	// EndBrowser forgets a log-in.
	EndBrowser(ctx context.Context, hash []byte) error
	// Consent gives the scopes that a person has let a client have; nil for none.
	Consent(ctx context.Context, accountID, clientID string) ([]string, error)
	// SaveConsent adds scopes to what a client may have.
	SaveConsent(ctx context.Context, accountID, clientID string, scopes []string) error
	// NoteRefusal records that a person has not let a client in.
	NoteRefusal(ctx context.Context, accountID, clientID string) error
}
