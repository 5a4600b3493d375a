package sim

import (
	"bytes"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/internal/schema"
	"onedoor/internal/sim/disk"
	"onedoor/syncengine"
)

// Software of two versions meets: some phones, and the server, do not know a field yet. And the server's may have a fault,
// which one change in a thousand meets.

// software is what versions there are in a run.
type software struct {
	// older lacks a field that newer has; the same where all know the same.
	older, newer *schema.Schema
	// patient has newer servers go by the older schema until all of them are newer; else the first one shuts the others out.
	patient bool
	// kind and field name it.
	kind, field string
}

// latecomers are the fields that older software may lack.
var latecomers = []struct{ kind, field string }{
	{"premises", "rooms"}, {"premises", "grade"}, {"visit", "note"}, {"visit", "checklist"}, {"visit", "contributions"},
	{"hazard", "severity_found"}, {"dispute", "result"}, {"dispute", "participants"}, {"dispute", "agreement_text"},
}

func (w *world) newSoftware() software {
	s := software{older: schema.Load(), newer: schema.Load()}
	if w.weather.often[SchemaSkew] > 0 {
		w.strike(SchemaSkew)
		late := pick(diceFor(w.c.Seed, "schema", 0), latecomers)
		s.kind, s.field, s.newer = late.kind, late.field, schema.Load().Introducing(late.kind, late.field)
		s.older = s.newer.At(s.newer.Engine.Version - 1)
		s.patient = diceFor(w.c.Seed, "patient", 0).oneIn(2)
	}
	return s
}

// versionOf draws the software of a new phone.
func (s *software) versionOf(d dice) *schema.Schema {
	if d.oneIn(2) {
		return s.older
	}
	return s.newer
}

// firstOf gives the software that a server begins with: patient ones are found in the middle of an upgrade, with one older left.
func (s *software) firstOf(server int) *schema.Schema {
	if s.patient && server > 0 {
		return s.newer
	}
	return s.older
}

// upgradeServer gives the server the newer software.
func (w *world) upgradeServer(dice) {
	switch {
	case w.server.down:
	case len(w.server.peers) > 1:
		w.upgradeOne()
	case w.server.schema != w.software.newer:
		w.server.stop()
		w.upgradeAll()
	}
}

// upgradeAll gives every server the newer software and starts them.
func (w *world) upgradeAll() {
	w.server.schema = w.software.newer
	for i := range w.server.peers {
		w.server.peers[i].schema = w.software.newer
	}
	w.model.ServerSchema(w.server.schema)
	w.server.goOn("is upgraded")
}

// upgradePhone gives a phone the newer app.
func (w *world) upgradePhone(d dice) { w.somePhone(d).upgrade() }

func (p *phone) upgrade() {
	if !p.on() || p.schema == p.w.software.newer {
		return
	}
	p.disk.PowerOff(disk.Nothing, nil)
	p.schema = p.w.software.newer
	p.w.model.PhoneSchema(p.id, p.schema)
	p.died("is upgraded")
}

// known takes out of an edit what the phone's app does not know. It reports whether anything is left.
func (p *phone) known(e *edit) bool {
	if e.message == nil || p.schema == p.w.software.newer || e.kind().Name != p.w.software.kind {
		return true
	}
	m := e.message.ProtoReflect()
	m.Clear(m.Descriptor().Fields().ByName(protoreflect.Name(p.w.software.field)))
	e.cleared = without(e.cleared, p.w.software.field)
	if e.field == p.w.software.field {
		e.field, e.elements = "", nil
	}
	return proto.Size(e.message) > 0 || len(e.cleared)+len(e.elements) > 0
}

func without(list []string, name string) (out []string) {
	for _, one := range list {
		if one != name {
			out = append(out, one)
		}
	}
	return out
}

// poison is a door that the faulty engine cannot stand: placing a record under it panics.
var poison = syncengine.ID{0x01, 0x9e, 0xde, 0xad, 0x00, 0x00, 0x7d, 0xea, 0x80, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde}

// faulty is a schema by which the server panics on a change that names the poison.
func faulty(s *schema.Schema) *schema.Schema {
	return s.WithField("visit", "premises_ids", func(f *syncengine.Field) {
		ids := f.IDs
		f.IDs = func(data []byte) []syncengine.ID {
			if bytes.Contains(data, poison[:]) {
				panic("sim: the poisoned change")
			}
			return ids(data)
		}
	})
}

// writePoison has a phone write a visit to the door that the server cannot stand.
func (w *world) writePoison(d dice) {
	p := w.somePhone(d)
	if !p.on() || p.barred() {
		return
	}
	w.strike(Poison)
	if visit, ok := p.seen(d, "visit"); ok && d.oneIn(2) {
		p.insist(d, visit)
		return
	}
	p.addVisitAt(d, poison)
}
