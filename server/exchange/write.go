package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// WriteChangesMax bounds the changes of one Write: the doors of a street with
// room to spare, and some 100 MB while the transaction is made.
const WriteChangesMax = 50_000

// ServerChange is a change made at the server: an import, an assignment, a move.
type ServerChange struct {
	RecordID syncengine.ID
	Kind     syncengine.KindNumber
	// Create makes the record.
	Create bool
	// Fields is the record message with only the changed fields; nil for none.
	Fields proto.Message
	// Cleared lists fields whose value is removed.
	Cleared []syncengine.FieldNumber
	// Removed lists elements that are taken out of set fields.
	Removed []SetElement
	// Delete deletes the record.
	Delete bool
	// Patch is further cells as a phone would send them, such as a value that is written again; nil for none.
	Patch *syncv1.Patch
	// Resolves names the conflicts that the change closes.
	Resolves []syncengine.ConflictID
}

// SetElement is one element of a set field of ids.
type SetElement struct {
	Field   syncengine.FieldNumber
	Element syncengine.ID
}

// Write makes changes at the server, all or none, as somebody who sees the head
// of the log. by is the user who asked; zero for the server itself. Scope is
// the caller's to check: this is how doors are moved.
func (s *Service) Write(ctx context.Context, by syncengine.ID, changes []ServerChange) ([]syncengine.Coordinate, error) {
	var out []syncengine.Coordinate
	err := s.submit(&job{ctx: ctx, size: len(changes), run: func(k *work) (err error) {
		out, err = k.writeAll(by, changes)
		return err
	}})
	return out, err
}

// authorID names the writes that a user makes at the server in an epoch: what a
// restore has lost of them is not numbered again. It is no device and cannot sign in.
func authorID(user syncengine.ID, epoch syncengine.Epoch) (id syncengine.ID) {
	name := append([]byte("onedoor author 1"), user[:]...)
	if epoch > 1 {
		name = binary.BigEndian.AppendUint32(name, uint32(epoch))
	}
	sum := sha256.Sum256(name)
	copy(id[:], sum[:])
	return id
}

func (k *work) writeAll(by syncengine.ID, changes []ServerChange) ([]syncengine.Coordinate, error) {
	if len(changes) > WriteChangesMax {
		return nil, badRequest("%d changes at once, %d are allowed", len(changes), WriteChangesMax)
	}
	author := authorID(by, k.world.History.Epoch)
	progress, err := k.progressOf(author)
	if err != nil {
		return nil, err
	}
	progress = proto.CloneOf(progress)
	k.putBytes(bucketAuthor, author[:], slices.Clone(by[:]))
	k.put(bucketBatch, numberedKey(author, progress.GetMark()+1), &storedv1.Batch{
		Count: uint64(len(changes)), First: storedCoordinate(k.here()), ChainBefore: progress.GetChain(),
	})
	out := make([]syncengine.Coordinate, 0, len(changes))
	var follow []syncengine.ID
	for i := range changes {
		w := serverWrite{work: k, author: author, by: by, change: &changes[i], progress: progress}
		at, err := w.apply()
		if err != nil {
			return nil, fmt.Errorf("change %d of record %s: %w", i+1, changes[i].RecordID, err)
		}
		out, follow = append(out, at), append(follow, w.follow...)
	}
	k.setProgress(author, progress)
	return out, k.followUp(follow)
}

// serverWrite is the state of one change made at the server.
type serverWrite struct {
	work     *work
	author   syncengine.ID
	by       syncengine.ID
	change   *ServerChange
	progress *storedv1.Progress
	kind     *schema.Kind
	follow   []syncengine.ID
}

func (w *serverWrite) apply() (at syncengine.Coordinate, err error) {
	var ok bool
	if w.kind, ok = w.work.kind(w.change.Kind); !ok {
		return at, badRequest("kind %d is not known", w.change.Kind)
	}
	rec, err := w.work.record(w.change.RecordID)
	if err != nil {
		return at, err
	}
	if rec == nil && !w.change.Create {
		return at, badRequest("no such record")
	}
	c, err := w.encode(rec)
	if err != nil {
		return at, err
	}
	cells, err := wire.Cells(w.kind, c.Create, c.Patch)
	if err != nil {
		return at, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	for _, cell := range cells {
		if _, known := w.kind.Field(cell.Key.Field); !known && cell.Key.Field != syncengine.LifeField {
			return at, badRequest("field %d of kind %s is not known to this software", cell.Key.Field, w.kind.Name)
		}
	}
	if !wire.CheckSteps(w.kind, c, cells) {
		return at, badRequest("a step between states that is not declared")
	}
	return w.merge(rec, c, cells)
}

// encode makes the change as a phone would.
func (w *serverWrite) encode(rec *syncengine.Record) (*wire.Change, error) {
	p := &syncv1.Patch{}
	if w.change.Patch != nil {
		p = w.change.Patch
	}
	if w.change.Fields != nil {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(w.change.Fields)
		if err != nil {
			return nil, badRequest("%v", err)
		}
		p.Fields = b
		p.From = stepsFrom(w.kind, rec, w.change.Fields)
	}
	for _, f := range w.change.Cleared {
		p.Cleared = append(p.Cleared, uint32(f))
	}
	for _, e := range w.change.Removed {
		p.SetRemoved = append(p.SetRemoved, &syncv1.Element{Field: uint32(e.Field), Element: e.Element[:]})
	}
	if w.change.Delete {
		p.Life = syncv1.Life_LIFE_DEAD
	}
	here := w.work.here()
	return &wire.Change{
		DeviceSeq: syncengine.DeviceSeq(w.progress.GetMark() + 1), Group: syncengine.DeviceSeq(w.progress.GetMark() + 1),
		RecordID: w.change.RecordID, Kind: w.change.Kind, Create: w.change.Create,
		Base: syncengine.Coordinate{Epoch: here.Epoch, Seq: here.Seq - 1}, DeviceTime: w.work.now, OccurredAt: w.work.now, Patch: p,
		Resolves: w.change.Resolves,
	}, nil
}

// stepsFrom names the state shown now for each state that is written.
func stepsFrom(kind *schema.Kind, rec *syncengine.Record, fields proto.Message) (out []*syncv1.StateFrom) {
	fields.ProtoReflect().Range(func(d protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		f, ok := kind.Field(syncengine.FieldNumber(d.Number()))
		if !ok || f.Engine.Policy != syncengine.States {
			return true
		}
		from := &syncv1.StateFrom{Field: uint32(d.Number())}
		if rec != nil {
			if cell, ok := rec.Find(syncengine.CellKey{Field: f.Engine.Number}); ok && !cell.Shown().Cleared {
				from.State = int32(f.Engine.Number64(cell.Shown().Data))
			}
		}
		out = append(out, from)
		return true
	})
	return out
}

func (w *serverWrite) merge(rec *syncengine.Record, c *wire.Change, cells []syncengine.CellWrite) (syncengine.Coordinate, error) {
	k := w.work
	e := store.Entry{Incarnation: w.author, DeviceSeq: c.DeviceSeq, RecordID: c.RecordID, Kind: c.Kind, Stamp: k.now, Rank: k.rankOf(w.by)}
	if c.Salted = wire.NeedsSalt(w.kind, cells); c.Salted {
		e.Salt = make([]byte, wire.SaltBytes)
		k.svc.random(e.Salt)
	}
	body, err := wire.EncodeChange(c)
	if err != nil {
		return syncengine.Coordinate{}, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	e.Body = body
	at := k.here()
	m := k.world.Merge(w.kind.Engine, rec, c.RecordID, &syncengine.Incoming{
		Dot: syncengine.Dot{Incarnation: w.author, Seq: c.DeviceSeq}, Base: c.Base, Create: c.Create, At: at, Stamp: k.now, Rank: e.Rank, Cells: cells,
		Resolves: c.Resolves,
	})
	moved, err := k.place(w.kind, m.Record, at.Seq)
	if err != nil {
		return at, err
	}
	e.Type = store.EntryMerged
	if m.Applied {
		e.Type = store.EntryApplied
	}
	if rec != nil {
		e.Prev = rec.Seq
	}
	k.append(e)
	k.setRecord(m.Record)
	k.noteTouch(touch{dot: syncengine.Dot{Incarnation: w.author, Seq: c.DeviceSeq}, base: c.Base, kind: w.kind}, rec, m.Record)
	k.noteMarks(accessledger.Actor{User: w.by}, w.kind, c.RecordID, cells)
	var chain syncengine.Chain
	copy(chain[:], w.progress.GetChain())
	chain = chain.Next(syncengine.InnerDigest(e.Salt, e.Body))
	w.progress.Mark, w.progress.Chain, w.progress.At = uint64(c.DeviceSeq), slices.Clone(chain[:]), storedCoordinate(at)
	w.afterwards(rec == nil, moved)
	return at, nil
}

func (w *serverWrite) afterwards(created, moved bool) {
	id := w.change.RecordID
	if created {
		w.work.appeared = append(w.work.appeared, id)
	}
	if moved {
		w.follow = append(w.follow, id)
	}
}
