package client

import (
	"fmt"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// DoorPair is two doors that may be entered twice.
type DoorPair struct {
	// Door and Other are their ids, the older first; with their addresses.
	Door, Other               syncengine.ID
	DoorAddress, OtherAddress string
	// Rule is the rule's stable name, Reason says it.
	Rule   string
	Reason Sentence
}

// Duplicates lists the doors that may be entered twice, by what their records say. A person looks, and merges them with
// [Replica.MergeDoor] or leaves them.
func (r *Replica) Duplicates() (out []DoorPair, err error) {
	err = r.overDoors(func(doors *doorRegister) error {
		for _, d := range domain.Duplicates(doors.visited) {
			out = append(out, DoorPair{
				Door: syncengine.ID(d.Door), Other: syncengine.ID(d.Other), DoorAddress: doors.address[d.Door], OtherAddress: doors.address[d.Other],
				Rule: d.Rule, Reason: Sentence{ZH: d.ZH, EN: d.EN},
			})
		}
		return nil
	})
	return out, err
}

// DuplicatesObject gives pairs as {"duplicates": [{"id", "address", "other_id", "other_address", "rule", "reason"}]}.
func DuplicatesObject(pairs []DoorPair, lang Language) recordjson.Object {
	list := make([]recordjson.Object, len(pairs))
	for i := range pairs {
		p := &pairs[i]
		list[i] = recordjson.Object{}.With(recordjson.NameID, p.Door.String()).With("address", p.DoorAddress).
			With("other_id", p.Other.String()).With("other_address", p.OtherAddress).
			With("rule", p.Rule).With("reason", p.Reason.In(lang))
	}
	return recordjson.Object{}.With("duplicates", list)
}

// MergeDoor says that a door is the same as another one, which stands for both from then on: the merged one leaves the plan,
// its address becomes an alias of the other, and its visits, hazards and tasks, and those that come late, count for the
// other. Both records stay, so that UnmergeDoor takes it back.
func (r *Replica) MergeDoor(door, into syncengine.ID) error {
	var merged, standing *recordv1.Premises
	err := r.overDoors(func(doors *doorRegister) error {
		complaints := domain.CheckMerge(domain.ID(door), domain.ID(into), doors.into, func(id domain.ID) bool { _, ok := doors.address[id]; return ok })
		if len(complaints) > 0 {
			return &Refusal{Complaints: complaints}
		}
		return nil
	})
	if err == nil {
		merged, err = r.premises(door)
	}
	if err == nil {
		standing, err = r.premises(into)
	}
	if err != nil {
		return err
	}
	return r.Group(func(g *Group) error {
		if aliases := aliasesWith(standing, merged); len(aliases) > len(standing.GetAliases()) {
			if err := g.Edit(into, &recordv1.Premises{Aliases: aliases}); err != nil {
				return err
			}
		}
		return g.Edit(door, &recordv1.Premises{
			Status: recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO.Enum(), MergedInto: into[:],
		})
	})
}

// aliasesMax is the greatest number of aliases of a door.
const aliasesMax = 20

// aliasesWith gives the aliases of a door with the address of another, where that says something new and there is room.
func aliasesWith(standing, merged *recordv1.Premises) []string {
	out := append([]string(nil), standing.GetAliases()...)
	known := map[string]bool{domain.NormalText(standing.GetAddress()): true, "": true}
	for _, alias := range out {
		known[domain.NormalText(alias)] = true
	}
	for _, text := range append([]string{merged.GetAddress()}, merged.GetAliases()...) {
		if !known[domain.NormalText(text)] && len(out) < aliasesMax {
			known[domain.NormalText(text)] = true
			out = append(out, text)
		}
	}
	return out
}

// UnmergeDoor takes back that a door is the same as another one.
func (r *Replica) UnmergeDoor(door syncengine.ID) error {
	p, err := r.premises(door)
	if err != nil {
		return err
	}
	if p.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO {
		return refuse("status", "premises.not_merged", "这一户没有并入别户。", "the door is not merged")
	}
	return r.Edit(door, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()}, "merged_into")
}

func (r *Replica) premises(id syncengine.ID) (*recordv1.Premises, error) {
	record, err := r.Get(id)
	if err != nil {
		return nil, err
	}
	m := &recordv1.Premises{}
	return m, record.Read(m)
}

// doorRegister is the doors of a phone as duplicates are looked for.
type doorRegister struct {
	visited []domain.DoorEntry
	address map[domain.ID]string
	// into names the door that stands for a merged one.
	into map[domain.ID]domain.ID
}

// overDoors reads the register of doors that are visited.
func (r *Replica) overDoors(f func(*doorRegister) error) error {
	return r.readingTurns(func(tx *localdb.Tx, s *state) error {
		doors := &doorRegister{address: map[domain.ID]string{}, into: map[domain.ID]domain.ID{}}
		for turn, err := range r.doorTurns(tx, s) {
			if err == nil {
				err = doors.add(&turn)
			}
			if err != nil {
				return err
			}
		}
		return f(doors)
	})
}

func (d *doorRegister) add(turn *localdb.DoorTurn) error {
	var f doorFacts
	if err := f.decode(turn.Facts); err != nil {
		return fmt.Errorf("door %s: %w", turn.ID, err)
	}
	if !f.into.IsZero() {
		d.into[domain.ID(turn.ID)] = domain.ID(f.into)
		return nil
	}
	d.address[domain.ID(turn.ID)] = f.address
	d.visited = append(d.visited, domain.DoorEntry{
		ID: domain.ID(turn.ID), Parent: domain.ID(f.parent), Territory: domain.ID(f.territory), Kind: f.kind, Key: f.key,
		Address: f.address, Aliases: f.aliases,
	})
	return nil
}
