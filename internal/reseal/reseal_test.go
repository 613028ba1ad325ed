package reseal_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/reseal"
	"github.com/tripgen/tripgen/internal/seal"
)

// keys are three states of one key file: before a rotation, after it, and with the old key disabled.
func keys(t *testing.T) (before, after, without *seal.Sealer) {
	t.Helper()
	file, err := seal.Generate()
	for _, step := range []struct {
		to     **seal.Sealer
		change func(*seal.Keys) error
	}{
		{&before, func(k *seal.Keys) error { _, err := k.Add(time.Now()); return err }},
		{&after, func(k *seal.Keys) error { _, err := k.Promote(time.Now(), 0); return err }},
		{&without, func(k *seal.Keys) error { return k.Disable(k.List()[0].ID) }},
	} {
		if err == nil {
			file, err = seal.Change(file, step.change)
		}
		if err == nil {
			*step.to, err = seal.New(file)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return before, after, without
}

func place(key []string) string { return key[0] + "/" + key[1] }

var column = reseal.Column{Table: "secret", Name: "value", Key: []string{"owner", "number"}, Place: place}

// secrets is a table of n values by old, and some nulls.
func secrets(t *testing.T, old *seal.Sealer, n int) *pgxpool.Pool {
	t.Helper()
	pool := postgrestest.New(t, nil)
	_, err := pool.Exec(t.Context(), `CREATE TABLE secret (owner text, number bigint, value bytea, PRIMARY KEY (owner, number))`)
	for i := 0; err == nil && i < n; i++ {
		err = put(t.Context(), pool, old, i)
	}
	if err == nil {
		_, err = pool.Exec(t.Context(), `INSERT INTO secret SELECT 'nobody', generate_series(1, 5), NULL`)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func owner(i int) string { return fmt.Sprint("owner'", i%3) }

func put(ctx context.Context, pool *pgxpool.Pool, s *seal.Sealer, i int) error {
	sealed, err := s.Seal(fmt.Append(nil, "secret ", i), place([]string{owner(i), fmt.Sprint(i)}))
	if err == nil {
		_, err = pool.Exec(ctx, `INSERT INTO secret VALUES ($1, $2, $3) ON CONFLICT (owner, number) DO UPDATE SET value = $3`, owner(i), i, sealed)
	}
	return err
}

// opened is how many values the sealer opens, each to what it was.
func opened(t *testing.T, pool *pgxpool.Pool, s *seal.Sealer) (n int) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT owner, number, value FROM secret WHERE value IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	var (
		of     string
		number int
		sealed []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&of, &number, &sealed}, func() error {
		plain, err := s.Open(sealed, place([]string{of, fmt.Sprint(number)}))
		switch {
		case err != nil:
		case string(plain) != fmt.Sprint("secret ", number):
			return fmt.Errorf("number %d opens to %q", number, plain)
		default:
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// [U5] A run that is broken off has lost nothing and is gone on with; then the old key can go.
func TestARunIsGoneOnWithAndThenTheOldKeyCanGo(t *testing.T) {
	t.Parallel()
	before, after, without := keys(t)
	const n = 950
	pool := secrets(t, before, n)
	keeper := reseal.Keeper{Name: "test", Pool: pool, Columns: []reseal.Column{column}}
	ctx, cancel := context.WithCancel(t.Context())
	var seen int64
	_, err := reseal.Run(ctx, after, reseal.Options{Told: func(p reseal.Progress) {
		if seen = p.Done; seen >= 300 {
			cancel()
		}
	}}, keeper)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Run = %v", err)
	}
	if got := opened(t, pool, without); int64(got) != seen || got >= n {
		t.Errorf("broken off after %d, the new key opens %d", seen, got)
	}
	if got := opened(t, pool, after); got != n {
		t.Errorf("halfway %d of %d are readable", got, n)
	}
	result, err := reseal.Run(t.Context(), after, reseal.Options{}, keeper)
	if err != nil || len(result) != 1 || result[0].Done != n-seen || result[0].Found != n-seen || result[0].Left != 0 {
		t.Fatalf("Run = %+v, %v, want %d done", result, err, n-seen)
	}
	if got := opened(t, pool, without); got != n {
		t.Errorf("the new key alone opens %d of %d", got, n)
	}
	if again, err := reseal.Run(t.Context(), after, reseal.Options{}, keeper); err != nil || again[0].Found != 0 || again[0].Done != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}
}

// A row that is being written belongs to its writer: nobody waits, and the writer's value stays.
func TestARowThatIsHeldIsComeBackTo(t *testing.T) {
	t.Parallel()
	before, after, without := keys(t)
	pool := secrets(t, before, 50)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // committed by then
	newer, err := before.Seal([]byte("secret 7"), place([]string{owner(7), "7"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `UPDATE secret SET value = $1 WHERE number = 7 AND owner = $2`, newer, owner(7)); err != nil {
		t.Fatal(err)
	}
	keeper := reseal.Keeper{Name: "test", Pool: pool, Columns: []reseal.Column{column}}
	result, err := reseal.Run(t.Context(), after, reseal.Options{}, keeper)
	if !errors.Is(err, reseal.ErrLeft) || result[0].Done != 49 || result[0].Left != 1 || result[0].Broken != 0 {
		t.Fatalf("Run = %+v, %v", result, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if result, err = reseal.Run(t.Context(), after, reseal.Options{}, keeper); err != nil || result[0].Done != 1 {
		t.Errorf("Run = %+v, %v", result, err)
	}
	if got := opened(t, pool, without); got != 50 {
		t.Errorf("the new key alone opens %d", got)
	}
}

// What cannot be opened is told and left alone; the others are done all the same.
func TestWhatCannotBeOpenedIsToldAndStays(t *testing.T) {
	t.Parallel()
	before, after, without := keys(t)
	pool := secrets(t, before, 20)
	if _, err := pool.Exec(t.Context(), `UPDATE secret SET value = value || '\x00' WHERE number IN (3, 4)`); err != nil {
		t.Fatal(err)
	}
	result, err := reseal.Run(t.Context(), after, reseal.Options{}, reseal.Keeper{Name: "test", Pool: pool, Columns: []reseal.Column{column}})
	if !errors.Is(err, reseal.ErrLeft) || result[0].Done != 18 || result[0].Broken != 2 || result[0].Left != 2 {
		t.Errorf("Run = %+v, %v", result, err)
	}
	if got := opened(t, pool, without); got != 18 {
		t.Errorf("the new key alone opens %d", got)
	}
}

// Several runs at once, while the service writes with the new key: nothing is lost, and nothing is done twice.
func TestRunsAndWritersDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	before, after, without := keys(t)
	const n = 900
	pool := secrets(t, before, n)
	keeper := reseal.Keeper{Name: "test", Pool: pool, Columns: []reseal.Column{column}}
	var done atomic.Int64
	ended := make(chan error, 3)
	for range 2 {
		go func() {
			result, err := reseal.Run(context.Background(), after, reseal.Options{}, keeper)
			if errors.Is(err, reseal.ErrLeft) { // the other one held them when it looked
				err = nil
			}
			done.Add(result[0].Done)
			ended <- err
		}()
	}
	var written int64
	go func() {
		var err error
		for i := 0; err == nil && i < 200; i++ {
			err = put(context.Background(), pool, after, i*4)
			written++
		}
		ended <- err
	}()
	for range 3 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	rest, err := reseal.Run(t.Context(), after, reseal.Options{}, keeper)
	if err != nil {
		t.Fatal(err)
	}
	if sum := done.Load() + rest[0].Done; sum > n || sum < n-written {
		t.Errorf("%d of %d were done", sum, n)
	}
	if got := opened(t, pool, without); got != n {
		t.Errorf("the new key alone opens %d of %d", got, n)
	}
}

// Whoever wants to end a key learns what it still holds.
func TestWhatAKeyHoldsIsCounted(t *testing.T) {
	t.Parallel()
	file, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	var id uint32
	changed, err := seal.Change(file, func(k *seal.Keys) error { id = k.List()[0].ID; _, err := k.Add(time.Now()); return err })
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.New(changed)
	if err != nil {
		t.Fatal(err)
	}
	keeper := reseal.Keeper{Name: "test", Pool: secrets(t, s, 12), Columns: []reseal.Column{column}}
	if held, err := reseal.Count(t.Context(), id, keeper); err != nil || len(held) != 1 || held[0].Left != 12 || held[0].Table != "secret" {
		t.Errorf("Count = %+v, %v", held, err)
	}
	if held, err := reseal.Count(t.Context(), id+1, keeper); err != nil || len(held) != 0 {
		t.Errorf("of another key: %+v, %v", held, err)
	}
}
