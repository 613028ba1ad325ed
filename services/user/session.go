package user

import "time"

// Session is one device that is logged in, or one app that was let in: the family of all tokens that came from one
// authorization.
type Session struct {
	// ID is sess_…; tokens carry it as sid.
	ID        string
	AccountID string
	ClientID  string
	Scopes    []string
	// DeviceName is what the device calls itself; personal data.
	DeviceName string
	// Browser is the hash by which the log-in page knows the browser that the session came from; nil for native ones.
	// Logging out ends that log-in, too.
	Browser []byte
	// Authenticated is when the password was proved. All times are in UTC.
	Authenticated time.Time
	Created       time.Time
	// LastSeen is when tokens were had last.
	LastSeen time.Time
	// Expires is when the session ends by itself unless it is renewed before.
	Expires time.Time
}

// EndReason says why a session ended.
type EndReason string

// The reasons.
const (
	LoggedOut       EndReason = "logged_out"
	EndedElsewhere  EndReason = "ended_elsewhere"
	PasswordChanged EndReason = "password_changed"
	TokenRevoked    EndReason = "token_revoked"
	TokenReused     EndReason = "token_reused"
	CodeReused      EndReason = "code_reused"
	ClientRevoked   EndReason = "client_revoked"
	AccountDeleted  EndReason = "account_deleted"
)
