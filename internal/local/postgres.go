package local

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/local/process"
)

// PostgresConfig says how to start a PostgreSQL server.
type PostgresConfig struct {
	// Dir is the folder of the server's data, made when missing. Its log is Dir with ".log" at the end.
	Dir string
	// Port on the loopback interface; zero takes a free one.
	Port int
	// Throwaway is for tests: no password, and nothing is forced to the disk.
	Throwaway bool
	// MaxConnections is the server's limit; zero means 200.
	MaxConnections int
}

// Postgres is a running PostgreSQL server.
type Postgres struct {
	process  *process.Process
	cluster  *cluster
	port     int
	password string
}

// superuser is the one role of the server.
const superuser = "postgres"

// startLimit bounds the start of a server whose context has no earlier deadline. PostgreSQL may have to replay its log.
const startLimit = time.Minute

// StartPostgres makes the data folder when it is new and starts the installed server on it. As root it runs the server
// as an unprivileged user, since PostgreSQL refuses to run as root.
func StartPostgres(ctx context.Context, c PostgresConfig) (*Postgres, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cluster, err := openCluster(ctx, c.Dir, !c.Throwaway)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	p := &Postgres{cluster: cluster, password: cluster.password}
	if p.port, err = portOrFree(c.Port); err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	if err := CheckPort(Address(p.port), "PostgreSQL", "another port"); err != nil {
		return nil, err
	}
	p.process, err = process.Start(process.Command{
		Name:         "PostgreSQL",
		Path:         filepath.Join(cluster.bin, "postgres"),
		Args:         serverArgs(cluster.dir, p.port, c),
		Dir:          "/",
		LogFile:      filepath.Clean(c.Dir) + ".log",
		User:         cluster.user,
		StopSignal:   syscall.SIGINT, // fast shutdown: sessions are ended, the data is left clean
		OrphanSignal: syscall.SIGINT,
	})
	if err != nil {
		return nil, err
	}
	if err := p.process.Await(ctx, p.ping); err != nil {
		return nil, errors.Join(err, p.abandon(ctx))
	}
	return p, nil
}

func serverArgs(dir string, port int, c PostgresConfig) []string {
	settings := []string{
		"listen_addresses=" + Loopback,
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=", // Debian's default folder belongs to another user
		"max_connections=" + strconv.Itoa(maxConnections(c)),
		"timezone=UTC",
		"log_timezone=UTC",
	}
	if c.Throwaway {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

func maxConnections(c PostgresConfig) int {
	if c.MaxConnections == 0 {
		return 200
	}
	return c.MaxConnections
}

// URL is the address of a database on the server, with the superuser's name and password.
func (p *Postgres) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Host:     Address(p.port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	if p.password != "" {
		u.User = url.UserPassword(superuser, p.password)
	}
	return u.String()
}

// Version is the server's major version, such as 15.
func (p *Postgres) Version() int { return p.cluster.version }

// Run waits until ctx ends, which is nil, or the server does, which is an error.
func (p *Postgres) Run(ctx context.Context) error { return p.process.Run(ctx) }

// Close shuts the server down fast: open sessions are ended, the data is left clean. At the end of ctx it is killed,
// which loses no committed data.
func (p *Postgres) Close(ctx context.Context) error { return p.process.Close(ctx) }

func (p *Postgres) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.URL(superuser))
	if err != nil {
		return err
	}
	return errors.Join(conn.Ping(ctx), conn.Close(ctx))
}

// abandonLimit bounds the stop of a part that did not come up.
const abandonLimit = 5 * time.Second

func (p *Postgres) abandon(ctx context.Context) error { return abandon(ctx, p.process) }

// abandon stops a child whose start did not work out, even when the start's own context is over.
func abandon(ctx context.Context, p *process.Process) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonLimit)
	defer cancel()
	return p.Close(ctx)
}
