package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"runtime"
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
	t.Setenv("ONEDOOR_TLS_CA", other)
	run(t, "user", "list", "--server", w.addr, "--token-file", token).wantLine(t, failed, "failed to verify")
	t.Setenv("ONEDOOR_TLS_CA", cert)
	if r := run(t, "user", "list", "--server", w.addr, "--token-file", token); r.code != done {
		t.Errorf("with the certificate of the environment: %+v", r)
	}
	run(t, "user", "list", "--server", w.addr, "--token-file", token, "--plaintext").wantLine(t, failed, "cannot reach")
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

// handshakes gives how many ended in a way.
func (w *world) handshakes(result string) float64 {
	w.t.Helper()
	return w.metric(`onedoor_handshakes_total{result="` + result + `"}`)
}

func TestServe_CountsHowHandshakesEnd(t *testing.T) {
	cert, key := certificate(t)
	w := serving(t, "--tls-cert", cert, "--tls-key", key, "--admin", "127.0.0.1:0")
	dial := func() net.Conn {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", w.addr)
		w.must(err)
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	for result, call := range map[string]func(){
		"done": func() {
			run(t, "user", "list", "--server", w.addr, "--token-file", filepath.Join(w.dir, server.TokenFile), "--tls-ca", cert)
		},
		"refused_by_caller": func() {
			if err := tls.Client(dial(), &tls.Config{ServerName: "127.0.0.1", RootCAs: x509.NewCertPool()}).HandshakeContext(t.Context()); err == nil {
				t.Error("a caller that trusts nobody trusts the server")
			}
		},
		"not_tls": func() {
			_, err := dial().Write([]byte("GET / HTTP/1.1\r\n\r\n"))
			w.must(err)
		},
		"gone": func() { w.must(dial().Close()) },
	} {
		call()
		for w.handshakes(result) == 0 { // The caller knows before the server has counted.
			runtime.Gosched()
		}
	}
	if n := w.handshakes("other"); n != 0 {
		t.Errorf("%v ended in another way", n)
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
