package seal_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tripgen/tripgen/internal/seal"
)

const settled = 10 * time.Minute

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func add(k *seal.Keys) error          { _, err := k.Add(start); return err }
func promote(k *seal.Keys) error      { _, err := k.Promote(start.Add(settled), settled); return err }
func disableFirst(k *seal.Keys) error { return k.Disable(k.List()[0].ID) }
func reload(t *testing.T, s *seal.Sealer, path string) {
	t.Helper()
	if changed, err := s.Reload(path); err != nil || !changed {
		t.Fatalf("Reload = %t, %v", changed, err)
	}
}

func edit(t *testing.T, path string, change func(*seal.Keys) error) {
	t.Helper()
	if err := seal.Edit(path, change); err != nil {
		t.Fatal(err)
	}
}

// keyFile is a fresh key file.
func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := seal.LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) *seal.Sealer {
	t.Helper()
	s, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// crosses tells whether what one seals the other opens.
func crosses(from, to *seal.Sealer) error {
	sealed, err := from.Seal([]byte("x"), "c")
	if err != nil {
		return err
	}
	plain, err := to.Open(sealed, "c")
	if err == nil && string(plain) != "x" {
		return errors.New("opened " + string(plain))
	}
	return err
}

// [U5] Whichever process reads the file first, after every stage each opens what the other seals, and what was sealed
// before; in one step it would not be so.
func TestARotationByStagesIsSeenByNoProcess(t *testing.T) {
	t.Parallel()
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		path := keyFile(t)
		both := [2]*seal.Sealer{load(t, path), load(t, path)}
		first, err := both[0].Seal([]byte("old"), "c")
		if err != nil {
			t.Fatal(err)
		}
		index := both[0].BlindIndex("f", "v")
		check := func(stage string) {
			t.Helper()
			if err := errors.Join(crosses(both[0], both[1]), crosses(both[1], both[0])); err != nil {
				t.Errorf("%s: %v", stage, err)
			}
			for _, s := range both {
				if plain, err := s.Open(first, "c"); err != nil || string(plain) != "old" || !bytes.Equal(s.BlindIndex("f", "v"), index) {
					t.Errorf("%s: Open = %q, %v", stage, plain, err)
				}
			}
		}
		for _, stage := range []struct {
			name   string
			change func(*seal.Keys) error
		}{{"add", add}, {"promote", promote}} {
			edit(t, path, stage.change)
			check(stage.name + ", nobody has it")
			reload(t, both[order[0]], path)
			check(stage.name + ", one has it")
			reload(t, both[order[1]], path)
			check(stage.name + ", both have it")
		}
		late := both[order[1]]
		edit(t, path, func(k *seal.Keys) error { return errors.Join(add(k), promote(k)) })
		reload(t, both[order[0]], path)
		if err := crosses(both[order[0]], late); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("the late one opens what a key that it does not have sealed: %v", err)
		}
	}
}

// [U5] The same while both seal and open all the time and follow the file by themselves.
func TestProcessesFollowARotationWhileTheyWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := keyFile(t)
		a, b := load(t, path), load(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		log := slog.New(slog.NewTextHandler(t.Output(), nil))
		var wg sync.WaitGroup
		for i, s := range []*seal.Sealer{a, b} {
			every := time.Duration(i+1) * 3 * time.Second
			wg.Go(func() {
				if err := s.Follow(ctx, path, every, log); !errors.Is(err, context.Canceled) {
					t.Errorf("Follow = %v", err)
				}
			})
		}
		for _, pair := range [][2]*seal.Sealer{{a, b}, {b, a}} {
			wg.Go(func() {
				for ctx.Err() == nil {
					if err := crosses(pair[0], pair[1]); err != nil {
						t.Errorf("while the keys change: %v", err)
						return
					}
					time.Sleep(100 * time.Millisecond) // the bubble's clock
				}
			})
		}
		var sealed [][]byte
		for range 3 {
			before, err := a.Seal([]byte("x"), "c")
			if err != nil {
				t.Fatal(err)
			}
			sealed = append(sealed, before)
			edit(t, path, add)
			time.Sleep(settled)
			edit(t, path, promote)
			time.Sleep(time.Minute)
		}
		edit(t, path, disableFirst)
		time.Sleep(time.Minute)
		for i, value := range sealed {
			if _, err := b.Open(value, "c"); (err != nil) != (i == 0) { // the first key is disabled by now
				t.Errorf("what was sealed in round %d: %v", i, err)
			}
		}
		cancel()
		wg.Wait()
	})
}

// [U5] Nothing of a bad file is taken or told, and it is logged once; the next good one is taken.
func TestABadFileIsRefusedAndTheLastGoodKeysStay(t *testing.T) {
	t.Parallel()
	other := generate(t)
	for name, bad := range map[string]func(good []byte) []byte{
		"empty":      func([]byte) []byte { return nil },
		"cut":        func(good []byte) []byte { return good[:len(good)/2] },
		"key broken": func(good []byte) []byte { return bytes.Replace(good, []byte(`"value":"`), []byte(`"value":"!`), 1) },
		"other keys": func([]byte) []byte { return other },
		"too long":   func(good []byte) []byte { return append(bytes.Clone(good), bytes.Repeat([]byte(" "), 1<<20)...) },
	} {
		synctest.Test(t, func(t *testing.T) {
			path := keyFile(t)
			s, peer := load(t, path), load(t, path)
			var out bytes.Buffer
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Follow(ctx, path, time.Second, slog.New(slog.NewTextHandler(&out, nil))) }()
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := bad(good)
			if bytes.Equal(broken, good) {
				t.Fatalf("%s: nothing is bad", name)
			}
			write := func(content []byte) {
				draft := path + ".draft" // renamed, or a look may fall between its emptying and filling
				if err := errors.Join(os.WriteFile(draft, content, 0o600), os.Rename(draft, path)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			}
			write(broken)
			if err := errors.Join(crosses(s, peer), crosses(peer, s)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			changed, err := seal.Change(good, func(k *seal.Keys) error { return errors.Join(add(k), promote(k)) })
			if err != nil {
				t.Fatal(err)
			}
			write(changed)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("Follow = %v", err)
			}
			if err := crosses(sealer(t, changed), s); err != nil {
				t.Errorf("%s: the next good file is not taken: %v", name, err)
			}
			_, secret, _ := strings.Cut(string(good), `"value":"`)
			if log := out.String(); strings.Count(log, "refused") != 1 || strings.Count(log, "good again") != 1 || strings.Contains(log, secret[:16]) {
				t.Errorf("%s: logged %s", name, log)
			}
		})
	}
}

func TestKeysWithoutTheOneThatSealsAreOthers(t *testing.T) {
	t.Parallel()
	path := keyFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, path, add)
	edit(t, path, promote)
	s := load(t, path)
	if err := os.WriteFile(path, before, 0o600); err != nil { // a backup, say
		t.Fatal(err)
	}
	if changed, err := s.Reload(path); changed || !errors.Is(err, seal.ErrOther) {
		t.Errorf("Reload = %t, %v", changed, err)
	}
}

func TestStagesThatWouldLoseDataAreRefused(t *testing.T) {
	t.Parallel()
	path := keyFile(t)
	refused := func(name string, want error, change func(*seal.Keys) error) {
		t.Helper()
		before, _ := os.ReadFile(path)
		if err := seal.Edit(path, change); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the file changed, %v", name, err)
		}
	}
	at := func(now time.Time) func(*seal.Keys) error {
		return func(k *seal.Keys) error { _, err := k.Promote(now, settled); return err }
	}
	refused("nothing to promote", seal.ErrPrimary, promote)
	refused("the only key", seal.ErrPrimary, disableFirst)
	refused("no such key", seal.ErrNoKey, func(k *seal.Keys) error { return k.Disable(0) })
	edit(t, path, add)
	refused("too young", seal.ErrYoung, at(start.Add(settled-time.Second)))
	refused("from the future", seal.ErrYoung, at(start.Add(-time.Hour)))
	refused("two at once", seal.ErrBusy, func(*seal.Keys) error { return seal.Edit(path, add) })
	edit(t, path, at(start.Add(settled)))
	keys, err := seal.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if list := keys.List(); len(list) != 2 || list[0].Primary || !list[0].Enabled || !list[1].Primary || !list[1].Made.Equal(start) {
		t.Errorf("List = %+v", list)
	}
}

func TestAnEditKeepsLinkAndModeAndLeavesNothing(t *testing.T) {
	t.Parallel()
	path := keyFile(t)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	edit(t, link, add)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if keys, err := seal.Read(path); err != nil || len(keys.List()) != 2 {
		t.Errorf("keys: %v", err)
	}
}
