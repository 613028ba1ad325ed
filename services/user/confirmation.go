package user

import (
	"crypto/rand"
	"crypto/sha256"
	"time"

	"github.com/tripgen/tripgen/internal/lang"
)

// Confirmation is a request to prove that an e-mail address is somebody's: the code is mailed, its hash is stored.
type Confirmation struct {
	// Email is where the code goes; empty for the account's own address.
	Email    string
	Code     string
	Language lang.Lang
	// Expires is in UTC.
	Expires time.Time
}

// confirmationLife is how long a mailed code can be used.
const confirmationLife = 24 * time.Hour

// Hash is what the code is stored and found by. The code has 130 bits of randomness: a fast hash suffices.
func (c Confirmation) Hash() []byte { return hashCode(c.Code) }

func hashCode(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

func newConfirmation(email string, l lang.Lang, now time.Time) Confirmation {
	return Confirmation{Email: email, Code: rand.Text(), Language: l, Expires: now.Add(confirmationLife)}
}
