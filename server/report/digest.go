package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"onedoor/domain"
	"onedoor/syncengine"
)

// digest is the hash of all that is counted: two projections of one log give the same, whatever order they took records in.
func (p *projection) digest() []byte {
	d := &digesting{h: sha256.New(), p: p}
	doors := slices.Clone(p.doors)
	slices.SortFunc(doors, func(a, b *door) int { return compareIDs(a.id, b.id) })
	for _, at := range doors {
		if at.known || len(at.Calls) > 0 {
			d.door(at)
		}
	}
	for _, id := range sortedIDs(p.patrols) {
		if at := p.patrols[id]; len(at.Calls) > 0 {
			d.door(at)
		}
	}
	for _, id := range sortedIDs(p.checks) {
		d.check(id, p.checks[id])
	}
	for _, id := range sortedIDs(p.hazards.at) {
		h, _ := p.hazards.find(id)
		d.record(id, h.record, int64(h.stamps.State))
		d.ids(h.door.id)
	}
	for _, id := range sortedIDs(p.disputes.at) {
		c, _ := p.disputes.find(id)
		d.record(id, c.record, int64(c.stamps.State))
		d.ids(p.grounds[c.ground])
		if c.door != nil {
			d.ids(c.door.id)
		}
	}
	d.checked()
	d.timelines()
	d.devices()
	return d.h.Sum(nil)
}

func compareIDs(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) }

func sortedIDs[V any](m map[syncengine.ID]V) []syncengine.ID {
	return slices.SortedFunc(maps.Keys(m), compareIDs)
}

// digesting writes a projection into a hash.
type digesting struct {
	h hash.Hash
	p *projection
	b []byte
}

func (d *digesting) numbers(list ...int64) {
	d.b = d.b[:0]
	for _, n := range list {
		d.b = binary.BigEndian.AppendUint64(d.b, uint64(n))
	}
	d.h.Write(d.b)
}

func (d *digesting) ids(list ...syncengine.ID) {
	for _, id := range list {
		d.h.Write(id[:])
	}
}

func (d *digesting) door(at *door) {
	d.ids(at.id, d.p.grounds[at.ground], at.into)
	d.numbers(one(at.known), int64(at.Class), int64(at.grade), one(at.Officer), int64(at.Registered), int64(at.Ended), int64(len(at.Calls)))
	for i := range at.Calls {
		c, rest := at.Calls[i], at.tails[i]
		d.numbers(int64(rest.visit), int64(c.Day), int64(rest.lag), int64(c.Outcome))
		d.people(d.p.crews[rest.crew])
	}
}

func (d *digesting) people(list []domain.ID) {
	d.numbers(int64(len(list)))
	for _, id := range list {
		d.h.Write(id[:])
	}
}

func (d *digesting) check(id syncengine.ID, c *check) {
	d.ids(id, syncengine.ID(c.of))
	d.numbers(int64(c.day), int64(c.result))
	d.people(c.doors)
	d.people(c.crew)
}

// checked writes at which doors checked visits called, in no order of theirs.
func (d *digesting) checked() {
	for _, number := range slices.Sorted(maps.Keys(d.p.checked)) {
		of := d.p.checked[number]
		ids := make([]syncengine.ID, len(of.doors))
		for i, at := range of.doors {
			ids[i] = at.id
		}
		slices.SortFunc(ids, compareIDs)
		d.numbers(int64(number), int64(of.checks), int64(len(ids)))
		d.ids(ids...)
	}
}

func (d *digesting) record(id syncengine.ID, m proto.Message, state int64) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic("a record that was decoded is encoded: " + err.Error())
	}
	d.ids(id)
	d.numbers(state, int64(len(b)))
	d.h.Write(b)
}

func (d *digesting) timelines() {
	for _, id := range sortedIDs(d.p.caseOf) {
		d.record(id, d.p.events[d.p.caseOf[id]][id], 0)
		d.ids(d.p.caseOf[id])
	}
}

func (d *digesting) devices() {
	for _, id := range sortedIDs(d.p.devices) {
		d.ids(id)
		for _, day := range slices.Sorted(maps.Keys(d.p.devices[id])) {
			s := d.p.devices[id][day]
			d.numbers(int64(day), s.changes, s.suspect)
		}
	}
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
