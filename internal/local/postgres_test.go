package local_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/local/process"
)

func startPostgres(t *testing.T, c local.PostgresConfig) *local.Postgres {
	t.Helper()
	p, err := local.StartPostgres(t.Context(), c)
	needs(t, err, local.ErrNoPostgres)
	t.Cleanup(func() {
		if err := p.Close(deadline(t, 20*time.Second)); err != nil {
			t.Error(err)
		}
	})
	return p
}

// query runs one statement that gives one text.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var text string
	if err := conn.QueryRow(ctx, sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

func exec(t *testing.T, url, sql string) {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestPostgresKeepsItsDataOverARestart(t *testing.T) {
	t.Parallel()
	config := local.PostgresConfig{Dir: filepath.Join(stateDir(t), "postgres")}
	first := startPostgres(t, config)
	exec(t, first.URL("postgres"), "CREATE DATABASE tripgen_trip")
	exec(t, first.URL("tripgen_trip"), "CREATE TABLE kept AS SELECT 'Jeju 제주' AS place")
	if err := first.Close(deadline(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}

	second := startPostgres(t, config)
	if got := query(t, second.URL("tripgen_trip"), "SELECT place FROM kept"); got != "Jeju 제주" {
		t.Errorf("place = %q", got)
	}
	if got := query(t, second.URL("tripgen_trip"), "SHOW fsync"); got != "on" {
		t.Errorf("fsync = %s", got)
	}
	refused := new(pgconn.PgError)
	if _, err := pgx.Connect(t.Context(), wrongPassword(t, second.URL("postgres"))); !errors.As(err, &refused) {
		t.Errorf("with a wrong password: %v", err)
	}
}

func wrongPassword(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), "wrong")
	return u.String()
}

func TestPostgresComesBackAfterAKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(stateDir(t), "postgres")
	first := startPostgres(t, local.PostgresConfig{Dir: dir})
	exec(t, first.URL("postgres"), "CREATE TABLE kept AS SELECT 'committed' AS word")
	running := make(chan error, 1)
	go func() { running <- first.Run(context.Background()) }()

	pidFile := filepath.Join(dir, "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-running; err == nil || !strings.Contains(err.Error(), "PostgreSQL ended: signal: killed") {
		t.Errorf("Run = %v", err)
	}
	// The worst of stale lock files: its process id has been given to another process of the same user, as after a
	// restart of the machine.
	stranger := startStranger(t)
	stale := strings.Replace(string(text), strconv.Itoa(pid), strconv.Itoa(stranger), 1)
	if err := os.WriteFile(pidFile, []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}

	second := startPostgres(t, local.PostgresConfig{Dir: dir})
	if got := query(t, second.URL("postgres"), "SELECT word FROM kept"); got != "committed" {
		t.Errorf("word = %q", got)
	}
}

// startStranger starts some process of the user that PostgreSQL runs as.
func startStranger(t *testing.T) (pid int) {
	t.Helper()
	user, err := process.Unprivileged("postgres", "nobody")
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(process.Command{Name: "stranger", Path: "/bin/sleep", Args: []string{"60"}, Dir: "/", User: user})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p.Pid()
}

func TestPostgresTellsOfDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(stateDir(t), "postgres")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := local.StartPostgres(t.Context(), local.PostgresConfig{Dir: dir})
	if err == nil {
		t.Fatal("started on data of version 9")
	}
	if !strings.Contains(err.Error(), "version 9") {
		needs(t, err, local.ErrNoPostgres)
	}
}

func TestPostgresTellsOfATakenPort(t *testing.T) {
	t.Parallel()
	redis, err := local.StartRedis(0)
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close(t.Context())
	var port int
	if _, err := fmt.Sscanf(redis.URL(), "redis://127.0.0.1:%d/0", &port); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(stateDir(t), "postgres")
	_, err = local.StartPostgres(t.Context(), local.PostgresConfig{Dir: dir, Port: port, Throwaway: true})
	if err == nil || !strings.Contains(err.Error(), "taken") {
		needs(t, err, local.ErrNoPostgres)
		t.Error("started on a taken port")
	}
}

// Root's home is closed to other users, and people do work there.
func TestPostgresStartsUnderAClosedFolderAsRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root starts servers as another user")
	}
	closed := filepath.Join(stateDir(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	config := local.PostgresConfig{Dir: filepath.Join(closed, "postgres"), Throwaway: true}
	first := startPostgres(t, config)
	target, err := os.Readlink(config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Dir(target)); err != nil {
			t.Error(err)
		}
	})
	exec(t, first.URL("postgres"), "CREATE TABLE kept AS SELECT 'there' AS word")
	if err := first.Close(deadline(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}

	second := startPostgres(t, config)
	if got := query(t, second.URL("postgres"), "SELECT word FROM kept"); got != "there" {
		t.Errorf("word = %q", got)
	}
	if err := second.Close(deadline(t, 20*time.Second)); err != nil {
		t.Fatal(err)
	}

	if err := os.Remove(config.Dir); err != nil {
		t.Fatal(err)
	}
	third := startPostgres(t, config)
	if got := query(t, third.URL("postgres"), "SELECT count(*)::text FROM pg_tables WHERE tablename = 'kept'"); got != "0" {
		t.Error("data came back that had been deleted")
	}
}
