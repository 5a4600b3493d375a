package adminrpc_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

// headcounts is a door whose headcount two phones have written at once.
type headcounts struct {
	*world
	door syncengine.ID
	// first is the phone of a worker, staff answers for the community.
	first       *phone
	staff, lead syncengine.ID
}

func newHeadcounts(t *testing.T) *headcounts {
	c := &headcounts{world: newWorld(t)}
	c.staff, c.lead = c.user("综治", staff, community), c.user("督办", recordv1.Role_ROLE_STREET_LEAD, "530702001")
	p, q := c.phone(c.user("甲", worker, gridA)), c.phone(c.user("乙", worker, gridA))
	grid := c.territory(gridA)
	c.first, c.door = p, p.create(recordv1.Kind_KIND_PREMISES, &recordv1.Premises{Address: proto.String("福慧路1号"), Territory: grid[:], Headcount: proto.Uint32(1)})
	p.sync()
	q.sync()
	p.edit(recordv1.Kind_KIND_PREMISES, c.door, &recordv1.Premises{Headcount: proto.Uint32(3)})
	q.edit(recordv1.Kind_KIND_PREMISES, c.door, &recordv1.Premises{Headcount: proto.Uint32(4)})
	p.sync()
	q.sync()
	return c
}

func (c *headcounts) conflicts(user syncengine.ID) []*adminv1.Conflict {
	c.t.Helper()
	out, err := c.client.ListConflicts(c.as(user), &adminv1.ListConflictsRequest{})
	c.must(err)
	return out.GetConflicts()
}

func (c *headcounts) headcount() uint32 {
	c.t.Helper()
	m, ok := read(c.world, c.door, &recordv1.Premises{})
	if !ok {
		c.t.Fatal("the door is gone")
	}
	return m.GetHeadcount()
}

func TestResolveConflict_PutsAnotherValueInPlaceAndTellsPhones(t *testing.T) {
	c := newHeadcounts(t)
	open := c.conflicts(c.staff)[0]
	stood := c.headcount()
	if !open.GetMayResolve() || open.GetLabel() != "福慧路1号" {
		t.Errorf("conflict %v", open)
	}
	_, err := c.client.ResolveConflict(c.as(c.staff), &adminv1.ResolveConflictRequest{
		RecordId: c.door[:], ConflictId: open.GetId(), Choice: 1, SeenSeq: open.GetRecordSeq(),
	})
	c.must(err)
	if got := c.headcount(); got != 7-stood {
		t.Errorf("%d stands, want %d", got, 7-stood)
	}
	if left := c.conflicts(c.staff); len(left) != 0 {
		t.Errorf("still open: %v", left)
	}
	before := c.first.position.GetSeq()
	c.first.sync()
	if c.first.position.GetSeq() <= before {
		t.Error("the phone is told nothing")
	}
	_, err = c.client.ResolveConflict(c.as(c.staff), &adminv1.ResolveConflictRequest{RecordId: c.door[:], ConflictId: open.GetId()})
	c.refused("a closed conflict", err, adminv1.Reason_REASON_NO_CONFLICT)
}

func TestResolveConflict_ConfirmsTheValueThatStands(t *testing.T) {
	c := newHeadcounts(t)
	stood := c.headcount()
	open := c.conflicts(c.staff)[0]
	_, err := c.client.ResolveConflict(c.as(c.staff), &adminv1.ResolveConflictRequest{RecordId: c.door[:], ConflictId: open.GetId()})
	c.must(err)
	if got := c.headcount(); got != stood || len(c.conflicts(c.staff)) != 0 {
		t.Errorf("%d stands, want %d; open %v", got, stood, c.conflicts(c.staff))
	}
}

func TestResolveConflict_IsRefusedToWhoMayNotAndWhoLookedBefore(t *testing.T) {
	c := newHeadcounts(t)
	open := c.conflicts(c.staff)[0]
	ask := func(user syncengine.ID, change func(*adminv1.ResolveConflictRequest)) error {
		req := &adminv1.ResolveConflictRequest{RecordId: c.door[:], ConflictId: open.GetId(), Choice: 1}
		if change != nil {
			change(req)
		}
		_, err := c.client.ResolveConflict(c.as(user), req)
		return err
	}
	c.refused("the lead reads doors and writes none", ask(c.lead, nil), adminv1.Reason_REASON_NOT_PERMITTED)
	if shown := c.conflicts(c.lead); len(shown) != 1 || shown[0].GetMayResolve() {
		t.Errorf("the lead is told %v", shown)
	}
	c.refused("a worker of elsewhere", ask(c.user("别处", worker, elsewhere), nil), adminv1.Reason_REASON_NOT_PERMITTED)
	c.refused("no such choice", ask(c.staff, func(r *adminv1.ResolveConflictRequest) { r.Choice = 2 }), adminv1.Reason_REASON_NO_CONFLICT)
	c.refused("no such conflict", ask(c.staff, func(r *adminv1.ResolveConflictRequest) { r.ConflictId = make([]byte, 16) }), adminv1.Reason_REASON_NO_CONFLICT)
	c.refused("an id of another length", ask(c.staff, func(r *adminv1.ResolveConflictRequest) { r.ConflictId = []byte{1} }), adminv1.Reason_REASON_INVALID)
	c.refused("written since", ask(c.staff, func(r *adminv1.ResolveConflictRequest) { r.SeenSeq = open.GetRecordSeq() - 1 }), adminv1.Reason_REASON_CHANGED)
	if len(c.conflicts(c.staff)) != 1 {
		t.Error("a refusal closed the conflict")
	}
}

func TestGetOverview_CountsWhatIsOpenAndShowsGridsToTheirStaffAlone(t *testing.T) {
	c := newHeadcounts(t)
	hazard := func(severity recordv1.Severity) {
		c.first.create(recordv1.Kind_KIND_HAZARD, &recordv1.Hazard{
			PremisesId: c.door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), SeverityFound: severity.Enum(), State: recordv1.HazardState_HAZARD_STATE_FOUND.Enum(),
		})
	}
	hazard(recordv1.Severity_SEVERITY_MAJOR)
	hazard(recordv1.Severity_SEVERITY_GENERAL)
	c.first.sync()
	look := func(user syncengine.ID, code string) (*adminv1.GetOverviewResponse, error) {
		return c.client.GetOverview(c.as(user), &adminv1.GetOverviewRequest{TerritoryCode: code})
	}
	out, err := look(c.staff, "")
	c.must(err)
	if out.GetTerritoryCode() != community || out.GetWork().GetOpenHazards() != 2 || out.GetWork().GetMajorHazards() != 1 || len(out.GetBelow()) != 2 {
		t.Errorf("staff see %v", out)
	}
	if h := out.GetHazards(); len(h) != 1 || h[0].GetGeneral() != 1 || h[0].GetMajor() != 1 {
		t.Errorf("hazards %v", h)
	}
	if a := out.GetBelow()[0]; a.GetCode() != gridA || a.GetWork().GetOpenHazards() != 2 || out.GetBelow()[1].GetWork().GetOpenHazards() != 0 {
		t.Errorf("grids %v", out.GetBelow())
	}
	out, err = look(c.lead, "")
	c.must(err)
	if len(out.GetBelow()) != 2 || out.GetWork().GetOpenHazards() != 2 {
		t.Errorf("the lead sees %v", out)
	}
	out, err = look(c.lead, community)
	c.must(err)
	if len(out.GetBelow()) != 0 || len(out.GetAbove()) != 1 {
		t.Errorf("the lead sees grids: %v", out)
	}
	_, err = look(c.lead, gridA)
	c.refused("a grid to the lead", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = look(c.staff, "530702001002")
	c.refused("another community", err, adminv1.Reason_REASON_NOT_PERMITTED)
	_, err = look(c.staff, "999999")
	c.refused("no such territory", err, adminv1.Reason_REASON_NOT_FOUND)
}

func TestReadAccessLedger_GivesTheNewestFirstAPageAtATime(t *testing.T) {
	c := newHeadcounts(t)
	page := func(before uint64) (out []uint64) {
		stream, err := c.client.ReadAccessLedger(c.operator, &adminv1.ReadAccessLedgerRequest{NewestFirst: true, Limit: 2, BeforeNumber: before})
		c.must(err)
		for {
			m, err := stream.Recv()
			if err != nil {
				return out
			}
			out = append(out, m.GetEntry().GetNumber())
		}
	}
	seen, before := 0, uint64(0)
	for {
		numbers := page(before)
		if len(numbers) == 0 {
			break
		}
		for _, n := range numbers {
			if before != 0 && n != before-1 {
				t.Fatalf("entry %d follows %d", n, before)
			}
			before, seen = n, seen+1
		}
	}
	if before != 1 || seen < 5 {
		t.Errorf("%d entries, the last is %d", seen, before)
	}
}
