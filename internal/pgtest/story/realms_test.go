package story_test

import (
	"context"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/domain"
	"onedoor/internal/pgtest"
	"onedoor/server"
)

func TestRealms_OfOneDatabaseAreServedByOneProcessEachUnderItsFoldersName(t *testing.T) {
	dir, store := t.TempDir(), pgtest.Database(t)
	for _, code := range []string{"530702", "530721"} {
		if _, err := server.Init(t.Context(), server.InitOptions{Dir: filepath.Join(dir, code), Store: store, Realm: domain.Code(code)}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := server.Open(t.Context(), server.Config{Realms: dir, Store: store, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Stop(ended); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	conn, err := grpc.NewClient(s.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for code, name := range map[uint32]string{530702: "530702", 530721: "530721"} {
		token, err := server.ReadToken(filepath.Join(dir, name, server.TokenFile))
		if err != nil {
			t.Fatal(err)
		}
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
		realm, err := adminv1.NewAdminServiceClient(conn).GetRealm(ctx, &adminv1.GetRealmRequest{})
		if err != nil || realm.GetCode() != code {
			t.Errorf("the token of %s speaks in %v, %v", name, realm, err)
		}
	}
}
