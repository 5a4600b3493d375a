package adminrpc_test

import (
	"bytes"
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// fieldContact is the number of a door's contact.
const fieldContact = 8

// secrets are texts that stand in records and must reach only who may read them.
const (
	contactName = "和大姐的电话主人"
	address     = "福慧路一百零八号"
	secondName  = "另一位房东的名字"
	// listItem is the key of a map cell, which tells as much as a value.
	listItem = "灶间与床之间有门"
)

// street is a realm with a door on which two phones disagree and a change that waits.
type street struct {
	*world
	// door has a contact, written differently by two phones.
	door syncengine.ID
	// visit has a checklist.
	visit syncengine.ID
	// author wrote the waiting change, far away from its own grid.
	author  syncengine.ID
	waiting uint64
	// stray is the id of the record that the waiting change would create.
	stray syncengine.ID
}

func newStreet(t *testing.T) *street {
	s := &street{world: newWorld(t)}
	w := s.world
	a, b := w.phone(w.user("甲", worker, gridA)), w.phone(w.user("警", officer, community))
	m := w.door(gridA, address)
	m.Contact = &recordv1.Contact{Name: proto.String(contactName)}
	s.door = a.create(recordv1.Kind_KIND_PREMISES, m)
	a.sync()
	b.sync()
	a.edit(recordv1.Kind_KIND_PREMISES, s.door, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(contactName + "甲")}})
	b.edit(recordv1.Kind_KIND_PREMISES, s.door, &recordv1.Premises{Contact: &recordv1.Contact{Name: proto.String(secondName)}})
	a.sync()
	b.sync()
	territory := w.territory(gridA)
	s.visit = a.create(recordv1.Kind_KIND_VISIT, &recordv1.Visit{
		Territory: territory[:], Checklist: map[string]recordv1.Answer{listItem: recordv1.Answer_ANSWER_GOOD},
	})
	a.sync()
	s.author = w.user("远", worker, elsewhere)
	c := w.phone(s.author)
	c.sync()
	stray := w.door(gridA, address+"越界")
	s.stray = c.create(recordv1.Kind_KIND_PREMISES, stray)
	out := c.push()
	if len(out) != 1 || out[0].GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
		t.Fatalf("the change outside of its author's grid came to %v", out)
	}
	s.waiting = out[0].GetSeq()
	return s
}

// everything gives all that a token can read of records.
func (s *street) everything(ctx context.Context) (out []proto.Message) {
	s.t.Helper()
	conflicts, err := s.client.ListConflicts(ctx, &adminv1.ListConflictsRequest{})
	s.must(err)
	waiting, err := s.client.ListQuarantine(ctx, &adminv1.ListQuarantineRequest{})
	s.must(err)
	out = append(out, conflicts, waiting)
	for _, id := range []syncengine.ID{s.door, s.visit} {
		if x, err := s.client.Explain(ctx, &adminv1.ExplainRequest{RecordId: id[:]}); err == nil {
			out = append(out, x)
		}
	}
	if x, err := s.client.GetQuarantined(ctx, &adminv1.GetQuarantinedRequest{Seq: s.waiting}); err == nil {
		out = append(out, x)
	}
	log, err := collect(s.client.ReadLog(ctx, &adminv1.ReadLogRequest{}))
	s.must(err)
	for _, entry := range log {
		out = append(out, entry)
	}
	return out
}

// holds reports that a text stands anywhere in messages.
func holds(list []proto.Message, text string) bool {
	for _, m := range list {
		if b, err := proto.Marshal(m); err != nil || bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

func TestRecords_ValuesReachOnlyWhoMayReadThem(t *testing.T) {
	s := newStreet(t)
	cases := []struct {
		name             string
		ctx              context.Context
		address, contact bool
	}{
		{"the operator's token", s.operator, false, false},
		{"a user with the operator's role", s.as(s.user("管", operator, "")), false, false},
		{"an auditor over the grid", s.as(s.user("审", auditor, gridA)), false, false},
		{"a grid worker of the grid", s.as(s.user("网", worker, gridA)), true, true},
		{"staff of the community", s.as(s.user("综", staff, community)), true, true},
		{"a helper of the grid", s.as(s.user("组", helper, gridA)), true, false},
		{"a street lead", s.as(s.user("街", recordv1.Role_ROLE_STREET_LEAD, "530702001")), true, false},
		{"a grid worker of another grid", s.as(s.user("邻", worker, gridB)), false, false},
		{"the district", s.as(s.user("区", recordv1.Role_ROLE_DISTRICT, county)), false, false},
	}
	for _, c := range cases {
		got := s.everything(c.ctx)
		if holds(got, address) != c.address {
			t.Errorf("%s reads the address: %v", c.name, !c.address)
		}
		if holds(got, listItem) != c.address {
			t.Errorf("%s reads the checklist's item: %v", c.name, !c.address)
		}
		if (holds(got, contactName) || holds(got, secondName)) != c.contact {
			t.Errorf("%s reads the contact: %v", c.name, !c.contact)
		}
	}
}

func TestRecords_OverseersSeeThatEverythingIsThere(t *testing.T) {
	s := newStreet(t)
	head := s.seq()
	for name, ctx := range map[string]context.Context{"the operator's token": s.operator, "an auditor": s.as(s.user("审", auditor, ""))} {
		log, err := collect(s.client.ReadLog(ctx, &adminv1.ReadLogRequest{UntilSeq: head}))
		s.must(err)
		if len(log) != int(head) {
			t.Errorf("%s reads %d of %d entries", name, len(log), head)
		}
		conflicts, err := s.client.ListConflicts(ctx, &adminv1.ListConflictsRequest{})
		s.must(err)
		waiting, err := s.client.ListQuarantine(ctx, &adminv1.ListQuarantineRequest{})
		s.must(err)
		if len(conflicts.GetConflicts()) != 1 || len(waiting.GetChanges()) != 1 {
			t.Errorf("%s sees %d conflicts and %d waiting changes", name, len(conflicts.GetConflicts()), len(waiting.GetChanges()))
		}
	}
}

func TestListConflicts_ShowsWhatStandsAndWhatLost(t *testing.T) {
	s := newStreet(t)
	find := func(ctx context.Context) *adminv1.Conflict {
		t.Helper()
		out, err := s.client.ListConflicts(ctx, &adminv1.ListConflictsRequest{})
		s.must(err)
		if len(out.GetConflicts()) != 1 || len(out.GetNextAfterRecordId()) != 0 {
			t.Fatalf("conflicts %v", out)
		}
		return out.GetConflicts()[0]
	}
	c := find(s.as(s.user("网", worker, gridA)))
	if syncengine.ID(c.GetRecordId()) != s.door || c.GetCell().GetField() != fieldContact || c.GetCell().GetHidden() ||
		c.GetKind() != syncv1.ConflictKind_CONFLICT_KIND_CONFLICT || len(c.GetOthers()) != 1 {
		t.Fatalf("conflict %v", c)
	}
	shown, other := &recordv1.Premises{}, &recordv1.Premises{}
	s.must(proto.Unmarshal(c.GetShown().GetData(), shown))
	s.must(proto.Unmarshal(c.GetOthers()[0].GetData(), other))
	if shown.GetContact().GetName() == other.GetContact().GetName() || c.GetShown().GetAuthor().GetUserName() == c.GetOthers()[0].GetAuthor().GetUserName() {
		t.Errorf("shown %v by %v, other %v by %v", shown, c.GetShown().GetAuthor(), other, c.GetOthers()[0].GetAuthor())
	}
	blind := find(s.operator)
	if !blind.GetCell().GetHidden() || len(blind.GetShown().GetData()) != 0 || blind.GetShown().GetSeq() != c.GetShown().GetSeq() ||
		string(blind.GetId()) != string(c.GetId()) {
		t.Errorf("the operator sees %v", blind)
	}
}

func TestListConflicts_PagesNeverPartARecordAndLoseNone(t *testing.T) {
	w := newWorld(t)
	a, b := w.phone(w.user("甲", worker, gridA)), w.phone(w.user("乙", worker, gridA))
	var ids []syncengine.ID
	for range 5 {
		ids = append(ids, a.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号")))
	}
	a.sync()
	b.sync()
	for i, id := range ids {
		for j, p := range []*phone{a, b} {
			p.edit(recordv1.Kind_KIND_PREMISES, id, &recordv1.Premises{Rooms: proto.Uint32(uint32(10*i + j)), Headcount: proto.Uint32(uint32(10*i + j))})
		}
	}
	a.sync()
	b.sync()
	seen := map[syncengine.ID]int{}
	req := &adminv1.ListConflictsRequest{Limit: 2}
	pages := 0
	for {
		out, err := w.client.ListConflicts(w.operator, req)
		w.must(err)
		pages++
		for _, c := range out.GetConflicts() {
			seen[syncengine.ID(c.GetRecordId())]++
		}
		if req.AfterRecordId = out.GetNextAfterRecordId(); len(req.AfterRecordId) == 0 {
			break
		}
	}
	if pages != 3 || len(seen) != len(ids) {
		t.Errorf("%d pages with %d records", pages, len(seen))
	}
	for _, id := range ids {
		if seen[id] != 2 {
			t.Errorf("record %s has %d conflicts", id, seen[id])
		}
	}
}

func TestExplain_TellsRuleAuthorsAndHistory(t *testing.T) {
	s := newStreet(t)
	out, err := s.client.Explain(s.as(s.user("网", worker, gridA)), &adminv1.ExplainRequest{RecordId: s.door[:]})
	s.must(err)
	if out.GetRecordKind() != recordv1.Kind_KIND_PREMISES || len(out.GetTerritoryCodes()) != 1 || out.GetTerritoryCodes()[0] != gridA || out.GetDead() {
		t.Errorf("explanation %v", out)
	}
	var contact *adminv1.ExplainedCell
	for _, c := range out.GetCells() {
		if c.GetCell().GetField() == fieldContact {
			contact = c
		}
	}
	if contact.GetPolicy() != recordv1.MergePolicy_MERGE_POLICY_LATEST || len(contact.GetLosing()) != 1 ||
		contact.GetConflict() != syncv1.ConflictKind_CONFLICT_KIND_CONFLICT || len(contact.GetConflictId()) != 16 {
		t.Errorf("contact %v", contact)
	}
	if n := len(out.GetHistory()); n != 3 || out.GetHistory()[0].GetSeq() != out.GetSeq() || out.GetHistoryMoreBefore() != 0 {
		t.Fatalf("history of %d entries: %v", n, out.GetHistory())
	}
	if newest := out.GetHistory()[0]; newest.GetType() != adminv1.LogEntryType_LOG_ENTRY_TYPE_MERGED || newest.GetAuthor().GetUserName() != "警" ||
		len(newest.GetCells()) != 1 || len(newest.GetConflictIds()) != 1 {
		t.Errorf("newest entry %v", newest)
	}
	part, err := s.client.Explain(s.operator, &adminv1.ExplainRequest{RecordId: s.door[:], HistoryLimit: 2})
	s.must(err)
	rest, err := s.client.Explain(s.operator, &adminv1.ExplainRequest{RecordId: s.door[:], HistoryLimit: 2, HistoryBefore: part.GetHistoryMoreBefore()})
	s.must(err)
	if len(part.GetHistory()) != 2 || len(rest.GetHistory()) != 1 || rest.GetHistoryMoreBefore() != 0 || rest.GetHistory()[0].GetSeq() != out.GetHistory()[2].GetSeq() {
		t.Errorf("history in parts: %d and %d", len(part.GetHistory()), len(rest.GetHistory()))
	}
}

func TestExplain_RefusesWhatIsNotThereOrNotTheirs(t *testing.T) {
	s := newStreet(t)
	unknown := s.id()
	_, err := s.client.Explain(s.operator, &adminv1.ExplainRequest{RecordId: unknown[:]})
	s.refused("an unknown record", err, adminv1.Reason_REASON_NOT_FOUND)
	_, err = s.client.Explain(s.operator, &adminv1.ExplainRequest{RecordId: unknown[:15]})
	s.refused("half an id", err, adminv1.Reason_REASON_INVALID)
	for _, user := range []syncengine.ID{s.user("邻", worker, gridB), s.user("区", recordv1.Role_ROLE_DISTRICT, county), s.user("受", recordv1.Role_ROLE_RECEPTION, "530702001")} {
		_, err = s.client.Explain(s.as(user), &adminv1.ExplainRequest{RecordId: s.door[:]})
		s.refused("a record outside of the user's reach", err, adminv1.Reason_REASON_NOT_PERMITTED)
	}
}

func TestQuarantine_IsListedForThoseItConcerns(t *testing.T) {
	s := newStreet(t)
	cases := []struct {
		name string
		ctx  context.Context
		want int
	}{
		{"the operator", s.operator, 1},
		{"its author", s.as(s.author), 1},
		{"staff of the place it would be in", s.as(s.user("综", staff, community)), 1},
		{"somebody of neither", s.as(s.user("邻", worker, gridB)), 0},
	}
	for _, c := range cases {
		out, err := s.client.ListQuarantine(c.ctx, &adminv1.ListQuarantineRequest{})
		s.must(err)
		if len(out.GetChanges()) != c.want {
			t.Errorf("%s sees %d changes", c.name, len(out.GetChanges()))
			continue
		}
		if c.want == 1 {
			q := out.GetChanges()[0]
			if q.GetSeq() != s.waiting || q.GetReason() != syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE || !q.GetCreate() || q.GetAuthor().GetUserName() != "远" {
				t.Errorf("%s sees %v", c.name, q)
			}
		}
	}
	_, err := s.client.GetQuarantined(s.as(s.user("邻二", worker, gridB)), &adminv1.GetQuarantinedRequest{Seq: s.waiting})
	s.refused("the body of a change elsewhere", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = s.client.GetQuarantined(s.operator, &adminv1.GetQuarantinedRequest{Seq: 1})
	s.refused("a change that does not wait", err, adminv1.Reason_REASON_NOT_WAITING)
}

func TestQuarantine_IsDecidedByThoseWhoAnswerForThePlace(t *testing.T) {
	s := newStreet(t)
	release := func(ctx context.Context) error {
		_, err := s.client.ReleaseQuarantined(ctx, &adminv1.ReleaseQuarantinedRequest{Seq: s.waiting, Reason: "核实过"})
		return err
	}
	s.refused("a grid worker", release(s.as(s.user("网", worker, gridA))), adminv1.Reason_REASON_NOT_PERMITTED)
	s.refused("an officer of another community", release(s.as(s.user("警二", officer, "530702001002"))), adminv1.Reason_REASON_NOT_PERMITTED)
	s.refused("an auditor", release(s.as(s.user("审", auditor, community))), adminv1.Reason_REASON_NOT_PERMITTED)
	s.must(release(s.as(s.user("综", staff, community))))
	if _, ok := read(s.world, s.stray, &recordv1.Premises{}); !ok {
		t.Error("the released door does not stand")
	}
	s.refused("a second decision", release(s.as(s.user("综二", staff, community))), adminv1.Reason_REASON_NOT_WAITING)
	entries, err := collect(s.client.ReadLog(s.operator, &adminv1.ReadLogRequest{AfterSeq: s.waiting}))
	s.must(err)
	var decided *adminv1.LogEntry
	for _, e := range entries {
		if e.GetEntry().GetType() == adminv1.LogEntryType_LOG_ENTRY_TYPE_RELEASED {
			decided = e.GetEntry()
		}
	}
	if decided.GetRefSeq() != s.waiting || len(decided.GetDecidedBy()) != 16 || decided.GetDecision() != "" || len(decided.GetCells()) == 0 {
		t.Errorf("the release in the log: %v", decided)
	}
	s.verify()
}

func TestQuarantine_NobodyDecidesOnTheirOwnChange(t *testing.T) {
	w := newWorld(t)
	user := w.user("警", officer, "530702001002")
	p := w.phone(user)
	p.sync()
	p.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号"))
	seq := p.push()[0].GetSeq()
	ctx := w.as(user)
	_, err := w.client.ReleaseQuarantined(ctx, &adminv1.ReleaseQuarantinedRequest{Seq: seq})
	w.refused("the own change", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = w.client.RejectQuarantined(w.operator, &adminv1.RejectQuarantinedRequest{Seq: seq, Reason: "不在辖区"})
	w.refused("an operator, who cannot read it", err, adminv1.Reason_REASON_NOT_PERMITTED)
	reader := w.as(w.user("综", staff, community))
	_, err = w.client.RejectQuarantined(reader, &adminv1.RejectQuarantinedRequest{Seq: seq, Reason: "不在辖区"})
	w.must(err)
	_, err = w.client.RejectQuarantined(reader, &adminv1.RejectQuarantinedRequest{Seq: seq})
	w.refused("a second decision", err, adminv1.Reason_REASON_NOT_WAITING)
	w.verify()
}

func TestQuarantine_WhoDecidesMayReadAllThatItWrites(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user("远", worker, elsewhere))
	p.sync()
	name := "和老五"
	door := w.door(gridA, "福慧路1号")
	door.Contact = &recordv1.Contact{Name: &name}
	p.create(recordv1.Kind_KIND_PREMISES, door)
	seq := p.push()[0].GetSeq()
	lead := w.as(w.user("街", recordv1.Role_ROLE_STREET_LEAD, "530702001"))
	_, err := w.client.ReleaseQuarantined(lead, &adminv1.ReleaseQuarantinedRequest{Seq: seq})
	w.refused("a lead, who reads no contact", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = w.client.ReleaseQuarantined(w.as(w.user("警", officer, community)), &adminv1.ReleaseQuarantinedRequest{Seq: seq})
	w.must(err)
	w.verify()
}

func TestQuarantine_PagesLoseNone(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user("远", worker, elsewhere))
	p.sync()
	for range 5 {
		p.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号"))
	}
	p.push()
	req := &adminv1.ListQuarantineRequest{Limit: 2}
	var seqs []uint64
	for pages := 1; ; pages++ {
		out, err := w.client.ListQuarantine(w.operator, req)
		w.must(err)
		for _, q := range out.GetChanges() {
			seqs = append(seqs, q.GetSeq())
		}
		if req.AfterSeq = out.GetNextAfterSeq(); req.AfterSeq == 0 {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	for i, seq := range seqs {
		if i > 0 && seq <= seqs[i-1] {
			t.Errorf("seqs %v", seqs)
		}
	}
	if len(seqs) != 5 {
		t.Errorf("%d changes", len(seqs))
	}
}

func TestReadLog_GivesEveryEntryOnceAcrossPagesAndNothingBeyondTheEnd(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user("网", worker, gridA))
	p.sync()
	for range 1200 {
		p.create(recordv1.Kind_KIND_PREMISES, w.door(gridA, "福慧路1号"))
	}
	p.sync()
	head := w.seq()
	cases := []struct {
		name                string
		after, until, first uint64
		n                   int
	}{
		{"all", 0, 0, 1, int(head)},
		{"from the middle", 700, 0, 701, int(head) - 700},
		{"a part", 100, 1101, 101, 1001},
		{"beyond the end", head, head + 50, 0, 0},
	}
	for _, c := range cases {
		got, err := collect(w.client.ReadLog(w.operator, &adminv1.ReadLogRequest{AfterSeq: c.after, UntilSeq: c.until}))
		w.must(err)
		if len(got) != c.n {
			t.Errorf("%s: %d entries, want %d", c.name, len(got), c.n)
			continue
		}
		for i, e := range got {
			if e.GetEntry().GetSeq() != c.first+uint64(i) {
				t.Fatalf("%s: entry %d has seq %d", c.name, i, e.GetEntry().GetSeq())
			}
		}
	}
	own, err := collect(w.client.ReadLog(w.as(w.user("邻", worker, gridB)), &adminv1.ReadLogRequest{AfterSeq: head - 1000}))
	w.must(err)
	for _, e := range own {
		if e.GetEntry().GetRecordKind() == recordv1.Kind_KIND_PREMISES {
			t.Fatalf("a neighbour sees %v", e)
		}
	}
}
