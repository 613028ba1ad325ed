package main

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tripgen/tripgen/internal/durable"
)

func TestSagasAreShown(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	running := durable.Status{
		ID: "gen_1", Kind: "generation", State: durable.Running, Executor: "host-a", Attempts: 2, Created: created, Updated: created,
		Steps: []durable.Step{{Name: "hand over", Started: created, Ended: created.Add(30 * time.Millisecond), Output: "{}"}},
	}
	broken := durable.Status{ID: "gen_2", Kind: "generation", State: durable.Failed, Created: created, Ended: created.Add(time.Second), Error: "why\nmore"}
	var out strings.Builder
	if err := listSagas(&out, []durable.Status{running, broken}, created.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 4 || strings.Join(strings.Fields(lines[1]), " ") != "gen_1 generation running hand over 1m0s 2 host-a - -" ||
		!strings.HasSuffix(lines[2], "why") || !strings.Contains(lines[2], " 1s ") {
		t.Errorf("listed:\n%s", out.String())
	}
	out.Reset()
	if err := showSaga(&out, running, created.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"saga      gen_1\n", "state     running\n", "attempts  2\n", "age       1m0s\n", "step 0    2026-05-01T09:00:00Z  30ms  hand over  {}\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, out.String())
		}
	}
}

func TestSagasRefuseWrongFlags(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"--state=lost": "must be one of", "--limit=0": "--limit", "--limit=501": "--limit"} {
		parser, err := kong.New(new(commands))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{"sagas", "list", flag}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"sagas", "list", "--state=done,failed"}); err != nil || len(c.Sagas.List.State) != 2 {
		t.Errorf("two states: %v, %v", c.Sagas.List.State, err)
	}
}
