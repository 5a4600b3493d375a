package reportrpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/server/reportrpc"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// world is a realm of many communities with its report service, reached through real gRPC.
type world struct {
	t      *testing.T
	ctx    context.Context
	client reportv1.ReportServiceClient
	realm  *exchange.Service
	random *rand.ChaCha8
	county syncengine.ID
}

// communities are more than one message of rows holds.
const communities = 450

func newWorld(t *testing.T) *world {
	w := &world{t: t, ctx: t.Context(), random: rand.NewChaCha8([32]byte{3})}
	st := memstore.New()
	secrets, err := identity.CreateSecrets(t.TempDir(), w.random)
	w.must(err)
	w.must(st.Update(w.ctx, func(tx store.Writer) error {
		err := identity.PutRealm(tx, identity.Realm{Code: 530702, Name: "古城区", Created: 1, SchemaVersion: schema.Version, Secrets: secrets.Fingerprint()})
		put := func(parent syncengine.ID, code, level string) syncengine.ID {
			place := identity.Territory{ID: w.id(), Parent: parent, Code: code, Name: code, Level: level}
			err = errors.Join(err, identity.PutTerritory(tx, place))
			return place.ID
		}
		w.county = put(syncengine.ID{}, "530702", "county")
		street := put(w.county, "530702001", "street")
		for i := range communities {
			put(street, fmt.Sprintf("530702001%03d", i), "community")
		}
		return err
	}))
	now := time.UnixMilli(1_790_000_000_000)
	w.realm, err = exchange.Open(w.ctx, st, exchange.Options{Secrets: secrets, Random: w.random, Now: func() time.Time { return now }})
	w.must(err)
	w.serve()
	t.Cleanup(func() { w.must(errors.Join(w.realm.Close(), st.Close())) })
	return w
}

func (w *world) serve() {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	reportv1.RegisterReportServiceServer(server, reportrpc.New(w.realm, report.New(w.realm, report.Options{}), nil))
	go func() { _ = server.Serve(listener) }() // stopped by the cleanup below
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))
	w.must(err)
	w.client = reportv1.NewReportServiceClient(conn)
	w.t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) id() (id syncengine.ID) {
	_, _ = w.random.Read(id[:])
	return id
}

// as gives a context with the token of a new user of a role over the county.
func (w *world) as(role recordv1.Role) context.Context {
	w.t.Helper()
	u := identity.User{ID: w.id(), Name: role.String(), Role: uint32(role), TerritoryID: w.county, State: identity.UserActive}
	var token string
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) (err error) {
		if err = identity.PutUser(tx, u); err != nil {
			return err
		}
		if _, err = identity.RefreshGrants(tx, u.ID, 1); err != nil {
			return err
		}
		token, _, err = identity.MintToken(tx, u.ID, 1, w.random)
		return err
	}))
	return metadata.AppendToOutgoingContext(w.ctx, "authorization", "Bearer "+token)
}

func ask() *reportv1.PullReportRequest {
	return &reportv1.PullReportRequest{Figure: "found", Territory: "530702", By: "community", From: "2026-03-01", To: "2026-03-31"}
}

// pull gives a report's messages.
func (w *world) pull(ctx context.Context, req *reportv1.PullReportRequest) (out []*reportv1.PullReportResponse, err error) {
	w.t.Helper()
	stream, err := w.client.PullReport(ctx, req)
	w.must(err)
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, m)
	}
}

func TestPullReport_StreamsTheHeadAndThenRowsInChunks(t *testing.T) {
	w := newWorld(t)
	got, err := w.pull(w.as(recordv1.Role_ROLE_DISTRICT), ask())
	w.must(err)
	if got[0].GetHead().GetFigure().GetName() != "found" || len(got[0].GetHead().GetStatement()) == 0 {
		t.Errorf("the first message is %v", got[0])
	}
	rows, last := 0, ""
	for _, m := range got[1:] {
		for _, row := range m.GetRows().GetRows() {
			if m.GetRows().GetKind() != reportv1.RowKind_ROW_KIND_ROW {
				continue
			}
			if rows++; row.GetTerritory() < last {
				t.Errorf("%s comes after %s", row.GetTerritory(), last)
			}
			last = row.GetTerritory()
			if row.Denominator != nil {
				t.Errorf("a count has a denominator: %v", row)
			}
		}
		if n := len(m.GetRows().GetRows()); n > 200 {
			t.Errorf("a message of %d rows", n)
		}
	}
	if rows != communities+2 { // The county's and the street's own rows beside them.
		t.Errorf("%d rows", rows)
	}
}

func TestCalls_AreRefusedWithACodeAndAHint(t *testing.T) {
	w := newWorld(t)
	district := w.as(recordv1.Role_ROLE_DISTRICT)
	with := func(change func(*reportv1.PullReportRequest)) *reportv1.PullReportRequest {
		req := ask()
		change(req)
		return req
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		req  *reportv1.PullReportRequest
		want codes.Code
	}{
		"no token":     {w.ctx, ask(), codes.Unauthenticated},
		"a worker":     {w.as(recordv1.Role_ROLE_GRID_WORKER), ask(), codes.PermissionDenied},
		"too fine":     {district, with(func(r *reportv1.PullReportRequest) { r.By = "grid" }), codes.PermissionDenied},
		"no level":     {district, with(func(r *reportv1.PullReportRequest) { r.By = "house" }), codes.InvalidArgument},
		"no figure":    {district, with(func(r *reportv1.PullReportRequest) { r.Figure = "ranking" }), codes.InvalidArgument},
		"no day":       {district, with(func(r *reportv1.PullReportRequest) { r.To = "31 March" }), codes.InvalidArgument},
		"no territory": {district, with(func(r *reportv1.PullReportRequest) { r.Territory = "530799" }), codes.NotFound},
		"ahead":        {district, with(func(r *reportv1.PullReportRequest) { r.AsOf = 1 << 40 }), codes.OutOfRange},
	} {
		_, err := w.pull(c.ctx, c.req)
		if got := status.Code(err); got != c.want || len(status.Convert(err).Details()) == 0 {
			t.Errorf("%s: %v with %d details, want %v", name, err, len(status.Convert(err).Details()), c.want)
		}
	}
	for name, ctx := range map[string]context.Context{"a street lead": w.as(recordv1.Role_ROLE_STREET_LEAD), "nobody": w.ctx} {
		stream, err := w.client.RebuildReports(ctx, &reportv1.RebuildReportsRequest{})
		w.must(err)
		if _, err := stream.Recv(); status.Code(err) == codes.OK {
			t.Errorf("%s counts everything anew", name)
		}
	}
}

func TestVerifyReports_EndsWithAResult(t *testing.T) {
	w := newWorld(t)
	stream, err := w.client.VerifyReports(w.as(recordv1.Role_ROLE_OPERATOR), &reportv1.VerifyReportsRequest{})
	w.must(err)
	m, err := stream.Recv()
	if err != nil || !m.GetReady() || len(m.GetProblems()) != 0 {
		t.Errorf("%v, %v", m, err)
	}
	list, err := w.client.ListFigures(w.as(recordv1.Role_ROLE_GRID_WORKER), &reportv1.ListFiguresRequest{})
	if err != nil || len(list.GetFigures()) != 29 {
		t.Errorf("%d figures, %v", len(list.GetFigures()), err)
	}
}
