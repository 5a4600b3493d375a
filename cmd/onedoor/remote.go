package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/command"
	"onedoor/internal/wire"
	"onedoor/server"
)

// The environment stands in for flags that are the same all day.
const (
	envServer    = "ONEDOOR_SERVER"
	envTokenFile = "ONEDOOR_TOKEN_FILE"
	envTLSCA     = "ONEDOOR_TLS_CA"
)

// callTimeout bounds a call without a file or a stream: the slowest of them
// gives a few thousand doors to an officer.
const callTimeout = time.Minute

// remote says how a server is reached and with whose token.
type remote struct {
	server, tokenFile, data, caFile string
	plainText                       bool
}

// reaching gives a command and its children the flags of a server.
func (a *app) reaching(c *cobra.Command) *cobra.Command {
	f := c.PersistentFlags()
	f.StringVar(&a.remote.server, "server", "", "the server's `ADDR` (default $"+envServer+", or "+server.ListenDefault+")")
	f.StringVar(&a.remote.tokenFile, "token-file", "", "`FILE` with the token (default $"+envTokenFile+", or "+server.TokenFile+" in --data)")
	f.StringVar(&a.remote.data, "data", "", "the realm's `DIR` on this machine, for its operator's token")
	f.StringVar(&a.remote.caFile, "tls-ca", "", "speak TLS and trust the certificates in this PEM `FILE` (default $"+envTLSCA+", or the system's)")
	f.BoolVar(&a.remote.plainText, "plaintext", false, "speak plain text to a server that is not on this machine")
	return c
}

// address is where the server is looked for.
func (r remote) address() string {
	for _, addr := range []string{r.server, os.Getenv(envServer)} {
		if addr != "" {
			return addr
		}
	}
	return server.ListenDefault
}

// token reads the token: the flag stands above --data, and that above the environment.
func (r remote) token() (string, error) {
	path := r.tokenFile
	if path == "" && r.data != "" {
		path = filepath.Join(r.data, server.TokenFile)
	}
	if path == "" {
		path = os.Getenv(envTokenFile)
	}
	if path == "" {
		return "", command.Misused("no token: give --token-file, --data or $%s", envTokenFile)
	}
	return server.ReadToken(path)
}

// transport is TLS unless plain text is asked for, or the server is on this machine and no certificates are named.
func (r remote) transport() (credentials.TransportCredentials, error) {
	file := cmp.Or(r.caFile, os.Getenv(envTLSCA))
	switch {
	case r.caFile != "" && r.plainText:
		return nil, command.Misused("--tls-ca and --plaintext exclude each other")
	case r.plainText || file == "" && onThisMachine(r.address()):
		return insecure.NewCredentials(), nil
	case file != "":
		return trusting(file)
	}
	return credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13}), nil
}

// trusting speaks TLS to who is known to the authorities in a file.
func trusting(file string) (credentials.TransportCredentials, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the trusted certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read the trusted certificates: %s holds none in PEM form", file)
	}
	return credentials.NewTLS(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}), nil
}

// onThisMachine reports an address that no network is crossed to.
func onThisMachine(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// client is a connection that speaks with the token in hand.
type client struct {
	adminv1.AdminServiceClient
	// desk is the privacy desk of the same server.
	desk adminv1.PrivacyServiceClient
	// reports are pulled from the same server.
	reports reportv1.ReportServiceClient
	// feeds tell systems outside.
	feeds feedv1.FeedServiceClient
	ctx   context.Context
}

// asking runs a command's work against a server.
func (a *app) asking(f func(c *client, args []string) error) func(*cobra.Command, []string) error {
	return command.Running(func(ctx context.Context, args []string) error {
		token, err := a.remote.token()
		if err != nil {
			return err
		}
		return a.calling(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), args, f)
	})
}

// openly runs a command's work against a server without a token.
func (a *app) openly(f func(c *client, args []string) error) func(*cobra.Command, []string) error {
	return command.Running(func(ctx context.Context, args []string) error { return a.calling(ctx, args, f) })
}

// calling connects, runs the work, and puts a server's refusal into words.
func (a *app) calling(ctx context.Context, args []string, f func(c *client, args []string) error) error {
	transport, err := a.remote.transport()
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(a.remote.address(), grpc.WithTransportCredentials(transport), grpc.WithUnaryInterceptor(bounded),
		grpc.WithNoProxy(), // The token goes to the server that was named, through nothing in between.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MessageBytesMax), grpc.MaxCallSendMsgSize(wire.MessageBytesMax)))
	if err != nil {
		return command.Misused("--server %s: %v", a.remote.address(), err)
	}
	defer conn.Close()
	return a.remote.explain(f(&client{
		AdminServiceClient: adminv1.NewAdminServiceClient(conn), desk: adminv1.NewPrivacyServiceClient(conn),
		reports: reportv1.NewReportServiceClient(conn), feeds: feedv1.NewFeedServiceClient(conn), ctx: ctx,
	}, args))
}

// bounded ends a call that takes too long.
func bounded(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return next(ctx, method, req, reply, conn, opts...)
}

// explain turns a status into a sentence that ends with what to do.
func (r remote) explain(err error) error {
	st, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	var hint, reason string
	for _, detail := range st.Details() {
		switch m := detail.(type) {
		case *errdetails.LocalizedMessage:
			hint = m.GetMessage()
		case *errdetails.ErrorInfo:
			reason = m.GetReason()
		}
	}
	switch {
	case hint != "" && "REASON_"+reason == adminv1.Reason_REASON_TOKEN.String():
		// Where several servers run, the token may be good and the server another one than was meant.
		return fmt.Errorf("server %s: %s: %s", r.address(), st.Message(), hint)
	case hint != "":
		return errors.New(st.Message() + ": " + hint)
	case st.Code() == codes.Unavailable:
		return fmt.Errorf("cannot reach a server at %s (%s): start `onedoor serve` there, or give --server, --tls-ca or --plaintext as it was started", r.address(), cause(st.Message()))
	case st.Code() == codes.DeadlineExceeded:
		return fmt.Errorf("no answer from %s within %v: look at the server's log and try again", r.address(), callTimeout)
	case st.Code() == codes.Canceled:
		return errors.New("interrupted")
	}
	return fmt.Errorf("%s (%s)", strings.TrimSpace(st.Message()), st.Code())
}

// cause takes what happened out of the words with which gRPC wraps it.
func cause(message string) string {
	_, quoted, ok := strings.Cut(message, `desc = "`)
	if !ok {
		return message
	}
	return strings.TrimPrefix(strings.TrimSuffix(quoted, `"`), "transport: ")
}
