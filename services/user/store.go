package user

import (
	"context"
	"errors"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// What stores say. Other errors of theirs are failures.
var (
	// ErrNoAccount: there is no such account (any more).
	ErrNoAccount = errs.NotFound(errs.ReasonNotFound, "계정을 찾을 수 없습니다.", "There is no such account.")
	// ErrNoSession: the account has no such session, or it is over.
	ErrNoSession = errs.NotFound(errs.ReasonNotFound, "로그인 기록을 찾을 수 없습니다.", "There is no such session.")
	// ErrLoginIDTaken: another account has this log-in id.
	ErrLoginIDTaken = errs.AlreadyExists(errs.ReasonLoginIDTaken, "이미 사용 중인 아이디입니다.", "This log-in id is taken.")
	// ErrEmailTaken: another account has verified this address.
	ErrEmailTaken = errs.AlreadyExists(errs.ReasonEmailTaken,
		"이미 사용 중인 이메일 주소입니다.", "This e-mail address is taken.")
	// ErrStaleRevision: the account was changed since it was read; the present one is attached.
	ErrStaleRevision = errs.Aborted(errs.ReasonStaleRevision,
		"다른 곳에서 먼저 수정되었습니다.", "It was changed elsewhere in the meantime.")
	// ErrCodeInvalid: a verification code that never was, is used, superseded, or too old.
	ErrCodeInvalid = errs.InvalidArgument(errs.ReasonVerificationCodeInvalid,
		"인증 코드가 올바르지 않거나 만료되었습니다.", "The verification code is wrong, used or expired.")
	// ErrUnchanged is what the function given to Accounts.Update returns to leave the account as it is.
	ErrUnchanged = errors.New("account unchanged")
)

// Accounts stores accounts with their passwords. Look-ups of log-in ids and addresses go by [LoginKey] and [EmailKey].
type Accounts interface {
	// Create stores a new account, its password, and a confirmation with the mail that carries it, all or nothing:
	// ErrLoginIDTaken where it cannot. Any number of accounts may have an address that none of them has verified.
	Create(ctx context.Context, a Account, passwordHash string, c Confirmation) error
	// Account reads an account: ErrNoAccount.
	Account(ctx context.Context, id string) (Account, error)
	// Credentials find the account of a log-in id and its password hash: ErrNoAccount.
	Credentials(ctx context.Context, loginID string) (Account, string, error)
	// Update changes an account in one transaction that nobody else can change it during, and counts up its revision:
	// ErrNoAccount, ErrEmailTaken, or what fn returns. With ErrUnchanged from fn nothing is written and no error comes
	// back.
	Update(ctx context.Context, id string, fn func(*Account) error) (Account, error)
	// SetPassword replaces the password hash if it still is old, and ends all sessions but one: how many.
	// ErrStaleRevision where another change won.
	SetPassword(ctx context.Context, id, oldHash, newHash, keepSession string) (ended int, err error)
	// UpgradePassword replaces the hash by another one of the same password, if it still is old. No session ends.
	UpgradePassword(ctx context.Context, id, oldHash, newHash string) error
	// PasswordHash reads an account's password hash: ErrNoAccount.
	PasswordHash(ctx context.Context, id string) (string, error)
}

// Names knows which log-in ids are in use and which addresses are verified, by [LoginKey] and [EmailKey].
type Names interface {
	// LoginIDFree and EmailFree tell whether an account could be made with them.
	LoginIDFree(ctx context.Context, loginID string) (bool, error)
	EmailFree(ctx context.Context, email string) (bool, error)
}

// Attempts counts failed log-ins in a row for a log-in id, whether or not an account has it.
type Attempts interface {
	// Begin counts an attempt before its outcome is known, so that attempts side by side cannot slip through, and gives
	// the instant until which the id is locked; zero if the attempt may go on. With the attempt numbered limit the id
	// is locked for lock from now on, until Succeed takes it back.
	Begin(ctx context.Context, loginID string, now time.Time, limit int, lock time.Duration) (lockedUntil time.Time, err error)
	// Succeed forgets all failures.
	Succeed(ctx context.Context, loginID string) error
}

// Sessions stores what devices are logged in. They are begun by the OAuth server when a code is redeemed.
type Sessions interface {
	// List gives an account's live sessions, newest first, those made before the cursor (the id of the last one seen;
	// empty for the first page).
	List(ctx context.Context, accountID, before string, limit int) ([]Session, error)
	// End ends a session at once, for good, and tells all verifiers: ErrNoSession.
	End(ctx context.Context, accountID, sessionID string, why EndReason) error
}

// Confirmations stores codes that prove that an e-mail address is somebody's.
type Confirmations interface {
	// Confirm redeems a code: the account's address, or its pending one if the code was sent there, becomes the
	// confirmed address, in one transaction. ErrCodeInvalid; ErrEmailTaken where another account has confirmed it: of
	// many at once exactly one does, and for the others nothing changes.
	Confirm(ctx context.Context, codeHash []byte, now time.Time) (Account, error)
	// Request replaces an account's open confirmation and stores the pending address: ErrNoAccount.
	Request(ctx context.Context, accountID string, c Confirmation) (Account, error)
}

// Journal is the append-only record of what happened to accounts, sessions, clients and keys.
type Journal interface {
	// Record appends an event. Stores record the events that come with a change in the change's own transaction.
	Record(ctx context.Context, e Event) error
}

// Avatars stores pictures.
type Avatars interface {
	// SetAvatar replaces the picture and its thumbnail, both JPEG, and counts up the account's AvatarVersion and
	// revision; nil takes the picture away. ErrNoAccount.
	SetAvatar(ctx context.Context, accountID string, p *Picture) (Account, error)
	// Avatar reads the picture of this version: ErrNoPicture.
	Avatar(ctx context.Context, accountID string, version int) (Picture, error)
}
