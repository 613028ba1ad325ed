package postgres_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/postgres"
)

type fixture struct {
	*postgres.Store
	pool  *pgxpool.Pool
	clock *clock.Fake
	keys  []byte
}

func open(t *testing.T) *fixture {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{pool: postgrestest.New(t, postgres.Migrations()), clock: clock.NewFake(time.Now().Truncate(time.Microsecond)), keys: keys}
	f.Store = f.with(t, keys)
	return f
}

// with is the same database with other keys.
func (f *fixture) with(t *testing.T, keys []byte) *postgres.Store {
	t.Helper()
	sealer, err := seal.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return f.by(t, sealer)
}

// by is the same database with another sealer.
func (f *fixture) by(t *testing.T, sealer *seal.Sealer) *postgres.Store {
	return postgres.New(f.pool, sealer, f.clock, slog.New(slog.NewTextHandler(t.Output(), nil)), func() {})
}

// ada is an account whose every personal word can be searched for.
func ada(f *fixture) user.Account {
	return user.Account{
		ID: id.Random{}.New(id.User), LoginID: "AdaLove", Name: "Ada Lovelace", Email: "Ada.Lovelace@mail.example", Phone: "+821023456789",
		Language: lang.English, Terms: user.Terms{Version: "2026-01-01", Accepted: f.clock.Now()}, Created: f.clock.Now(), Revision: 1,
	}
}

func (f *fixture) create(t *testing.T, a user.Account) {
	t.Helper()
	c := user.Confirmation{Code: "CODECODECODE", Language: lang.English, Expires: f.clock.Now().Add(time.Hour)}
	if err := f.Create(t.Context(), a, "$argon2id$hash", c); err != nil {
		t.Fatal(err)
	}
}

// everything is the whole content of the database as text.
func (f *fixture) everything(t *testing.T) string {
	t.Helper()
	rows, err := f.pool.Query(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, table := range tables {
		rows, err := f.pool.Query(t.Context(), `SELECT t::text || encode(convert_to(t::text, 'UTF8'), 'escape') FROM `+pgx.Identifier{table}.Sanitize()+` t`)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.Join(lines, "\n"))
	}
	return all.String()
}

// [U5]
func TestNothingPersonalIsReadableInTheDatabase(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := ada(f)
	ctx := user.WithOrigin(t.Context(), user.Origin{Address: "203.0.113.7"})
	c := user.Confirmation{Code: "CODECODECODE", Language: lang.English, Expires: f.clock.Now().Add(time.Hour)}
	if err := f.Create(ctx, a, "$argon2id$hash", c); err != nil {
		t.Fatal(err)
	}
	session := f.begin(t, a)
	if _, err := f.Begin(ctx, a.LoginID, f.clock.Now(), 5, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SetAvatar(ctx, a.ID, &user.Picture{Full: []byte("PICTURE"), Thumbnail: []byte("THUMBNAIL")}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Request(ctx, a.ID, user.Confirmation{Email: "new@mail.example", Code: "OTHERCODE", Expires: f.clock.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	content := strings.ToLower(f.everything(t))
	if !strings.Contains(content, a.ID) || !strings.Contains(content, session.ID) {
		t.Fatal("the search finds nothing at all")
	}
	for _, word := range []string{
		"adalove", "ada lovelace", "lovelace", "mail.example", "821023456789", "my own phone", "codecodecode", "othercode", "203.0.113", "picture\"", "thumbnail\"",
	} {
		if strings.Contains(content, word) {
			t.Errorf("%q is readable", word)
		}
	}
}

func (f *fixture) begin(t *testing.T, a user.Account) user.Session {
	t.Helper()
	now := f.clock.Now()
	if err := oauth.Ensure(t.Context(), f.Store, now, oauth.FirstParty([]string{"a.b:/c"}, []string{"https://a.example/"})...); err != nil {
		t.Fatal(err)
	}
	s := user.Session{
		ID: id.Random{}.New(id.Session), AccountID: a.ID, ClientID: oauth.ClientCLI, Scopes: []string{"account"}, DeviceName: "my own phone",
		Authenticated: now, Created: now, LastSeen: now, Expires: now.Add(time.Hour),
	}
	code := oauth.Code{Hash: []byte(s.ID), Session: s, RedirectURI: "http://127.0.0.1/", CodeChallenge: "c", Requested: now, Expires: now.Add(time.Minute)}
	if err := f.SaveCode(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if err := f.Redeem(t.Context(), code.Hash, s, []byte("first")); err != nil {
		t.Fatal(err)
	}
	return s
}

// [U5] What was sealed with an old key is read after a rotation, and what is written then needs the new one.
func TestSealingKeysRotateWithoutALoss(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := ada(f)
	f.create(t, a)
	added, err := seal.Change(f.keys, func(k *seal.Keys) error { _, err := k.Add(f.clock.Now()); return err })
	if err != nil {
		t.Fatal(err)
	}
	promoted, err := seal.Change(added, func(k *seal.Keys) error { _, err := k.Promote(f.clock.Now(), 0); return err })
	if err != nil {
		t.Fatal(err)
	}
	after := f.with(t, promoted)
	found, _, err := after.Credentials(t.Context(), "ADALOVE")
	if err != nil || found.Name != a.Name || found.Email != a.Email || found.Phone != a.Phone || found.LoginID != a.LoginID {
		t.Fatalf("after the rotation: %+v, %v", found, err)
	}
	if _, err := after.Update(t.Context(), a.ID, func(a *user.Account) error { a.Name = "Ada King"; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Account(t.Context(), a.ID); err == nil {
		t.Error("the old keys open what the new key has sealed")
	}
	if found, err := f.with(t, added).Account(t.Context(), a.ID); err != nil || found.Name != "Ada King" {
		t.Errorf("a process that has the key and does not seal with it yet reads %+v, %v", found, err)
	}
}

func TestTheJournalIsAppendOnly(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.create(t, ada(f))
	for _, statement := range []string{"UPDATE journal SET kind = 'x'", "DELETE FROM journal", "TRUNCATE journal"} {
		if _, err := f.pool.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestRefreshTokensRotateOnceOnly(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := ada(f)
	f.create(t, a)
	s := f.begin(t, a)
	rotate := func(current, presented, next string) error {
		f.clock.Advance(time.Second)
		return f.Rotate(t.Context(), oauth.Rotation{
			SessionID: s.ID, Current: []byte(current), Presented: []byte(presented), Next: []byte(next), Now: f.clock.Now(), Expires: f.clock.Now().Add(time.Hour),
		})
	}
	if err := rotate("first", "first", "second"); err != nil {
		t.Fatal(err)
	}
	used := f.clock.Now()
	if err := rotate("first", "first", "other"); err != oauth.ErrLost { //nolint:errorlint // the very value
		t.Errorf("a second time: %v", err)
	}
	if err := rotate("second", "first", "again"); err != nil {
		t.Fatal(err)
	}
	g, err := f.Grant(t.Context(), s.ID)
	if err != nil || string(g.Current) != "again" || string(g.Previous) != "first" || !g.Rotated.Equal(used) {
		t.Errorf("after a lost answer: %q, %q, %v (used %v), %v", g.Current, g.Previous, g.Rotated, used, err)
	}
	if err := f.EndGrant(t.Context(), s.ID, user.TokenReused); err != nil {
		t.Fatal(err)
	}
	if err := rotate("again", "again", "more"); err != oauth.ErrLost { //nolint:errorlint // the very value
		t.Errorf("after the end: %v", err)
	}
	if g, err := f.Grant(t.Context(), s.ID); err != nil || !g.Ended || g.Current != nil {
		t.Errorf("after the end: %+v, %v", g, err)
	}
}

func TestARevokedClientLosesItsSessionsAndTokens(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := ada(f)
	f.create(t, a)
	s := f.begin(t, a)
	issued := f.clock.Now()
	f.clock.Advance(time.Second)
	if err := f.RevokeClient(t.Context(), oauth.ClientCLI, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Client(t.Context(), oauth.ClientCLI); err != oauth.ErrNoClient { //nolint:errorlint // the very value
		t.Errorf("Client = %v", err)
	}
	for _, subject := range []string{oauth.RevokedClient(oauth.ClientCLI), oauth.RevokedSession(s.ID)} {
		if revoked, err := f.Revoked(t.Context(), issued, subject); err != nil || !revoked {
			t.Errorf("%s: %v, %v", subject, revoked, err)
		}
	}
	// It stays revoked when the service starts again.
	if err := oauth.Ensure(t.Context(), f.Store, f.clock.Now(), oauth.FirstParty(nil, nil)...); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Client(t.Context(), oauth.ClientCLI); err != oauth.ErrNoClient { //nolint:errorlint // the very value
		t.Errorf("after a start: %v", err)
	}
}

func TestWhatIsOverIsCleanedUpAndTheRestIsNot(t *testing.T) {
	t.Parallel()
	f := open(t)
	a := ada(f)
	f.create(t, a)
	over, live := f.begin(t, a), f.begin(t, a)
	if err := f.End(t.Context(), a.ID, over.ID, user.LoggedOut); err != nil {
		t.Fatal(err)
	}
	count := func(table string) (n int) {
		if err := f.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := f.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if count("codes") != 2 || count("revocations") != 1 || count("sessions") != 2 {
		t.Error("something was cleaned up too early")
	}
	f.clock.Advance(31 * 24 * time.Hour)
	if _, err := f.pool.Exec(t.Context(), "UPDATE sessions SET expires = $2 WHERE id = $1", live.ID, f.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := f.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if count("codes") != 0 || count("revocations") != 0 || count("confirmations") != 0 || count("sessions") != 1 || count("accounts") != 1 {
		t.Error("what is over is still there, or too much is gone")
	}
}

// A feed hears what another process has stored, in order and without a gap.
func TestTheRevocationFeedFollowsTheStore(t *testing.T) {
	t.Parallel()
	f := open(t)
	feed := user.NewFeed(f.Store, f.clock.Now, func(err error) { t.Error(err) })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- feed.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	const n = 40
	for i := range n {
		go func() {
			if err := f.Revoke(context.Background(), "token"+string(rune('A'+i)), f.clock.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		}()
	}
	seen := map[string]bool{}
	deadline := time.After(10 * time.Second)
	for after := int64(0); len(seen) < n; {
		fresh, last, _, changed := feed.After(after)
		for _, r := range fresh {
			if seen[r.Subject] || r.Sequence <= after {
				t.Errorf("%s came twice or out of order", r.Subject)
			}
			seen[r.Subject] = true
		}
		if after = last; len(seen) == n {
			break
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d of %d revocations were heard", len(seen), n)
		}
	}
	if fresh, _, loaded, _ := feed.After(1 << 40); !loaded || len(fresh) != n {
		t.Errorf("a listener that is ahead of the store got %d", len(fresh))
	}
}
