// Package sealtest gives tests something to seal with.
package sealtest

import (
	"testing"

	"github.com/tripgen/tripgen/internal/seal"
)

// New makes a key file of one key, and what seals with it.
func New(t testing.TB) (sealer *seal.Sealer, file []byte) {
	t.Helper()
	file, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if sealer, err = seal.New(file); err != nil {
		t.Fatal(err)
	}
	return sealer, file
}
