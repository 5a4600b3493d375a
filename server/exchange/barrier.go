package exchange

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// An erasure is a barrier: a value of an erased cell whose author had not yet seen
// the erasure is dropped wherever it comes from, and its bytes are not kept. What
// else the change says stands.

// barrierKey names the barrier of some cells of a record.
func barrierKey(record syncengine.ID, cells syncengine.Cells) []byte {
	key := binary.BigEndian.AppendUint32(append(make([]byte, 0, 20+len(cells.Key)), record[:]...), uint32(cells.Field))
	return append(key, cells.Key...)
}

func cellsOfKey(key []byte) (record syncengine.ID, cells syncengine.Cells, err error) {
	if len(key) < 20 {
		return record, cells, fmt.Errorf("barrier document %x: a key of %d bytes", key, len(key))
	}
	copy(record[:], key)
	return record, syncengine.Cells{Field: syncengine.FieldNumber(binary.BigEndian.Uint32(key[16:])), Key: string(key[20:])}, nil
}

// Barriers gives the barriers of a record.
func Barriers(r store.Reader, record syncengine.ID) (out []syncengine.Barrier, err error) {
	return barriersBetween(r, record[:], afterID(record), nil)
}

// afterID is the least key behind all that begin with an id; nil behind the last.
func afterID(id syncengine.ID) []byte {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			return id[:]
		}
	}
	return nil
}

// barriersBetween reads barriers; each is told of their records, and may be nil.
func barriersBetween(r store.Reader, from, to []byte, each func(syncengine.ID)) (out []syncengine.Barrier, err error) {
	var failed error
	err = r.Documents(bucketBarrier, from, to, func(d store.Document) bool {
		var id syncengine.ID
		b := syncengine.Barrier{}
		if id, b.Cells, failed = cellsOfKey(d.Key); failed != nil {
			return false
		}
		m := &storedv1.Barrier{}
		if failed = proto.Unmarshal(d.Value, m); failed != nil {
			return false
		}
		for _, at := range m.GetAt() {
			b.At = append(b.At, coordinate(at))
		}
		if each != nil {
			each(id)
		}
		out = append(out, b)
		return true
	})
	if err == nil {
		err = failed
	}
	return out, err
}

// bar takes the erased cells out of a change before anything else is asked of it:
// whatever becomes of it, their bytes are kept nowhere.
func (j *judging) bar() error {
	if j.in.erased != nil {
		j.extra.InnerDigest = slices.Clone(j.in.inner[:])
		j.gone = len(j.in.body) == 0
	}
	if !j.work.erasures || j.in.change == nil {
		return nil
	}
	barriers, err := Barriers(j.work.w, j.in.change.RecordID)
	if err != nil || len(barriers) == 0 {
		return err
	}
	return j.redact(barriers)
}

func (j *judging) redact(barriers []syncengine.Barrier) error {
	kind, _ := j.work.kind(j.in.change.Kind)
	left, err := wire.Redact(kind, j.in.change, func(key syncengine.CellKey) bool {
		return syncengine.Bars(engineOf(kind), barriers, j.seenBy(), j.base, key)
	})
	switch {
	case err != nil:
		// A patch that cannot be told apart may hold what was erased.
		left = wire.Redacted{Erased: true, Empty: true}
	case !left.Erased:
		return nil
	}
	j.push.result.barred = append(j.push.result.barred, j.in.change.RecordID)
	if err := j.noteHolder(barriers); err != nil {
		return err
	}
	j.extra.InnerDigest = slices.Clone(j.in.inner[:])
	if left.Empty {
		j.gone = true
		return nil
	}
	// The batch keeps the change as it came: it may have to be decided again.
	redacted := *j.in
	redacted.change, redacted.salt = left.Change, nil
	if redacted.body, err = wire.EncodeChange(left.Change); err != nil {
		return fmt.Errorf("what is left of change %d: %w", j.seq, err)
	}
	j.in = &redacted
	return nil
}

// noteHolder notes with the erasures that bar a change whose phone sent it: they concern that phone, and every copy of
// it, from here on, also where the answer to this batch is lost.
func (j *judging) noteHolder(barriers []syncengine.Barrier) error {
	name := j.push.device.Incarnation
	for i := range barriers {
		at, stands := newestIn(j.work.world.History, barriers[i].At)
		if !stands {
			continue
		}
		seq, _ := j.work.world.History.Current(at)
		m := &storedv1.Erasure{}
		known, err := j.work.read(bucketErasure, seqKey(seq), m)
		if err != nil {
			return err
		}
		if known && !slices.ContainsFunc(m.GetAuthors(), func(b []byte) bool { return string(b) == string(name[:]) }) {
			m.Authors = append(m.Authors, slices.Clone(name[:]))
			j.work.put(bucketErasure, seqKey(seq), m)
		}
	}
	return nil
}

// seenBy is the history by which a base is held against erasures. Where this log was
// never told of the base's epoch, its phone says where that branched off: what was
// written there after an erasure that both have is no stale edit. Nothing but the fate
// of the phone's own change hangs on its word, and who wanted to bring an erased text
// back could write it anew.
func (j *judging) seenBy() syncengine.History {
	h := j.work.world.History
	if h.Knows(j.base.Epoch) {
		return h
	}
	h.Forks = slices.Clone(h.Forks)
	for _, m := range j.push.body.GetForks() {
		f := syncengine.Fork{Epoch: syncengine.Epoch(m.GetEpoch()), Parent: syncengine.Epoch(m.GetParent()), At: syncengine.Seq(m.GetAt())}
		if f.Parent > 0 && f.Parent < f.Epoch && !h.Knows(f.Epoch) {
			h.Forks = append(h.Forks, f)
		}
	}
	slices.SortFunc(h.Forks, func(a, b syncengine.Fork) int { return cmp.Compare(a.Epoch, b.Epoch) })
	return h
}

// engineOf gives what the engine knows of a kind; nil for an unknown one.
func engineOf(kind *schema.Kind) *syncengine.Kind {
	if kind == nil {
		return nil
	}
	return kind.Engine
}

// InnerDigest is what the chain holds of an entry's change, erased or not.
func InnerDigest(e store.Entry) (inner [32]byte) {
	if extra, err := Extra(e); err == nil && len(extra.GetInnerDigest()) == len(inner) {
		copy(inner[:], extra.GetInnerDigest())
		return inner
	}
	return syncengine.InnerDigest(e.Salt, e.Body)
}

// isErased reports that cells of an entry's change were erased.
func isErased(e store.Entry) bool {
	extra, err := Extra(e)
	return err == nil && len(extra.GetInnerDigest()) > 0
}

// noteErased remembers that the phone sent a change which is erased here: it is to
// be told why, whatever else concerns it.
func (p *pushed) noteErased(e store.Entry) {
	if isErased(e) && !slices.Contains(p.barred, e.RecordID) {
		p.barred = append(p.barred, e.RecordID)
	}
}

// timeOf gives the device time of a change that is sent again, also where the
// phone has nothing left of it.
func timeOf(s *supplied, e store.Entry) syncengine.UnixMilli {
	if s.change == nil && s.erased != nil {
		if c, err := wire.DecodeChange(e.Body); err == nil {
			return c.DeviceTime
		}
	}
	return s.deviceTime()
}

func cellsOf(list []*storedv1.CellAddress) []syncengine.Cells {
	out := make([]syncengine.Cells, len(list))
	for i, a := range list {
		out[i] = syncengine.Cells{Field: syncengine.FieldNumber(a.GetField()), Key: string(a.GetKey())}
	}
	return out
}

func addressesOfCells(cells []syncengine.Cells) []*storedv1.CellAddress {
	out := make([]*storedv1.CellAddress, len(cells))
	for i, c := range cells {
		out[i] = &storedv1.CellAddress{Field: uint32(c.Field), Key: []byte(c.Key)}
	}
	return out
}
