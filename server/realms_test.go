package server_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/domain"
	"onedoor/internal/wire"
	"onedoor/server"
)

// The two districts of the tests.
const (
	oldTown = 530702
	yulong  = 530721
)

// realms is a server of several realms: the world of each, with its operator's token, over one connection.
type realms struct {
	*world
	// of gives the world of a realm.
	of map[uint32]*world
}

// foundedIn makes a realm in a sub-folder.
func foundedIn(t *testing.T, dir, code string, seed byte) {
	t.Helper()
	if _, err := server.Init(t.Context(), server.InitOptions{Dir: filepath.Join(dir, code), Realm: domain.Code(code), Now: clock, Random: seeded(seed)}); err != nil {
		t.Fatal(err)
	}
}

// servingRealms serves a folder with both districts; prepare may change the folder first.
func servingRealms(t *testing.T, prepare func(dir string), change func(*server.Config)) *realms {
	t.Helper()
	dir := t.TempDir()
	foundedIn(t, dir, "530702", 1)
	foundedIn(t, dir, "530721", 3)
	prepare(dir)
	w := &world{t: t, dir: dir, log: &logBuffer{}, served: make(chan error, 1)}
	config := server.Config{
		Realms: dir, Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", HTTP: "127.0.0.1:0", Now: w.now, Random: seeded(2),
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&config)
	w.begin(config)
	r := &realms{world: w, of: map[uint32]*world{}}
	for code, name := range map[uint32]string{oldTown: "530702", yulong: "530721"} {
		r.of[code] = r.worldOf(name)
	}
	return r
}

// worldOf is the part of one realm.
func (r *realms) worldOf(folder string) *world {
	token, err := server.ReadToken(filepath.Join(r.dir, folder, server.TokenFile))
	r.must(err)
	return &world{t: r.t, dir: filepath.Join(r.dir, folder), server: r.server, conn: r.conn, log: r.log,
		ctx: metadata.AppendToOutgoingContext(r.t.Context(), "authorization", "Bearer "+token)}
}

func asIs(string) {}

func noChange(*server.Config) {}

func both(t *testing.T) *realms {
	t.Helper()
	return servingRealms(t, asIs, noChange)
}

// reasonOf gives the name of why a call was refused.
func reasonOf(err error) string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// workerIn adds a grid worker of a community and gives a join code.
func (w *world) workerIn(community string) string {
	w.t.Helper()
	m, err := w.admin().AddUser(w.ctx, &adminv1.AddUserRequest{Name: "和丽", Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: community})
	w.must(err)
	return w.codeOf(m.GetUserId())
}

// exchange makes a signed call for a realm with nothing in it.
func (w *world) exchange(d device, realm uint32) error {
	body, err := proto.Marshal(&syncv1.ExchangeBody{Realm: realm, Incarnation: d.incarnation[:], ClockMs: clock().UnixMilli()})
	w.must(err)
	req := &syncv1.ExchangeRequest{Body: body, Signature: ed25519.Sign(d.key, wire.ExchangeMessage(body))}
	_, err = syncv1.NewSyncServiceClient(w.conn).Exchange(w.t.Context(), req)
	return err
}

func TestRealms_EachTokenSpeaksInItsOwnAndInNoOther(t *testing.T) {
	r := both(t)
	for code, w := range r.of {
		realm, err := w.admin().GetRealm(w.ctx, &adminv1.GetRealmRequest{})
		w.must(err)
		if realm.GetCode() != code {
			t.Errorf("the operator of %d is told of %d", code, realm.GetCode())
		}
	}
	// What one realm's operator makes, the other's does not see, by any service.
	user, err := r.of[oldTown].admin().AddUser(r.of[oldTown].ctx, &adminv1.AddUserRequest{Name: "和丽", Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: "530702001001"})
	r.must(err)
	other := r.of[yulong]
	if _, err := other.admin().CreateJoinCode(other.ctx, &adminv1.CreateJoinCodeRequest{UserId: user.GetUserId()}); status.Code(err) != codes.NotFound {
		t.Errorf("a join code for the neighbour's user: %v", err)
	}
	list, err := other.admin().ListUsers(other.ctx, &adminv1.ListUsersRequest{})
	r.must(err)
	for _, u := range list.GetUsers() {
		if string(u.GetId()) == string(user.GetUserId()) {
			t.Error("the neighbour's user is listed")
		}
	}
}

func TestRealms_AnUnknownTokenIsRefusedByEveryService(t *testing.T) {
	r := both(t)
	for name, ctx := range map[string]context.Context{
		"unknown": metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer onedoor_nobody"), "none": t.Context(),
	} {
		for service, call := range callsWithTokens(r.conn) {
			for range 2 { // The second is told from memory.
				if err := call(ctx); status.Code(err) != codes.Unauthenticated {
					t.Errorf("%s, token %s: %v", service, name, err)
				}
			}
		}
	}
	if !strings.Contains(metrics(t, r.server), `onedoor_calls_total{code="Unauthenticated",method="/onedoor.admin.v1.AdminService/GetRealm",realm="none"} 4`) {
		t.Error("calls that reach no realm are not counted as such")
	}
}

// callsWithTokens is a call of each service that a token speaks to.
func callsWithTokens(conn *grpc.ClientConn) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"admin": func(ctx context.Context) error {
			_, err := adminv1.NewAdminServiceClient(conn).GetRealm(ctx, &adminv1.GetRealmRequest{})
			return err
		},
		"privacy": func(ctx context.Context) error {
			_, err := adminv1.NewPrivacyServiceClient(conn).ListRequests(ctx, &adminv1.ListRequestsRequest{})
			return err
		},
		"report": func(ctx context.Context) error {
			stream, err := reportv1.NewReportServiceClient(conn).PullReport(ctx, &reportv1.PullReportRequest{})
			if err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		},
		"feed": func(ctx context.Context) error {
			_, err := feedv1.NewFeedServiceClient(conn).ListFeeds(ctx, &feedv1.ListFeedsRequest{})
			return err
		},
	}
}

func TestRealms_APhoneIsBroughtToTheRealmThatItNamesAndToNoOther(t *testing.T) {
	r := both(t)
	ann, err := r.redeem(r.of[oldTown].workerIn("530702001001"))
	r.must(err)
	if err := r.exchange(ann, oldTown); err != nil {
		t.Errorf("at its own realm: %v", err)
	}
	if err := r.exchange(ann, yulong); status.Code(err) != codes.Unauthenticated || reasonOf(err) != "UNKNOWN_DEVICE" {
		t.Errorf("naming the neighbour: %v", err)
	}
	if err := r.exchange(ann, 110101); status.Code(err) != codes.FailedPrecondition || reasonOf(err) != "WRONG_REALM" {
		t.Errorf("naming a realm that is not here: %v", err)
	}
	if err := r.exchange(ann, 0); err == nil || reasonOf(err) != "BAD_REQUEST" {
		t.Errorf("naming none: %v", err)
	}
	phones := syncv1.NewSyncServiceClient(r.conn)
	for name, realm := range map[string]uint32{"UNKNOWN_DEVICE": yulong, "WRONG_REALM": 110101} {
		req := &syncv1.WatchRequest{Realm: realm, Incarnation: ann.incarnation[:], TimeMs: clock().UnixMilli()}
		req.Signature = ed25519.Sign(ann.key, wire.WatchMessage(req))
		stream, err := phones.Watch(t.Context(), req)
		r.must(err)
		if _, err := stream.Recv(); reasonOf(err) != name {
			t.Errorf("watching %d: %v", realm, err)
		}
		if _, err := phones.SendAhead(t.Context(), &syncv1.SendAheadRequest{Realm: realm, Incarnation: ann.incarnation[:], FirstDeviceSeq: 1}); reasonOf(err) != name {
			t.Errorf("sending ahead to %d: %v", realm, err)
		}
		look, err := proto.Marshal(&syncv1.LookUpBody{Realm: realm, Incarnation: ann.incarnation[:]})
		r.must(err)
		if _, err := phones.LookUp(t.Context(), &syncv1.LookUpRequest{Body: look}); reasonOf(err) != name {
			t.Errorf("looking up in %d: %v", realm, err)
		}
	}
}

func TestRealms_PhonesOfBothSyncAtOneAddress(t *testing.T) {
	r := both(t)
	ann, bob := r.replica(11, r.of[oldTown].workerIn("530702001001")), r.replica(12, r.of[yulong].workerIn("530721102201"))
	r.sync(ann, bob)
	door, err := ann.AddJSON("premises", `{"address":"民主路3号","territory":"530702001001"}`)
	r.must(err)
	r.sync(ann, bob)
	r.shows(ann, door, "民主路3号")
	if found, err := bob.Search("民主路"); err != nil || len(found) > 0 {
		t.Errorf("the neighbour's phone has %v, %v", found, err)
	}
}

func TestRealms_AWatchIsOfItsRealm(t *testing.T) {
	r := both(t)
	ann, err := r.redeem(r.of[oldTown].workerIn("530702001001"))
	r.must(err)
	stream := r.watch(ann)
	bob := r.replica(12, r.of[yulong].workerIn("530721102201"))
	r.sync(bob)
	_, err = bob.AddJSON("premises", `{"address":"香格里大道1号","territory":"530721102201"}`)
	r.must(err)
	r.sync(bob)
	carl := r.replica(13, r.of[oldTown].workerIn("530702001001"))
	r.sync(carl)
	_, err = carl.AddJSON("premises", `{"address":"民主路3号","territory":"530702001001"}`)
	r.must(err)
	r.sync(carl)
	hint, err := stream.Recv()
	r.must(err)
	realm, err := r.of[yulong].admin().GetRealm(r.of[yulong].ctx, &adminv1.GetRealmRequest{})
	r.must(err)
	if hint.GetSeq() == realm.GetSeq() {
		t.Errorf("woken at %d, which is where the neighbour's log stands", hint.GetSeq())
	}
}

// invitation makes an officer who may set up a way to sign in.
func (w *world) invitation(community, name string) string {
	w.t.Helper()
	user, err := w.admin().AddUser(w.ctx, &adminv1.AddUserRequest{Name: "木春", Role: recordv1.Role_ROLE_POLICE_OFFICER, TerritoryCode: community})
	w.must(err)
	invited, err := w.admin().Invite(w.ctx, &adminv1.InviteRequest{UserId: user.GetUserId(), Name: name})
	w.must(err)
	return invited.GetCode()
}

// password sets up a way to sign in for an officer and gives what to show.
func (w *world) password(community, name string) *adminv1.SignInRequest {
	w.t.Helper()
	code := w.invitation(community, name)
	const secret = "correct horse battery"
	begun, err := w.admin().BeginSetUp(w.t.Context(), &adminv1.BeginSetUpRequest{Code: code, Password: secret})
	w.must(err)
	_, err = w.admin().FinishSetUp(w.t.Context(), &adminv1.FinishSetUpRequest{Code: code, Totp: oneTimeCode(w.t, begun.GetSecret(), w.now())})
	w.must(err)
	w.later.Add(60_000) // A one-time code works once.
	return &adminv1.SignInRequest{Proof: &adminv1.SignInRequest_Password{Password: &adminv1.Password{
		Name: name, Password: secret, Code: oneTimeCode(w.t, begun.GetSecret(), w.now()),
	}}}
}

func TestRealms_WhoSignsInNamesTheRealm(t *testing.T) {
	r := both(t)
	ways, err := r.admin().GetSignIn(t.Context(), &adminv1.GetSignInRequest{})
	r.must(err)
	if ways.GetRealm() != 0 || len(ways.GetRealms()) != 2 || ways.GetRealms()[0].GetCode() != oldTown || ways.GetRealms()[1].GetName() == "" {
		t.Errorf("the realms to choose from: %v", ways)
	}
	ways, err = r.admin().GetSignIn(t.Context(), &adminv1.GetSignInRequest{Realm: yulong})
	if err != nil || ways.GetRealm() != yulong {
		t.Errorf("ways of one realm: %v, %v", ways, err)
	}
	w := r.of[yulong]
	w.later.Store(r.later.Load())
	proof := w.password("530721102201", "mu.chun")
	r.later.Store(w.later.Load())
	if _, err := r.admin().SignIn(t.Context(), proof); reasonOf(err) != "REALM" || !strings.Contains(err.Error(), "530702 古城区, 530721") {
		t.Errorf("naming none: %v", err)
	}
	proof.Realm = 110101
	if _, err := r.admin().SignIn(t.Context(), proof); reasonOf(err) != "REALM" || status.Code(err) != codes.NotFound {
		t.Errorf("naming one that is not here: %v", err)
	}
	proof.Realm = oldTown
	if _, err := r.admin().SignIn(t.Context(), proof); reasonOf(err) != "SIGN_IN" {
		t.Errorf("naming the neighbour: %v", err)
	}
	proof.Realm = yulong
	session, err := r.admin().SignIn(t.Context(), proof)
	r.must(err)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+session.GetToken())
	if realm, err := r.admin().GetRealm(ctx, &adminv1.GetRealmRequest{}); err != nil || realm.GetCode() != yulong {
		t.Errorf("the session speaks in %v, %v", realm, err)
	}
}

func TestRealms_GuessesAreCountedForTheWholeProcess(t *testing.T) {
	r := both(t)
	refused := 0
	for i := range 200 {
		req := &adminv1.SignInRequest{Realm: []uint32{oldTown, yulong}[i%2], Proof: &adminv1.SignInRequest_Password{Password: &adminv1.Password{Name: string(rune('a'+i%26)) + strings.Repeat("x", i/26+1), Password: "x", Code: "000000"}}}
		if _, err := r.admin().SignIn(t.Context(), req); status.Code(err) == codes.ResourceExhausted {
			refused++
		} else if refused > 0 {
			t.Fatalf("guess %d was looked at after others had to wait", i)
		}
		if refused > 3 {
			break
		}
		if i > 70 && refused == 0 {
			t.Fatalf("%d guesses from one address were looked at", i)
		}
	}
}

func TestRealms_OneThatCannotBeOpenedKeepsNoOtherFromBeingServed(t *testing.T) {
	var kept []byte
	r := servingRealms(t, func(dir string) {
		secrets := filepath.Join(dir, "530721", server.SecretsFile)
		kept = read(t, secrets)
		if err := os.Remove(secrets); err != nil {
			t.Fatal(err)
		}
	}, noChange)
	if _, err := r.of[oldTown].admin().GetRealm(r.of[oldTown].ctx, &adminv1.GetRealmRequest{}); err != nil {
		t.Errorf("the realm that is well: %v", err)
	}
	ann, err := r.redeem(r.of[oldTown].workerIn("530702001001"))
	r.must(err)
	if err := r.exchange(ann, yulong); status.Code(err) != codes.Unavailable || reasonOf(err) != "REALM_UNOPENED" {
		t.Errorf("a phone of the other is sent away for good: %v", err)
	}
	if _, err := r.of[yulong].admin().GetRealm(r.of[yulong].ctx, &adminv1.GetRealmRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("a token of the other: %v", err)
	}
	ready := readiness(t, r.server)
	if !ready.Ready || len(ready.Realms) != 2 || !ready.Realms[0].Ready || ready.Realms[1].Ready || ready.Realms[1].Warnings[0].Name != "realm-unopened" {
		t.Errorf("readiness %+v", ready)
	}
	if !strings.Contains(metrics(t, r.server), "onedoor_realms_unopened 1") {
		t.Error("the metric does not tell of it")
	}
	found := server.Doctor(t.Context(), server.Config{Realms: r.dir, Now: clock})
	ill := map[string]bool{}
	for _, x := range found {
		if x.Name == "realm" {
			ill[x.Realm] = x.Do != ""
		}
	}
	if ill["530702"] || !ill["530721"] {
		t.Errorf("doctor finds %v", found)
	}
	// Mended, it is served without a restart.
	write(t, filepath.Join(r.dir, "530721", server.SecretsFile), kept, 0o600)
	r.must(r.server.LookAgain(t.Context()))
	if realm, err := r.of[yulong].admin().GetRealm(r.of[yulong].ctx, &adminv1.GetRealmRequest{}); err != nil || realm.GetCode() != yulong {
		t.Errorf("mended: %v, %v", realm, err)
	}
	if strings.Contains(metrics(t, r.server), "onedoor_realms_unopened 1") {
		t.Error("the metric still tells of it")
	}
}

// readinessOf is what /readyz answers.
type readinessOf struct {
	Realm    string
	Ready    bool
	Why      string
	Warnings []struct{ Name string }
	Realms   []readinessOf
}

func readiness(t *testing.T, s *server.Server) (out readinessOf) {
	t.Helper()
	if err := json.Unmarshal([]byte(page(t, s, "/readyz")), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func metrics(t *testing.T, s *server.Server) string { return page(t, s, "/metrics") }

// page reads a page of the admin listener.
func page(t *testing.T, s *server.Server, path string) string {
	t.Helper()
	resp, err := http.Get("http://" + s.AdminAddr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, resp.Body); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestRealms_OneFolderAddedLaterIsServedWhenTheServerLooksAgain(t *testing.T) {
	var aside string
	r := servingRealms(t, func(dir string) {
		aside = filepath.Join(t.TempDir(), "530721")
		for _, suffix := range []string{"", server.ContactKeySuffix} {
			if err := os.Rename(filepath.Join(dir, "530721")+suffix, aside+suffix); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, "530721"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "530721", server.TokenFile), read(t, filepath.Join(aside, server.TokenFile)), 0o600)
	}, noChange)
	if got := r.server.Realms(); len(got) != 1 {
		t.Fatalf("served %v", got)
	}
	other := r.of[yulong]
	if _, err := other.admin().GetRealm(other.ctx, &adminv1.GetRealmRequest{}); status.Code(err) != codes.Unauthenticated {
		t.Fatalf("before it is there: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(r.dir, "530721")); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", server.ContactKeySuffix} {
		if err := os.Rename(aside+suffix, filepath.Join(r.dir, "530721")+suffix); err != nil {
			t.Fatal(err)
		}
	}
	r.must(r.server.LookAgain(t.Context()))
	if realm, err := other.admin().GetRealm(other.ctx, &adminv1.GetRealmRequest{}); err != nil || realm.GetCode() != yulong {
		t.Errorf("after it: %v, %v", realm, err)
	}
}

func TestRealms_ARealmThatLiesInTwoFoldersIsServedOnce(t *testing.T) {
	r := servingRealms(t, func(dir string) { copyRealm(t, dir, "530702", "copy") }, noChange)
	if got := r.server.Realms(); len(got) != 2 {
		t.Fatalf("served %v", got)
	}
	if !strings.Contains(r.log.String(), "take one of the two folders away") {
		t.Errorf("the log says nothing of it:\n%s", r.log)
	}
}

func TestRealms_AFolderWithNoneIsAnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := server.Open(t.Context(), server.Config{Realms: dir, Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "onedoor init") {
		t.Errorf("an empty folder: %v", err)
	}
	foundedIn(t, dir, "530702", 1)
	if err := os.Remove(filepath.Join(dir, "530702", server.SecretsFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Open(t.Context(), server.Config{Realms: dir, Listen: "127.0.0.1:0"}); err == nil {
		t.Error("a folder whose only realm cannot be opened is served")
	}
	if err := (server.Config{Realms: dir, Dir: dir}).Check(); err == nil || !strings.Contains(err.Error(), "one of the two") {
		t.Errorf("both: %v", err)
	}
}

func TestRealms_EachHasASideLedgerOfItsOwn(t *testing.T) {
	ledger := t.TempDir()
	r := servingRealms(t, asIs, func(c *server.Config) { c.Ledger = ledger })
	r.of[oldTown].workerIn("530702001001")
	if a, b := files(t, filepath.Join(ledger, "530702")), files(t, filepath.Join(ledger, "530721")); len(a) == 0 || len(b) == 0 || a[0] == "nothing" || b[0] == "nothing" {
		t.Errorf("ledgers %v and %v", a, b)
	}
}

// oneTimeCode is what an authenticator shows.
func oneTimeCode(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// copyRealm copies a realm's folder with its contact key.
func copyRealm(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, to), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{server.DatabaseFile, server.SecretsFile, server.TokenFile} {
		write(t, filepath.Join(dir, to, name), read(t, filepath.Join(dir, from, name)), 0o600)
	}
	write(t, filepath.Join(dir, to)+server.ContactKeySuffix, read(t, filepath.Join(dir, from)+server.ContactKeySuffix), 0o600)
}
