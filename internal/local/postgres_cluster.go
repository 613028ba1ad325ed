package local

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tripgen/tripgen/internal/local/process"
)

// cluster is a data folder with the programs and the user that run it.
type cluster struct {
	install
	dir      string // as the server's user reaches it
	user     *process.User
	password string // empty: the server asks for none
}

// openCluster makes dir a data folder if it is not one yet and makes sure that no server runs on it.
func openCluster(ctx context.Context, dir string, withPassword bool) (*cluster, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	installs, err := findPostgres(ctx)
	if err != nil {
		return nil, err
	}
	c := &cluster{install: installs[0]}
	if c.user, err = process.Unprivileged("postgres", "nobody"); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o711); err != nil {
		return nil, err
	}
	if c.dir, err = place(dir, c.user); err != nil {
		return nil, err
	}
	made, err := os.ReadFile(filepath.Join(c.dir, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, c.create(ctx, withPassword, dir+".log")
	}
	if err != nil {
		return nil, err
	}
	if c.install, err = matching(installs, strings.TrimSpace(string(made)), dir); err != nil {
		return nil, err
	}
	if withPassword {
		if c.password, err = readPassword(c.dir); err != nil {
			return nil, err
		}
	}
	return c, c.clearStalePid(ctx)
}

// matching picks the installed version that made the data: another major version cannot read it.
func matching(installs []install, version, dir string) (install, error) {
	for _, i := range installs {
		if strconv.Itoa(i.version) == version {
			return i, nil
		}
	}
	return install{}, fmt.Errorf("the data in %s is of version %s and version %d is installed: install postgresql-%s, "+
		"or delete the folder to start anew", dir, version, installs[0].version, version)
}

// elsewhere is where data goes that the server's user cannot reach in its own place.
const elsewhere = "/var/lib/tripgen"

// place tells where the data of dir lies. That is dir itself, except under a folder that is closed to the server's user,
// as root's home is: then dir is a link to a folder of its own in [elsewhere].
func place(dir string, user *process.User) (string, error) {
	if user.CanReach(filepath.Dir(dir)) {
		return dir, nil
	}
	sum := sha256.Sum256([]byte(dir))
	target := filepath.Join(elsewhere, hex.EncodeToString(sum[:8]), filepath.Base(dir))
	if linked, err := os.Readlink(dir); err == nil && linked == target {
		return target, openWay(target)
	}
	// No link to it: whoever deleted the state folder meant the data too.
	if err := os.RemoveAll(target); err != nil {
		return "", err
	}
	if err := openWay(target); err != nil {
		return "", err
	}
	return target, os.Symlink(target, dir)
}

// openWay makes the folders above target and lets others pass through them, whatever the umask.
func openWay(target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o711); err != nil {
		return err
	}
	return errors.Join(os.Chmod(elsewhere, 0o711), os.Chmod(filepath.Dir(target), 0o711))
}

// create makes a new cluster. It is made beside its place and then moved there, so that a half-made one is never taken
// for a whole one.
func (c *cluster) create(ctx context.Context, withPassword bool, log string) error {
	draft := c.dir + ".new"
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	if err := errors.Join(os.Mkdir(draft, 0o700), c.user.Own(draft)); err != nil {
		return err
	}
	args := []string{"-D", draft, "-U", superuser, "--encoding=UTF8", "--locale=C.UTF-8"}
	asked := draft + ".password"
	if withPassword {
		c.password = rand.Text()
		if err := os.WriteFile(asked, []byte(c.password+"\n"), 0o600); err != nil {
			return err
		}
		if err := c.user.Own(asked); err != nil {
			return err
		}
		args = append(args, "--auth=scram-sha-256", "--pwfile="+asked)
	} else {
		args = append(args, "--auth=trust", "--no-sync")
	}
	err := process.Complete(ctx, process.Command{
		Name:    "initdb",
		Path:    filepath.Join(c.bin, "initdb"),
		Args:    args,
		Dir:     "/",
		LogFile: log,
		User:    c.user,
	})
	if err != nil {
		return err
	}
	if withPassword {
		if err := os.Rename(asked, filepath.Join(draft, passwordFile)); err != nil {
			return err
		}
	}
	return os.Rename(draft, c.dir)
}

// passwordFile holds the superuser's password within the data folder, so that both come and go together.
const passwordFile = "tripgen.password"

func readPassword(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, passwordFile))
	if err != nil {
		return "", fmt.Errorf("read the password of the data folder: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// orphanLimit is how long a server may take to end whose parent was killed: the kernel has told it to.
const orphanLimit = 10 * time.Second

// clearStalePid waits for a server that is just ending, and removes the lock file of one that is gone: the server would
// mistake any process that has the same id by now for itself.
func (c *cluster) clearStalePid(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, orphanLimit)
	defer cancel()
	path := filepath.Join(c.dir, "postmaster.pid")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, err := postmasterPid(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !c.runs(pid) {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d already serves the data in %s: stop it first", pid, c.dir)
		case <-tick.C:
		}
	}
}

// runs tells whether the process is a server on this folder: a server's working directory is its data folder. Where
// that cannot be known, any living process counts.
func (c *cluster) runs(pid int) bool {
	if err := syscall.Kill(pid, 0); pid == 0 || errors.Is(err, syscall.ESRCH) {
		return false
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	switch {
	case err == nil:
		dir, err := filepath.EvalSymlinks(c.dir)
		return err != nil || cwd == dir
	case errors.Is(err, fs.ErrNotExist):
		_, procErr := os.Stat("/proc/self")
		return procErr != nil // with /proc at hand, the process has ended just now
	default:
		return true
	}
}

// postmasterPid reads the first line of the server's lock file; 0, which is no process, when a crash left it empty.
func postmasterPid(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid < 0 {
		return 0, nil
	}
	return pid, nil
}
