package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/credentials"

	"onedoor/client-sdk/internal/speech"
)

// ErrUntrusted: the server showed a certificate that the phone does not trust. No signal is missing then, and another try
// changes nothing by itself.
var ErrUntrusted = errors.New("the server's certificate is not trusted")

// untrusted is what a person can do about it. A phone whose date is wrong takes every certificate for one of another time, and a
// foreign network may put its own server in between.
var untrusted = speech.Sentence{
	ZH: "服务器的证书无法确认：请核对手机日期，或换一个网络再试，仍不行请联系管理员；内容仍在手机上。",
	EN: "the server's certificate is not trusted: check the phone's date, try another network, then ask the operator; your work stays on the phone",
}

// trusting remembers whether the newest handshake ended because of the server's certificate: gRPC hands on no more of that than
// words.
type trusting struct {
	credentials.TransportCredentials
	refused *atomic.Bool
}

// ClientHandshake shakes hands and remembers.
func (t trusting) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := t.TransportCredentials.ClientHandshake(ctx, authority, raw)
	_, refused := errors.AsType[*tls.CertificateVerificationError](err)
	t.refused.Store(refused)
	return conn, info, err
}

// faultOf turns a call's error into what the phone tells its user, who looks for signal in vain where a certificate is at fault.
func (p *place) faultOf(err error) error {
	err = faultOf(err)
	if f, is := errors.AsType[*Fault](err); is && f.Reason == "" && f.Says == unreachable && p.refused.Load() {
		f.Says, f.Cause = untrusted, fmt.Errorf("%w: %w", ErrUntrusted, f.Cause)
	}
	return err
}

// Clone gives credentials that remember in the same place.
func (t trusting) Clone() credentials.TransportCredentials {
	return trusting{t.TransportCredentials.Clone(), t.refused}
}
