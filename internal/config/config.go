// Package config is all that can be set about a TripGen process, in one struct: the defaults are in the code, a YAML
// file goes over them, and environment variables over both. Unknown keys are refused. Nothing else in TripGen reads the
// environment.
//
// A field's variable is TRIPGEN_ and its path in capitals: auth.jwks_url is TRIPGEN_AUTH_JWKS_URL. Lists are separated by
// commas. A secret may instead be in a file, named by the variable with _FILE at its end.
package config

import (
	"log/slog"
	"time"
)

// Config is a process's configuration. Each role reads its own parts; [Config.Validate] says what a role needs.
type Config struct {
	Log        Log        `yaml:"log"`
	Trace      Trace      `yaml:"trace"`
	Process    Process    `yaml:"process"`
	Listen     Listen     `yaml:"listen"`
	Services   Services   `yaml:"services"`
	Auth       Auth       `yaml:"auth"`
	Clients    Clients    `yaml:"clients"`
	User       User       `yaml:"user"`
	Postgres   Postgres   `yaml:"postgres"`
	Redis      Redis      `yaml:"redis"`
	Kafka      Kafka      `yaml:"kafka"`
	Seal       Seal       `yaml:"seal"`
	Providers  Providers  `yaml:"providers"`
	Generation Generation `yaml:"generation"`
	Export     Export     `yaml:"export"`
	Webhooks   Webhooks   `yaml:"webhooks"`
}

// Log says how log lines look.
type Log struct {
	// Level is debug, info, warn or error.
	Level slog.Level `yaml:"level"`
	// Format is json or text.
	Format string `yaml:"format"`
}

// Trace says where traces go.
type Trace struct {
	// Endpoint is the URL of an OTLP/HTTP collector; empty exports nothing.
	Endpoint string `yaml:"endpoint"`
	// Ratio of traces that are recorded, 0–1.
	Ratio float64 `yaml:"ratio"`
}

// Process says how a process uses memory and how it ends.
type Process struct {
	// GCPercent is how much garbage may gather before it is collected, in percent of what is in use, as GOGC has it; 0
	// leaves it to the roles: [WatchersGCPercent] for ai alone, [TogetherGCPercent] for several in one process, and otherwise
	// Go's default. What GOGC says goes before the roles.
	GCPercent int `yaml:"gc_percent"`
	// Drain is the time between readiness going off and the servers being stopped.
	Drain time.Duration `yaml:"drain"`
	// Shutdown bounds the stopping of everything.
	Shutdown time.Duration `yaml:"shutdown"`
}

// WatchersGCPercent is for processes whose memory is almost all in streams that wait: it would be twice as much with the
// default of 100, and is seldom worth marking.
const WatchersGCPercent = 10

// TogetherGCPercent is for processes that run several roles, as a developer's or a demonstration's does: their heap is small,
// and with the default of 100 the collector is at work a tenth of the time, on cores that Envoy and the stores want too.
const TogetherGCPercent = 200

// Listen is the address of each role's server, host:port.
type Listen struct {
	User     string `yaml:"user"`
	Trip     string `yaml:"trip"`
	AI       string `yaml:"ai"`
	Location string `yaml:"location"`
	// Worker serves only probes and metrics.
	Worker string `yaml:"worker"`
}

// Services is where services find each other: base URLs, http (HTTP/2 without TLS) or https.
type Services struct {
	User     string `yaml:"user"`
	Trip     string `yaml:"trip"`
	AI       string `yaml:"ai"`
	Location string `yaml:"location"`
}

// Auth says whose access tokens are good.
type Auth struct {
	// Issuer is the tokens' iss: the public URL of the gateway.
	Issuer string `yaml:"issuer"`
	// Audience has to be among the tokens' aud.
	Audience string `yaml:"audience"`
	// JWKSURL is where services fetch the issuer's keys.
	JWKSURL string `yaml:"jwks_url"`
	// TokenURL is where services get their own tokens.
	TokenURL string `yaml:"token_url"`
}

// Clients are the OAuth2 clients as which the services call each other. The user service registers all of them that
// have a secret; any other role needs its own only.
type Clients struct {
	User     Client `yaml:"user"`
	Trip     Client `yaml:"trip"`
	AI       Client `yaml:"ai"`
	Location Client `yaml:"location"`
	Worker   Client `yaml:"worker"`
	// Partner is a partner's client to try things with; none without a secret. Real ones: `tripgen clients create`.
	Partner Client `yaml:"partner"`
}

// Client is a service's own OAuth2 client.
type Client struct {
	ID     string `yaml:"id"`
	Secret Secret `yaml:"secret"`
}

// Postgres is a database for each service: postgres://user:password@host:port/database. The worker uses that of ai.
type Postgres struct {
	User     Secret `yaml:"user"`
	Trip     Secret `yaml:"trip"`
	AI       Secret `yaml:"ai"`
	Location Secret `yaml:"location"`
	// MaxConns bounds each role's pool.
	MaxConns int `yaml:"max_conns"`
	// Create makes the databases that are not there at start.
	Create bool `yaml:"create"`
	// Migrate brings the schemas up to date at start; otherwise `tripgen migrate` does.
	Migrate bool `yaml:"migrate"`
}

// Redis is where the cache is: redis://user:password@host:port/db, or rediss://… for TLS.
type Redis struct {
	URL Secret `yaml:"url"`
}

// Kafka is where the event log is.
type Kafka struct {
	// Brokers are host:port addresses to start from.
	Brokers []string `yaml:"brokers"`
	// Partitions and Replication of topics that are made at start.
	Partitions  int `yaml:"partitions"`
	Replication int `yaml:"replication"`
	// SessionTimeout is how long a consumer may be silent before others take over.
	SessionTimeout time.Duration `yaml:"session_timeout"`
}

// Seal is where the keys are that personal data is sealed with.
type Seal struct {
	// KeyFile is the path of the key file.
	KeyFile string `yaml:"key_file"`
	// Create makes the key file where it is missing: for a single machine, never where data may be sealed already.
	Create bool `yaml:"create"`
}

// Providers are the outside services.
type Providers struct {
	Anthropic   Anthropic `yaml:"anthropic"`
	Kakao       Kakao     `yaml:"kakao"`
	Google      Google    `yaml:"google"`
	OpenWeather Weather   `yaml:"openweather"`
	// OpenMeteo needs no key.
	OpenMeteo OpenMeteo `yaml:"open_meteo"`
}

// Anthropic is Claude. Without a key itineraries are planned and not refined.
type Anthropic struct {
	Key     Secret `yaml:"key" env:"ANTHROPIC_API_KEY"`
	BaseURL string `yaml:"base_url" env:"ANTHROPIC_BASE_URL"`
	// Model refines itineraries.
	Model string `yaml:"model"`
}

// Kakao is the place search for Korea.
type Kakao struct {
	Key     Secret `yaml:"key" env:"KAKAO_REST_API_KEY"`
	BaseURL string `yaml:"base_url"`
	// MobilityURL is for ways by car.
	MobilityURL string `yaml:"mobility_url"`
}

// Google is places and routes elsewhere.
type Google struct {
	Key       Secret `yaml:"key" env:"GOOGLE_MAPS_API_KEY"`
	PlacesURL string `yaml:"places_url"`
	RoutesURL string `yaml:"routes_url"`
	// DayBudgetUSD caps what is spent with Google a day (in UTC), in US dollars by its price list: beyond it the next
	// source answers. Zero for no cap.
	DayBudgetUSD float64 `yaml:"day_budget_usd"`
	// EnrichmentDayBudgetUSD caps the part of it that goes into details fetched in the background. Zero for no cap.
	EnrichmentDayBudgetUSD float64 `yaml:"enrichment_day_budget_usd"`
}

// Weather is OpenWeather.
type Weather struct {
	Key     Secret `yaml:"key" env:"OPENWEATHER_API_KEY"`
	BaseURL string `yaml:"base_url"`
	// DayBudgetUSD caps what is spent with it a day (in UTC), each forecast at its price beyond the free ones: then
	// Open-Meteo answers. Zero for no cap.
	DayBudgetUSD float64 `yaml:"day_budget_usd"`
}

// OpenMeteo is the weather without a key.
type OpenMeteo struct {
	BaseURL       string `yaml:"base_url"`
	AirQualityURL string `yaml:"air_quality_url"`
}

// Generation bounds the making of an itinerary.
type Generation struct {
	// Deadline is within what time after it was asked for an itinerary is ready.
	Deadline time.Duration `yaml:"deadline"`
	// Gather bounds the fetching of places, weather and travel times.
	Gather time.Duration `yaml:"gather"`
	// Plan bounds the planner's search.
	Plan time.Duration `yaml:"plan"`
	// Refine bounds the model's part of the time; what comes later is offered as an improvement.
	Refine time.Duration `yaml:"refine"`
	// Parallel is how many generations a worker has under way.
	Parallel int `yaml:"parallel"`
	// Queue is how many generations may wait in all.
	Queue int `yaml:"queue"`
	// Attempts until a generation is given up.
	Attempts int `yaml:"attempts"`
	// DayBudgetUSD caps what is spent on the model a day (in UTC), in US dollars: beyond it, itineraries are planned and
	// not refined. Zero for no cap.
	DayBudgetUSD float64 `yaml:"day_budget_usd"`
	// ClientBudgetUSD caps what one client's generations may cost a day; beyond it, they are refused. Zero for no cap.
	ClientBudgetUSD float64 `yaml:"client_budget_usd"`
}

// Default is what holds where nothing is set: all on one machine.
func Default() Config {
	return Config{
		Log:     Log{Level: slog.LevelInfo, Format: "json"},
		Trace:   Trace{Ratio: 1},
		Process: Process{Drain: 0, Shutdown: 20 * time.Second},
		Listen: Listen{
			User: "127.0.0.1:7001", Trip: "127.0.0.1:7002", AI: "127.0.0.1:7003", Location: "127.0.0.1:7004",
			Worker: "127.0.0.1:7005",
		},
		Services: Services{
			User: "http://127.0.0.1:7001", Trip: "http://127.0.0.1:7002", AI: "http://127.0.0.1:7003",
			Location: "http://127.0.0.1:7004",
		},
		Auth: Auth{
			Issuer: "http://127.0.0.1:8080", Audience: "tripgen",
			JWKSURL:  "http://127.0.0.1:7001/.well-known/jwks.json",
			TokenURL: "http://127.0.0.1:7001/oauth2/token",
		},
		Clients: Clients{
			User: Client{ID: "tripgen-user"}, Trip: Client{ID: "tripgen-trip"}, AI: Client{ID: "tripgen-ai"},
			Location: Client{ID: "tripgen-location"}, Worker: Client{ID: "tripgen-worker"},
			Partner: Client{ID: "tripgen-demo-partner"},
		},
		User:     defaultUser(),
		Postgres: Postgres{MaxConns: 10},
		Kafka: Kafka{
			Brokers: []string{"127.0.0.1:9092"}, Partitions: 6, Replication: 1, SessionTimeout: 6 * time.Second,
		},
		Providers: Providers{
			Anthropic: Anthropic{BaseURL: "https://api.anthropic.com", Model: "claude-haiku-4-5"},
			Kakao:     Kakao{BaseURL: "https://dapi.kakao.com", MobilityURL: "https://apis-navi.kakaomobility.com"},
			Google: Google{
				PlacesURL: "https://places.googleapis.com", RoutesURL: "https://routes.googleapis.com",
				DayBudgetUSD: 100, EnrichmentDayBudgetUSD: 25,
			},
			OpenWeather: Weather{BaseURL: "https://api.openweathermap.org", DayBudgetUSD: 5},
			OpenMeteo: OpenMeteo{
				BaseURL: "https://api.open-meteo.com", AirQualityURL: "https://air-quality-api.open-meteo.com",
			},
		},
		Generation: Generation{
			Deadline: 5 * time.Second, Gather: 800 * time.Millisecond, Plan: time.Second, Refine: 3 * time.Second,
			Parallel: 32, Queue: 10_000, Attempts: 5,
		},
	}
}

// Export is about files and pictures of itineraries.
type Export struct {
	// Fonts is the folder of the TrueType fonts that they are drawn with; empty looks in .cache/fonts and
	// /usr/share/tripgen/fonts. Without fonts there are no PDFs, pictures and maps.
	Fonts string `yaml:"fonts"`
}

// Webhooks is about calls to partners' servers.
type Webhooks struct {
	// AllowLoopback lets them be on this machine: for development, never where others can register webhooks.
	AllowLoopback bool `yaml:"allow_loopback"`
	// CAFile has certificate authorities (PEM) that are trusted beside the system's; empty for none.
	CAFile string `yaml:"ca_file"`
}
