package model

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// screenKey tells what a record looked like when it was last found right, so
// that what has not changed is not compared again.
type screenKey struct {
	state   *record
	classes schema.Classes
	// top is the newest own row laid over it.
	top *row
}

// checkPhone compares everything a phone shows with the prediction.
func (m *Model) checkPhone(p PhoneID, s Screen) {
	ph, f := m.phones[p], m.at(p, syncengine.ID{})
	status, err := s.Status()
	if !f.want(err == nil, I8, "its status cannot be read: %v", err) {
		return
	}
	f.want(s.Self().Incarnation == ph.incarnation.String(), I18, "it calls itself %s, its name is %s", s.Self().Incarnation, ph.incarnation)
	at := syncengine.Coordinate{Epoch: syncengine.Epoch(status.Epoch), Seq: syncengine.Seq(status.Seq)}
	f.want(at == ph.at, I6, "its checkpoint is %s, the last reply it took with caught_up stands at %s", at, ph.at)
	f.want(m.mayWait(ph, status.Pending), I2, "%d changes wait to be sent, it has %d undecided", status.Pending, ph.end()-ph.mark)
	held := m.heldBy(ph)
	digest := m.digestOf(ph, held)
	// While it moves to other keys, a phone sums what it will keep of its base.
	f.want(status.Digest == digest || ph.moving, I6, "the digest of its base is %.12s, of the log up to its checkpoint through its grants %.12s", status.Digest, digest)
	m.checkShown(ph, s, held)
	m.checkOpen(ph, s, held)
	m.checkQuarantined(ph, s)
}

// mayWait reports that a phone may have so many changes to send: those that are not decided, one more while it compares
// the last one, and none of those that it has said to have no more, or has no more and is yet to say so: two backups held them.
func (m *Model) mayWait(ph *phone, pending int) bool {
	undecided := int(ph.end() - ph.mark)
	if pending == undecided || ph.comparing && pending == undecided+1 || m.letGo(ph, undecided-pending) {
		return true
	}
	return slices.ContainsFunc(m.calls, func(c *call) bool {
		absent := syncengine.DeviceSeq(c.body.GetAbsent().GetTo())
		return absent > ph.mark && c.incarnation() == ph.incarnation && pending == int(ph.end()-absent)
	})
}

// letGo reports that the next so many changes that are not decided stand in the phone's journal no more, as it is read, and need not.
func (m *Model) letGo(ph *phone, n int) bool {
	if n <= 0 || ph.first != ph.mark+syncengine.DeviceSeq(n)+1 {
		return false
	}
	for seq := ph.mark + 1; seq < ph.first; seq++ {
		if !m.mayLack(syncengine.Dot{Incarnation: ph.incarnation, Seq: seq}) {
			return false
		}
	}
	return true
}

// heldRecord is a record as a phone should show it.
type heldRecord struct {
	// base is nil where the phone's base does not hold it.
	base    *record
	classes schema.Classes
	// over are the own rows that lie over it, in device order.
	over []*row
}

// heldBy predicts the records of a phone: the log up to its checkpoint through
// its grants there, and what it wrote over and beside that.
func (m *Model) heldBy(ph *phone) map[syncengine.ID]*heldRecord {
	out := map[syncengine.ID]*heldRecord{}
	if ph.checkpoint.branch != nil {
		for id := range ph.checkpoint.branch.records {
			if rec, classes := m.baseOf(ph, id); rec != nil {
				out[id] = &heldRecord{base: rec, classes: classes}
			}
		}
	}
	for _, r := range ph.rows[ph.settled:] {
		if _, set := ph.quarantined[r.seq]; set || ph.sealed[r.seq] || m.goneFrom(ph, r) {
			continue
		}
		h := out[r.change.RecordID]
		if h == nil {
			h = &heldRecord{}
			out[r.change.RecordID] = h
		}
		h.over = append(h.over, r)
	}
	return out
}

// cutFor gives what a phone is shown of its base. What is open there is by the history
// that its base is of: the one in force now may not know that history's epochs.
func (m *Model) cutFor(ph *phone, h *heldRecord) *cutRecord {
	now := m.now
	m.now = ph.checkpoint.branch
	defer func() { m.now = now }()
	return m.cut(h.base, h.classes)
}

// digestOf predicts the digest over a phone's base.
func (m *Model) digestOf(ph *phone, held map[syncengine.ID]*heldRecord) string {
	all := sums{}
	for _, h := range held {
		if h.base == nil {
			continue
		}
		cut := m.cutFor(ph, h)
		for _, key := range h.base.keys() {
			if m.over(ph.view, key) != 0 {
				all.add(key, h.base, cut, ph.schema)
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(all), func(a, b sumKey) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.class, b.class)) })
	hash := sha256.New()
	for _, k := range keys {
		if all[k] == 0 {
			continue
		}
		hash.Write([]byte(k.key))
		hash.Write(binary.BigEndian.AppendUint32(nil, k.class))
		hash.Write(binary.BigEndian.AppendUint64(nil, all[k]))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// checkShown compares the lists of all kinds with the prediction.
func (m *Model) checkShown(ph *phone, s Screen, held map[syncengine.ID]*heldRecord) {
	missing := maps.Clone(held)
	for _, kind := range ph.schema.Kinds {
		list, err := s.List(client.Query{Kind: kind.Name, Deleted: true})
		if !m.at(ph.id, syncengine.ID{}).want(err == nil, I8, "its %s records cannot be listed: %v", kind.Name, err) {
			return
		}
		for _, rec := range list {
			h := held[rec.ID]
			if !m.at(ph.id, rec.ID).want(h != nil, I10, "the phone shows a %s that it may not hold", kind.Name) {
				continue
			}
			delete(missing, rec.ID)
			m.checkRecord(ph, rec, kind, h)
		}
	}
	for id, h := range missing {
		if len(h.over) > 0 {
			m.at(ph.id, id).want(false, I8, "its author does not see the record that row %d wrote", h.over[0].seq)
		} else if _, known := ph.schema.Kind(h.base.kind.Number); known {
			m.at(ph.id, id).want(false, I4, "the phone lacks it, at seq %d", h.base.seq)
		}
	}
}

// checkRecord compares one record as it is shown.
func (m *Model) checkRecord(ph *phone, rec *client.Record, kind *schema.Kind, h *heldRecord) {
	now := screenKey{state: h.base, classes: h.classes}
	if len(h.over) > 0 {
		now.top = h.over[len(h.over)-1]
	}
	if ph.checked[rec.ID] == now {
		m.counts[I8]++
		return
	}
	want := m.shownOf(ph, h)
	i, what := I4, "the log through its grants"
	if len(h.over) > 0 {
		i, what = I8, "its base with its own edits over it"
	}
	f := m.at(ph.id, rec.ID)
	dead := want[syncengine.CellKey{Field: syncengine.LifeField}]
	f.want(rec.Deleted == (dead != nil && isDead(dead)), i, "it is shown as deleted %v, unlike %s", rec.Deleted, what)
	shown, err := rec.Message()
	if !f.want(err == nil, i, "it cannot be read: %v", err) {
		return
	}
	same := f.want(sameMessage(kind, shown, want), i, "it is shown otherwise than %s has it", what)
	if same {
		ph.checked[rec.ID] = now
	}
}

// shownOf lays own rows over what base shows.
func (m *Model) shownOf(ph *phone, h *heldRecord) map[syncengine.CellKey]*write {
	out := map[syncengine.CellKey]*write{}
	if h.base != nil {
		for _, c := range m.cutFor(ph, h).cells {
			out[c.key] = c.set[0].write
		}
	}
	for _, r := range h.over {
		for _, c := range m.cellsLeft(ph, r) {
			out[c.Key] = &write{key: c.Key, data: c.Data, cleared: c.Cleared}
		}
	}
	return out
}

// sameMessage compares a message with cells, as protobuf reads them.
func sameMessage(kind *schema.Kind, shown proto.Message, cells map[syncengine.CellKey]*write) bool {
	var fields []byte
	for _, key := range slices.SortedFunc(maps.Keys(cells), syncengine.CellKey.Compare) {
		if key.Field != syncengine.LifeField {
			fields = append(fields, cells[key].data...)
		}
	}
	want := kind.Type.New().Interface()
	if err := proto.Unmarshal(fields, want); err != nil {
		return false
	}
	a, errA := proto.MarshalOptions{Deterministic: true}.Marshal(want)
	b, errB := proto.MarshalOptions{Deterministic: true}.Marshal(shown)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// checkOpen compares what a phone lists as open with the prediction, for records
// over which it has written nothing.
func (m *Model) checkOpen(ph *phone, s Screen, held map[syncengine.ID]*heldRecord) {
	list, err := s.Conflicts()
	if !m.at(ph.id, syncengine.ID{}).want(err == nil, I3, "its conflicts cannot be listed: %v", err) {
		return
	}
	listed := map[string]*client.Conflict{}
	for _, c := range list {
		listed[syncengine.ConflictID(idOf(c.ID)).String()] = c
	}
	for id, h := range held {
		if h.base == nil || len(h.over) > 0 {
			continue
		}
		if _, ok := ph.schema.Kind(h.base.kind.Number); !ok {
			continue
		}
		cut := m.cutFor(ph, h)
		known, _ := ph.schema.Kind(h.base.kind.Number)
		for key, kind := range cut.open {
			name := syncengine.ConflictIDOf(id, key).String()
			if _, ok := classOf(known, key.Field); !ok {
				// Open it is; a phone that does not know the field may list it by its number.
				delete(listed, name)
				continue
			}
			got, ok := listed[name]
			f := m.at(ph.id, id)
			if f.want(ok, I3, "what is open at field %d is not listed", key.Field) {
				f.want(got.Kind == kindNames[kind], I4, "field %d is listed as %s, it is %s", key.Field, got.Kind, kindNames[kind])
				f.want(sameChoices(got, h.base.find(key), kind, ph.checkpoint), I3, "the values to choose from in field %d are not those of the log", key.Field)
			}
			delete(listed, name)
		}
	}
	for _, c := range listed {
		id := idOf(c.RecordID)
		if h := held[id]; h != nil && len(h.over) == 0 {
			m.at(ph.id, id).want(false, I4, "field %s is listed as open and is not", c.Field)
		}
	}
}

var kindNames = map[syncengine.ConflictKind]string{
	syncengine.Contested: "conflict", syncengine.KeptOpen: "kept", syncengine.DeleteEdit: "delete_edit",
}

// sameChoices compares the values that a conflict offers by the entries that
// brought them.
func sameChoices(c *client.Conflict, cell *cell, kind syncengine.ConflictKind, at place) bool {
	var want []value
	if kind == syncengine.DeleteEdit {
		want = append(want, cell.set[0])
	}
	for _, v := range slices.Concat(cell.set[1:], cell.kept) {
		if !v.same(cell.set[0].write) {
			want = append(want, v)
		}
	}
	return slices.EqualFunc(c.Others, want, func(told client.Value, v value) bool {
		return told.Seq == uint64(v.seqIn(at))
	})
}

// checkQuarantined compares what a phone lists as quarantined.
func (m *Model) checkQuarantined(ph *phone, s Screen) {
	list, err := s.Quarantined()
	f := m.at(ph.id, syncengine.ID{})
	if !f.want(err == nil, I16, "its quarantined changes cannot be listed: %v", err) {
		return
	}
	got := map[syncengine.DeviceSeq]string{}
	for _, q := range list {
		got[syncengine.DeviceSeq(q.DeviceSeq)] = q.State
	}
	f.want(maps.Equal(got, ph.quarantined), I16, "it lists %v as quarantined, it was told of %v", got, ph.quarantined)
}

// idOf reads an id in UUID text.
func idOf(text string) (id syncengine.ID) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err == nil && len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}
