package console_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/browser"
	"onedoor/server"
	"onedoor/server/signin"
)

// The identity provider of these tests is a certified library's, with its page for signing in and its two users; onedoor knows the
// first one as its auditor and the second one not at all.
const (
	providerClient  = "onedoor"
	providerSubject = "id1"
	providerName    = "test-user@127.0.0.1"
	strangerName    = "test-user2"
	providerWord    = "verysecure"
)

// signingOn serves a realm with an identity provider behind it, and gives the address of its console.
func signingOn(t *testing.T) (origin string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	issuer := "http://" + listener.Addr().String() + "/"
	dir := filepath.Join(t.TempDir(), "realm")
	if _, err := server.Init(t.Context(), server.InitOptions{Dir: dir, Realm: "530702"}); err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(t.Context(), server.Config{
		Dir: dir, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0", Provider: signin.Provider{Issuer: issuer, ClientID: providerClient},
	})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }() // ends with the stop below
	t.Cleanup(func() {
		if err := s.Stop(ended()); err != nil {
			t.Error(err)
		}
		<-served
	})
	origin = "http://" + s.ConsoleAddr().String()
	storage.RegisterClients(storage.NativeClient(providerClient, origin+"/signin/callback"))
	provider := httptest.NewUnstartedServer(exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), nil, false))
	provider.Listener = listener
	provider.Start()
	t.Cleanup(provider.Close)
	linkAuditor(t, s, dir)
	return origin
}

// ended is a context that is over: a stop with it waits for nobody.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// linkAuditor adds an auditor whom the provider knows.
func linkAuditor(t *testing.T, s *server.Server, dir string) {
	t.Helper()
	token, err := server.ReadToken(filepath.Join(dir, server.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(s.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	admin, ctx := adminv1.NewAdminServiceClient(conn), metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
	made, err := admin.AddUser(ctx, &adminv1.AddUserRequest{Name: "测试监督员", Role: recordv1.Role_ROLE_AUDITOR})
	if err == nil {
		_, err = admin.Invite(ctx, &adminv1.InviteRequest{UserId: made.GetUserId(), Subject: providerSubject})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// atProvider goes to the provider from the page for signing in, and signs in there.
func atProvider(t *testing.T, b *browser.Tab, path, name string) {
	t.Helper()
	b.Go(path)
	b.Submit("a[href^='/signin/provider']")
	b.Type("#username", name)
	b.Type("#password", providerWord)
	b.Submit("button[type=submit]")
}

func TestStory_SomebodySignsInAtTheIdentityProvider(t *testing.T) {
	origin := signingOn(t)
	b := scene.browser.Tab(t, origin)
	b.Go("/ledger?since=2026-01-01")
	look(b, "signin-provider")
	atProvider(t, b, "/ledger?since=2026-01-01", providerName)
	wantText(t, b, "h1", "查阅台账")
	wantText(t, b, ".who", "测试监督员")
	if at := b.Address(); at != "/ledger?since=2026-01-01" {
		t.Errorf("signing in leads to %s", at)
	}
	for _, c := range b.Complaints() {
		t.Errorf("the browser complained: %s", c)
	}

	t.Run("who is known at the provider alone is told what to do", func(t *testing.T) {
		b := scene.browser.Tab(t, origin)
		atProvider(t, b, "/", strangerName)
		wantText(t, b, "#problem", "还没有关联")
		if b.Cookie(sessionCookie) != "" {
			t.Error("a stranger has a session")
		}
		look(b, "signin-stranger")
	})
	t.Run("a way back that did not begin here is refused", func(t *testing.T) {
		b := scene.browser.Tab(t, origin)
		b.Go("/signin")
		b.Submit("a[href^='/signin/provider']")
		b.Go("/signin/callback?code=stolen&state=another")
		wantText(t, b, "#problem", "登录没有从这里开始")
		if b.Cookie(sessionCookie) != "" {
			t.Error("a way back with another state makes a session")
		}
	})
	t.Run("a way back without a way there is refused", func(t *testing.T) {
		r, err := http.Get(origin + "/signin/callback?code=x&state=y")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		if r.StatusCode != http.StatusUnprocessableEntity || strings.Contains(strings.Join(r.Header.Values("Set-Cookie"), ";"), sessionCookie) {
			t.Errorf("%s, cookies %v", r.Status, r.Header.Values("Set-Cookie"))
		}
	})
	t.Run("who gives up at the provider is told so", func(t *testing.T) {
		b := scene.browser.Tab(t, origin)
		b.Go("/signin")
		b.Submit("a[href^='/signin/provider']")
		b.Go("/signin/callback?error=access_denied&state=another")
		wantText(t, b, "#problem", "没有完成")
	})
}
