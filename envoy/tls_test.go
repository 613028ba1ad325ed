package envoy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/envoy"
)

// certify puts a new certificate and key into the folder, one after the other, as a certificate manager does.
func certify(t *testing.T, dir string, serial int64) *envoy.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "tripgen"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := &envoy.TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	for path, block := range map[string]*pem.Block{
		files.Key: {Type: "PRIVATE KEY", Bytes: private}, files.Certificate: {Type: "CERTIFICATE", Bytes: certificate},
	} {
		if err := os.WriteFile(path+".new", pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func secureClient(versions ...uint16) *http.Client {
	c := &tls.Config{InsecureSkipVerify: true} // the serial number is what is looked at
	if len(versions) == 2 {
		c.MinVersion, c.MaxVersion = versions[0], versions[1]
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
}

func TestTheTLSDoorIsStrictAndTakesNewCertificates(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	folder := t.TempDir()
	d.Config.TLS = certify(t, folder, 1)
	d.Config.TLS.Listen = freeAddress(t)
	d.open()
	url := "https://" + d.Config.TLS.Listen
	serial := func() int64 {
		res, err := secureClient().Get(url + "/.well-known/jwks.json")
		if err != nil {
			return 0
		}
		defer res.Body.Close() //nolint:errcheck // nothing is read
		return res.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	d.await("the TLS door is open", func() bool { return serial() == 1 })

	req := d.request(unary, d.token("trips.read"))
	req.URL.Scheme, req.URL.Host = "https", d.Config.TLS.Listen
	got := send(secureClient(), req)
	if got.Status != http.StatusOK {
		t.Fatalf("%d %s %v", got.Status, got.Body, got.Err)
	}
	if hsts := got.Header.Get("Strict-Transport-Security"); !strings.HasPrefix(hsts, "max-age=63072000") {
		t.Errorf("Strict-Transport-Security: %q", hsts)
	}
	if got.seen(t).Header.Get("X-Forwarded-Proto") != "https" {
		t.Error("the service does not learn of TLS")
	}
	if plain := d.do(d.request(unary, d.token("trips.read"))); plain.Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without TLS")
	}
	conn, err := tls.Dial("tcp", d.Config.TLS.Listen, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if p := conn.ConnectionState().NegotiatedProtocol; p != "h2" {
		t.Errorf("protocol %q", p)
	}
	_ = conn.Close()
	for _, old := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if _, err := secureClient(old, old).Get(url); err == nil {
			t.Errorf("TLS version %x is spoken", old)
		}
	}
	for _, good := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		res, err := secureClient(good, good).Get(url)
		if err != nil {
			t.Errorf("TLS version %x: %v", good, err)
			continue
		}
		_ = res.Body.Close()
	}

	certify(t, folder, 2)
	d.await("new connections have the new certificate", func() bool { return serial() == 2 })
}

func TestOnlyTheTLSDoorMayBePublic(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for what, change := range map[string]func(*envoy.Config){
		"listen": func(c *envoy.Config) { c.Listen = "0.0.0.0:8080" },
		"admin":  func(c *envoy.Config) { c.Admin = "192.0.2.1:9901" },
	} {
		c := d.Config
		change(&c)
		if err := envoy.Write(t.TempDir(), c); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
