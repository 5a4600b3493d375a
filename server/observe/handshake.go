package observe

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// How a handshake ended.
const (
	handshakeDone = "done"
	// handshakeRefused: the caller does not trust the certificate, or wants what the server does not speak.
	handshakeRefused = "refused_by_caller"
	// handshakePlain: what came was not TLS.
	handshakePlain = "not_tls"
	// handshakeStranger: the caller's own certificate is signed by nobody who is known.
	handshakeStranger = "caller_unknown"
	handshakeTimeout  = "timeout"
	// handshakeGone: the caller hung up, as those do that only look whether somebody listens.
	handshakeGone  = "gone"
	handshakeOther = "other"
)

// handshakes are all ways in which a handshake ends.
var handshakes = []string{handshakeDone, handshakeRefused, handshakePlain, handshakeStranger, handshakeTimeout, handshakeGone, handshakeOther}

// Handshake counts a TLS handshake with a phone by how it ended; nil is one that was done. Who called is not told.
func (m *Metrics) Handshake(err error) { m.handshakes.WithLabelValues(handshakeResult(err)).Inc() }

func handshakeResult(err error) string {
	var plain tls.RecordHeaderError
	var stranger *tls.CertificateVerificationError
	var line *net.OpError
	var waits net.Error
	switch {
	case err == nil:
		return handshakeDone
	case errors.As(err, &plain):
		return handshakePlain
	case errors.As(err, &stranger):
		return handshakeStranger
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &waits) && waits.Timeout():
		return handshakeTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return handshakeGone
	case errors.As(err, &line) && line.Op == remoteAlert:
		return handshakeRefused
	}
	return handshakeOther
}

// remoteAlert is the operation that crypto/tls names when the other side ends a handshake with an alert.
const remoteAlert = "remote error"
