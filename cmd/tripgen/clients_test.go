package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// userCommands are commands on a fresh user database.
func userCommands(t *testing.T) (*commands, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys.json")
	if _, err := seal.LoadOrCreate(keys); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "tripgen.yaml")
	content := fmt.Sprintf("postgres: {user: %q}\nseal: {key_file: %q}\n", postgrestest.NewURL(t), keys)
	if err := os.WriteFile(settings, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	out := new(bytes.Buffer)
	c := &commands{Config: settings, out: out}
	if err := (&migrateCmd{Roles: []string{"user"}}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c, out
}

var printedSecret = regexp.MustCompile(`client_secret: (tgs_\w{52})\n`)

func TestAClientIsMadeRotatedAndRevoked(t *testing.T) {
	t.Parallel()
	c, out := userCommands(t)
	ctx := t.Context()
	create := &clientsCreateCmd{Name: "Travel agency", ID: "agency", Grants: []string{oauth.GrantCredentials}}
	if err := create.Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	first := printedSecret.FindStringSubmatch(out.String())
	if first == nil {
		t.Fatalf("printed %q", out)
	}
	if err := create.Run(ctx, c); err == nil {
		t.Error("the id was given twice")
	}
	out.Reset()
	if err := (&clientsRotateCmd{ID: "agency", Overlap: time.Hour}).Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	second := printedSecret.FindStringSubmatch(out.String())
	if second == nil || second[1] == first[1] {
		t.Fatalf("printed %q", out)
	}
	tools, _, err := openUserTools(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer tools.close()
	stored, err := tools.store.Client(ctx, "agency")
	if err != nil {
		t.Fatal(err)
	}
	if tools.secrets.Compare(ctx, stored.SecretHash, []byte(second[1])) != nil ||
		tools.secrets.Compare(ctx, stored.OldSecretHash, []byte(first[1])) != nil {
		t.Error("the new secret and the old one do not hold side by side")
	}
	if err := (&clientsRevokeCmd{ID: "agency"}).Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := (clientsListCmd{}).Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	if line := out.String(); !strings.Contains(line, "Travel agency") || !strings.Contains(line, "revoked 2") || strings.Contains(line, "tgs_") {
		t.Errorf("listed %q", line)
	}
	if err := (&clientsRotateCmd{ID: "agency"}).Run(ctx, c); err == nil {
		t.Error("a revoked client got a secret")
	}
}

func TestClientsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	c, _ := userCommands(t)
	for _, k := range []clientsCreateCmd{
		{Name: "no redirect", Grants: []string{oauth.GrantCode}},
		{Name: "plain http", Grants: []string{oauth.GrantCode}, Redirect: []string{"http://app.example/cb"}},
		{Name: "localhost by name", Grants: []string{oauth.GrantCode}, Redirect: []string{"http://localhost/cb"}},
		{Name: "scheme without a dot", Grants: []string{oauth.GrantCode}, Redirect: []string{"myapp:/cb"}},
		{Name: "script", Grants: []string{oauth.GrantCode}, Redirect: []string{"javascript:alert(1)"}},
		{Name: "internal", Grants: []string{oauth.GrantCredentials}, Scopes: []string{oauth.ScopeInternal}},
		{Name: "acts for itself without credentials", Grants: []string{oauth.GrantCredentials}, Public: true},
	} {
		if err := k.Run(t.Context(), c); err == nil {
			t.Errorf("%s: made", k.Name)
		}
	}
}

func TestKeysRotateMakesOneKeyThatSignsLater(t *testing.T) {
	t.Parallel()
	c, out := userCommands(t)
	for range 2 { // the second call finds the key that waits
		if err := (keysRotateCmd{}).Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || lines[0] != lines[1] {
		t.Errorf("printed %q", out)
	}
	out.Reset()
	if err := (keysListCmd{}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(out.String(), "\n"); rows != 3 {
		t.Errorf("listed %q", out)
	}
}

func TestARevokedKeyIsGoneAndAnotherSigns(t *testing.T) {
	t.Parallel()
	c, out := userCommands(t)
	if err := (keysRotateCmd{}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	tools, _, err := openUserTools(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer tools.close()
	before, err := tools.store.SigningKeys(t.Context(), tools.clock.Now())
	if err != nil || len(before) != 2 {
		t.Fatalf("keys = %v, %v", before, err)
	}
	out.Reset()
	lost := before[0].ID
	if err := (keysRevokeCmd{ID: lost}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	printed := regexp.MustCompile(`^` + lost + ` is revoked: what it has signed is refused within a second; (\w{16}) was made in its place\n$`)
	made := printed.FindStringSubmatch(out.String())
	if made == nil {
		t.Fatalf("printed %q", out)
	}
	after, err := tools.store.SigningKeys(t.Context(), tools.clock.Now())
	if err != nil || len(after) != 2 || after[0].ID != made[1] || after[1].ID != before[1].ID || after[0].Signs.After(tools.clock.Now()) {
		t.Errorf("keys = %v, %v", after, err)
	}
	if err := (keysRevokeCmd{ID: lost}).Run(t.Context(), c); !errors.Is(err, oauth.ErrNoKey) {
		t.Errorf("a second time: %v", err)
	}
}
