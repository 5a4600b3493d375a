package server_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/grpczstd"
	"onedoor/internal/wire"
	"onedoor/server"
	"onedoor/server/identity"
	"onedoor/server/store"
)

func TestServer_AnswersHealthReflectionAdminAndSync(t *testing.T) {
	w := serving(t)
	health, err := healthv1.NewHealthClient(w.conn).Check(t.Context(), &healthv1.HealthCheckRequest{Service: syncv1.SyncService_ServiceDesc.ServiceName})
	w.must(err)
	if health.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health %v", health)
	}
	stream, err := reflectionv1.NewServerReflectionClient(w.conn).ServerReflectionInfo(t.Context())
	w.must(err)
	w.must(stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}))
	services, err := stream.Recv()
	w.must(err)
	if !strings.Contains(services.String(), adminv1.AdminService_ServiceDesc.ServiceName) {
		t.Errorf("services %v", services)
	}
	realm, err := w.admin().GetRealm(w.ctx, &adminv1.GetRealmRequest{}, grpc.UseCompressor(grpczstd.Name))
	w.must(err)
	if realm.GetCode() != 530702 || realm.GetName() != "古城区" {
		t.Errorf("realm %v", realm)
	}
	w.enrol("和丽")
}

func TestServer_RefusesAMessageAboveTheLimitAndChangesNothing(t *testing.T) {
	w := serving(t)
	before := head(t, w)
	_, err := syncv1.NewSyncServiceClient(w.conn).Exchange(t.Context(), &syncv1.ExchangeRequest{Body: make([]byte, wire.MessageBytesMax+1)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("an oversized message: %v", err)
	}
	_, err = syncv1.NewSyncServiceClient(w.conn).Exchange(t.Context(), &syncv1.ExchangeRequest{Body: []byte("noise")})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("a malformed message: %v", err)
	}
	if after := head(t, w); after != before {
		t.Errorf("the log went from %v to %v", before, after)
	}
}

func TestServer_AJoinCodeThatIsThreeDaysOldEnrolsNobody(t *testing.T) {
	w := serving(t)
	code := w.code("和丽")
	w.later.Store(identity.CodeValidFor.Milliseconds())
	if _, err := w.redeem(code); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired code: %v", err)
	}
	w.later.Add(-1)
	if _, err := w.redeem(code); err != nil {
		t.Errorf("a code in its last millisecond: %v", err)
	}
}

func head(t *testing.T, w *world) (h store.Head) {
	t.Helper()
	w.must(w.server.View(t.Context(), func(r store.Reader) error {
		h = r.Head()
		return nil
	}))
	return h
}

func TestStop_EndsWatchesAndStandingStreamsByItself(t *testing.T) {
	w := serving(t)
	hints := w.watch(w.enrol("和丽"))
	health, err := healthv1.NewHealthClient(w.conn).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	w.must(err)
	first, err := health.Recv()
	w.must(err)
	if first.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health %v", first)
	}
	w.worker("木林") // The hint says that the watch is under way.
	_, err = hints.Recv()
	w.must(err)
	w.must(w.server.Stop(t.Context()))
	if _, err := hints.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the watch ended with %v", err)
	}
	for err == nil {
		_, err = health.Recv()
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("the health watch ended with %v", err)
	}
	if err := <-w.served; err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if _, err := w.admin().GetRealm(w.ctx, &adminv1.GetRealmRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("a call after the stop: %v", err)
	}
	w.must(w.server.Stop(t.Context()))
}

func TestStop_CallsInHandAreCutAfterTheGraceAndChangeNothing(t *testing.T) {
	w := serving(t)
	before := head(t, w)
	upload, err := w.admin().ImportTerritories(w.ctx)
	w.must(err)
	w.must(upload.Send(&adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Options{Options: &adminv1.ImportOptions{}}}))
	w.must(upload.Send(&adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Chunk{
		Chunk: []byte("code,parent_code,level,name\n530702001001001,530702001001,grid,一格\n"),
	}}))
	w.must(w.server.Stop(cut()))
	if _, err := upload.CloseAndRecv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the import ended with %v", err)
	}
	found, err := server.Verify(t.Context(), w.dir, nil)
	w.must(err)
	if !found.OK() || found.Seq != before.Seq {
		t.Errorf("after the cut: %+v, before it the log was at %d", found, before.Seq)
	}
}

func TestStop_CallsInHandAreFinishedWithinTheGrace(t *testing.T) {
	w := serving(t)
	upload, err := w.admin().ImportTerritories(w.ctx)
	w.must(err)
	w.must(upload.Send(&adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Options{Options: &adminv1.ImportOptions{}}}))
	// A second call on the same connection is answered after the first has begun.
	_, err = w.admin().GetRealm(w.ctx, &adminv1.GetRealmRequest{})
	w.must(err)
	stopped := make(chan error, 1)
	go func() { stopped <- w.server.Stop(context.WithoutCancel(t.Context())) }()
	w.must(upload.Send(&adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Chunk{
		Chunk: []byte("code,parent_code,level,name\n530702001001001,530702001001,grid,一格\n"),
	}}))
	m, err := upload.CloseAndRecv()
	if err != nil || m.GetAdded() != 1 {
		t.Errorf("the import ended with %v, %v", m, err)
	}
	w.must(<-stopped)
}

func TestRecover_APanicFailsOneCallAndIsLogged(t *testing.T) {
	w := serving(t)
	if err := w.server.RecoverPanic("broken"); status.Code(err) != codes.Internal {
		t.Errorf("a panic became %v", err)
	}
	if !strings.Contains(w.log.String(), "broken") {
		t.Error("the log does not tell of the panic")
	}
}

func TestLog_HoldsNoNameNoAddressAndNoToken(t *testing.T) {
	w := serving(t)
	w.enrol("和丽")
	_, err := w.admin().AddUser(w.ctx, &adminv1.AddUserRequest{Name: "x", Role: 2, TerritoryCode: "和丽"})
	if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "和丽") {
		t.Errorf("an error that quotes what was sent: %v", err)
	}
	w.must(w.server.Stop(t.Context()))
	log := w.log.String()
	if !strings.Contains(log, "AddUser") || !strings.Contains(log, "NotFound") {
		t.Errorf("the log lacks the calls:\n%s", log)
	}
	token, err := server.ReadToken(filepath.Join(w.dir, server.TokenFile))
	w.must(err)
	for _, secret := range []string{"和丽", token, "127.0.0.1"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
}
