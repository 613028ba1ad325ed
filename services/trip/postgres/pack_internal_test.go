package postgres

import (
	"bytes"
	"strings"
	"testing"
)

// Documents come back as they were, those too that were stored before there was packing; garbage is told.
func TestDocumentsAreUnpackedAsTheyWere(t *testing.T) {
	t.Parallel()
	long := []byte(strings.Repeat("\n\x10stop_01890a5d경복궁", 1000))
	for name, stored := range map[string][]byte{"packed": pack(long), "as it was": long} {
		if got, err := unpack(stored); err != nil || !bytes.Equal(got, long) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if small := pack(long); len(small) > len(long)/10 {
		t.Errorf("%d bytes became %d", len(long), len(small))
	}
	for _, empty := range [][]byte{nil, {}} {
		if got, err := unpack(pack(empty)); err != nil || len(got) != 0 {
			t.Errorf("nothing became %q, %v", got, err)
		}
	}
	for _, garbage := range [][]byte{{packed}, {packed, 0xff, 0xff, 1}, pack(long)[:100]} {
		if got, err := unpack(garbage); err == nil {
			t.Errorf("%q became %q", garbage, got)
		}
	}
}
