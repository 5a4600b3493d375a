package model

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// keysOf predicts the scope keys of a record as it stands now: it goes where what
// it follows is; while that is not all known, and where it follows nothing, its
// own territory, or else its authors' devices, keep a sight of it.
func (m *Model) keysOf(rec *record) []syncengine.ScopeKey {
	if rec.kind.ServerOnly {
		return []syncengine.ScopeKey{syncengine.RealmKey}
	}
	if m.underSeal(rec) {
		return m.sealedKeys(rec)
	}
	_, keys := ownMarks(rec)
	var territory syncengine.ID
	follows, known := 0, 0
	for _, c := range rec.cells {
		f, ok := rec.kind.Field(c.key.Field)
		if !ok || len(c.set) == 0 || c.set[0].cleared {
			continue
		}
		for _, id := range idsIn(c.set[0].data) {
			switch f.Engine.Scope {
			case syncengine.ScopeTerritory:
				territory = id
			case syncengine.ScopeUser:
				keys = append(keys, syncengine.UserKey(id))
			case syncengine.ScopeParent:
				follows++
				keys = append(keys, syncengine.RecordKey(id))
				if parent := m.now.record(id); parent != nil {
					known++
					keys = append(keys, parent.keys()...)
				}
			}
		}
	}
	if follows == 0 || known < follows {
		keys = append(keys, ownSight(rec, territory)...)
	}
	if rec.kind.Engine.Anchor {
		keys = append(keys, syncengine.RecordKey(rec.id))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func ownSight(rec *record, territory syncengine.ID) (keys []syncengine.ScopeKey) {
	if !territory.IsZero() {
		return []syncengine.ScopeKey{syncengine.TerritoryKey(territory)}
	}
	if life := rec.find(syncengine.CellKey{Field: syncengine.LifeField}); life != nil {
		for _, v := range life.set {
			keys = append(keys, syncengine.DeviceKey(v.by.dot.Incarnation))
		}
	}
	return keys
}

// idsIn reads the 16-byte ids of an encoded field, tags included.
func idsIn(data []byte) (out []syncengine.ID) {
	for len(data) > 0 {
		_, typ, n := protowire.ConsumeTag(data)
		if n < 0 || typ != protowire.BytesType {
			return out
		}
		b, size := protowire.ConsumeBytes(data[n:])
		if size < 0 {
			return out
		}
		if id, ok := syncengine.IDFromBytes(b); ok {
			out = append(out, id)
		}
		data = data[n+size:]
	}
	return out
}

// parentsOf lists what a record names as what it follows.
func parentsOf(rec *record) (out []syncengine.ID) {
	for _, c := range rec.cells {
		if f, ok := rec.kind.Field(c.key.Field); ok && f.Engine.Scope == syncengine.ScopeParent && len(c.set) > 0 && !c.set[0].cleared {
			out = append(out, idsIn(c.set[0].data)...)
		}
	}
	return out
}

// moveTo ends and begins a record's stays so that it is in exactly keys from seq on.
func (r *record) moveTo(keys []syncengine.ScopeKey, seq syncengine.Seq) {
	for i, s := range r.stays {
		if s.left == 0 && !slices.Contains(keys, s.key) {
			r.stays[i].left = seq
		}
	}
	for _, key := range keys {
		if !slices.ContainsFunc(r.stays, func(s stay) bool { return s.key == key && s.left == 0 }) {
			r.stays = append(r.stays, stay{key: key, entered: seq})
		}
	}
}

// settlePlaces wants everything that the commit could have moved to be where it
// belongs: what follows a moved door moves with it.
func (m *Model) settlePlaces() {
	seen := map[syncengine.ID]bool{}
	var visit func(id syncengine.ID)
	visit = func(id syncengine.ID) {
		if seen[id] {
			return
		}
		seen[id] = true
		if rec := m.now.record(id); rec != nil {
			want := m.keysOf(rec)
			m.at(0, id).want(slices.Equal(rec.keys(), want), I10, "it stands under %d scope keys, what it follows gives %d others", len(rec.keys()), len(want))
		}
		for _, follower := range m.now.followers[id] {
			visit(follower)
		}
	}
	for id := range m.step.touched {
		visit(id)
	}
}

// valueOf gives an encoded field without its tag and length.
func valueOf(data []byte) []byte {
	_, typ, n := protowire.ConsumeTag(data)
	if n < 0 || typ != protowire.BytesType {
		return nil
	}
	b, _ := protowire.ConsumeBytes(data[n:])
	return b
}

// outOfSight reports that a record follows one that is there and that its
// author's phone may not read, is under a seal, or is kept from its author: the
// phone could not tell where the record stands.
func (m *Model) outOfSight(rec *record, ch *change) bool {
	view := m.rightsOf(ch.row.user, ch.dot.Incarnation, 0)
	if slices.Contains(rec.keys(), sealed) || recusedBy(&view, rec, func(s stay) bool { return s.left == 0 }) {
		return true
	}
	return slices.ContainsFunc(parentsOf(rec), func(id syncengine.ID) bool {
		parent := m.now.record(id)
		return parent != nil && m.schema.Access.ReadClasses(parent.kind.Number, m.overNow(&view, parent)) == 0
	})
}

// entered reports that its author's phone may read more of a record than before: it
// cannot fold a change into what it was never sent.
func (m *Model) entered(before, after *record, ch *change) bool {
	if before == nil {
		return false
	}
	view := m.rightsOf(ch.row.user, ch.dot.Incarnation, 0)
	reads := func(r *record) schema.Classes { return m.schema.Access.ReadClasses(r.kind.Number, m.overNow(&view, r)) }
	return reads(after)&^reads(before) != 0
}
