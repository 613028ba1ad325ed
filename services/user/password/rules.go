// Package password has what TripGen asks of people's passwords, and the slow hash that they are kept as.
package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	zxcvbn "github.com/nbutton23/zxcvbn-go"
	"github.com/nbutton23/zxcvbn-go/frequency"
	"golang.org/x/text/unicode/norm"

	"github.com/tripgen/tripgen/internal/errs"
)

// Strength says how hard a password is to guess.
type Strength int

// The strengths. A weak password is accepted, and its owner told.
const (
	Weak Strength = iota + 1
	Fair
	Strong
)

const (
	minLength, maxLength = 8, 128
	// scoredLength bounds the work of estimating: what follows can only make a password stronger.
	scoredLength = 48
)

// ErrRefused refuses a password that is too short, too plain, known from breaches, or contains the log-in id; the field
// violation says which.
var ErrRefused = errs.InvalidArgument(errs.ReasonPasswordWeak,
	"사용할 수 없는 비밀번호입니다.", "This password cannot be used.")

// Clean gives the password in Unicode's composed form, so that it is the same from every keyboard (RFC 8265).
func Clean(password string) string { return norm.NFC.String(password) }

// Check says how strong a password is, or refuses it; about are the words that it must not contain or be guessed
// from: first the log-in id, then others such as the name. field names the field in the refusal.
func Check(field, password, loginID string, about ...string) (Strength, error) {
	password = Clean(password)
	switch n := utf8.RuneCountInString(password); {
	case n < minLength || n > maxLength:
		return 0, ErrRefused.WithField(field, "비밀번호는 8~128자여야 합니다.", "A password has 8 to 128 characters.")
	case !hasAllKinds(password):
		return 0, ErrRefused.WithField(field,
			"문자, 숫자, 기호를 모두 넣어 주세요.", "Use at least one letter, one digit and one symbol.")
	case strings.Contains(strings.ToLower(password), strings.ToLower(loginID)):
		return 0, ErrRefused.WithField(field,
			"비밀번호에 아이디를 넣을 수 없습니다.", "The password must not contain the log-in id.")
	case isKnown(password):
		return 0, ErrRefused.WithField(field,
			"유출된 적이 있는 비밀번호입니다.", "This password is known from data breaches.")
	}
	return estimate(password, append(about, loginID)), nil
}

func hasAllKinds(password string) bool {
	var letter, digit, symbol bool
	for _, r := range password {
		switch {
		case unicode.IsLetter(r):
			letter = true
		case unicode.IsDigit(r):
			digit = true
		case unicode.IsPunct(r) || unicode.IsSymbol(r) || r == ' ':
			symbol = true
		}
	}
	return letter && digit && symbol
}

// estimate uses zxcvbn (Wheeler, USENIX Security 2016): guesses by dictionary, pattern, sequence and date.
func estimate(password string, about []string) Strength {
	scored := []rune(password)
	if len(scored) > scoredLength {
		scored = scored[:scoredLength]
	}
	switch score := zxcvbn.PasswordStrength(string(scored), about).Score; {
	case score <= 1:
		return Weak
	case score <= 3:
		return Fair
	default:
		return Strong
	}
}

// known are common passwords of real breaches, in lower case.
var known = func() map[string]struct{} {
	list := frequency.Lists["Passwords"].List
	set := make(map[string]struct{}, len(list))
	for _, p := range list {
		set[strings.ToLower(p)] = struct{}{}
	}
	return set
}()

// unleet undoes the usual replacements of letters.
var unleet = strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "i", "!", "i", "3", "e", "$", "s", "5", "s", "7", "t")

// isKnown finds a breached password also where a symbol was only put around it, or letters replaced, to satisfy rules
// like ours: that is what breached lists are mangled with first.
func isKnown(password string) bool {
	lower := strings.ToLower(password)
	bare := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, candidate := range []string{lower, bare, unleet.Replace(bare), unleet.Replace(lower)} {
		if _, ok := known[candidate]; ok {
			return true
		}
	}
	return false
}
