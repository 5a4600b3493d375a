package model

import (
	"bytes"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// wantPage holds a page against what its phone may read, and its place against the log.
func (m *Model) wantPage(c *call, reply *syncv1.ExchangeResponse) {
	f, at := m.at(0, syncengine.ID{}), coordinate(reply.GetPosition())
	user, known := m.userOf(c.incarnation())
	f.want(known && !m.people.revoked[c.incarnation()], I10, "a page for %s, which is revoked or of nobody", c.incarnation())
	c.view, c.position = m.rightsOf(user, c.incarnation(), 0), m.here(at.Seq)
	m.wantNoSecret(c, reply)
	m.wantSameHistory(c, at)
	f.want(at.Epoch == m.now.history.Epoch && at.Seq <= m.now.head(), I6, "the page stands at %s, the log's end is %d/%d", at, m.now.history.Epoch, m.now.head())
	f.want(!reply.GetCaughtUp() || at.Seq == m.now.head(), I6, "caught up at %s, the log's end is %d", at, m.now.head())
	m.noteServed(reply, c.position)
	m.wantView(c, reply.GetView())
	for _, rec := range reply.GetPage().GetRecords() {
		m.wantRecord(c, reply.GetPage(), rec)
	}
	for _, d := range reply.GetPage().GetDecisions() {
		m.wantDecision(c, d)
	}
}

// wantSameHistory wants no phone to be told that it goes on in a history which is
// not the one its cursor stands in.
func (m *Model) wantSameHistory(c *call, at syncengine.Coordinate) {
	for _, from := range m.cursorsOf(c) {
		if from.isZero() {
			continue
		}
		if _, ok := m.inForce(from); !ok {
			m.at(0, syncengine.ID{}).want(at.Epoch > from.epoch, I20,
				"a page of epoch %d for a phone at seq %d of a history that is no more", at.Epoch, from.seq)
		}
	}
}

// wantView wants the keys that a phone is told to be those of its grants.
func (m *Model) wantView(c *call, v *syncv1.View) {
	for _, k := range v.GetKeys() {
		roles := m.over(&c.view, syncengine.ScopeKey(k.GetKey()))
		m.at(0, syncengine.ID{}).want(roles != 0 && roles == schema.RolesOf(k.GetRoles()...), I10, "key %x is given with roles %v", k.GetKey(), k.GetRoles())
	}
}

// wantRecord wants a record of a page to be one that its phone may read, with
// what it may read of it and nothing else.
func (m *Model) wantRecord(c *call, page *syncv1.Page, told *syncv1.PageRecord) {
	id := syncengine.ID(told.GetId())
	f, rec := m.at(0, id), m.now.record(id)
	if !f.want(rec != nil && rec.seq == syncengine.Seq(told.GetSeq()), I4, "a page has it at seq %d, the log at %d", told.GetSeq(), seqOf(rec)) {
		return
	}
	roles := m.overNow(&c.view, rec)
	classes := m.schema.Access.ReadClasses(rec.kind.Number, roles)
	if !f.want(classes != 0, I10, "it is sent to %s, whose grants do not cover it", c.incarnation()) {
		return
	}
	cut := m.cut(rec, classes)
	f.want(string(told.GetFields()) == string(cut.fields) && told.GetDead() == (rec.deletion() != nil), I4,
		"it is sent otherwise than the log has it for roles %b", roles)
	for _, c := range rec.cells {
		if data := c.set[0].data; !classes.Has(c.set[0].class) && len(data) >= valueBytesMin {
			f.want(!bytes.Contains(told.GetFields(), data), I10, "field %d is sent to roles %b, who may not read it", c.key.Field, roles)
		}
	}
	for _, d := range told.GetCells() {
		m.wantDetail(f, cut, d)
	}
	for _, k := range told.GetKeys() {
		f.want(m.over(&c.view, syncengine.ScopeKey(page.GetKeys()[k])) != 0, I10, "it is sent under a key that its phone does not hold")
	}
}

// wantDetail holds what a page says of one cell against the prediction.
func (m *Model) wantDetail(f finding, cut *cutRecord, d *syncv1.CellDetail) {
	key := syncengine.CellKey{Field: syncengine.FieldNumber(d.GetField()), Key: string(d.GetKey())}
	i := slices.IndexFunc(cut.cells, func(c *cell) bool { return c.key == key })
	if !f.want(i >= 0, I10, "field %d is told to somebody who may not read it", key.Field) {
		return
	}
	c := cut.cells[i]
	f.want(d.GetConflict() == syncv1.ConflictKind(cut.open[key]), I4, "what is open at field %d is told as %s", key.Field, d.GetConflict())
	var others []value
	if len(c.set) > 1 {
		others = c.set[1:]
	}
	f.want(sameValues(d.GetOthers(), others), I4, "%d other values of field %d are told, there are %d", len(d.GetOthers()), key.Field, len(others))
	f.want(sameValues(d.GetKept(), c.kept), I3, "%d kept values of field %d are told, there are %d", len(d.GetKept()), key.Field, len(c.kept))
}

func sameValues(told []*syncv1.OtherValue, want []value) bool {
	return slices.EqualFunc(told, want, func(o *syncv1.OtherValue, v value) bool {
		return o.GetCleared() == v.cleared && string(o.GetValue()) == string(v.data)
	})
}

// wantDecision wants an author to be told of the own quarantined changes only,
// and what became of them.
func (m *Model) wantDecision(c *call, told *syncv1.Decision) {
	dot := syncengine.Dot{Incarnation: c.incarnation(), Seq: syncengine.DeviceSeq(told.GetDeviceSeq())}
	d := m.now.decided[dot]
	m.at(0, syncengine.ID{}).want(d != nil && d.last.Ref == d.entry.Seq && syncengine.Seq(told.GetSeq()) == d.last.Seq &&
		told.GetReleased() == (d.last.Type == entryReleased), I16, "what became of change %s is told wrongly", named(dot))
}

func coordinate(c *syncv1.Coordinate) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(c.GetEpoch()), Seq: syncengine.Seq(c.GetSeq())}
}
