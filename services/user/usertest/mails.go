package usertest

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/user/mail"
)

// Mails keeps what was mailed.
type Mails struct {
	mu   sync.Mutex
	sent []mail.Mail
}

// Deliver keeps a mail.
func (m *Mails) Deliver(_ context.Context, sent mail.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, sent)
	return nil
}

// Await waits for the newest mail to an address.
func (m *Mails) Await(t testing.TB, to string) mail.Mail {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if found, ok := m.newest(to); ok {
			return found
		}
		time.Sleep(5 * time.Millisecond) // between two looks
	}
	t.Fatalf("no mail to %s", to)
	return mail.Mail{}
}

func (m *Mails) newest(to string) (mail.Mail, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.sent) - 1; i >= 0; i-- {
		if m.sent[i].To == to {
			return m.sent[i], true
		}
	}
	return mail.Mail{}, false
}

var codePattern = regexp.MustCompile(`[A-Z2-7]{26}`)

// Code is the code in the newest mail to an address.
func (m *Mails) Code(t testing.TB, to string) string {
	t.Helper()
	return codePattern.FindString(m.Await(t, to).Text)
}
