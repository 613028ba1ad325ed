package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/tripgen/tripgen/services/user"
)

// What stores say. Other errors of theirs are failures.
var (
	// ErrNoClient: there is no such client, or it was revoked.
	ErrNoClient = errors.New("no such client")
	// ErrNoGrant: there is no such code or session.
	ErrNoGrant = errors.New("no such grant")
	// ErrLost: another request has used the code or token in the meantime, or the session has ended.
	ErrLost = errors.New("another request was faster")
	// ErrNoKey: there is no such signing key, or it has ended.
	ErrNoKey = errors.New("no such signing key")
	// ErrAssertionUsed: the client assertion was used before.
	ErrAssertionUsed = errors.New("client assertion used before")
)

// Code is an authorization code that was issued.
type Code struct {
	// Hash is SHA-256 of the code's signature.
	Hash []byte
	// Session is the session that redeeming it will begin.
	Session user.Session
	// RedirectURI is the one that was sent with the authorization request.
	RedirectURI   string
	CodeChallenge string
	Nonce         string
	// Requested is when authorization was asked for; Expires is when the code ends. In UTC.
	Requested, Expires time.Time
	// Used tells that it was redeemed.
	Used bool
}

// Grant is a session with the state of its refresh token.
type Grant struct {
	user.Session
	// Ended tells that the session is over.
	Ended bool
	// Current is the hash of the refresh token that can be used; nil if the session has none.
	Current []byte
	// Previous is the hash of the one before, and Rotated is when it was used.
	Previous []byte
	Rotated  time.Time
}

// Rotation replaces the refresh token of a session.
type Rotation struct {
	SessionID string
	// Current is the hash that the session must still have, Presented of the token that was shown (the same one, or
	// the one before it by a client that lost the answer), Next of the new token.
	Current, Presented, Next []byte
	// Now and Expires are the session's new last_seen and end.
	Now, Expires time.Time
}

// Grants stores codes and sessions. Nothing in it is enough to make a code or a token from.
type Grants interface {
	// SaveCode stores a new code.
	SaveCode(ctx context.Context, c Code) error
	// Code finds a code by its hash, used or not: ErrNoGrant.
	Code(ctx context.Context, hash []byte) (Code, error)
	// Redeem marks a code as used and begins its session, in one transaction; of many at once exactly one gets through:
	// ErrLost. refreshHash is nil where no refresh token was issued.
	Redeem(ctx context.Context, codeHash []byte, s user.Session, refreshHash []byte) error
	// Grant finds a session, over or not: ErrNoGrant.
	Grant(ctx context.Context, sessionID string) (Grant, error)
	// Rotate replaces a refresh token; of many at once exactly one gets through: ErrLost.
	Rotate(ctx context.Context, r Rotation) error
	// EndGrant ends a session, if it is not over, and tells all verifiers.
	EndGrant(ctx context.Context, sessionID string, why user.EndReason) error
	// Revoke makes all verifiers refuse a token by its id, until it expires.
	Revoke(ctx context.Context, tokenID string, expires time.Time) error
	// Revoked tells whether a token that was issued then is refused for one of its subjects.
	Revoked(ctx context.Context, issued time.Time, subjects ...string) (bool, error)
}

// Clients stores OAuth clients.
type Clients interface {
	// Client finds a client that was not revoked: ErrNoClient.
	Client(ctx context.Context, id string) (Client, error)
	// AllClients gives all clients, revoked ones too, by id.
	AllClients(ctx context.Context) ([]Client, error)
	// SaveClient stores a client, new or changed.
	SaveClient(ctx context.Context, c Client, why user.EventKind) error
	// RevokeClient ends a client, all its sessions, and makes all verifiers refuse its tokens: ErrNoClient.
	RevokeClient(ctx context.Context, id string, now time.Time) error
	// UseAssertion remembers the id of a client assertion until it expires: ErrAssertionUsed.
	UseAssertion(ctx context.Context, id string, expires time.Time) error
}

// Accounts reads accounts, for userinfo.
type Accounts interface {
	// Account reads an account: user.ErrNoAccount.
	Account(ctx context.Context, id string) (user.Account, error)
}

// StoredKey is a signing key with its times, in UTC.
type StoredKey struct {
	ID string
	// Private is the key in PKCS #8; stores seal it.
	Private []byte
	Created time.Time
	// Signs is when it starts to sign, and Ends is when it is published no more; zero for not set yet.
	Signs, Ends time.Time
}

// KeyStore stores signing keys.
type KeyStore interface {
	// SigningKeys gives all keys that have not ended.
	SigningKeys(ctx context.Context, now time.Time) ([]StoredKey, error)
	// RotateKeys lets one process at a time decide on the keys that there are: which ones to add and when others end; one
	// that ends now is revoked.
	RotateKeys(ctx context.Context, now time.Time, decide func([]StoredKey) (add []StoredKey, end map[string]time.Time, err error)) error
}
