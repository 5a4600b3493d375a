package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"

	"onedoor/server"
)

func TestRemote_SpeaksTLSWithTheCertificateThatTheServerHas(t *testing.T) {
	cert, key := certificate(t)
	w := serving(t, "--tls-cert", cert, "--tls-key", key)
	token := filepath.Join(w.dir, server.TokenFile)
	if r := run(t, "user", "list", "--server", w.addr, "--token-file", token, "--tls-ca", cert); r.code != done {
		t.Errorf("with the certificate: %+v", r)
	}
	other, _ := certificate(t)
	run(t, "user", "list", "--server", w.addr, "--token-file", token, "--tls-ca", other).wantLine(t, failed, "--tls-ca")
	run(t, "user", "list", "--server", w.addr, "--token-file", token).wantLine(t, failed, "--tls-ca")
	run(t, "user", "list", "--server", w.addr, "--token-file", token, "--tls-ca", token).wantLine(t, failed, "PEM")
	run(t, "user", "list", "--server", w.addr, "--token-file", token, "--tls-ca", cert, "--plaintext").wantLine(t, usage, "exclude each other")
}

func TestRemote_ATokenIsNotSentInPlainTextToAnotherMachine(t *testing.T) {
	w := serving(t)
	_, port, err := net.SplitHostPort(w.addr)
	w.must(err)
	// This machine under an address that does not say so: the connection must begin with TLS, which the server does not speak.
	strange := net.JoinHostPort("0.0.0.0", port)
	token := filepath.Join(w.dir, server.TokenFile)
	run(t, "user", "list", "--server", strange, "--token-file", token).wantLine(t, failed, "tls: ")
	if r := run(t, "user", "list", "--server", strange, "--token-file", token, "--plaintext"); r.code != done {
		t.Errorf("asked for plain text: %+v", r)
	}
}

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (certFile, keyFile string) { return certificateFor(t, time.Hour) }

// longCertificate makes one that does not end soon.
func longCertificate(t *testing.T) (certFile, keyFile string) {
	return certificateFor(t, 90*24*time.Hour)
}

func certificateFor(t *testing.T, life time.Duration) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(life), IsCA: true, BasicConstraintsValid: true,
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
	certFile = file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return certFile, file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
}
