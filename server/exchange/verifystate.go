package exchange

import (
	"bytes"
	"fmt"
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What the log gave, in verify.go, is held here against what the store has beside it.

func (v *verifying) compareRecords() error {
	var failed error
	err := v.r.Records(func(row store.Record) bool {
		v.out.Records++
		rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
		if err != nil {
			v.problem("%v", err)
			return true
		}
		v.compareRecord(rec)
		failed = v.compareScope(rec)
		return failed == nil
	})
	for id := range v.records {
		v.problem("record %s is in the log and not among the records", id)
	}
	if err == nil {
		err = failed
	}
	return err
}

// compareRecord holds a stored record against what the log gave. Scope keys
// depend on other records and are compared by themselves.
func (v *verifying) compareRecord(rec *syncengine.Record) {
	reduced := v.records[rec.ID]
	delete(v.records, rec.ID)
	if reduced == nil {
		v.problem("record %s is in no log entry", rec.ID)
		return
	}
	reduced.Keys = rec.Keys
	unreadAsStored(reduced, rec)
	if reduced.Seq != rec.Seq || !bytes.Equal(wire.EncodeRecord(reduced), wire.EncodeRecord(rec)) {
		v.problem("record %s at seq %d is not what the log reduces to", rec.ID, rec.Seq)
	}
	if kind, ok := v.schema.Kind(rec.Kind); ok {
		digest := kind.Engine.Digest(rec)
		for _, s := range rec.Keys {
			if s.Left != 0 || !summed(s.Key) {
				continue
			}
			for class, sum := range digest {
				v.sums[digestKey{s.Key, digestClass(rec.Kind, syncengine.Class(class))}] += sum
			}
		}
	}
}

// unreadAsStored takes out of the writes of life that the log gives the unread fields
// which the stored ones lack: software that did not know a field yet could not list
// it. No value of such a field stands below the write's base, since held cells are
// merged under new seqs, so the list decides nothing about it.
func unreadAsStored(reduced, stored *syncengine.Record) {
	life := syncengine.CellKey{Field: syncengine.LifeField}
	r, ok := reduced.Find(life)
	s, both := stored.Find(life)
	if !ok || !both {
		return
	}
	list := writesOf(s)
	for _, w := range writesOf(r) {
		j := slices.IndexFunc(list, func(o *syncengine.Write) bool { return o.Dot == w.Dot })
		if j < 0 {
			continue
		}
		known := list[j]
		w.Unread = listedIn(known.Unread, w.Unread)
		for k := range min(len(w.Veiled), len(known.Veiled)) {
			w.Veiled[k].Unread = listedIn(known.Veiled[k].Unread, w.Veiled[k].Unread)
		}
	}
}

// writesOf lists the writes of a cell's values, kept ones and remembered ones too.
func writesOf(c *syncengine.Cell) (out []*syncengine.Write) {
	for _, v := range c.Values {
		out = append(out, v.Write)
	}
	for _, k := range c.Kept {
		out = append(out, k.Value.Write)
	}
	return append(out, c.Past...)
}

func listedIn(known, fields []syncengine.FieldNumber) (out []syncengine.FieldNumber) {
	for _, n := range fields {
		if slices.Contains(known, n) {
			out = append(out, n)
		}
	}
	return out
}

// compareScope checks the record's rows in the scope index and its keys.
func (v *verifying) compareScope(rec *syncengine.Record) error {
	kind, ok := v.schema.Kind(rec.Kind)
	if !ok {
		return nil
	}
	for _, key := range rec.CurrentKeys() {
		rows, err := v.r.Scope(nil, key, rec.Seq-1, 2)
		if err != nil {
			return err
		}
		found := false
		for _, row := range rows {
			found = found || row.RecordID == rec.ID && row.Seq == rec.Seq && row.Type == store.RowPresent
		}
		if !found {
			v.problem("record %s has no row in scope key %x at seq %d", rec.ID, string(key), rec.Seq)
		}
	}
	if !v.placed && newlyPlaced(rec) {
		return nil // Placed by the rules of software that no server has taken over from yet.
	}
	var failed error
	keys := syncengine.Place(kind.Engine, rec, func(parent syncengine.ID) ([]syncengine.ScopeKey, bool) {
		row, ok, err := v.r.Record(parent)
		if err != nil || !ok {
			failed = err
			return nil, false
		}
		p, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
		if err != nil {
			failed = err
			return nil, false
		}
		return p.CurrentKeys(), true
	})
	if have := rec.CurrentKeys(); failed == nil && fmt.Sprint(have) != fmt.Sprint(keys) {
		v.problem("record %s is under %d scope keys, its references give %d others", rec.ID, len(have), len(keys))
	}
	return failed
}

func (v *verifying) compareChains() error {
	for incarnation, c := range v.chains {
		p := &storedv1.Progress{}
		if _, err := read(v.r, bucketProgress, incarnation[:], p); err != nil {
			return err
		}
		if p.GetMark() != uint64(c.mark) || !bytes.Equal(p.GetChain(), c.chain[:]) {
			v.problem("device %s: mark %d with its chain does not fit the log, which gives %d", incarnation, p.GetMark(), c.mark)
		}
	}
	return nil
}

func (v *verifying) compareDigests() error {
	return v.r.Documents(bucketDigest, nil, nil, func(d store.Document) bool {
		n := len(d.Key) - 4
		key := digestKey{key: syncengine.ScopeKey(d.Key[:n]), class: uint32(d.Key[n])<<24 | uint32(d.Key[n+1])<<16 | uint32(d.Key[n+2])<<8 | uint32(d.Key[n+3])}
		stored := uint64(seqOfKey(d.Value))
		if v.sums[key] != stored {
			v.problem("digest of scope key %x, class %d is not the sum over its records", string(key.key), key.class)
		}
		delete(v.sums, key)
		return true
	})
}

func (v *verifying) checkAccess() (err error) {
	if v.out.Access, err = accessledger.Verify(v.r); err == nil && v.out.Access.Bad != 0 {
		v.problem("access ledger: %s", v.out.Access.Why)
	}
	return err
}

func (v *verifying) compareQuarantine() error {
	err := v.r.Documents(bucketQuarantine, nil, nil, func(d store.Document) bool {
		seq := seqOfKey(d.Key)
		if _, ok := v.waiting[seq]; !ok {
			v.problem("quarantine lists seq %d, which does not wait", seq)
		}
		delete(v.waiting, seq)
		return true
	})
	for seq, kept := range v.waiting {
		if kept {
			v.problem("seq %d waits and is not on the quarantine list", seq)
		}
	}
	for key, sum := range v.sums {
		if sum != 0 {
			v.problem("digest of scope key %x, class %d is missing", string(key.key), key.class)
		}
	}
	return err
}
