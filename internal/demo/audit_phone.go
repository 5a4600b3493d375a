package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// auditPhone wants a phone to show what the server has and its user may see, and nothing else.
func (a *auditor) auditPhone(index PhoneIndex, phone *seenPhone) {
	r := a.readerOf(index)
	if phone.pending+phone.quarantined > 0 {
		a.apart("phone %d has %d changes to send and %d in quarantine", index, phone.pending, phone.quarantined)
	}
	shown := make(map[syncengine.ID]*phoneRecord, len(phone.records))
	for i := range phone.records {
		rec := &phone.records[i]
		if shown[rec.id] != nil {
			a.double("record %s on phone %d", rec.id, index)
		}
		shown[rec.id] = rec
	}
	digest := digesting{}
	for i := range a.seen.records {
		rec := &a.seen.records[i]
		kind, known := schema.Load().Kind(rec.kind)
		if !known {
			continue
		}
		keys := a.held(&r, rec, kind)
		if len(keys) == 0 {
			continue
		}
		a.compare(index, rec, r.classes(kind), shown[rec.id])
		delete(shown, rec.id)
		digest.add(keys, rec.kind, r.classes(kind), a.sumsOf(rec, kind))
	}
	for id := range shown {
		a.apart("phone %d has record %s, which its user is not to see", index, id)
	}
	if got := digest.hex(); got != phone.digest {
		a.apart("phone %d has the digest %.8s, the server's records give %.8s", index, phone.digest, got)
	}
	a.auditOpen(index, &r, phone)
}

// held gives the keys under which the reader holds a record; none when it is not to see it.
func (a *auditor) held(r *reader, rec *seenRecord, kind *schema.Kind) []syncengine.ScopeKey {
	if r.classes(kind) == 0 {
		return nil
	}
	if isServerKind(rec.kind) {
		return []syncengine.ScopeKey{syncengine.RealmKey}
	}
	at := a.records[rec.id]
	if at == nil || !r.sees(at) {
		return nil
	}
	return a.keysOf(r, at)
}

// compare wants a record on a phone as the server has it.
func (a *auditor) compare(index PhoneIndex, rec *seenRecord, classes schema.Classes, got *phoneRecord) {
	key := messageKey{rec.id, classes}
	want, known := a.messages[key]
	if !known {
		want = rec.message(classes)
		a.messages[key] = want
	}
	switch {
	case got == nil:
		a.apart("phone %d lacks record %s", index, a.nameOf(rec))
	case got.shown != want:
		a.apart("phone %d shows record %s otherwise than the server has it", index, a.nameOf(rec))
	case got.deleted != rec.dead():
		a.apart("phone %d and the server do not agree that record %s is deleted", index, a.nameOf(rec))
	}
}

// nameOf names a record for people.
func (a *auditor) nameOf(rec *seenRecord) string {
	if at := a.records[rec.id]; at != nil {
		return at.ref.String()
	}
	return rec.id.String()
}

// auditOpen wants a phone to list the conflicts that its user may see, with the values they are between.
func (a *auditor) auditOpen(index PhoneIndex, r *reader, phone *seenPhone) {
	listed := map[syncengine.ConflictID]*phoneConflict{}
	for i := range phone.conflicts {
		listed[phone.conflicts[i].id] = &phone.conflicts[i]
	}
	for i := range a.demanded {
		c := &a.demanded[i]
		if !r.sees(c.at) || !r.classes(c.at.kind).Has(c.class) {
			continue
		}
		a.compareConflict(index, c, listed[c.id])
		delete(listed, c.id)
	}
	for id, c := range listed {
		a.apart("phone %d lists conflict %s (%s), which the script does not demand", index, id, c.kind)
	}
}

// compareConflict wants a conflict on a phone with the values it is between.
func (a *auditor) compareConflict(index PhoneIndex, c *demandedConflict, got *phoneConflict) {
	if got == nil || got.kind != c.kind {
		a.apart("phone %d does not list the conflict (%s) at %s", index, c.kind, c.at.ref)
		return
	}
	shown, others := c.verdict.shown, []author(nil)
	if c.kind == openDeleteEdit {
		others = append(others, a.authorOf(shown))
		shown = *c.at.deletion
	}
	for _, w := range slices.Concat(c.verdict.stand, c.verdict.kept) {
		if w.data != c.verdict.shown.data {
			others = append(others, a.authorOf(w))
		}
	}
	if got.shown != a.authorOf(shown) || !slices.Equal(sortedAuthors(got.others), sortedAuthors(others)) {
		a.apart("phone %d lists other values for the conflict (%s) at %s than those that met", index, c.kind, c.at.ref)
	}
}

// authorOf names a write.
func (a *auditor) authorOf(w cellWrite) author {
	return author{a.names.users[a.cast.Phones[w.phone].User], w.atMs}
}

func sortedAuthors(list []author) []author {
	return slices.SortedFunc(slices.Values(list), func(x, y author) int {
		return cmp.Or(compareIDs(x.user, y.user), cmp.Compare(x.atMs, y.atMs))
	})
}

// sumsOf adds a record's cells up by visibility class, as the protocol's digests do.
func (a *auditor) sumsOf(rec *seenRecord, kind *schema.Kind) syncengine.Sums {
	sums, known := a.sums[rec.id]
	if known {
		return sums
	}
	for i := range rec.cells {
		c := &rec.cells[i]
		if class, ok := kind.Engine.Class(c.key.Field); ok {
			sums[class] += syncengine.CellHash(rec.id, c.key, []byte(c.shown), c.cleared)
		}
	}
	a.sums[rec.id] = sums
	return sums
}

// digesting gathers the digest of a phone's view: a sum for each scope key, kind and class.
type digesting map[digestPart]uint64

type digestPart struct {
	key   syncengine.ScopeKey
	class uint32
}

func (d digesting) add(keys []syncengine.ScopeKey, kind syncengine.KindNumber, classes schema.Classes, sums syncengine.Sums) {
	for _, key := range keys {
		for class, sum := range sums {
			if classes.Has(syncengine.Class(class)) {
				d[digestPart{key, uint32(kind)*syncengine.ClassMax + uint32(class)}] += sum
			}
		}
	}
}

// hex gives SHA-256 over key, class and sum in order.
func (d digesting) hex() string {
	parts := make([]digestPart, 0, len(d))
	for part, sum := range d {
		if sum != 0 {
			parts = append(parts, part)
		}
	}
	slices.SortFunc(parts, func(a, b digestPart) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.class, b.class)) })
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part.key))
		h.Write(binary.BigEndian.AppendUint32(nil, part.class))
		h.Write(binary.BigEndian.AppendUint64(nil, d[part]))
	}
	return hex.EncodeToString(h.Sum(nil))
}
