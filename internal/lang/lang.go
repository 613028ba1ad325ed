// Package lang holds the two languages that people are spoken to in, and the choice between them.
package lang

import (
	"context"

	"golang.org/x/text/language"
)

// Lang is a language that user-facing text exists in.
type Lang string

// The languages, as BCP 47 tags.
const (
	Korean  Lang = "ko"
	English Lang = "en"
)

// Default is used where a caller asks for nothing, or for a language that there is no text in.
const Default = Korean

// Text is one user-facing text in both languages.
type Text struct {
	Ko string
	En string
}

// In gives the text in l, or in the other language where that one is empty.
func (t Text) In(l Lang) string {
	first, second := t.Ko, t.En
	if l == English {
		first, second = t.En, t.Ko
	}
	if first == "" {
		return second
	}
	return first
}

// IsZero tells whether there is no text in either language.
func (t Text) IsZero() bool { return t == Text{} }

var matcher = language.NewMatcher([]language.Tag{language.Korean, language.English})

// Parse picks the language for the value of an Accept-Language header (RFC 9110, 12.5.4).
// An empty or broken header, or one without Korean or English, gives [Default].
func Parse(acceptLanguage string) Lang {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Default
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No || index == 0 {
		return Default
	}
	return English
}

type contextKey struct{}

// With gives a context that carries l.
func With(ctx context.Context, l Lang) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// From is the language that ctx carries, or [Default].
func From(ctx context.Context) Lang {
	if l, ok := ctx.Value(contextKey{}).(Lang); ok {
		return l
	}
	return Default
}
