package config

import "time"

// User is about accounts and the tokens that the user service issues.
type User struct {
	// AccessToken is the life of access tokens, at most 15 minutes.
	AccessToken time.Duration `yaml:"access_token"`
	// Session is after what time without use somebody has to log in again.
	Session time.Duration `yaml:"session"`
	// KeyRotation is how long a signing key signs before the next one does; 0 rotates only by `tripgen keys rotate`.
	KeyRotation time.Duration `yaml:"key_rotation"`
	// PasswordTime is how long hashing a password should take on this machine.
	PasswordTime time.Duration `yaml:"password_time"`
	// PasswordsAtOnce is how many passwords may be hashed at once; each takes 19 MiB.
	PasswordsAtOnce int `yaml:"passwords_at_once"`
	// AppRedirects are the addresses at which TripGen's mobile app takes codes, and WebRedirects those of the web app.
	AppRedirects []string `yaml:"app_redirects"`
	WebRedirects []string `yaml:"web_redirects"`
	Mail         Mail     `yaml:"mail"`
}

// Mail is how people are written to: through an SMTP server, or, without a host, into a folder.
type Mail struct {
	From string `yaml:"from"`
	// Folder takes the mails as files where there is no host: for development.
	Folder string `yaml:"folder"`
	Host   string `yaml:"host"`
	Port   int    `yaml:"port"`
	// Login and Password are empty for a server that needs none.
	Login    string `yaml:"login"`
	Password Secret `yaml:"password"`
	// Plain allows a server without TLS: only for one on the same machine.
	Plain bool `yaml:"plain"`
}

func defaultUser() User {
	return User{
		AccessToken: 10 * time.Minute, Session: 60 * 24 * time.Hour, KeyRotation: 30 * 24 * time.Hour,
		PasswordTime: 25 * time.Millisecond, PasswordsAtOnce: 2,
		AppRedirects: []string{"com.tripgen.app:/oauth2/callback"},
		WebRedirects: []string{"http://127.0.0.1/app/callback"},
		Mail:         Mail{From: "TripGen <no-reply@tripgen.example>", Folder: "mail", Port: 587},
	}
}

// maxAccessToken bounds for how long a token can outlive what it was given for.
const maxAccessToken = 15 * time.Minute

func userSettings(v *problems, c Config) {
	u := c.User
	v.check(u.AccessToken > 0 && u.AccessToken <= maxAccessToken, "user.access_token",
		"is %v, not within 15 minutes", u.AccessToken)
	v.check(u.Session > u.AccessToken, "user.session", "is %v, no longer than an access token", u.Session)
	v.check(u.KeyRotation == 0 || u.KeyRotation >= time.Hour, "user.key_rotation", "is %v, less than an hour", u.KeyRotation)
	v.positive("user.password_time", u.PasswordTime)
	v.check(u.PasswordsAtOnce > 0, "user.passwords_at_once", "is %d, not positive", u.PasswordsAtOnce)
	v.check(u.Mail.From != "", "user.mail.from", "is missing")
	v.check(u.Mail.Host != "" || u.Mail.Folder != "", "user.mail", "has neither a host nor a folder")
	v.check(u.Mail.Port > 0 && u.Mail.Port < 1<<16, "user.mail.port", "is %d, not a port", u.Mail.Port)
}
