package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tripgen/tripgen/services/trip"
)

const (
	// tryTimeout bounds a try: resolving, connecting, and the answer.
	tryTimeout  = 15 * time.Second
	dialTimeout = 5 * time.Second
	// maxAnswer is how much of an answer is read, which nobody looks at.
	maxAnswer      = 16 << 10
	maxAnswerHead  = 16 << 10
	idleTimeout    = 30 * time.Second
	idlePerAddress = 2
)

// Options say which servers may be called.
type Options struct {
	// AllowLoopback lets endpoints be on this machine: for development and tests.
	AllowLoopback bool
	// Roots are the certificate authorities; nil for the system's.
	Roots *x509.CertPool
}

// Targets says which addresses may be called: those that are reachable over the whole internet (IANA's registries of
// special-purpose addresses), and loopback where it is allowed. It implements trip.Targets.
type Targets struct{ guardian *ssrf.Guardian }

// NewTargets makes it.
func NewTargets(o Options) Targets {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if o.AllowLoopback {
		options = append(options, ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
	}
	return Targets{ssrf.New(options...)}
}

// Allows tells whether an address may be called.
func (t Targets) Allows(a netip.Addr) bool { return t.guardian.SafeAddr(a.Unmap()) == nil }

// Sender signs messages and posts them. Addresses are checked when a connection is made, after the name was resolved, so
// that a name that resolves otherwise the second time gains nothing; redirects are not followed, proxies not used.
type Sender struct{ client *http.Client }

// NewSender makes a sender.
func NewSender(o Options) *Sender {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: NewTargets(o).guardian.Safe}
	return &Sender{client: &http.Client{
		Timeout:       tryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: dialTimeout,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
			MaxResponseHeaderBytes: maxAnswerHead, MaxIdleConnsPerHost: idlePerAddress, IdleConnTimeout: idleTimeout,
			DisableCompression: true,
		},
	}}
}

// Close closes connections that are kept.
func (s *Sender) Close(context.Context) error {
	s.client.CloseIdleConnections()
	return nil
}

// Send tries once. wait is what the endpoint asked to wait for before the next try; 0 if it did not.
func (s *Sender) Send(ctx context.Context, m Message, now time.Time) (a trip.Attempt, wait time.Duration) {
	a.Time = now
	request, err := s.request(ctx, m, now)
	if err != nil {
		a.Error = "the message cannot be signed"
		return a, 0
	}
	begun := time.Now()
	response, err := s.client.Do(request)
	if err == nil {
		defer response.Body.Close() //nolint:errcheck // nobody looks at what was not read
		_, _ = io.CopyN(io.Discard, response.Body, maxAnswer)
	}
	a.Latency = time.Since(begun)
	if err != nil {
		a.Error = describe(err)
		return a, 0
	}
	a.Status = response.StatusCode
	switch {
	case a.Status >= 200 && a.Status < 300:
	case a.Status >= 300 && a.Status < 400:
		a.Error = "it redirects, which is not followed"
	default:
		a.Error = "it answered " + strconv.Itoa(a.Status)
	}
	return a, retryAfter(response, now)
}

func (s *Sender) request(ctx context.Context, m Message, now time.Time) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Webhook.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	var signatures []string
	for _, secret := range m.Webhook.Secrets(now) {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return nil, err
		}
		signature, err := signer.Sign(m.ID, now, m.Body)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, signature)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "TripGen-Webhooks/1")
	r.Header.Set(standardwebhooks.HeaderWebhookID, m.ID)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return r, nil
}

// retryAfter is what a busy endpoint asks for (RFC 9110, 10.2.3).
func retryAfter(r *http.Response, now time.Time) time.Duration {
	if r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	value := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// describe says what went wrong in words for the partner, without addresses of ours.
func describe(err error) string {
	var (
		resolving *net.DNSError
		timeout   net.Error
		tlsError  *tls.CertificateVerificationError
		dialing   *net.OpError
	)
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork),
		errors.Is(err, ssrf.ErrInvalidHostPort):
		return "its address is not a public one"
	case errors.As(err, &resolving):
		return "its name cannot be resolved"
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("it did not answer within %d seconds", int(tryTimeout/time.Second))
	case errors.As(err, &tlsError):
		return "its certificate is not good"
	case errors.As(err, &dialing) && dialing.Op == "dial":
		return "it cannot be connected to"
	default:
		return "the connection broke off"
	}
}
