package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"onedoor/server"
)

func TestServer_SpeaksTLSAndNothingElseWithACertificate(t *testing.T) {
	c := certificate(t)
	s := servingTLS(t, server.Config{CertFile: c.certFile, KeyFile: c.keyFile})
	if err := s.check(t, credentials.NewTLS(&tls.Config{RootCAs: c.pool})); err != nil {
		t.Errorf("over TLS: %v", err)
	}
	if err := s.check(t, insecure.NewCredentials()); status.Code(err) != codes.Unavailable {
		t.Errorf("over plain text: %v", err)
	}
	if err := s.check(t, credentials.NewTLS(&tls.Config{RootCAs: c.pool, MaxVersion: tls.VersionTLS12})); status.Code(err) != codes.Unavailable {
		t.Errorf("over TLS 1.2: %v", err)
	}
}

func TestServer_TakesARenewedCertificateUpWithoutARestart(t *testing.T) {
	old, renewed := certificate(t), certificate(t)
	var clock atomic.Int64
	var log buffer
	s := servingTLS(t, server.Config{
		CertFile: old.certFile, KeyFile: old.keyFile, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Now: func() time.Time { return time.UnixMilli(1_790_000_000_000 + clock.Load()) },
	})
	shows := func(want *certificateFiles) error {
		return s.check(t, credentials.NewTLS(&tls.Config{RootCAs: want.pool}))
	}
	later := func() { clock.Add(60_000) }
	move(t, renewed.certFile, old.certFile)
	later()
	if err := shows(old); err != nil {
		t.Errorf("a certificate whose key is not there yet took the standing one's place: %v", err)
	}
	if !strings.Contains(log.String(), "not renewed") {
		t.Errorf("the pair that does not fit is not told:\n%s", log.String())
	}
	move(t, renewed.keyFile, old.keyFile)
	later()
	if err := shows(renewed); err != nil {
		t.Errorf("the renewed certificate: %v", err)
	}
	if err := os.Remove(old.keyFile); err != nil {
		t.Fatal(err)
	}
	later()
	if err := shows(renewed); err != nil {
		t.Errorf("without its files: %v", err)
	}
}

func TestServer_BehindAGatewayLetsInOnlyWhoShowsACertificate(t *testing.T) {
	own, gateway, stranger := certificate(t), certificate(t), certificate(t)
	s := servingTLS(t, server.Config{CertFile: own.certFile, KeyFile: own.keyFile, ClientCAFile: gateway.certFile})
	as := func(c *certificateFiles) error {
		config := &tls.Config{RootCAs: own.pool}
		if c != nil {
			pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
			if err != nil {
				t.Fatal(err)
			}
			config.Certificates = []tls.Certificate{pair}
		}
		return s.check(t, credentials.NewTLS(config))
	}
	if err := as(gateway); err != nil {
		t.Errorf("the gateway: %v", err)
	}
	if err := as(stranger); status.Code(err) != codes.Unavailable {
		t.Errorf("a stranger's certificate: %v", err)
	}
	if err := as(nil); status.Code(err) != codes.Unavailable {
		t.Errorf("no certificate: %v", err)
	}
}

func TestOpen_RefusesCertificatesForCallersThatItCannotCheckBy(t *testing.T) {
	own, dir := certificate(t), founded(t)
	for says, config := range map[string]server.Config{
		"none of its own":      {ClientCAFile: own.certFile},
		"holds no certificate": {CertFile: own.certFile, KeyFile: own.keyFile, ClientCAFile: own.keyFile},
		"nowhere.pem":          {CertFile: own.certFile, KeyFile: own.keyFile, ClientCAFile: "nowhere.pem"},
	} {
		config.Dir, config.Listen = dir, "127.0.0.1:0"
		if s, err := server.Open(t.Context(), config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one with %q", err, says)
			if err == nil {
				t.Error(s.Stop(cut()))
			}
		}
	}
}

// tlsServer is a server that is up.
type tlsServer struct{ *server.Server }

func servingTLS(t *testing.T, config server.Config) tlsServer {
	t.Helper()
	config.Dir, config.Listen = founded(t), "127.0.0.1:0"
	s := open(t, config)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }() // ended by the cleanup below
	t.Cleanup(func() {
		if err := errors.Join(s.Stop(cut()), <-served); err != nil {
			t.Error(err)
		}
	})
	return tlsServer{s}
}

// check asks for the server's health over a connection of its own.
func (s tlsServer) check(t *testing.T, c credentials.TransportCredentials) error {
	t.Helper()
	conn, err := grpc.NewClient(s.Addr().String(), grpc.WithTransportCredentials(c))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	return err
}

// buffer is a log that a test reads while it is written.
type buffer struct {
	// mu guards text.
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// move puts a file in another's place at once, as tools that renew do.
func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// certificateFiles are a certificate with its key, and the pool of those that trust it.
type certificateFiles struct {
	certFile, keyFile string
	pool              *x509.CertPool
}

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) *certificateFiles {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := &certificateFiles{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()}
	body := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	c.pool.AppendCertsFromPEM(body)
	write(t, c.certFile, body, 0o600)
	write(t, c.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)
	return c
}
