package mail

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// compose makes the message that is sent; its own errors may quote addresses and are not passed on.
func compose(from string, m Mail) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(from); err != nil {
		return nil, fmt.Errorf("sender address %q: %w", from, err)
	}
	if msg.To(m.To) != nil {
		return nil, fmt.Errorf("the recipient's address cannot be used")
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(rand.Text() + "@" + domainOf(from)) // the library would put the host's name in
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

// domainOf is the domain of an address such as "TripGen <no-reply@tripgen.example>".
func domainOf(address string) string {
	return strings.TrimRight(address[strings.LastIndexByte(address, '@')+1:], "> ")
}

// Folder puts mails into files instead of sending them: for development.
type Folder struct {
	Dir, From string
	Log       *slog.Logger
}

// Deliver writes NAME.eml; the name has the time and nothing personal.
func (f Folder) Deliver(ctx context.Context, m Mail) error {
	msg, err := compose(f.From, m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return fmt.Errorf("mail folder: %w", err)
	}
	name := time.Now().UTC().Format("20060102T150405.000") + "-" + rand.Text()[:8] + ".eml"
	if err := msg.WriteToFile(filepath.Join(f.Dir, name)); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	f.Log.InfoContext(ctx, "mail put into the folder", "file", name)
	return nil
}

// SMTPConfig is where mails go.
type SMTPConfig struct {
	Host string
	Port int
	// User and Password are empty for a server that needs none.
	User, Password string
	From           string
	// Insecure allows a server without TLS: only for one on the same machine.
	Insecure bool
}

// SMTP sends mails through a server, with STARTTLS or, on port 465, TLS.
type SMTP struct {
	client *gomail.Client
	from   string
}

const smtpTimeout = 10 * time.Second

// NewSMTP makes the sender; nothing is connected yet.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	options := []gomail.Option{gomail.WithPort(c.Port), gomail.WithTimeout(smtpTimeout)}
	switch {
	case c.Insecure:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case c.Port == gomail.DefaultPortSSL:
		options = append(options, gomail.WithSSL())
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(c.User), gomail.WithPassword(c.Password))
	}
	client, err := gomail.NewClient(c.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail server %s: %w", c.Host, err)
	}
	return &SMTP{client: client, from: c.From}, nil
}

// Deliver hands a mail to the server.
func (s *SMTP) Deliver(ctx context.Context, m Mail) error {
	msg, err := compose(s.from, m)
	if err != nil {
		return err
	}
	if err := s.client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}
