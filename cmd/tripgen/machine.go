package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/local"
)

// machine is what `up` runs beside the roles on one machine: what they store in, what they call, and where they listen.
type machine struct {
	// Dir is the state folder.
	Dir string
	// Postgres, Redis and Kafka name real servers; empty starts our own.
	Postgres, Redis, Kafka string
	// Providers is who stands in for a provider that there is no key for: simulated or real.
	Providers string
	Claude    claudeFlags
	Log       *slog.Logger

	// told is what a person is shown of each part.
	told [][2]string
}

// embeddedSession is how long a worker may be silent before another takes over, on our own Kafka.
const embeddedSession = time.Second

// start starts the parts, hands them to the group, and gives the settings with which the roles find them.
func (m *machine) start(ctx context.Context, g *app.Group, c config.Config) (config.Config, error) {
	for _, step := range []func(context.Context, *app.Group, *config.Config) error{
		m.secrets, m.postgres, m.redis, m.kafka, m.providers, m.addresses,
	} {
		if err := step(ctx, g, &c); err != nil {
			return config.Config{}, err
		}
	}
	return c, nil
}

// secrets makes the services' client secrets once and keeps them in the state folder.
func (m *machine) secrets(_ context.Context, _ *app.Group, c *config.Config) error {
	path := filepath.Join(m.Dir, "secrets.json")
	kept := map[string]string{}
	switch content, err := os.ReadFile(path); {
	case err == nil:
		if err := json.Unmarshal(content, &kept); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	for _, client := range []*config.Client{&c.Clients.User, &c.Clients.Trip, &c.Clients.AI, &c.Clients.Location, &c.Clients.Worker} {
		if kept[client.ID] == "" {
			kept[client.ID] = rand.Text()
		}
		client.Secret = config.Secret(kept[client.ID])
	}
	content, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	c.Seal = config.Seal{KeyFile: filepath.Join(m.Dir, "keys.json"), Create: true}
	c.User.Mail.Folder = filepath.Join(m.Dir, "mail")
	return os.WriteFile(path, content, 0o600)
}

func (m *machine) postgres(ctx context.Context, g *app.Group, c *config.Config) error {
	base := m.Postgres
	if base == "" {
		server, err := local.StartPostgres(ctx, local.PostgresConfig{Dir: filepath.Join(m.Dir, "postgres")})
		if err != nil {
			return err
		}
		g.Add(app.Part{Name: "PostgreSQL", Run: server.Run, Close: server.Close})
		base = server.URL("postgres")
		m.tell("PostgreSQL", fmt.Sprintf("version %d, our own", server.Version()))
	} else {
		m.tell("PostgreSQL", "the server given")
	}
	for name, to := range map[string]*config.Secret{
		"user": &c.Postgres.User, "trip": &c.Postgres.Trip, "ai": &c.Postgres.AI, "location": &c.Postgres.Location,
	} {
		database, err := url.Parse(base)
		if err != nil {
			return errors.New("--postgres is not a URL")
		}
		database.Path = "/tripgen_" + name
		*to = config.Secret(database.String())
	}
	c.Postgres.Create, c.Postgres.Migrate = true, true
	return nil
}

func (m *machine) redis(_ context.Context, g *app.Group, c *config.Config) error {
	if m.Redis != "" {
		c.Redis.URL = config.Secret(m.Redis)
		m.tell("Redis", "the server given")
		return nil
	}
	server, err := local.StartRedis(0)
	if err != nil {
		return err
	}
	g.Add(app.Part{Name: "Redis", Run: server.Run, Close: server.Close})
	c.Redis.URL = config.Secret(server.URL())
	m.tell("Redis", "in this process")
	return nil
}

func (m *machine) kafka(ctx context.Context, g *app.Group, c *config.Config) error {
	if m.Kafka != "" {
		c.Kafka.Brokers = []string{m.Kafka}
		m.tell("Kafka", "the server given")
		return nil
	}
	server, err := local.StartKafka(ctx, local.KafkaConfig{Dir: filepath.Join(m.Dir, "kafka"), Log: m.Log})
	if err != nil {
		return err
	}
	g.Add(app.Part{Name: "Kafka", Close: server.Close})
	c.Kafka.Brokers, c.Kafka.SessionTimeout, c.Kafka.Partitions = []string{server.Address()}, embeddedSession, 4
	m.tell("Kafka", "in this process, durable")
	return nil
}

// providers starts the simulators for the providers that there is no key for, unless only real ones are wanted.
func (m *machine) providers(ctx context.Context, g *app.Group, c *config.Config) error {
	p := &c.Providers
	claude := who(p.Anthropic.Key, "planned without it")
	places := "Google " + who(p.Google.Key, "left out") + ", Kakao " + who(p.Kakao.Key, "left out") + ", built-in"
	weather := "OpenWeather " + who(p.OpenWeather.Key, "left out") + ", Open-Meteo"
	if m.Providers == simulatedProviders {
		simulators, err := startSimulators(ctx, "127.0.0.1:0", m.Claude)
		if err != nil {
			return err
		}
		g.Add(simulators.part())
		claude = who(p.Anthropic.Key, "simulated (set ANTHROPIC_API_KEY for the real one)")
		places = "Google " + who(p.Google.Key, "simulated") + ", Kakao " + who(p.Kakao.Key, "simulated") + ", built-in"
		weather = "OpenWeather " + who(p.OpenWeather.Key, "simulated") + ", Open-Meteo simulated (--providers=real asks it)"
		simulators.standIn(p)
		defer m.tell("Simulators", simulators.url()+" (tripgen simulate --help says how to change what they do)")
	}
	m.tell("Claude", claude)
	m.tell("Weather", weather)
	m.tell("Places", places)
	return nil
}

// who says what is there of a provider, by whether there is a key.
func who(key config.Secret, without string) string {
	if key.Reveal() != "" {
		return "by your key"
	}
	return without
}

// addresses gives every role a free port, so that nothing on the machine is in the way.
func (m *machine) addresses(_ context.Context, _ *app.Group, c *config.Config) error {
	for _, at := range []struct{ listen, service *string }{
		{&c.Listen.User, &c.Services.User},
		{&c.Listen.Trip, &c.Services.Trip},
		{&c.Listen.AI, &c.Services.AI},
		{&c.Listen.Location, &c.Services.Location},
	} {
		port, err := local.FreePort()
		if err != nil {
			return err
		}
		*at.listen = local.Address(port)
		*at.service = "http://" + *at.listen
	}
	c.Webhooks.AllowLoopback = true // a partner tries webhooks on this machine
	c.Listen.Worker = local.Address(0)
	c.Auth.JWKSURL = c.Services.User + "/.well-known/jwks.json"
	c.Auth.TokenURL = c.Services.User + "/oauth2/token"
	return nil
}

func (m *machine) tell(part, text string) { m.told = append(m.told, [2]string{part, text}) }
