// Package gateway answers the calls of phones, reports and feeds over HTTP as JSON, for clients that have no gRPC.
//
// It holds no rule: every request becomes a call of the same services through the same interceptors, with the caller's own
// token and address, and every answer is theirs. Who needs no gRPC needs no other right. It takes a bearer token and no cookie, so
// that no page of another site can call it in somebody's name. What is answered stands in proto/http.yaml; openapi.json is made
// from it by `make generate`.
package gateway

import (
	"context"
	_ "embed" // openapi.json
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"

	feedhttp "onedoor/proto/gen/http/onedoor/feed/v1"
	reporthttp "onedoor/proto/gen/http/onedoor/report/v1"
	synchttp "onedoor/proto/gen/http/onedoor/sync/v1"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

const (
	// Prefix begins the path of every call.
	Prefix = "/v1/"
	// SpecPath is where the description of the calls is, as OpenAPI 2.0.
	SpecPath = "/openapi.json"
	// bodyBytesMax bounds a request: the largest message with its bytes written as base64, and room for names.
	bodyBytesMax = wire.MessageBytesMax*4/3 + 64<<10
)

//go:embed openapi.json
var spec []byte

// New makes the handler over a connection to the services.
func New(ctx context.Context, conn grpc.ClientConnInterface) (http.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{
			MarshalOptions:   protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true},
			UnmarshalOptions: protojson.UnmarshalOptions{},
		}),
		runtime.WithIncomingHeaderMatcher(incoming), runtime.WithOutgoingHeaderMatcher(nothing), runtime.WithOutgoingTrailerMatcher(nothing),
	)
	for _, err := range []error{
		synchttp.RegisterSyncServiceHandlerClient(ctx, mux, syncv1.NewSyncServiceClient(conn)),
		reporthttp.RegisterReportServiceHandlerClient(ctx, mux, reportv1.NewReportServiceClient(conn)),
		feedhttp.RegisterFeedServiceHandlerClient(ctx, mux, feedv1.NewFeedServiceClient(conn)),
	} {
		if err != nil {
			return nil, fmt.Errorf("calls over HTTP: %w", err)
		}
	}
	return face{mux}, nil
}

// incoming lets a caller's token through and nothing else that it sends; the gateway adds the address.
func incoming(key string) (string, bool) {
	return "authorization", strings.EqualFold(key, "Authorization")
}

func nothing(string) (string, bool) { return "", false }

// face bounds what comes and says what may be done with what goes.
type face struct{ calls http.Handler }

// ServeHTTP answers one call.
func (f face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.Path == SpecPath {
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(spec) // A reader that is gone needs no answer.
		return
	}
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		refuse(w, http.StatusUnsupportedMediaType, codes.InvalidArgument, "send the body as Content-Type: application/json")
		return
	}
	if lasts(r.URL.Path) {
		// A stream ends with its reader or the server, not with the time that a page may take.
		if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
			refuse(w, http.StatusInternalServerError, codes.Internal, "this connection cannot hold a stream")
			return
		}
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyBytesMax)
	f.calls.ServeHTTP(w, r)
}

// refuse answers a call that goes no further, in the form that every error has.
func refuse(w http.ResponseWriter, status int, code codes.Code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"code\":%d,\"message\":%q,\"details\":[]}", code, message) // A reader that is gone needs no answer.
}

// lasts reports a call that is answered for as long as its caller listens.
func lasts(path string) bool { return path == Prefix+"watch" || strings.HasSuffix(path, "/pages") }
