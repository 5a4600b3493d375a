package adminrpc_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// noted gives the entries above a number.
func (w *world) noted(after uint64) (out []accessledger.Entry) {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) error {
		return accessledger.Walk(r, accessledger.Filter{After: after}, func(e accessledger.Entry) bool {
			out = append(out, e)
			return true
		})
	}))
	return out
}

// last is the number of the newest entry.
func (w *world) last() (n uint64) {
	w.t.Helper()
	w.must(w.realm.View(w.ctx, func(r store.Reader) (err error) {
		n, _, err = accessledger.Head(r)
		return err
	}))
	return n
}

// fieldPartyContacts is the number of a dispute's contacts.
const fieldPartyContacts = 15

// path is one way to a resident's name and number.
type path struct {
	action accessledger.Action
	// field is the one that it shows first.
	field syncengine.FieldNumber
	// walk goes it with a token, or with a phone of the user.
	walk func(s *street, ctx context.Context) error
}

// dispute has a worker of grid A make a case with a party's contact.
func (s *street) dispute() syncengine.ID {
	s.t.Helper()
	p := s.phone(s.user("记", worker, gridA))
	grid := s.territory(gridA)
	id := p.create(recordv1.Kind_KIND_DISPUTE, &recordv1.Dispute{
		Title: proto.String("漏水"), Territory: grid[:], PartyContacts: map[string]*recordv1.Contact{"甲方": {Name: proto.String(contactName)}},
	})
	p.sync()
	return id
}

// paths are all ways by which a contact leaves the server, with a door and a case that have one.
func paths(contacted uint64, dispute syncengine.ID) map[string]path {
	return map[string]path{
		"explain": {accessledger.Explain, fieldContact, func(s *street, ctx context.Context) error {
			_, err := s.client.Explain(ctx, &adminv1.ExplainRequest{RecordId: s.door[:]})
			return err
		}},
		"list of conflicts": {accessledger.Conflicts, fieldContact, func(s *street, ctx context.Context) error {
			_, err := s.client.ListConflicts(ctx, &adminv1.ListConflictsRequest{})
			return err
		}},
		"a waiting change": {accessledger.QuarantineRead, fieldContact, func(s *street, ctx context.Context) error {
			_, err := s.client.GetQuarantined(ctx, &adminv1.GetQuarantinedRequest{Seq: contacted})
			return err
		}},
		"a case": {accessledger.Console, fieldPartyContacts, func(s *street, ctx context.Context) error {
			_, err := s.client.ShowCase(ctx, &adminv1.ShowCaseRequest{CaseId: dispute[:]})
			return err
		}},
		"a case's file": {accessledger.Export, fieldPartyContacts, func(s *street, ctx context.Context) error {
			_, err := s.client.ExportCase(ctx, &adminv1.ExportCaseRequest{CaseId: dispute[:], Reason: "司法确认"})
			return err
		}},
		"the log": {accessledger.LogRead, fieldContact, func(s *street, ctx context.Context) error {
			_, err := collect(s.client.ReadLog(ctx, &adminv1.ReadLogRequest{}))
			return err
		}},
	}
}

// quarantineContact has somebody from elsewhere write a contact of a door of grid A.
func (s *street) quarantineContact() (seq uint64, door syncengine.ID) {
	s.t.Helper()
	p := s.phone(s.user("远二", worker, elsewhere))
	m := s.world.door(gridA, address+"二")
	m.Contact = &recordv1.Contact{Name: proto.String(contactName)}
	door = p.create(recordv1.Kind_KIND_PREMISES, m)
	out := p.push()
	return out[0].GetSeq(), door
}

func TestLedger_EveryPathThatShowsAContactWritesItsLineBeforeItIsShown(t *testing.T) {
	s := newStreet(t)
	contacted, _ := s.quarantineContact()
	reader := s.user("网", worker, gridA)
	ctx := s.as(reader)
	for name, p := range paths(contacted, s.dispute()) {
		before := s.last()
		s.must(p.walk(s, ctx))
		entries := s.noted(before)
		if len(entries) != 1 {
			t.Errorf("%s wrote %d entries: %+v", name, len(entries), entries)
			continue
		}
		e := entries[0]
		if e.Action != p.action || e.Actor.User != reader || e.Actor.Operator || len(e.Records) == 0 ||
			!slices.Equal(e.Records[0].Fields, []syncengine.FieldNumber{p.field}) || e.At == 0 {
			t.Errorf("%s wrote %+v", name, e)
		}
	}
	before := s.last()
	phone := s.phone(reader)
	phone.sync()
	entries := s.noted(before)
	synced := entries[len(entries)-1]
	if synced.Action != accessledger.Sync || synced.Actor.Device != phone.incarnation || synced.Actor.User != reader ||
		!slices.Equal(synced.Records[0].IDs, []syncengine.ID{s.door}) || synced.Reason != "sync" {
		t.Errorf("a page wrote %+v", synced)
	}
	before = s.last()
	if phone.sync(); s.last() != before {
		t.Errorf("a page without a contact wrote %+v", s.noted(before))
	}
	s.verify()
}

func TestLedger_WhoIsShownNoContactLeavesNoLine(t *testing.T) {
	s := newStreet(t)
	contacted, _ := s.quarantineContact()
	dispute := s.dispute()
	for name, ctx := range map[string]context.Context{
		"a helper of the grid": s.as(s.user("组", helper, gridA)), "the operator": s.operator,
		"an auditor": s.as(s.user("审", auditor, gridA)), "a worker of another grid": s.as(s.user("邻", worker, gridB)),
	} {
		before := s.last()
		for _, p := range paths(contacted, dispute) {
			_ = p.walk(s, ctx) // Some of them are refused, which shows nothing either.
		}
		_, err := s.client.ListQuarantine(ctx, &adminv1.ListQuarantineRequest{})
		s.must(err)
		if s.last() != before {
			t.Errorf("%s left %+v", name, s.noted(before))
		}
	}
	before := s.last()
	_, err := s.client.ListQuarantine(s.as(s.user("网", worker, gridA)), &adminv1.ListQuarantineRequest{})
	s.must(err)
	for _, e := range s.noted(before) {
		if e.Action.Reads() {
			t.Errorf("a list that shows no value wrote %+v", e)
		}
	}
}

func TestLedger_APageThatEndsBeforeARecordDoesNotNameIt(t *testing.T) {
	s := newStreet(t)
	p := s.phone(s.user("乙", officer, community))
	q := s.phone(s.user("丙", officer, community))
	p.sync()
	q.sync()
	for _, one := range []*phone{p, q} {
		one.edit(recordv1.Kind_KIND_PREMISES, s.door, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(fmt.Sprint(one.incarnation))}})
	}
	m := s.world.door(gridA, address+"三")
	other := p.create(recordv1.Kind_KIND_PREMISES, m)
	p.sync()
	q.sync()
	for _, one := range []*phone{p, q} {
		one.edit(recordv1.Kind_KIND_PREMISES, other, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(fmt.Sprint(one.incarnation))}})
	}
	p.sync()
	q.sync()
	ctx := s.as(s.user("网", worker, gridA))
	before := s.last()
	out, err := s.client.ListConflicts(ctx, &adminv1.ListConflictsRequest{Limit: 1})
	s.must(err)
	e := s.noted(before)
	if len(out.GetNextAfterRecordId()) == 0 || len(e) != 1 || len(e[0].Records) != 1 || len(e[0].Records[0].IDs) != 1 {
		t.Errorf("a page of one record, more follow: %v; noted %+v", len(out.GetNextAfterRecordId()) > 0, e)
	}
}

func TestLedger_WhoIsToldHowMuchWaitsHasSeenNobody(t *testing.T) {
	s := newStreet(t)
	s.quarantineContact()
	ctx := s.as(s.user("网", worker, gridA))
	open, err := s.client.ListConflicts(ctx, &adminv1.ListConflictsRequest{})
	s.must(err)
	waiting, err := s.client.ListQuarantine(ctx, &adminv1.ListQuarantineRequest{})
	s.must(err)
	before := s.last()
	out, err := s.client.GetOverview(ctx, &adminv1.GetOverviewRequest{})
	s.must(err)
	if got := out.GetWaiting(); int(got.GetConflicts()) != len(open.GetConflicts()) || int(got.GetChanges()) != len(waiting.GetChanges()) || got.GetMoreChanges() || got.GetMoreConflicts() {
		t.Errorf("%v is said to wait of %d conflicts and %d changes", got, len(open.GetConflicts()), len(waiting.GetChanges()))
	}
	if len(open.GetConflicts()) == 0 || len(waiting.GetChanges()) == 0 {
		t.Errorf("%d conflicts and %d changes wait: there is nothing to count", len(open.GetConflicts()), len(waiting.GetChanges()))
	}
	if s.last() != before {
		t.Errorf("a count wrote %+v", s.noted(before))
	}
}

func TestLedger_EveryChangeOfWhatPeopleMayDoWritesItsLine(t *testing.T) {
	s := newStreet(t)
	contacted, _ := s.quarantineContact()
	ann, bob := s.user("安", worker, gridA), s.user("白", officer, community)
	phone, reader := s.phone(ann), s.as(s.user("综", staff, community))
	var token []byte
	call := func(_ any, err error) error { return err }
	acts := []struct {
		action accessledger.Action
		about  []syncengine.ID
		do     func() error
	}{
		{accessledger.UserAdd, nil, func() error {
			return call(s.client.AddUser(s.operator, &adminv1.AddUserRequest{Name: "新", Role: worker, TerritoryCode: gridB}))
		}},
		{accessledger.UserState, []syncengine.ID{bob}, func() error {
			return call(s.client.SetUserState(s.operator, &adminv1.SetUserStateRequest{UserId: bob[:], State: adminv1.UserState_USER_STATE_CLOSED}))
		}},
		{accessledger.UserState, []syncengine.ID{bob}, func() error {
			return call(s.client.SetUserState(s.operator, &adminv1.SetUserStateRequest{UserId: bob[:], State: adminv1.UserState_USER_STATE_ACTIVE}))
		}},
		{accessledger.TeamPut, []syncengine.ID{bob, ann}, func() error {
			return call(s.client.PutTeam(s.operator, &adminv1.PutTeamRequest{Team: &adminv1.Team{
				Name: "一队", OfficerId: bob[:], GridWorkerId: ann[:], TerritoryCodes: []string{gridB}}}))
		}},
		{accessledger.GrantsSet, []syncengine.ID{ann}, func() error {
			return call(s.client.SetGrants(s.operator, &adminv1.SetGrantsRequest{UserId: ann[:], Grants: []*adminv1.Grant{{Role: worker, TerritoryCode: gridB}}}))
		}},
		{accessledger.DoorsAssign, []syncengine.ID{ann}, func() error {
			return call(s.client.AssignDoors(s.operator, &adminv1.AssignDoorsRequest{UserId: ann[:], Post: adminv1.Post_POST_WORKER, DoorIds: [][]byte{s.door[:]}}))
		}},
		{accessledger.TokenMint, []syncengine.ID{ann}, func() error {
			out, err := s.client.MintToken(s.operator, &adminv1.MintTokenRequest{UserId: ann[:]})
			token = out.GetTokenId()
			return err
		}},
		{accessledger.TokenRevoke, []syncengine.ID{ann}, func() error {
			return call(s.client.RevokeToken(s.operator, &adminv1.RevokeTokenRequest{TokenId: token}))
		}},
		{accessledger.JoinCode, []syncengine.ID{bob}, func() error {
			return call(s.client.CreateJoinCode(s.operator, &adminv1.CreateJoinCodeRequest{UserId: bob[:]}))
		}},
		{accessledger.DeviceRevoke, nil, func() error {
			return call(s.client.RevokeDevice(s.operator, &adminv1.RevokeDeviceRequest{DeviceId: phone.incarnation[:]}))
		}},
		{accessledger.QuarantineReject, nil, func() error {
			return call(s.client.RejectQuarantined(reader, &adminv1.RejectQuarantinedRequest{Seq: contacted, Reason: "不在本格"}))
		}},
		{accessledger.QuarantineRelease, nil, func() error {
			return call(s.client.ReleaseQuarantined(reader, &adminv1.ReleaseQuarantinedRequest{Seq: s.waiting}))
		}},
		{accessledger.TerritoriesImport, nil, func() error { return call(s.importTerritories(s.operator, territoryFile, false)) }},
		{accessledger.UsersImport, nil, func() error {
			return call(s.importUsers(s.operator, "name,role,territory\n新二,grid_worker,"+gridA+"\n", false))
		}},
	}
	for _, act := range acts {
		before := s.last()
		if err := act.do(); err != nil {
			t.Errorf("%s: %v", act.action, err)
			continue
		}
		entries := s.noted(before)
		decision := act.action == accessledger.QuarantineReject || act.action == accessledger.QuarantineRelease
		if len(entries) != 1 || entries[0].Action != act.action || entries[0].Actor.Operator == decision || entries[0].At == 0 {
			t.Errorf("%s wrote %+v", act.action, entries)
			continue
		}
		if act.about != nil && !slices.Equal(entries[0].Users, act.about) {
			t.Errorf("%s is about %v, want %v", act.action, entries[0].Users, act.about)
		}
	}
	before := s.last()
	if _, err := s.client.SetGrants(s.operator, &adminv1.SetGrantsRequest{UserId: make([]byte, 16)}); err == nil || s.last() != before {
		t.Errorf("what was refused left a line: %v", err)
	}
	dry, err := s.importUsers(s.operator, "name,role,territory\n新三,grid_worker,"+gridA+"\n", true)
	s.must(err)
	if len(dry.GetUsers()) != 1 || s.last() != before {
		t.Error("a dry run left a line")
	}
	s.verify()
}

func TestReadAccessLedger_IsForOverseersAndFilters(t *testing.T) {
	s := newStreet(t)
	reader := s.user("网", worker, gridA)
	_, err := s.client.Explain(s.as(reader), &adminv1.ExplainRequest{RecordId: s.door[:]})
	s.must(err)
	overseer := s.as(s.user("审", auditor, county))
	all, err := collect(s.client.ReadAccessLedger(overseer, &adminv1.ReadAccessLedgerRequest{}))
	s.must(err)
	if len(all) != int(s.last()) || all[3].GetEntry().GetNumber() != 4 {
		t.Errorf("%d entries, want %d", len(all), s.last())
	}
	some, err := collect(s.client.ReadAccessLedger(overseer, &adminv1.ReadAccessLedgerRequest{
		RecordId: s.door[:], UserId: reader[:], Actions: []adminv1.AccessAction{adminv1.AccessAction_ACCESS_ACTION_EXPLAIN},
	}))
	s.must(err)
	if len(some) != 1 || some[0].GetEntry().GetUserName() != "网" || string(some[0].GetEntry().GetRecords()[0].GetRecordIds()[0]) != string(s.door[:]) {
		t.Errorf("found %v", some)
	}
	for _, m := range all {
		if text := m.String(); strings.Contains(text, contactName) || strings.Contains(text, address) {
			t.Errorf("the ledger holds a value: %s", text)
		}
	}
	_, err = collect(s.client.ReadAccessLedger(s.as(reader), &adminv1.ReadAccessLedgerRequest{}))
	s.refused("a worker", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = collect(s.client.ReadAccessLedger(overseer, &adminv1.ReadAccessLedgerRequest{RecordId: []byte("short")}))
	s.refused("a record that is no id", err, adminv1.Reason_REASON_INVALID)
}

func TestListAffected_GivesWhoseDataALeakedPhoneOrAccountHas(t *testing.T) {
	s := newStreet(t)
	user := s.user("网", worker, gridA)
	phone := s.phone(user)
	phone.sync()
	m := s.world.door(gridA, address+"自己写的")
	m.Contact = &recordv1.Contact{Name: proto.String(contactName)}
	own := phone.create(recordv1.Kind_KIND_PREMISES, m)
	phone.create(recordv1.Kind_KIND_PREMISES, s.world.door(gridA, address+"没有人"))
	phone.sync()
	overseer := s.as(s.user("审", auditor, county))
	for name, req := range map[string]*adminv1.ListAffectedRequest{
		"the phone": {DeviceId: phone.incarnation[:]}, "the account": {UserId: user[:]},
	} {
		list, err := collect(s.client.ListAffected(overseer, req))
		s.must(err)
		if len(list) != 2 {
			t.Fatalf("%s: %v", name, list)
		}
		for _, x := range list {
			written := string(x.GetRecordId()) == string(own[:])
			if x.GetWritten() != written || (x.GetTimes() > 0) == written || !slices.Equal(x.GetFields(), []uint32{fieldContact}) || x.GetFirstMs() == 0 ||
				!written && string(x.GetRecordId()) != string(s.door[:]) {
				t.Errorf("%s: %v", name, x)
			}
		}
	}
	later, err := collect(s.client.ListAffected(overseer, &adminv1.ListAffectedRequest{DeviceId: phone.incarnation[:], SinceMs: s.now.UnixMilli() + 1}))
	if err != nil || len(later) != 0 {
		t.Errorf("after everything: %v, %v", later, err)
	}
	_, err = collect(s.client.ListAffected(overseer, &adminv1.ListAffectedRequest{}))
	s.refused("nobody", err, adminv1.Reason_REASON_INVALID)
	_, err = collect(s.client.ListAffected(s.as(user), &adminv1.ListAffectedRequest{UserId: user[:]}))
	s.refused("a worker", err, adminv1.Reason_REASON_NOT_PERMITTED)
}

func TestLedger_SealsAndRecusalsStandInIt(t *testing.T) {
	s := newStreet(t)
	grid, title := s.territory(gridA), "赡养纠纷"
	p := s.phone(s.user("综", staff, community))
	p.sync()
	mediator := s.user("调", recordv1.Role_ROLE_MEDIATOR, "530702001")
	id := p.create(recordv1.Kind_KIND_DISPUTE, &recordv1.Dispute{Title: &title, Territory: grid[:]})
	p.sync()
	before := s.last()
	p.edit(recordv1.Kind_KIND_DISPUTE, id, &recordv1.Dispute{Recused: [][]byte{mediator[:]}})
	p.edit(recordv1.Kind_KIND_DISPUTE, id, &recordv1.Dispute{Sealed: proto.Bool(true)})
	p.sync()
	var got []accessledger.Action
	for _, e := range s.noted(before) {
		if e.Action != accessledger.Sync {
			got = append(got, e.Action)
		}
		if e.Action == accessledger.Recuse && (len(e.Users) != 1 || e.Users[0] != mediator || e.Actor.Device != p.incarnation) {
			t.Errorf("the recusal is noted as %+v", e)
		}
	}
	if !slices.Equal(got, []accessledger.Action{accessledger.Recuse, accessledger.CaseSeal}) {
		t.Errorf("noted %v", got)
	}
}
