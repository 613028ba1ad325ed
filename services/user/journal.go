package user

import "context"

// EventKind names what happened.
type EventKind string

// The security events that are recorded.
const (
	AccountCreated    EventKind = "account.created"
	AccountChanged    EventKind = "account.changed"
	EmailRequested    EventKind = "email.requested"
	EmailConfirmed    EventKind = "email.confirmed"
	PasswordReplaced  EventKind = "password.replaced"
	PasswordUpgraded  EventKind = "password.upgraded"
	LogInSucceeded    EventKind = "login.succeeded"
	LogInFailed       EventKind = "login.failed"
	LogInLocked       EventKind = "login.locked"
	DeletionBegun     EventKind = "deletion.begun"
	DeletionUndone    EventKind = "deletion.undone"
	DataExported      EventKind = "data.exported"
	AccountGone       EventKind = "account.deleted"
	SessionBegun      EventKind = "session.begun"
	SessionEnded      EventKind = "session.ended"
	ConsentGiven      EventKind = "consent.given"
	ConsentRefused    EventKind = "consent.refused"
	ClientCreated     EventKind = "client.created"
	ClientChanged     EventKind = "client.changed"
	ClientRotated     EventKind = "client.rotated"
	ClientTakenAway   EventKind = "client.revoked"
	SigningKeyAdded   EventKind = "key.added"
	SigningKeyRetired EventKind = "key.retired"
	SigningKeyRevoked EventKind = "key.revoked"
)

// Event is one line of the journal. It carries ids and no personal data.
type Event struct {
	Kind      EventKind
	AccountID string
	SessionID string
	ClientID  string
	// Detail is a short, fixed word, such as the reason that a session ended for, or the id of a deletion.
	Detail string
}

// Origin is where a request came from, for the journal.
type Origin struct {
	// Address is the peer's IP address; stores keep only a keyed hash of it.
	Address string
	// SessionID and ClientID are those of the token that the request came with, if any.
	SessionID, ClientID string
}

type originKey struct{}

// WithOrigin gives a context that carries the request's origin.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf is the origin that ctx carries; zero for none.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
