package seal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	keyFileMode = 0o600
	maxKeyFile  = 1 << 20 // bytes; thousands of keys
)

// ErrBusy means that somebody else is changing the key file.
var ErrBusy = errors.New("the key file is being changed by another command")

// Read gives the keys of a key file, to look at.
func Read(path string) (*Keys, error) {
	file, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return parse(file)
}

// Edit changes a key file. Readers see the content before or after, never a part; owner and mode stay; nothing is
// written where change or anything else fails. Of two at once one gets [ErrBusy], so that no key is lost.
func Edit(path string, change func(*Keys) error) (err error) {
	path, err = filepath.EvalSymlinks(path) // the file is replaced, not the link to it
	if err != nil {
		return fmt.Errorf("change keys: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("change keys: %w", err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }() // gives the lock back
	// The folder is locked, as the file is another one after each change.
	err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir.Name(), err)
	}
	file, err := readFile(path)
	if err != nil {
		return err
	}
	changed, err := Change(file, change)
	if err != nil {
		return err
	}
	if err := replaceWhole(path, changed); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return dir.Sync()
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	if len(content) > maxKeyFile {
		return nil, fmt.Errorf("read keys: %s has more than %d bytes", path, maxKeyFile)
	}
	return content, nil
}

// createWhole makes a file that nobody ever sees in part; fs.ErrExist where it is there.
func createWhole(path string, content []byte) error {
	return whole(path, content, func(temp *os.File) error { return temp.Chmod(keyFileMode) }, os.Link)
}

// replaceWhole puts content in the place of a file, with its owner and mode: the processes that read it may be another
// user's than the one who changes it.
func replaceWhole(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	like := func(temp *os.File) error {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			if err := temp.Chown(int(stat.Uid), int(stat.Gid)); err != nil {
				return err
			}
		}
		return temp.Chmod(info.Mode().Perm())
	}
	return whole(path, content, like, os.Rename)
}

// whole writes a file beside path, prepared, and then puts it there.
func whole(path string, content []byte, prepare func(*os.File) error, put func(from, to string) error) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".keys-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(content)
	err = errors.Join(err, prepare(temp), temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	return put(temp.Name(), path)
}
