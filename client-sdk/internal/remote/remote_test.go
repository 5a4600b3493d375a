package remote_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/remote"
	"onedoor/client-sdk/internal/speech"
	_ "onedoor/internal/grpczstd" // The server answers in the encoding it is called in.
	"onedoor/internal/wire"
)

// desk answers every exchange with what it is told to.
type desk struct {
	syncv1.UnimplementedSyncServiceServer
	err   error
	reply *syncv1.ExchangeResponse
	// header is what it says beside its answers, in pairs.
	header []string
}

func (d *desk) Exchange(ctx context.Context, _ *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	if err := grpc.SetHeader(ctx, metadata.Pairs(d.header...)); err != nil {
		return nil, err
	}
	return d.reply, d.err
}

func serve(t *testing.T, d *desk, o ...grpc.ServerOption) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(o...)
	syncv1.RegisterSyncServiceServer(s, d)
	go func() { _ = s.Serve(l) }() // stopped by Stop
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

func dial(t *testing.T, address string, o remote.Options) *remote.Remote {
	t.Helper()
	r, err := remote.Dial(address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// certificate makes one for this machine that nobody but the test trusts.
func certificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestDial_SpeaksTLSToThoseItTrusts(t *testing.T) {
	own, ownPEM := certificate(t)
	_, otherPEM := certificate(t)
	address := serve(t, &desk{reply: &syncv1.ExchangeResponse{Nonce: []byte("n")}}, grpc.Creds(credentials.NewServerTLSFromCert(&own)))
	if _, err := dial(t, address, remote.Options{RootsPEM: ownPEM}).Exchange(t.Context(), &syncv1.ExchangeRequest{}); err != nil {
		t.Errorf("with the server's certificate: %v", err)
	}
	for name, o := range map[string]remote.Options{"another certificate": {RootsPEM: otherPEM}, "plain text": {}} {
		_, err := dial(t, address, o).Exchange(t.Context(), &syncv1.ExchangeRequest{})
		if err == nil {
			t.Errorf("%s: an exchange went through", name)
		}
		var fault *remote.Fault
		if untrusted := o.RootsPEM != nil; errors.Is(err, remote.ErrUntrusted) != untrusted || !errors.As(err, &fault) || strings.Contains(fault.Says.EN, "certificate") != untrusted || !fault.Passing {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := remote.Dial(address, remote.Options{RootsPEM: []byte("no PEM")}); err == nil {
		t.Error("a file without certificates was taken")
	}
}

func TestExchange_TurnsStatusesIntoFaults(t *testing.T) {
	reason := func(code codes.Code, name string) error {
		st, err := status.New(code, "what the server says").WithDetails(&errdetails.ErrorInfo{Reason: name, Domain: "onedoor"})
		if err != nil {
			t.Fatal(err)
		}
		return st.Err()
	}
	for _, c := range []struct {
		err     error
		reason  string
		passing bool
	}{
		{reason(codes.FailedPrecondition, "CODE_EXPIRED"), "CODE_EXPIRED", false},
		{reason(codes.Unauthenticated, "UNKNOWN_DEVICE"), "UNKNOWN_DEVICE", false},
		{reason(codes.ResourceExhausted, "STORE_FULL"), "STORE_FULL", true},
		{reason(codes.Internal, "SOMETHING_NEW"), "SOMETHING_NEW", true},
		{reason(codes.InvalidArgument, "BAD_REQUEST"), "BAD_REQUEST", false},
		{status.Error(codes.Unavailable, "down"), "", true},
		{status.Error(codes.Unimplemented, "who?"), "", false},
	} {
		_, err := dial(t, serve(t, &desk{err: c.err}), remote.Options{}).Exchange(t.Context(), &syncv1.ExchangeRequest{})
		var fault *remote.Fault
		if !errors.As(err, &fault) || fault.Reason != c.reason || fault.Passing != c.passing || fault.Cause == nil {
			t.Errorf("%v becomes %+v", c.err, err)
			continue
		}
		if fault.Says.In(speech.Chinese) == "" || fault.Says.In(speech.English) == "" || fault.Says.ZH == fault.Says.EN {
			t.Errorf("%v says %+v", c.err, fault.Says)
		}
	}
}

func TestExchange_PassesTheCallersOwnEndOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := dial(t, serve(t, &desk{}), remote.Options{}).Exchange(ctx, &syncv1.ExchangeRequest{})
	var fault *remote.Fault
	if err == nil || errors.As(err, &fault) {
		t.Errorf("a call that was given up ends with %v", err)
	}
}

func TestWireBytes_CountsWhatTravels(t *testing.T) {
	r := dial(t, serve(t, &desk{reply: &syncv1.ExchangeResponse{Cursor: make([]byte, 100_000)}}), remote.Options{})
	if _, err := r.Exchange(t.Context(), &syncv1.ExchangeRequest{Body: make([]byte, 50_000)}); err != nil {
		t.Fatal(err)
	}
	if up, down := r.WireBytes(); up == 0 || down == 0 || up > 1000 || down > 1000 {
		t.Errorf("%d bytes up, %d down for texts of zeros", up, down)
	}
}

func TestExchange_AnswersTellThatANewerAppIsAskedForUntilTheyDoNot(t *testing.T) {
	d := &desk{reply: &syncv1.ExchangeResponse{}, header: []string{wire.UpdateToHeader, "1.4", wire.UpdateByHeader, "1780000000000"}}
	r := dial(t, serve(t, d), remote.Options{})
	for _, want := range []bool{true, false} {
		if _, err := r.Exchange(t.Context(), &syncv1.ExchangeRequest{}); err != nil {
			t.Fatal(err)
		}
		u, asked := r.Update()
		if asked != want || want && (u.To != "1.4" || u.ByMs != 1_780_000_000_000) {
			t.Errorf("asked for a newer app: %v, %+v", asked, u)
		}
		d.header = nil
	}
}

func TestExchange_ARefusedAppIsToldToUpdateAndIsNotTriedAgain(t *testing.T) {
	st, err := status.New(codes.FailedPrecondition, "older than 1.4").WithDetails(&errdetails.ErrorInfo{Reason: wire.ReasonAppOld, Domain: "onedoor"})
	if err != nil {
		t.Fatal(err)
	}
	r := dial(t, serve(t, &desk{err: st.Err()}), remote.Options{})
	_, err = r.Exchange(t.Context(), &syncv1.ExchangeRequest{})
	fault, ok := errors.AsType[*remote.Fault](err)
	if !ok || fault.Passing || fault.Reason != wire.ReasonAppOld || fault.Says.ZH == "" || fault.Says.EN == "" {
		t.Errorf("error %+v", err)
	}
}

func TestDial_OfSeveralServersTheNextIsCalledWhereOneIsUnavailable(t *testing.T) {
	stopping := &desk{err: status.Error(codes.Unavailable, "stopping")}
	refusing := &desk{err: status.Error(codes.Unauthenticated, "who is this")}
	answering := &desk{reply: &syncv1.ExchangeResponse{Nonce: []byte("n")}}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	r := dial(t, gone.Addr().String()+", "+serve(t, stopping)+","+serve(t, answering), remote.Options{})
	for i, name := range []string{"one that is gone", "one that stops"} {
		var fault *remote.Fault
		if _, err := r.Exchange(t.Context(), &syncv1.ExchangeRequest{}); !errors.As(err, &fault) || !fault.Passing {
			t.Fatalf("call %d, to %s: %v", i, name, err)
		}
	}
	for range 3 {
		if _, err := r.Exchange(t.Context(), &syncv1.ExchangeRequest{}); err != nil {
			t.Fatalf("the third server: %v", err)
		}
	}
	r = dial(t, serve(t, refusing)+","+serve(t, &desk{reply: &syncv1.ExchangeResponse{Nonce: []byte("n")}}), remote.Options{})
	for range 2 {
		if _, err := r.Exchange(t.Context(), &syncv1.ExchangeRequest{}); err == nil {
			t.Fatal("a refusal sent the phone to another server")
		}
	}
	if _, err := remote.Dial("a.example.org:1,", remote.Options{}); err == nil {
		t.Error("an address that is none was taken")
	}
}

func TestExchange_AServerThatIsBackIsReachedByTheNextCall(t *testing.T) {
	d := &desk{reply: &syncv1.ExchangeResponse{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := dial(t, address, remote.Options{})
	for range 3 { // Each time the line has more reason to wait before it tries again.
		if _, err := r.Exchange(t.Context(), &syncv1.ExchangeRequest{}); err == nil {
			t.Fatal("a server that is down answers")
		}
		back, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		s := grpc.NewServer()
		syncv1.RegisterSyncServiceServer(s, d)
		go func() { _ = s.Serve(back) }() // stopped by Stop
		if _, err := r.Exchange(t.Context(), &syncv1.ExchangeRequest{}); err != nil {
			t.Errorf("a server that is back is not reached: %v", err)
		}
		s.Stop()
	}
}

func TestExchange_AServerWithNoRoomSaysHowLongToWait(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{2 * time.Second: 2 * time.Second, -time.Second: 0, 100 * time.Hour: 15 * time.Minute} {
		st, err := status.New(codes.ResourceExhausted, "no room").WithDetails(
			&errdetails.ErrorInfo{Reason: "BUSY", Domain: "onedoor"}, &errdetails.RetryInfo{RetryDelay: durationpb.New(asked)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = dial(t, serve(t, &desk{err: st.Err()}), remote.Options{}).Exchange(t.Context(), &syncv1.ExchangeRequest{})
		var fault *remote.Fault
		if !errors.As(err, &fault) || fault.Reason != "BUSY" || !fault.Passing || fault.After != want {
			t.Errorf("asked to wait %v: %+v", asked, fault)
		}
	}
}
