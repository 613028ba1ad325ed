package lang_test

import (
	"context"
	"testing"

	"github.com/tripgen/tripgen/internal/lang"
)

func TestAcceptLanguagePicksKoreanOrEnglish(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]lang.Lang{
		"":                       lang.Korean,
		"ko-KR,ko;q=0.9":         lang.Korean,
		"en":                     lang.English,
		"en-GB;q=0.8, ko;q=0.3":  lang.English,
		"fr, en;q=0.5":           lang.English,
		"de":                     lang.Korean,
		"not a header;;;":        lang.Korean,
		"en;q=0.2, ko-KR;q=0.21": lang.Korean,
	} {
		if got := lang.Parse(header); got != want {
			t.Errorf("Parse(%q) = %q, want %q", header, got, want)
		}
	}
}

func TestTextFallsBackToTheOtherLanguage(t *testing.T) {
	t.Parallel()
	text := lang.Text{Ko: "안녕"}
	if got := text.In(lang.English); got != "안녕" {
		t.Errorf("In(English) = %q", got)
	}
	if got := (lang.Text{Ko: "안녕", En: "hi"}).In(lang.English); got != "hi" {
		t.Errorf("In(English) = %q", got)
	}
}

func TestContextCarriesTheLanguage(t *testing.T) {
	t.Parallel()
	if got := lang.From(context.Background()); got != lang.Default {
		t.Errorf("From(empty) = %q", got)
	}
	if got := lang.From(lang.With(context.Background(), lang.English)); got != lang.English {
		t.Errorf("From = %q", got)
	}
}
