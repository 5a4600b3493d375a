package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// ErrPlainText means that people's data would cross a network unencrypted.
var ErrPlainText = errors.New("plain text on an address that others can reach")

// pairCheckEvery is how often, at most, the certificate's files are looked at
// for a renewed pair: a handshake pays two file look-ups then and nothing else.
const pairCheckEvery = 10 * time.Second

// transport gives the credentials for the address, or refuses.
func (c Config) transport() (credentials.TransportCredentials, error) {
	switch {
	case (c.CertFile == "") != (c.KeyFile == ""):
		return nil, fmt.Errorf("%w: TLS needs a certificate (--tls-cert) and its key file (--tls-key), one is missing", ErrIncomplete)
	case c.CertFile == "" && c.ClientCAFile != "":
		return nil, fmt.Errorf("certificates of callers are asked for (%s), and the server has none of its own: give a certificate file and a key file", c.ClientCAFile)
	case c.CertFile != "":
		return c.encrypted()
	case c.PlainText || onLoopback(c.Listen):
		return insecure.NewCredentials(), nil
	}
	return nil, fmt.Errorf("%w: %s: give a certificate and a key, or ask for plain text if something in front of the server encrypts", ErrPlainText, c.Listen)
}

func (c Config) encrypted() (credentials.TransportCredentials, error) {
	config, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(config), nil
}

// tlsConfig is what phones and browsers are met with.
func (c Config) tlsConfig() (*tls.Config, error) {
	p := &pair{certFile: c.CertFile, keyFile: c.KeyFile, now: c.Now, log: c.Log}
	if err := p.load(); err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current(), nil },
	}
	if c.ClientCAFile != "" {
		roots, err := readRoots(c.ClientCAFile)
		if err != nil {
			return nil, err
		}
		config.ClientCAs, config.ClientAuth = roots, tls.RequireAndVerifyClientCert
	}
	return config, nil
}

// countedHandshakes tells of each handshake with a phone how it ended.
type countedHandshakes struct {
	credentials.TransportCredentials
	ended func(error)
}

// ServerHandshake is the transport's own.
func (c countedHandshakes) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secured, info, err := c.TransportCredentials.ServerHandshake(conn)
	c.ended(err)
	return secured, info, err
}

// Clone counts on.
func (c countedHandshakes) Clone() credentials.TransportCredentials {
	return countedHandshakes{c.TransportCredentials.Clone(), c.ended}
}

// readRoots reads the certificates that callers' certificates must be signed by.
func readRoots(file string) (*x509.CertPool, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificates that callers are checked by: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(body) {
		return nil, fmt.Errorf("%s holds no certificate: give a file in PEM form with those that sign the callers'", file)
	}
	return roots, nil
}

// pair is the server's certificate with its key. A renewed pair of files is
// taken up by the handshakes that follow; one that cannot be read or does not
// fit together is reported and the standing one serves on.
type pair struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	// mu guards the fields below.
	mu      sync.Mutex
	stands  *tls.Certificate
	files   [2]os.FileInfo
	checked time.Time
}

// current gives the pair for one handshake.
func (p *pair) current() *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.Sub(p.checked).Abs() >= pairCheckEvery {
		p.renew()
		p.checked = now
	}
	return p.stands
}

// renew reads the files again where they have changed.
func (p *pair) renew() {
	files, err := p.look()
	if err == nil && same(files[0], p.files[0]) && same(files[1], p.files[1]) {
		return
	}
	if err == nil {
		err = p.load()
	}
	// While one of the two is being replaced they do not fit; the next look sees both.
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.log.Warn("certificate not renewed: the standing one serves on", "error", err)
		return
	}
	if err == nil {
		p.log.Info("certificate renewed", "file", p.certFile)
	}
}

func (p *pair) look() (files [2]os.FileInfo, err error) {
	for i, file := range []string{p.certFile, p.keyFile} {
		if files[i], err = os.Stat(file); err != nil {
			return files, err
		}
	}
	return files, nil
}

// same reports that a file is the one that was read. Time and length alone do not
// tell: two files written one right after the other can have both.
func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// load reads the pair. The files are looked at first, so that a change in between is seen later.
func (p *pair) load() error {
	files, err := p.look()
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	c, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return fmt.Errorf("read the certificate %s with the key %s: %w", p.certFile, p.keyFile, err)
	}
	p.stands, p.files, p.checked = &c, files, p.now()
	return nil
}

// certificateEnds reads when a certificate ends.
func certificateEnds(file string) (time.Time, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, err
	}
	block, _ := pem.Decode(body)
	if block == nil {
		return time.Time{}, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", file, err)
	}
	return c.NotAfter, nil
}

// onLoopback reports that only this machine can reach an address.
func onLoopback(listen string) bool {
	addr, err := net.ResolveTCPAddr("tcp", listen)
	return err == nil && addr.IP.IsLoopback()
}
