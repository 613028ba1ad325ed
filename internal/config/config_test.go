package config_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
)

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tripgen.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string, environ ...string) config.Config {
	t.Helper()
	c, err := config.Load(path, environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// complete has all secrets that the roles need.
func complete() config.Config {
	c := config.Default()
	c.Postgres.User, c.Postgres.Trip = "postgres://u:p@h/user", "postgres://u:p@h/trip"
	c.Postgres.AI, c.Postgres.Location = "postgres://u:p@h/ai", "postgres://u:p@h/location"
	c.Clients.User.Secret, c.Clients.Trip.Secret, c.Clients.AI.Secret, c.Clients.Worker.Secret = "s", "s", "s", "s"
	c.Seal.KeyFile, c.Redis.URL = "keys.json", "redis://h/0"
	return c
}

func TestDefaultsPrintedAndLoadedAreTheDefaults(t *testing.T) {
	t.Parallel()
	defaults := config.Default()
	printed, err := defaults.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if got := load(t, file(t, string(printed))); !reflect.DeepEqual(got, defaults) {
		t.Errorf("loaded %+v\nwant   %+v", got, defaults)
	}
	if got := load(t, ""); !reflect.DeepEqual(got, config.Default()) {
		t.Errorf("nothing set gives %+v", got)
	}
	if got := load(t, file(t, "")); !reflect.DeepEqual(got, config.Default()) {
		t.Errorf("an empty file gives %+v", got)
	}
}

func TestEnvironmentGoesOverFileGoesOverDefaults(t *testing.T) {
	t.Parallel()
	path := file(t, "log: {level: WARN, format: text}\ngeneration: {deadline: 7s, attempts: 3}\n")
	secret := file(t, "s3cret\n")
	c := load(t, path, "TRIPGEN_LOG_LEVEL=debug", "TRIPGEN_GENERATION_DEADLINE=9s", "TRIPGEN_KAFKA_BROKERS=a:1, b:2",
		"TRIPGEN_POSTGRES_CREATE=true", "TRIPGEN_POSTGRES_MAX_CONNS=33", "TRIPGEN_TRACE_RATIO=0.25",
		"TRIPGEN_CLIENTS_TRIP_SECRET_FILE="+secret, "ANTHROPIC_API_KEY=general", "KAKAO_REST_API_KEY=kakao",
		"TRIPGEN_PROVIDERS_ANTHROPIC_KEY=own", "HOME=/", "TRIPGEN_TEST_REAL=1")
	got := fmt.Sprint(c.Log.Level, c.Log.Format, c.Generation.Deadline, c.Generation.Attempts, c.Kafka.Brokers, c.Postgres.Create,
		c.Postgres.MaxConns, c.Trace.Ratio, c.Clients.Trip.Secret.Reveal(), c.Providers.Anthropic.Key.Reveal(),
		c.Providers.Kakao.Key.Reveal(), c.Generation.Plan)
	want := fmt.Sprint(slog.LevelDebug, "text", 9*time.Second, 3, []string{"a:1", "b:2"}, true, 33, 0.25, "s3cret", "own", "kakao", time.Second)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEverySettingHasAVariable(t *testing.T) {
	t.Parallel()
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, prefix string) {
		for field := range typ.Fields() {
			name := prefix + strings.ToUpper(field.Tag.Get("yaml"))
			if field.Type.Kind() == reflect.Struct {
				walk(field.Type, name+"_")
				continue
			}
			if _, err := config.Load("", []string{name + "=1"}); err != nil && strings.Contains(err.Error(), "there is no setting") {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := config.Load("", []string{name + "=?"}); err != nil && strings.Contains(err.Error(), "cannot be set") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	walk(reflect.TypeFor[config.Config](), config.Prefix)
}

func TestWhatIsUnknownOrUnreadableIsRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load("", []string{
		"TRIPGEN_LOG_LEVLE=debug", "TRIPGEN_POSTGRES_MAX_CONNS=many", "TRIPGEN_GENERATION_PLAN=5",
		"TRIPGEN_REDIS_URL_FILE=/nowhere", "TRIPGEN_LOG_FORMAT_FILE=/nowhere", "TRIPGEN_POSTGRES_AI=a", "TRIPGEN_POSTGRES_AI_FILE=b",
	})
	if err == nil {
		t.Fatal("all is taken")
	}
	for _, want := range []string{
		"there is no setting TRIPGEN_LOG_LEVLE", "TRIPGEN_POSTGRES_MAX_CONNS: ", "TRIPGEN_GENERATION_PLAN: ",
		"TRIPGEN_REDIS_URL_FILE: open /nowhere", "TRIPGEN_LOG_FORMAT_FILE: only secrets", "TRIPGEN_POSTGRES_AI is set, and",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
	if _, err := config.Load("", []string{"TRIPGEN_URL=x"}, "TRIPGEN_URL"); err != nil {
		t.Errorf("a flag's variable: %v", err)
	}
	for name, content := range map[string]string{
		"unknown key":  "log: {levle: debug}",
		"wrong type":   "postgres: {max_conns: many}",
		"taken secret": "redis: {url: '[redacted]'}",
	} {
		if _, err := config.Load(file(t, content), nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := config.Load("/nowhere/tripgen.yaml", nil); err == nil {
		t.Error("a missing file is taken")
	}
}

func TestValidateJoinsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	if err := complete().Validate(app.Roles()...); err != nil {
		t.Errorf("a complete configuration: %v", err)
	}
	if err := config.Default().Validate(); err != nil {
		t.Errorf("the defaults without a role: %v", err)
	}
	c := complete()
	c.Log.Format, c.Auth.Issuer, c.Postgres.Trip, c.Clients.AI.Secret = "xml", "gateway", "mysql://hunter2", ""
	c.Generation.Deadline, c.Kafka.Brokers, c.Listen.User = time.Second, []string{"broker"}, "7001"
	err := c.Validate(app.Roles()...)
	if err == nil {
		t.Fatal("all is taken")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, path := range []string{
		"log.format", "auth.issuer", "postgres.trip", "clients.ai.secret", "generation.deadline", "kafka.brokers", "listen.user",
	} {
		n := 0
		for _, line := range lines {
			if strings.HasPrefix(line, path+" ") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is told %d times in\n%v", path, n, err)
		}
	}
	if len(lines) != 7 || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("errors are\n%v", err)
	}
	if err := c.Validate(app.Location); strings.Contains(err.Error(), "clients.ai") {
		t.Errorf("location is told of what others need: %v", err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	c := complete()
	c.Redis.URL = "redis://:hunter2@h/0"
	printed, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "secret", c.Redis.URL)
	for name, text := range map[string]string{
		"YAML": string(printed), "log": log.String(), "%v": fmt.Sprintf("%v %s", c, c.Redis.URL), "%#v": fmt.Sprintf("%#v", c),
	} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s has the secret: %s", name, text)
		}
	}
	if c.Redis.URL.Reveal() != "redis://:hunter2@h/0" {
		t.Error("Reveal hides")
	}
}
