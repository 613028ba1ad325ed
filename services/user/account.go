// Package user has travellers' accounts: signing up and in, the profile, the devices that are logged in, and the log of
// what happened to an account. The OAuth 2.1 server that hands out the tokens is in oauth, the tables are in postgres.
package user

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
)

// Account is a traveller's account. Name, addresses, phone and log-in id are personal data: stores seal them.
type Account struct {
	// ID is user_….
	ID string
	// LoginID is what the person logs in with, as it was typed; upper and lower case are not told apart.
	LoginID string
	Name    string
	// Email is the address that messages go to.
	Email         string
	EmailVerified bool
	// PendingEmail waits for its confirmation; empty for none.
	PendingEmail string
	// Phone is a mobile number in E.164.
	Phone    string
	Language lang.Lang
	Terms    Terms
	// AvatarVersion grows with each new picture; 0 for none.
	AvatarVersion int
	// Created is in UTC.
	Created time.Time
	// Revision grows with every change; it starts at 1.
	Revision int64
}

// Terms say which version of the terms was accepted, and when (UTC).
type Terms struct {
	Version  string
	Accepted time.Time
}

const (
	nameMin, nameMax = 2, 40
	emailMax         = 254
	homeRegion       = "KR" // numbers without a country code are Korean
)

var (
	loginIDPattern = regexp.MustCompile(`^[A-Za-z0-9]{5,32}$`)
	termsPattern   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// CleanName checks a person's name: 2 to 40 letters, Hangul or Latin, in words parted by single spaces; hyphens and
// apostrophes may stand between letters. It gives the name in Unicode's composed form.
func CleanName(s string) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	letters := 0
	var before rune
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Hangul, unicode.Latin):
			letters++
		case strings.ContainsRune(" -'’", r) && unicode.IsLetter(before):
		default:
			return "", errName
		}
		before = r
	}
	if letters < nameMin || utf8.RuneCountInString(s) > nameMax || !unicode.IsLetter(before) {
		return "", errName
	}
	return s, nil
}

// CleanEmail checks an e-mail address and gives it without blanks around it and with its domain in lower case.
func CleanEmail(s string) (string, error) {
	s = strings.TrimSpace(s)
	parsed, err := mail.ParseAddress(s)
	at := strings.LastIndexByte(s, '@')
	if err != nil || parsed.Address != s || len(s) > emailMax || !strings.Contains(s[at+1:], ".") {
		return "", errEmail
	}
	return s[:at+1] + strings.ToLower(s[at+1:]), nil
}

// CleanPhone checks a mobile number, in E.164 or in Korea's local form, and gives it in E.164.
func CleanPhone(s string) (string, error) {
	number, err := phonenumbers.Parse(s, homeRegion)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", errPhone
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return phonenumbers.Format(number, phonenumbers.E164), nil
	}
	return "", errPhone
}

// CleanLoginID checks a log-in id: 5 to 32 letters and digits of ASCII.
func CleanLoginID(s string) (string, error) {
	if !loginIDPattern.MatchString(s) {
		return "", errLoginID
	}
	return s, nil
}

// LoginKey is what a log-in id is looked up by: the same for all its spellings.
func LoginKey(loginID string) string { return strings.ToLower(strings.TrimSpace(loginID)) }

// EmailKey is what an e-mail address is looked up by. Providers do not tell upper and lower case apart, whatever the
// RFC allows them.
func EmailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

var (
	errName = invalid("name",
		"이름은 한글 또는 영문 2~40자로 입력해 주세요.", "A name has 2 to 40 letters, Hangul or Latin.")
	errEmail   = invalid("email", "올바른 이메일 주소가 아닙니다.", "This is not an e-mail address.")
	errPhone   = invalid("phone", "올바른 휴대전화 번호가 아닙니다.", "This is not a mobile number.")
	errLoginID = invalid("login_id",
		"아이디는 영문과 숫자 5~32자로 입력해 주세요.", "A log-in id has 5 to 32 letters and digits.")
	errTerms = invalid("terms", "약관에 동의해 주세요.", "The terms have to be accepted.")
)

func invalid(field, ko, en string) *errs.Error { return errs.Invalid(errs.Field(field, ko, en)) }

// allOf joins the field violations of several refusals into one, so that a form shows them all at once.
func allOf(refusals ...error) error {
	var fields []errs.FieldViolation
	for _, err := range refusals {
		if err == nil {
			continue
		}
		e, ok := errs.Of(err)
		if !ok || len(e.Fields) == 0 {
			return err
		}
		fields = append(fields, e.Fields...)
	}
	if len(fields) == 0 {
		return nil
	}
	return errs.Invalid(fields...)
}
