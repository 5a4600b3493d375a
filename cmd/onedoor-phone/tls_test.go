package main_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// foreign is somebody else's server, as a phone in a hotel's network meets one, and the file of its certificate.
func foreign(t *testing.T) (port, file string) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true // Who speaks no HTTP/2 is found out before certificates are looked at.
	s.StartTLS()
	t.Cleanup(s.Close)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "foreign.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return at.Port(), file
}

func TestEnrol_TellsACertificateThatIsNotTrustedFromALineThatFails(t *testing.T) {
	withKey(t, 7)
	port, file := foreign(t)
	p := newPhone(t)
	enrol := func(host string, flags ...string) ran {
		return p.run(append([]string{"enrol", "--code", "2X4K-9PQM-T7WZ", "--server", host + ":" + port}, flags...)...)
	}
	enrol("localhost", "--tls-ca", file).wantLine(t, failed, "certificate is not trusted") // It is not for this name.
	t.Setenv("ONEDOOR_TLS_CA", file)
	enrol("localhost").wantLine(t, failed, "$ONEDOOR_TLS_CA")
	enrol("localhost", "--lang", "zh").wantLine(t, failed, "证书无法确认")
	t.Setenv("ONEDOOR_TLS_CA", filepath.Join(t.TempDir(), "none"))
	enrol("127.0.0.1").wantLine(t, failed, "read the trusted certificates")
	t.Setenv("ONEDOOR_TLS_CA", "")
	port = "1" // Nobody listens there.
	enrol("127.0.0.1").wantLine(t, failed, "the server cannot be reached")
}
