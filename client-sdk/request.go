package client

import (
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/outbox"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// sending is one request on its way.
type sending struct {
	request *syncv1.ExchangeRequest
	// batch holds the rows of the changes sent, in device order.
	batch []localdb.Change
	// more tells that the outbox holds changes beyond the batch.
	more bool
	// digests tells that digests are sent along.
	digests bool
	// past tells that the places of earlier epochs are sent along.
	past bool
	// handedTo is the number of the last barrier that is handed back, lastHanded that there are no more.
	handedTo   int64
	lastHanded bool
	// destructions tells which base the request stands on.
	destructions uint32
	// asksLease tells that a new lease is asked for.
	asksLease bool
	// absentTo is the last change declared absent; 0 for none.
	absentTo syncengine.DeviceSeq
	// ahead tells that the batch was made ready before, packed forgets what the transport has packed of it.
	ahead  bool
	packed func()
}

// unpack lets the transport forget the batch.
func (s *sending) unpack() {
	if s.packed != nil {
		s.packed()
	}
}

// request makes the next request: the batch after the mark, and what the phone
// says of itself. next is what was made ready of it; it may hold nothing.
func (r *Replica) request(tx *localdb.Tx, s *state, next *batchAhead, digests bool) (*sending, error) {
	out := &sending{digests: digests, destructions: s.pos.Destructions, asksLease: s.wantsLease(r.now())}
	body := &syncv1.ExchangeBody{
		Realm: s.self.Realm, Incarnation: s.self.Incarnation[:], Nonce: s.pos.Nonce, Cursor: s.pos.Cursor,
		PageBytesMax: uint32(r.o.PageBytesMax), Epoch: uint32(s.pos.Epoch),
		LacksEnrolment: !s.pos.Enrolment, WantsLease: out.asksLease,
	}
	book, err := r.rulebookIn(tx)
	if err != nil {
		return nil, err
	}
	if book.Version != 0 {
		body.RulesVersion = proto.Uint32(book.Version)
	}
	if body.Wiped, err = s.wipeReceipt(r.signer(&s.self)); err != nil {
		return nil, err
	}
	if err := r.cutBatch(tx, s, next, out, body); err != nil {
		return nil, err
	}
	if err := r.prove(tx, s, out, body); err != nil {
		return nil, err
	}
	if err := handBarriers(tx, s, out, body); err != nil {
		return nil, err
	}
	if err := tellForks(tx, s, out, body); err != nil {
		return nil, err
	}
	if body.Status, err = r.status(tx, s, out.batch, digests); err != nil {
		return nil, err
	}
	// The body is encoded behind what comes before it in the message that is signed.
	before := wire.ExchangeMessage(nil)
	message, err := proto.MarshalOptions{}.MarshalAppend(before, body)
	if err != nil {
		return nil, err
	}
	signature, err := r.signer(&s.self)(message)
	out.request = &syncv1.ExchangeRequest{Body: message[len(before):], Signature: signature}
	return out, err
}

// cutBatch takes as many changes after the mark as a batch may have. Where the
// phone no longer has what comes next, it says so by name.
func (r *Replica) cutBatch(tx *localdb.Tx, s *state, next *batchAhead, out *sending, body *syncv1.ExchangeBody) error {
	if s.pos.Mark < s.pos.Cleared {
		out.absentTo = s.pos.Cleared
		body.Absent = &syncv1.Absent{From: uint64(s.pos.Mark + 1), To: uint64(s.pos.Cleared), Chain: s.pos.ClearedChain[:]}
	}
	first := max(s.pos.Mark, s.pos.Cleared) + 1
	if first > s.end.Seq {
		return nil
	}
	again, err := r.resupplying(tx, s, first)
	if err != nil {
		return err
	}
	read := next.of(first)
	if len(read) == 0 {
		if read, err = r.readBatch(tx, first, s.end.Seq); err != nil {
			return err
		}
	}
	cutter := outbox.Cutter{Most: r.o.BatchChangesMax}
	for i := range read {
		if again.beyond(read[i].DeviceSeq) || !takes(&cutter, &read[i]) {
			break
		}
	}
	out.batch = read[:cutter.Changes()]
	before, err := chainAt(tx, s, first-1)
	if err != nil || len(out.batch) == 0 {
		return err
	}
	out.more = out.batch[len(out.batch)-1].DeviceSeq < s.end.Seq
	// Stamps alone are corrected by it: a request without changes is some bytes smaller.
	body.ClockMs = int64(r.now())
	body.Batch = &syncv1.Batch{
		ChainBefore: before[:], SchemaVersion: r.schema.Engine.Version, FirstDeviceSeq: uint64(first),
	}
	fillBatch(body.Batch, out, next, again)
	body.Receipt = again.receipt
	body.GrantSwitches = s.pos.switchesOf(first, out.batch[len(out.batch)-1].DeviceSeq)
	return nil
}

// readBatch reads the changes of a batch from one on, and at most one more.
func (r *Replica) readBatch(tx *localdb.Tx, first, last syncengine.DeviceSeq) ([]localdb.Change, error) {
	cutter := outbox.Cutter{Most: r.o.BatchChangesMax}
	read := make([]localdb.Change, 0, min(last-first+1, wire.BatchChangesMax+1))
	for row, err := range tx.Changes(first) {
		if err != nil {
			return nil, err
		}
		read = append(read, row)
		if !takes(&cutter, &row) {
			break
		}
	}
	return read, nil
}

func takes(c *outbox.Cutter, row *localdb.Change) bool {
	return c.Take(row.DeviceSeq, row.GroupFirst, len(row.Body)+len(row.Salt)+len(row.Sealed))
}

// chainAt gives the chain after a change.
func chainAt(tx *localdb.Tx, s *state, seq syncengine.DeviceSeq) (syncengine.Chain, error) {
	if seq <= s.pos.Cleared {
		return s.pos.ClearedChain, nil
	}
	row, _, err := tx.Change(seq)
	return row.Chain, err
}

// status says how the phone stands. Nothing in it goes back.
func (r *Replica) status(tx *localdb.Tx, s *state, batch []localdb.Change, digests bool) (*syncv1.Status, error) {
	m := &syncv1.Status{
		OutboxCount: uint64(s.end.Seq - s.pos.Mark), GrantVersion: s.grants.GetVersion(),
		GrantSwitchDeviceSeq: uint64(s.pos.GrantSwitch), Acknowledged: proto.Uint64(uint64(s.pos.Mark)),
	}
	if m.OutboxCount > 0 || s.pos.VersionSent != r.o.AppVersion {
		// A sync with nothing to say stays small.
		m.AppVersion = r.o.AppVersion
	}
	if !s.pos.Checkpoint.IsZero() {
		m.Checkpoint = &syncv1.Coordinate{Epoch: uint32(s.pos.Checkpoint.Epoch), Seq: uint64(s.pos.Checkpoint.Seq)}
		m.CheckpointTag = s.pos.Tag
	}
	if len(batch) > 0 {
		m.OutboxOldestMs = int64(changeTime(&batch[0]))
	}
	if !digests {
		return m, nil
	}
	sums, err := r.sums(tx, s)
	if err != nil {
		return nil, err
	}
	m.Digests = sums.message(s, r.now())
	return m, nil
}

// changeTime reads the device time of a change; 0 when it cannot be read.
func changeTime(row *localdb.Change) syncengine.UnixMilli {
	if row.SealingKey != 0 {
		return row.Made
	}
	c, err := wire.DecodeChange(row.Body)
	if err != nil {
		return 0
	}
	return c.DeviceTime
}
