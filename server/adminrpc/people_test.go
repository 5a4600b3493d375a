package adminrpc_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/adminrpc"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

func TestAuth_ACallWithoutAGoodTokenIsRefused(t *testing.T) {
	w := newWorld(t)
	user := w.user("甲", worker, gridA)
	listed, err := w.client.ListTokens(w.operator, &adminv1.ListTokensRequest{})
	w.must(err)
	revoked := w.as(user)
	after, err := w.client.ListTokens(w.operator, &adminv1.ListTokensRequest{})
	w.must(err)
	for _, token := range after.GetTokens() {
		if !slices.ContainsFunc(listed.GetTokens(), func(x *adminv1.Token) bool { return string(x.GetId()) == string(token.GetId()) }) {
			_, err := w.client.RevokeToken(w.operator, &adminv1.RevokeTokenRequest{TokenId: token.GetId()})
			w.must(err)
		}
	}
	cases := map[string]context.Context{
		"no token":         w.ctx,
		"a forged token":   withToken(w.ctx, "onedoor_AAAA"),
		"an empty token":   withToken(w.ctx, ""),
		"a revoked token":  revoked,
		"another scheme":   metadata.AppendToOutgoingContext(w.ctx, "authorization", "Basic onedoor_AAAA"),
		"no scheme at all": metadata.AppendToOutgoingContext(w.ctx, "authorization", "onedoor_AAAA"),
	}
	for name, ctx := range cases {
		_, err := w.client.GetRealm(ctx, &adminv1.GetRealmRequest{})
		w.refused(name, err, adminv1.Reason_REASON_TOKEN)
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s: code %v", name, status.Code(err))
		}
	}
}

func TestAuth_OnlyOperatorsManage(t *testing.T) {
	w := newWorld(t)
	user := w.user("甲", staff, community)
	id := user[:]
	calls := map[string]func(ctx context.Context) error{
		"AddUser": func(ctx context.Context) error {
			_, err := w.client.AddUser(ctx, &adminv1.AddUserRequest{Name: "乙", Role: helper, TerritoryCode: gridA})
			return err
		},
		"SetUserState": func(ctx context.Context) error {
			_, err := w.client.SetUserState(ctx, &adminv1.SetUserStateRequest{UserId: id, State: adminv1.UserState_USER_STATE_ACTIVE})
			return err
		},
		"PutTeam": func(ctx context.Context) error {
			_, err := w.client.PutTeam(ctx, &adminv1.PutTeamRequest{Team: &adminv1.Team{Name: "x"}})
			return err
		},
		"SetGrants": func(ctx context.Context) error {
			_, err := w.client.SetGrants(ctx, &adminv1.SetGrantsRequest{UserId: id})
			return err
		},
		"AssignDoors": func(ctx context.Context) error {
			_, err := w.client.AssignDoors(ctx, &adminv1.AssignDoorsRequest{UserId: id})
			return err
		},
		"ListDevices": func(ctx context.Context) error {
			_, err := w.client.ListDevices(ctx, &adminv1.ListDevicesRequest{})
			return err
		},
		"CreateJoinCode": func(ctx context.Context) error {
			_, err := w.client.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: id})
			return err
		},
		"RevokeDevice": func(ctx context.Context) error {
			_, err := w.client.RevokeDevice(ctx, &adminv1.RevokeDeviceRequest{DeviceId: id})
			return err
		},
		"MintToken": func(ctx context.Context) error {
			_, err := w.client.MintToken(ctx, &adminv1.MintTokenRequest{UserId: id})
			return err
		},
		"ImportTerritories": func(ctx context.Context) error {
			_, err := w.importTerritories(ctx, territoryFile, false)
			return err
		},
		"ImportUsers": func(ctx context.Context) error {
			_, err := w.importUsers(ctx, "name,role,territory\n", false)
			return err
		},
		"ImportPremises": func(ctx context.Context) error {
			_, err := w.importPremises(ctx, "address,territory\n", &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{}})
			return err
		},
	}
	for _, role := range []recordv1.Role{helper, staff, recordv1.Role_ROLE_STREET_LEAD, recordv1.Role_ROLE_DISTRICT, auditor} {
		ctx := w.as(w.user("丙", role, community))
		for name, call := range calls {
			if name == "ListDevices" && role == auditor {
				continue
			}
			w.refused(name+" by "+role.String(), call(ctx), adminv1.Reason_REASON_NOT_PERMITTED)
		}
	}
	if err := calls["AddUser"](w.as(w.user("管", operator, ""))); err != nil {
		t.Errorf("a user with the operator's role: %v", err)
	}
}

func TestAddUser_PhonesReadTheColleagueAndTheGrantsFollow(t *testing.T) {
	w := newWorld(t)
	a, b := w.user("甲", worker, gridA), w.user("乙", helper, gridB)
	p := w.phone(a)
	p.sync()
	rec, ok := p.have[b]
	if !ok {
		t.Fatal("the colleague's record did not reach the phone")
	}
	m := &recordv1.Staff{}
	w.must(proto.Unmarshal(rec.GetFields(), m))
	territory := w.territory(gridB)
	if m.GetName() != "乙" || m.GetRole() != helper || len(m.GetTerritoryIds()) != 1 || string(m.GetTerritoryIds()[0]) != string(territory[:]) {
		t.Errorf("colleague %v", m)
	}
	if got := w.grantsText(b); got != "HELPER:"+gridB+":TERRITORY" {
		t.Errorf("grants %s", got)
	}
	w.verify()
}

// grantsText shows a user's grants as ROLE:territory:ORIGIN.
func (w *world) grantsText(user syncengine.ID) (text string) {
	w.t.Helper()
	out, err := w.client.GetGrants(w.operator, &adminv1.GetGrantsRequest{UserId: user[:]})
	w.must(err)
	for i, g := range out.GetGrants() {
		if i > 0 {
			text += " "
		}
		text += g.GetRole().String()[len("ROLE_"):] + ":" + g.GetTerritoryCode() + ":" + g.GetOrigin().String()[len("GRANT_ORIGIN_"):]
	}
	return text
}

func TestAddUser_OnAFullDiskNeitherTheUserNorItsRecordStands(t *testing.T) {
	w := newWorld(t)
	w.disk.full = true
	_, err := w.client.AddUser(w.operator, &adminv1.AddUserRequest{Name: "和丽", Role: worker, TerritoryCode: gridA})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("add user: %v", err)
	}
	w.disk.full = false
	users, err := w.client.ListUsers(w.operator, &adminv1.ListUsersRequest{})
	w.must(err)
	if len(users.GetUsers()) != 0 {
		t.Errorf("users: %v", users.GetUsers())
	}
	w.user("和丽", worker, gridA)
}

func TestAddUser_RefusesWhatDoesNotExist(t *testing.T) {
	w := newWorld(t)
	cases := []struct {
		name string
		req  *adminv1.AddUserRequest
		want adminv1.Reason
	}{
		{"no name", &adminv1.AddUserRequest{Role: worker, TerritoryCode: gridA}, adminv1.Reason_REASON_INVALID},
		{"no role", &adminv1.AddUserRequest{Name: "甲", TerritoryCode: gridA}, adminv1.Reason_REASON_INVALID},
		{"a role of the future", &adminv1.AddUserRequest{Name: "甲", Role: 40, TerritoryCode: gridA}, adminv1.Reason_REASON_INVALID},
		{"an unknown territory", &adminv1.AddUserRequest{Name: "甲", Role: worker, TerritoryCode: "530702999"}, adminv1.Reason_REASON_NOT_FOUND},
	}
	for _, c := range cases {
		_, err := w.client.AddUser(w.operator, c.req)
		w.refused(c.name, err, c.want)
	}
	users, err := w.client.ListUsers(w.operator, &adminv1.ListUsersRequest{})
	w.must(err)
	if len(users.GetUsers()) != 0 {
		t.Errorf("refused calls left users: %v", users)
	}
}

func TestPutTeam_MembersAreGrantedItsGrids(t *testing.T) {
	w := newWorld(t)
	o, g, h := w.user("警", officer, community), w.user("网", worker, gridA), w.user("组", helper, "")
	made, err := w.client.PutTeam(w.operator, &adminv1.PutTeamRequest{Team: &adminv1.Team{
		Name: "一组", OfficerId: o[:], GridWorkerId: g[:], HelperIds: [][]byte{h[:]}, TerritoryCodes: []string{gridA, gridB},
	}})
	w.must(err)
	if got, want := w.grantsText(h), "HELPER:"+gridA+":TEAM HELPER:"+gridB+":TEAM"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
	_, err = w.client.PutTeam(w.operator, &adminv1.PutTeamRequest{Team: &adminv1.Team{
		Id: made.GetTeamId(), Name: "一组", OfficerId: o[:], GridWorkerId: g[:], TerritoryCodes: []string{gridA},
	}})
	w.must(err)
	if got := w.grantsText(h); got != "" {
		t.Errorf("a helper who left still has %s", got)
	}
	teams, err := w.client.ListTeams(w.operator, &adminv1.ListTeamsRequest{})
	w.must(err)
	if len(teams.GetTeams()) != 1 || !slices.Equal(teams.GetTeams()[0].GetTerritoryCodes(), []string{gridA}) {
		t.Errorf("teams %v", teams)
	}
	unknown := w.id()
	_, err = w.client.PutTeam(w.operator, &adminv1.PutTeamRequest{Team: &adminv1.Team{Id: unknown[:], Name: "x", OfficerId: o[:], TerritoryCodes: []string{gridA}}})
	w.refused("replacing a team that is not there", err, adminv1.Reason_REASON_NOT_FOUND)
	_, err = w.client.PutTeam(w.operator, &adminv1.PutTeamRequest{Team: &adminv1.Team{Name: "x", OfficerId: g[:], TerritoryCodes: []string{gridA}}})
	w.refused("a grid worker as officer", err, adminv1.Reason_REASON_INVALID)
}

func TestSetGrants_ReplacesWhatAPersonGaveAndNothingElse(t *testing.T) {
	w := newWorld(t)
	user := w.user("甲", worker, gridA)
	set := func(list ...*adminv1.Grant) error {
		_, err := w.client.SetGrants(w.operator, &adminv1.SetGrantsRequest{UserId: user[:], Grants: list})
		return err
	}
	w.must(set(&adminv1.Grant{Role: worker, TerritoryCode: gridB}))
	if got, want := w.grantsText(user), "GRID_WORKER:"+gridA+":TERRITORY GRID_WORKER:"+gridB+":PERSON"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
	w.refused("a grant of nothing", set(&adminv1.Grant{Role: worker}), adminv1.Reason_REASON_INVALID)
	w.must(set())
	if got, want := w.grantsText(user), "GRID_WORKER:"+gridA+":TERRITORY"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
	own, err := w.client.GetGrants(w.as(user), &adminv1.GetGrantsRequest{UserId: user[:]})
	if err != nil || own.GetVersion() != 3 {
		t.Errorf("own grants %v %v", own, err)
	}
	_, err = w.client.GetGrants(w.as(w.user("乙", staff, community)), &adminv1.GetGrantsRequest{UserId: user[:]})
	w.refused("grants of another user", err, adminv1.Reason_REASON_NOT_PERMITTED)
}

func TestAssignDoors_TheDoorNamesTheUserAndIsGrantedWhereNeeded(t *testing.T) {
	w := newWorld(t)
	near, far := w.user("近", officer, community), w.user("远", officer, elsewhere)
	p := w.phone(w.user("网", worker, gridA))
	id := p.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号"))
	p.sync()
	assign := func(user syncengine.ID, post adminv1.Post, doors ...syncengine.ID) (*adminv1.AssignDoorsResponse, error) {
		req := &adminv1.AssignDoorsRequest{UserId: user[:], Post: post}
		for i := range doors {
			req.DoorIds = append(req.DoorIds, doors[i][:])
		}
		return w.client.AssignDoors(w.operator, req)
	}
	out, err := assign(far, adminv1.Post_POST_OFFICER, id)
	w.must(err)
	if m, _ := read(w, id, &recordv1.Premises{}); string(m.GetOfficer()) != string(far[:]) || out.GetChanged() != 1 {
		t.Errorf("officer %x, changed %d", m.GetOfficer(), out.GetChanged())
	}
	if got, want := w.grantsText(far), "POLICE_OFFICER:"+elsewhere+":TERRITORY POLICE_OFFICER::ASSIGNMENT"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
	q := w.phone(far)
	q.sync()
	if _, ok := q.have[id]; !ok {
		t.Error("the assigned door did not reach the officer's phone")
	}
	if again, err := assign(far, adminv1.Post_POST_OFFICER, id); err != nil || again.GetChanged() != 0 || again.GetGrantVersion() != out.GetGrantVersion() {
		t.Errorf("assigned again: %v %v", again, err)
	}
	_, err = assign(near, adminv1.Post_POST_OFFICER, id)
	w.must(err)
	q.sync()
	if _, ok := q.have[id]; ok {
		t.Error("the door stays on the phone of who lost it")
	}
	if got, want := w.grantsText(near), "POLICE_OFFICER:"+community+":TERRITORY"; got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
	_, err = assign(near, adminv1.Post_POST_OFFICER, w.id())
	w.refused("a door that is not there", err, adminv1.Reason_REASON_NOT_FOUND)
	_, err = assign(near, adminv1.Post_POST_OFFICER)
	w.refused("no door", err, adminv1.Reason_REASON_INVALID)
	_, err = assign(near, adminv1.Post_POST_WORKER, id)
	w.refused("an officer as worker", err, adminv1.Reason_REASON_INVALID)
	_, err = assign(near, 0, id)
	w.refused("no post", err, adminv1.Reason_REASON_INVALID)
	_, err = w.realm.Write(w.ctx, syncengine.ID{}, []exchange.ServerChange{{RecordID: id, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Delete: true}})
	w.must(err)
	_, err = assign(far, adminv1.Post_POST_OFFICER, id)
	w.refused("a deleted door", err, adminv1.Reason_REASON_NOT_FOUND)
	w.verify()
}

func TestDevices_AreListedWithWhatTheyLastSaidAndCanBeRevoked(t *testing.T) {
	w := newWorld(t)
	user := w.user("甲", worker, gridA)
	p := w.phone(user)
	p.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号"))
	p.sync()
	list, err := w.client.ListDevices(w.operator, &adminv1.ListDevicesRequest{})
	w.must(err)
	d := list.GetDevices()[0]
	if len(list.GetDevices()) != 1 || syncengine.ID(d.GetId()) != p.incarnation || d.GetUserName() != "甲" || d.GetName() != "phone" ||
		d.GetState() != adminv1.DeviceState_DEVICE_STATE_ACTIVE || d.GetLastContactMs() != w.now.UnixMilli() || d.GetPending() != 0 || d.GetAppVersion() != "test 1" {
		t.Errorf("devices %v", list)
	}
	_, err = w.client.RevokeDevice(w.operator, &adminv1.RevokeDeviceRequest{DeviceId: p.incarnation[:]})
	w.must(err)
	p.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路2号"))
	if out := p.push(); len(out) != 1 || out[0].GetReason().String() != "QUARANTINE_REASON_REVOKED" {
		t.Errorf("a revoked device's change came to %v", out)
	}
	unknown := w.id()
	_, err = w.client.RevokeDevice(w.operator, &adminv1.RevokeDeviceRequest{DeviceId: unknown[:]})
	w.refused("an unknown device", err, adminv1.Reason_REASON_NOT_FOUND)
}

func TestTokens_AreShownToTheirUserAndMadeVoidByThem(t *testing.T) {
	w := newWorld(t)
	a, b := w.user("甲", staff, community), w.user("乙", staff, community)
	asA, asB := w.as(a), w.as(b)
	own, err := w.client.ListTokens(asA, &adminv1.ListTokensRequest{})
	w.must(err)
	if len(own.GetTokens()) != 1 || len(own.GetEvents()) != 1 || string(own.GetEvents()[0].GetUserId()) != string(a[:]) {
		t.Errorf("own tokens %v", own)
	}
	for _, all := range []context.Context{w.operator, w.as(w.user("审", auditor, ""))} {
		list, err := w.client.ListTokens(all, &adminv1.ListTokensRequest{})
		w.must(err)
		if len(list.GetTokens()) < 3 {
			t.Errorf("an overseer sees %d tokens", len(list.GetTokens()))
		}
	}
	_, err = w.client.RevokeToken(asB, &adminv1.RevokeTokenRequest{TokenId: own.GetTokens()[0].GetId()})
	w.refused("another user's token", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = w.client.RevokeToken(asA, &adminv1.RevokeTokenRequest{TokenId: own.GetTokens()[0].GetId()})
	w.must(err)
	_, err = w.client.GetRealm(asA, &adminv1.GetRealmRequest{})
	w.refused("a token its user voided", err, adminv1.Reason_REASON_TOKEN)
	unknown := w.id()
	_, err = w.client.RevokeToken(w.operator, &adminv1.RevokeTokenRequest{TokenId: unknown[:]})
	w.refused("an unknown token", err, adminv1.Reason_REASON_NOT_FOUND)
}

func TestSetUserState_AClosedUsersTokenAndCodeAreVoid(t *testing.T) {
	w := newWorld(t)
	user := w.user("甲", staff, community)
	ctx := w.as(user)
	_, err := w.client.SetUserState(w.operator, &adminv1.SetUserStateRequest{UserId: user[:], State: adminv1.UserState_USER_STATE_CLOSED})
	w.must(err)
	_, err = w.client.GetRealm(ctx, &adminv1.GetRealmRequest{})
	w.refused("a closed user's token", err, adminv1.Reason_REASON_TOKEN)
	_, err = w.client.CreateJoinCode(w.operator, &adminv1.CreateJoinCodeRequest{UserId: user[:]})
	w.refused("a closed user's code", err, adminv1.Reason_REASON_USER_CLOSED)
	_, err = w.client.SetUserState(w.operator, &adminv1.SetUserStateRequest{UserId: user[:]})
	w.refused("no state", err, adminv1.Reason_REASON_INVALID)
}

func TestPublish_MendsRecordsThatAStopLeftBehindAndChangesNothingElse(t *testing.T) {
	w := newWorld(t)
	id := w.id()
	w.must(w.realm.Update(w.ctx, func(tx store.Writer) error {
		return identity.PutUser(tx, identity.User{ID: id, Name: "丁", Role: uint32(worker), TerritoryID: w.territory(gridA), State: identity.UserActive})
	}))
	if _, ok := read(w, id, &recordv1.Staff{}); ok {
		t.Fatal("the record is there before it is published")
	}
	w.must(w.admin.Publish(w.ctx))
	if m, ok := read(w, id, &recordv1.Staff{}); !ok || m.GetName() != "丁" {
		t.Errorf("published %v", m)
	}
	before := w.seq()
	w.must(w.admin.Publish(w.ctx))
	if after := w.seq(); after != before {
		t.Errorf("publishing again wrote %d entries", after-before)
	}
	w.verify()
}

// seq is how far the log has come.
func (w *world) seq() uint64 {
	w.t.Helper()
	realm, err := w.client.GetRealm(w.operator, &adminv1.GetRealmRequest{})
	w.must(err)
	return realm.GetSeq()
}

func TestStatus_AStoppingServerAsksToCallAgain(t *testing.T) {
	w := newWorld(t)
	w.must(w.realm.Close())
	_, err := w.client.AddUser(w.operator, &adminv1.AddUserRequest{Name: "甲", Role: worker, TerritoryCode: gridA})
	w.refused("a call to a stopping server", err, adminv1.Reason_REASON_STOPPING)
	if !slices.ContainsFunc(status.Convert(err).Details(), func(d any) bool { _, ok := d.(*errdetails.RetryInfo); return ok }) {
		t.Errorf("%v does not say when to call again", err)
	}
	if got := adminrpc.ReasonOf(nil); got != adminv1.Reason_REASON_UNSPECIFIED {
		t.Errorf("success has the reason %v", got)
	}
	if got := adminrpc.ReasonOf(status.Error(codes.Internal, "x")); got != adminv1.Reason_REASON_UNSPECIFIED {
		t.Errorf("a status without details has the reason %v", got)
	}
}
