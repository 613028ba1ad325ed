package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Lock is the hold of one process on a state folder: two at once would write over each other's Kafka and PostgreSQL.
type Lock struct{ file *os.File }

// LockFolder makes the folder when it is missing and takes it for this process; the kernel gives it back when the
// process ends in whatever way. The error of a folder that is taken names the process that holds it.
func LockFolder(dir string) (*Lock, error) {
	// Others may pass through, so that an unprivileged PostgreSQL reaches its own folder below; each part below is closed.
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, readErr := os.ReadFile(path)
		err = errors.Join(err, readErr, file.Close())
		return nil, fmt.Errorf("%s is in use by process %s: stop that one or choose another folder: %w",
			dir, strings.TrimSpace(string(holder)), err)
	}
	if err := errors.Join(file.Truncate(0), writePid(file)); err != nil {
		return nil, fmt.Errorf("lock the state folder: %w", errors.Join(err, file.Close()))
	}
	return &Lock{file: file}, nil
}

// Close gives the folder back.
func (l *Lock) Close() error { return l.file.Close() }

func writePid(file *os.File) error {
	_, err := fmt.Fprintln(file, os.Getpid())
	return err
}
