package page_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/internal/page"
)

func tokens(t *testing.T, seed byte) *page.Tokens {
	t.Helper()
	made, err := page.NewTokens(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestATokenOpensOnlyInItsOwnQuery(t *testing.T) {
	t.Parallel()
	mine := tokens(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		query := page.Query(rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "query"))
		other := page.Query(rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "other"))
		cursor := rapid.StringN(1, -1, 64).Draw(t, "cursor")
		token := mine.Seal(query, cursor)
		if got, err := mine.Open(query, token); err != nil || got != cursor {
			t.Fatalf("Open = %q, %v; want %q", got, err, cursor)
		}
		same := len(query) == len(other)
		for i := range query {
			same = same && query[i] == other[i]
		}
		if _, err := mine.Open(other, token); !same && !errors.Is(err, page.ErrToken) {
			t.Fatalf("a token of %q opened in %q", query, other)
		}
	})
}

func TestMadeUpTokensAreRefused(t *testing.T) {
	t.Parallel()
	mine, query := tokens(t, 1), page.Query{"ListTrips", "user_1"}
	token := mine.Seal(query, "cursor")
	altered := []byte(token)
	altered[len(altered)-2] ^= 1
	for _, bad := range []string{"x", "!!", string(altered), token + "A", tokens(t, 2).Seal(query, "cursor")} {
		if _, err := mine.Open(query, bad); !errors.Is(err, page.ErrToken) {
			t.Errorf("Open(%q) = %v", bad, err)
		}
	}
}

func TestFirstAndLastPageNeedNoToken(t *testing.T) {
	t.Parallel()
	mine := tokens(t, 1)
	if got := mine.Seal(nil, ""); got != "" {
		t.Errorf("Seal of no cursor = %q", got)
	}
	if got, err := mine.Open(nil, ""); got != "" || err != nil {
		t.Errorf("Open of no token = %q, %v", got, err)
	}
}

func TestShortKeysAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := page.NewTokens(make([]byte, 31)); err == nil {
		t.Error("a key of 31 bytes is taken")
	}
}
