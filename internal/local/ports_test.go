package local_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tripgen/tripgen/internal/local"
)

func TestATakenPortIsOneLineThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	holder, err := net.Listen("tcp", local.Address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	addr := holder.Addr().String()
	err = local.CheckPort(addr, "the gateway", "--port")
	if err == nil {
		t.Fatal("a taken port passed")
	}
	for _, part := range []string{"the gateway", addr, "taken", "--port"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not tell %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func TestAFreePortCanBeListenedOn(t *testing.T) {
	t.Parallel()
	port, err := local.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if err := local.CheckPort(local.Address(port), "the gateway", "--port"); err != nil {
		t.Error(err)
	}
}

func TestAStateFolderBelongsToOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	first, err := local.LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := local.LockFolder(dir); err == nil || !strings.Contains(err.Error(), "in use by process") {
		t.Errorf("second lock = %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := local.LockFolder(dir)
	if err != nil {
		t.Fatalf("lock after close: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
