package adminrpc

import (
	"slices"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// plan tells whom and what the handover concerns as things stand.
func (h *handover) plan(r store.Reader) (*adminv1.HandoverPlan, error) {
	out := &adminv1.HandoverPlan{Doors: uint32(len(h.doors))}
	held := map[syncengine.ID][]syncengine.ID{}
	for _, door := range h.doors {
		holder, err := identity.Assigned(r, identity.SlotWorker, door)
		if err != nil {
			return nil, err
		}
		held[holder] = append(held[holder], door)
	}
	out.Already = uint32(len(held[h.to.ID]))
	for _, step := range []func() error{
		func() error { return h.planPeople(r, held, out) },
		func() error { return h.planPhones(r, out) },
		func() error { return h.planRecords(r, out) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (h *handover) planPeople(r store.Reader, held map[syncengine.ID][]syncengine.ID, out *adminv1.HandoverPlan) error {
	from, until := month(h.service.clock())
	people := append([]syncengine.ID{h.to.ID}, h.from...)
	credited, err := h.service.visitsBy(r, people, from, until)
	if err != nil {
		return err
	}
	for _, id := range people {
		u, err := identity.GetUser(r, id)
		if err != nil {
			return err
		}
		p := &adminv1.HandoverPerson{UserId: wire.BytesOf(id), Name: u.Name, Role: recordv1.Role(u.Role), Doors: uint32(len(held[id])), VisitsThisMonth: uint32(credited[id])}
		if id != h.to.ID {
			if p.Keeps, err = h.keeps(r, id); err != nil {
				return err
			}
		}
		out.People = append(out.People, p)
	}
	return nil
}

// month gives the calendar month in Asia/Shanghai that a time lies in.
func month(now time.Time) (from, until syncengine.UnixMilli) {
	local := now.In(shanghai)
	first := time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, shanghai)
	return syncengine.UnixMilli(first.UnixMilli()), syncengine.UnixMilli(first.AddDate(0, 1, 0).UnixMilli())
}

// shanghai has kept UTC+8 without summer time since 1991.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// keeps lists the territories by which somebody goes on seeing doors of the handover: what role, team or a person gave,
// less what the handover itself takes away.
func (h *handover) keeps(r store.Reader, user syncengine.ID) (codes []string, err error) {
	derived, err := identity.DeriveGrants(r, user, h.service.now())
	if err != nil {
		return nil, err
	}
	tree, err := identity.LoadTree(r)
	if err != nil {
		return nil, err
	}
	for _, g := range derived {
		if g.Territory.IsZero() || g.Territory == h.grid && g.Origin != identity.FromTeam {
			continue
		}
		for _, door := range h.doors {
			rec, err := h.service.realm.Record(r, door)
			if err != nil {
				return nil, err
			}
			if rec == nil {
				continue
			}
			at, err := territoryShown(rec)
			if err != nil {
				return nil, err
			}
			if tree.Covers(g.Territory, at) {
				codes = append(codes, codeOf(tree, g.Territory))
				break
			}
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

func (h *handover) planPhones(r store.Reader, out *adminv1.HandoverPlan) error {
	for _, user := range h.from {
		devices, err := identity.DevicesOfUser(r, user)
		if err != nil {
			return err
		}
		for _, d := range devices {
			if d.State != identity.DeviceActive {
				continue
			}
			at, err := identity.GetContact(r, d.Incarnation)
			if err != nil {
				return err
			}
			out.Phones = append(out.Phones, &adminv1.HandoverPhone{
				DeviceId: wire.BytesOf(d.Incarnation), UserId: wire.BytesOf(user), Name: d.Name, LastContactMs: int64(at.LastContact),
				Pending: at.Pending, OldestPendingMs: int64(at.OldestPending),
			})
			out.PendingChanges += at.Pending
		}
	}
	return nil
}

// planRecords counts what goes with the doors; what follows several of them counts once.
func (h *handover) planRecords(r store.Reader, out *adminv1.HandoverPlan) error {
	seen, counts := map[syncengine.ID]bool{}, map[syncengine.KindNumber]uint64{kindPremises: uint64(len(h.doors))}
	for _, door := range h.doors {
		err := h.service.realm.Following(r, door, func(rec *syncengine.Record) error {
			if seen[rec.ID] || rec.Dead() {
				return nil
			}
			seen[rec.ID] = true
			counts[rec.Kind]++
			read, err := h.message(rec)
			switch m := read.(type) {
			case *recordv1.Task:
				out.OpenTasks += one(taskOpen(m))
			case *recordv1.Dispute:
				out.OpenCases += one(disputeOpen(m))
			case *recordv1.Hazard:
				out.OpenCases += one(hazardOpen(m))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, k := range h.service.realm.Schema().Kinds {
		if n := counts[k.Number]; n > 0 {
			out.Records = append(out.Records, &adminv1.KindCount{Kind: k.Name, Count: n})
		}
	}
	return nil
}

func one(yes bool) uint32 {
	if yes {
		return 1
	}
	return 0
}
