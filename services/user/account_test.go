package user_test

import (
	"strings"
	"testing"

	"github.com/tripgen/tripgen/services/user"
)

// [U1]
func TestNames(t *testing.T) {
	t.Parallel()
	for _, good := range []struct{ in, want string }{
		{"김민수", "김민수"},
		{"이산", "이산"},
		{"  Ada Lovelace ", "Ada Lovelace"},
		{"Jean-Luc O'Brien", "Jean-Luc O'Brien"},
		{"Žofia", "Žofia"},
		{"Ze\u0301", "Zé"},
		{"\u1100\u1161\u1102\u1161", "가나"},
		{strings.Repeat("a", 40), strings.Repeat("a", 40)},
	} {
		if got, err := user.CleanName(good.in); err != nil || got != good.want {
			t.Errorf("CleanName(%q) = %q, %v", good.in, got, err)
		}
	}
	for _, bad := range []string{
		"", "김", "A", "A1", "Ada  Lovelace", "Ada-", "-Ada", "Ada\u200bL", "Иван", "田中太郎", "<b>Ada</b>", strings.Repeat("a", 41), "A ' B\n",
	} {
		if got, err := user.CleanName(bad); err == nil {
			t.Errorf("CleanName(%q) = %q", bad, got)
		}
	}
}

// [U1]
func TestPhones(t *testing.T) {
	t.Parallel()
	for _, good := range []struct{ in, want string }{
		{"010-2345-6789", "+821023456789"},
		{"01023456789", "+821023456789"},
		{"+82 10-2345-6789", "+821023456789"},
		{"+82 010 2345 6789", "+821023456789"},
		{"+1 650-253-0000", "+16502530000"},
		{"+49 1512 3456789", "+4915123456789"},
	} {
		if got, err := user.CleanPhone(good.in); err != nil || got != good.want {
			t.Errorf("CleanPhone(%q) = %q, %v", good.in, got, err)
		}
	}
	for _, bad := range []string{"", "02-312-3456", "010-2345", "+49 89 1234567", "+999 1234567890", "call me"} {
		if got, err := user.CleanPhone(bad); err == nil {
			t.Errorf("CleanPhone(%q) = %q", bad, got)
		}
	}
}

// [U1]
func TestEmails(t *testing.T) {
	t.Parallel()
	if got, err := user.CleanEmail(" Ada.L+trip@Example.COM "); err != nil || got != "Ada.L+trip@example.com" {
		t.Errorf("CleanEmail = %q, %v", got, err)
	}
	for _, bad := range []string{"", "ada", "ada@", "@example.com", "ada@localhost", "Ada <ada@example.com>", "ada@example.com\r\nBcc: x@y.z", strings.Repeat("a", 250) + "@b.cd"} {
		if got, err := user.CleanEmail(bad); err == nil {
			t.Errorf("CleanEmail(%q) = %q", bad, got)
		}
	}
	if user.EmailKey("Ada@Example.com") != user.EmailKey("ada@example.COM") {
		t.Error("the same address has two keys")
	}
}

// [U1]
func TestLoginIDs(t *testing.T) {
	t.Parallel()
	for in, good := range map[string]bool{
		"minsu": true, "MinSu99": true, "12345": true, "abcd": false, "min su": false, "min_su9": false, "민수민수민": false, strings.Repeat("a", 33): false,
	} {
		if _, err := user.CleanLoginID(in); (err == nil) != good {
			t.Errorf("CleanLoginID(%q) = %v", in, err)
		}
	}
	if user.LoginKey("MinSu99") != user.LoginKey("minsu99") {
		t.Error("the same id has two keys")
	}
}
