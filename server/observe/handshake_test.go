package observe_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"onedoor/server/observe"
)

func TestHandshake_IsCountedByHowItEnded(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: tls.AlertError(48)}
	for result, err := range map[string]error{
		"done":              nil,
		"not_tls":           tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
		"caller_unknown":    &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
		"timeout":           &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded},
		"gone":              fmt.Errorf("read: %w", io.EOF),
		"refused_by_caller": alert,
		"other":             errors.New("tls: client offered only unsupported versions"),
	} {
		m := observe.New(observe.Build{})
		m.Handshake(err)
		if got := counted(t, m, result); got != 1 {
			t.Errorf("%v: counted %v as %s", err, got, result)
		}
	}
	m := observe.New(observe.Build{})
	m.Handshake(&net.OpError{Op: "read", Err: syscall.ECONNRESET})
	if counted(t, m, "gone") != 1 {
		t.Error("a line that was reset is not gone")
	}
}

// counted gives how many handshakes ended in a way.
func counted(t *testing.T, m *observe.Metrics, result string) float64 {
	t.Helper()
	all, err := m.Gather().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		if family.GetName() != "onedoor_handshakes_total" {
			continue
		}
		for _, one := range family.GetMetric() {
			if one.GetLabel()[0].GetValue() == result {
				return one.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no count of %s", result)
	return 0
}
