package oauth

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/ory/fosite"
)

// idLength bounds ids that others make up, in bytes.
const idLength = 256

// isID holds for what may be a client's id or the like (RFC 6749, A.1): visible ASCII characters and spaces.
func isID(s string) bool {
	return len(s) <= idLength && strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) < 0
}

// checkParameters refuses parameters that are there more than once (RFC 6749, 3.1 and 3.2), and such as are no text, which
// no database would take.
func checkParameters(params url.Values) error {
	for name, values := range params {
		switch {
		case !isText(name):
			return fosite.ErrInvalidRequest.WithHint("The name of a parameter is no text.")
		case len(values) > 1:
			return fosite.ErrInvalidRequest.WithHintf("The parameter '%s' is there more than once.", name)
		case !isText(values[0]):
			return fosite.ErrInvalidRequest.WithHintf("The parameter '%s' is no text.", name)
		}
	}
	return nil
}

// description is an error's text in the characters that the protocol has for it (RFC 6749, 5.2): what was sent is quoted
// in some of them.
func description(err *fosite.RFC6749Error) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, err.GetDescription())
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
