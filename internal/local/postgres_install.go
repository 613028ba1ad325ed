package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// PostgresMin is the oldest major version of PostgreSQL that TripGen runs on.
const PostgresMin = 15

// ErrNoPostgres says that no usable PostgreSQL server is installed, and what to do.
var ErrNoPostgres = errors.New("no PostgreSQL server (version 15 or later) is installed: " +
	"on Debian and Ubuntu run `sudo apt-get install postgresql`, or point --postgres at a running server")

// install is one installed version of the server's programs.
type install struct {
	bin     string
	version int
}

// postgresBins are the places where packages put server programs, which are mostly not on the PATH.
var postgresBins = []string{
	"/usr/lib/postgresql/*/bin", // Debian and Ubuntu
	"/usr/pgsql-*/bin",          // the PostgreSQL project's packages for Red Hat and relatives
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
}

// findPostgres lists the installed server versions that TripGen can use, newest first.
func findPostgres(ctx context.Context) ([]install, error) {
	var bins []string
	for _, pattern := range postgresBins {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("look for PostgreSQL in %s: %w", pattern, err)
		}
		bins = append(bins, found...)
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		bins = append(bins, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		bins = append(bins, filepath.Dir(path))
	}
	slices.Sort(bins)
	var installs []install
	for _, bin := range slices.Compact(bins) {
		if version, ok := serverVersion(ctx, bin); ok && version >= PostgresMin {
			installs = append(installs, install{bin: bin, version: version})
		}
	}
	if len(installs) == 0 {
		return nil, ErrNoPostgres
	}
	slices.SortStableFunc(installs, func(a, b install) int { return b.version - a.version })
	return installs, nil
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// serverVersion asks the programs in bin for their version. A folder without both of them is no server's: client
// packages leave such folders.
func serverVersion(ctx context.Context, bin string) (int, bool) {
	if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
		return 0, false
	}
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return 0, false
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return 0, false
	}
	version, err := strconv.Atoi(string(match[1]))
	return version, err == nil
}
