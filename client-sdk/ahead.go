package client

import (
	"runtime"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/outbox"
	"onedoor/syncengine"
)

// What a phone with a long outbox can do while it waits for the server, it does then: it reads, encodes and packs the
// batch that comes next, and writes an answer while the next one is on its way.

// batchAhead is a batch made ready while the answer to the one before it is awaited. Only an erasure alters a change,
// and an answer that brings one drops the batch. The zero value holds nothing.
type batchAhead struct {
	// rows are the changes from the first of the batch on, at least all that it can hold.
	rows []localdb.Change
	// encoded holds the first count of them as they stand in a batch.
	encoded []byte
	count   int
	// packed forgets what the transport has packed of it; nil when it has nothing.
	packed func()
	// sent is the call that brings it to the server before its exchange; nil for none.
	sent *sendingAhead
}

// unpack lets the transport forget a batch.
func (b *batchAhead) unpack() {
	b.sent.drop()
	b.sent = nil
	if b.packed != nil {
		b.packed()
		b.packed = nil
	}
}

// of gives the changes of the batch that begins with a device_seq; none when they were not read.
func (b *batchAhead) of(first syncengine.DeviceSeq) []localdb.Change {
	if len(b.rows) == 0 || b.rows[0].DeviceSeq != first {
		return nil
	}
	return b.rows
}

// as reports that the batch was encoded as so many changes from a device_seq on.
func (b *batchAhead) as(first syncengine.DeviceSeq, count int) bool {
	return count > 0 && b.count == count && b.rows[0].DeviceSeq == first
}

// readAhead makes the batch ready that follows one which is on its way.
func (u *run) readAhead(sent *sending) error {
	u.next.unpack()
	u.next = batchAhead{}
	if !sent.more {
		return nil
	}
	first := sent.batch[len(sent.batch)-1].DeviceSeq + 1
	var supplied syncengine.DeviceSeq
	var ahead bool
	err := u.r.view(func(tx *localdb.Tx, s *state) (err error) {
		supplied, ahead = s.pos.Supplied, s.pos.TakesAhead && !u.whole
		u.next.rows, err = u.r.readBatch(tx, first, s.end.Seq)
		return err
	})
	if err != nil || first <= supplied {
		// What is supplied again is said with more than its own bytes.
		return err
	}
	return u.packAhead(ahead)
}

// packAhead encodes the batch that was read and sends it ahead, where the server takes it, or has the transport pack it.
func (u *run) packAhead(ahead bool) (err error) {
	cutter := outbox.Cutter{Most: u.r.o.BatchChangesMax}
	for i := range u.next.rows {
		if !takes(&cutter, &u.next.rows[i]) {
			break
		}
	}
	u.next.count = cutter.Changes()
	batch := &syncv1.Batch{Changes: batchChanges(u.next.rows[:u.next.count], &resupplying{})}
	if u.next.encoded, err = proto.Marshal(batch); err != nil {
		return err
	}
	if ahead {
		if u.next.sent, err = u.sendAhead(&u.next); u.next.sent != nil || err != nil {
			return err
		}
	}
	if p, ok := u.transport.(Packer); ok {
		u.next.packed = p.Ahead(u.next.encoded)
	}
	return nil
}

// batchChanges gives changes as a batch brings them.
func batchChanges(rows []localdb.Change, again *resupplying) []*syncv1.BatchChange {
	room, out := make([]syncv1.BatchChange, len(rows)), make([]*syncv1.BatchChange, len(rows))
	for i := range rows {
		room[i].Body, room[i].Salt, room[i].First = rows[i].Body, rows[i].Salt, again.first(&rows[i])
		room[i].Erased, room[i].Sealed = erasedChange(&rows[i]), sealedChange(&rows[i])
		out[i] = &room[i]
	}
	return out
}

// fillBatch puts the changes of a request into its batch, those made ready ahead as they are encoded.
func fillBatch(batch *syncv1.Batch, out *sending, next *batchAhead, again *resupplying) {
	if again.receipt == nil && next.as(out.batch[0].DeviceSeq, len(out.batch)) {
		out.ahead = true
		if next.sent.arrived() {
			batch.SentAhead = next.sent.hash[:]
			return
		}
		// Fields that stand encoded are written as they stand, behind the others.
		batch.ProtoReflect().SetUnknown(protoreflect.RawFields(next.encoded))
		return
	}
	batch.Changes = batchChanges(out.batch, again)
}

// callAhead begins the next call while this answer is being written, where the
// next request needs nothing of that transaction: when it is clear that there is
// more, and nothing but cursor, nonce and mark move on. So it is with the first page of a fill, which brings the keys
// that are filled, unless the keys change in the middle of a pull: then that may begin anew. A crash between the two
// costs a round trip, since the server tells what it has seen before.
func (u *run) callAhead(a *answer) error {
	if !a.plain() {
		return nil
	}
	u.next.sent.wait()
	var sent *sending
	err := u.r.view(func(tx *localdb.Tx, s *state) (err error) {
		epoch := syncengine.Epoch(a.GetEpoch())
		if s.pos.Epoch != 0 && epoch != s.pos.Epoch || a.GetView() != nil && (s.pos.Pulling || s.pos.Renewed) {
			return nil
		}
		next := *s
		a.advance(&next.pos)
		next.pos.Epoch = epoch
		if !a.more(&next) {
			return nil
		}
		sent, err = u.r.request(tx, &next, &u.next, false)
		return err
	})
	if err == nil && sent != nil {
		u.ahead = u.start(sent)
		// Where every processor is taken, the call would begin only after what is done beside it.
		runtime.Gosched()
	}
	return err
}
