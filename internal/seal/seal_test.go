package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tripgen/tripgen/internal/seal"
)

func generate(t *testing.T) []byte {
	t.Helper()
	file, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func sealer(t *testing.T, file []byte) *seal.Sealer {
	t.Helper()
	s, err := seal.New(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// [U5]
func TestASealedValueOpensOnlyInItsPlaceAndUnaltered(t *testing.T) {
	t.Parallel()
	s := sealer(t, generate(t))
	plain := []byte("김여행")
	sealed, err := s.Seal(plain, "trip_1/member/name")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Seal(plain, "trip_1/member/name")
	if err != nil || bytes.Equal(sealed, again) || bytes.Contains(sealed, plain) {
		t.Errorf("sealed %x and %x, %v", sealed, again, err)
	}
	if got, err := s.Open(sealed, "trip_1/member/name"); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Open = %q, %v", got, err)
	}
	altered := bytes.Clone(sealed)
	altered[len(altered)-1] ^= 1
	stranger := sealer(t, generate(t))
	for name, open := range map[string]func() ([]byte, error){
		"another place": func() ([]byte, error) { return s.Open(sealed, "trip_2/member/name") },
		"altered":       func() ([]byte, error) { return s.Open(altered, "trip_1/member/name") },
		"cut":           func() ([]byte, error) { return s.Open(sealed[:4], "trip_1/member/name") },
		"other keys":    func() ([]byte, error) { return stranger.Open(sealed, "trip_1/member/name") },
	} {
		if got, err := open(); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: Open = %q, %v", name, got, err)
		}
	}
}

func TestBlindIndexesDifferByFieldValueAndKey(t *testing.T) {
	t.Parallel()
	s := sealer(t, generate(t))
	same := s.BlindIndex("user/email", "a@b")
	if !bytes.Equal(same, s.BlindIndex("user/email", "a@b")) || len(same) != 32 {
		t.Error("equal values have different indexes")
	}
	for _, other := range [][]byte{
		s.BlindIndex("user/email", "b@b"), s.BlindIndex("user/phone", "a@b"), s.Derive("a@b"),
		sealer(t, generate(t)).BlindIndex("user/email", "a@b"),
	} {
		if bytes.Equal(same, other) {
			t.Error("different things have equal indexes")
		}
	}
}

func TestTheKeyFileIsMadeOnceAndPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	indexes := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range indexes {
		wg.Go(func() {
			s, err := seal.LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			indexes[i] = s.BlindIndex("f", "v")
		})
	}
	wg.Wait()
	for _, index := range indexes {
		if !bytes.Equal(index, indexes[0]) {
			t.Error("processes that started at once have different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBrokenKeyFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "{}", `{"aead":{},"index":""}`, "not json"} {
		if _, err := seal.New([]byte(file)); err == nil {
			t.Errorf("%q is taken for keys", file)
		}
	}
	if _, err := seal.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load = %v", err)
	}
}
