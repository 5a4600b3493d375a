package exchange

import (
	"context"
	"errors"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// RevokedKeptMax is how many changes of a device are kept for a person's decision
// after the trust in it has ended: several weeks of a busy worker's. Whoever holds a
// stolen phone's key could write without end; what is above is counted as lost, by name.
const RevokedKeptMax = 2000

// scopeChunk is how many rows of a key are read at a time.
const scopeChunk = 512

// Lost states what was probably on a device at its last contact: what stood under its
// keys at the place that the log had reached then. It is an estimate to act on; what a phone
// had staged, or had not fetched any more, it does not tell.
func (s *Service) Lost(r store.Reader, d identity.Device) (*storedv1.DeviceLoss, error) {
	contact, err := identity.GetContact(r, d.Incarnation)
	if err != nil {
		return nil, err
	}
	out := &storedv1.DeviceLoss{
		LastContactMs: int64(contact.LastContact), Unsent: contact.Pending, UnsentSinceMs: int64(contact.OldestPending),
	}
	progress := &storedv1.Progress{}
	if _, err := read(r, bucketProgress, d.Incarnation[:], progress); err != nil {
		return nil, err
	}
	tree, err := s.caches.treeOf(r)
	if err != nil {
		return nil, err
	}
	view, err := s.caches.view(r, tree, d, versionConfirmed(progress))
	if err != nil {
		return nil, err
	}
	last, err := seqAt(r, contact.LastContact)
	if err != nil {
		return nil, err
	}
	at := max(last, syncengine.Seq(progress.GetServed().GetSeq()), syncengine.Seq(progress.GetAt().GetSeq()))
	inForce, err := s.schemaIn(r)
	if err != nil {
		return nil, err
	}
	c := counting{svc: s, schema: inForce, r: r, view: view, at: at, seen: map[syncengine.ID]bool{}, kinds: map[syncengine.KindNumber]uint64{}}
	for _, k := range view {
		if err := c.key(k.Key); err != nil {
			return nil, err
		}
	}
	out.Records, out.Contacts = c.counts(), c.contacts
	return out, nil
}

// versionConfirmed is the version of grants that a phone last said it works under.
func versionConfirmed(p *storedv1.Progress) uint64 {
	if n := len(p.GetSwitches()); n > 0 {
		return p.GetSwitches()[n-1].GetVersion()
	}
	return 0
}

// seqAt gives the last entry that was committed by a time.
func seqAt(r store.Reader, at syncengine.UnixMilli) (syncengine.Seq, error) {
	low, high := syncengine.Seq(0), r.Head().Seq
	for low < high {
		middle := low + (high-low+1)/2
		c, err := commitAt(r, middle)
		switch {
		case err != nil:
			return 0, err
		case c != nil && c.GetTimeMs() <= int64(at):
			low = middle
		default:
			high = middle - 1
		}
	}
	return low, nil
}

// counting counts what stood under keys at a place of the log.
type counting struct {
	svc      *Service
	schema   *schema.Schema
	r        store.Reader
	view     identity.View
	at       syncengine.Seq
	seen     map[syncengine.ID]bool
	kinds    map[syncengine.KindNumber]uint64
	contacts uint64
}

func (c *counting) key(key syncengine.ScopeKey) error {
	for after := syncengine.Seq(0); ; {
		rows, err := c.r.Scope(nil, key, after, scopeChunk)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := c.row(row); err != nil {
				return err
			}
		}
		if len(rows) < scopeChunk {
			return nil
		}
		// Two rows may share a seq; what is read twice counts once.
		after = max(rows[len(rows)-1].Seq-1, after+1)
	}
}

// row counts a stay that had begun and had not ended.
func (c *counting) row(row store.ScopeRow) error {
	stood := row.Entered <= c.at && (row.Type == store.RowPresent || row.Type == store.RowLeft && row.Seq > c.at)
	if !stood || row.RecordID.IsZero() || c.seen[row.RecordID] {
		return nil
	}
	c.seen[row.RecordID] = true
	rec, err := c.svc.Record(c.r, row.RecordID)
	if err != nil || rec == nil {
		return err
	}
	roles := c.view.Over([]syncengine.ScopeKey{row.Key})
	classes := c.schema.Access.ReadClasses(rec.Kind, roles)
	kind, known := c.schema.Kind(rec.Kind)
	if classes == 0 || !known {
		return nil
	}
	c.kinds[rec.Kind]++
	const contact = syncengine.Class(recordv1.VisibilityClass_VISIBILITY_CLASS_CONTACT)
	if classes.Has(contact) && slices.ContainsFunc(rec.Cells, func(cell syncengine.Cell) bool {
		class, ok := kind.Engine.Class(cell.Key.Field)
		return ok && class == contact && !cell.Shown().Cleared
	}) {
		c.contacts++
	}
	return nil
}

func (c *counting) counts() (out []*storedv1.KindCount) {
	for _, k := range c.schema.Kinds {
		if n := c.kinds[k.Number]; n > 0 {
			out = append(out, &storedv1.KindCount{Kind: uint32(k.Number), Count: n})
		}
	}
	return out
}

// orderWipe puts the order to wipe into a reply, signed.
func (s *Service) orderWipe(c *call, reply *syncv1.ExchangeResponse) {
	d := c.push.device
	switch {
	case d.State == identity.DeviceWiped && c.body.GetWiped() != nil:
		reply.WipeConfirmed = true
	case d.State == identity.DeviceWiping, d.State == identity.DeviceWiped:
		// Who calls as a wiped device, without its receipt, is another copy of it.
		m := &syncv1.Wipe{OrderedMs: int64(d.WipeOrdered)}
		s.sign(&m.Signature, wire.WipeMessage(d.Incarnation[:], m))
		reply.Wipe = m
	}
}

// takeWiped stores a device's receipt that it has carried the order out, also where a
// restore has lost the order: a phone destroys what it holds on the realm's signature
// only, and waits for this word before it destroys its keys.
func (s *Service) takeWiped(ctx context.Context, c *call) error {
	m, d := c.body.GetWiped(), c.push.device
	if m == nil || d.State == identity.DeviceWiped || !wire.VerifyWiped(d.PublicKey, d.Incarnation[:], m) {
		return nil
	}
	err := s.Update(ctx, func(w store.Writer) error {
		_, noted := accessledger.Append(w, accessledger.Entry{
			At: s.now(), Action: accessledger.DeviceWiped, Actor: accessledger.Actor{User: d.UserID, Device: d.Incarnation},
			Users: []syncengine.ID{d.UserID}, Devices: []syncengine.ID{d.Incarnation},
		})
		return errors.Join(identity.NoteWiped(w, d.Incarnation, syncengine.UnixMilli(m.GetOrderedMs()), encode(m)), noted)
	})
	if err == nil {
		c.push.device.State = identity.DeviceWiped
	}
	return err
}
