package exchange

import (
	"context"
	"slices"
	"time"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

// answer adds what the phone may read now: grants, and for a fresh nonce the page.
func (s *Service) answer(ctx context.Context, c *call, reply *syncv1.ExchangeResponse) (a *answering, err error) {
	if a = c.answered; a == nil {
		a = &answering{svc: s, call: c, reply: reply, began: s.clock()}
		if err := s.turns.Do(ctx, c.class(), func(p *turns.Piece) error {
			a.piece = p
			return s.store.View(s.askAnswer(ctx, c, true), a.read)
		}); err != nil {
			return nil, err
		}
	}
	err = s.storeAnswered(ctx, a)
	s.pageCut(ctx, a)
	return a, err
}

// class tells who is up to date from who is being filled, page after page: that one gives way.
func (c *call) class() turns.Class {
	if c.genuine && !c.from.filling {
		return turns.Page
	}
	return turns.Fill
}

// brings tells a call that has something to decide from one that only fetches.
func (c *call) brings() turns.Class {
	if b := c.body.GetBatch(); len(b.GetChanges())+len(b.GetSentAhead()) > 0 {
		return turns.Judge
	}
	return c.class()
}

// read reads it.
func (a *answering) read(r store.Reader) error {
	if at := a.svc.backedUp.Load(); at != nil {
		a.reply.BackedUpTo = &syncv1.Coordinate{Epoch: uint32(at.Epoch), Seq: uint64(at.Seq)}
	}
	a.r = r
	var err error
	if a.schema, err = a.svc.schemaIn(r); err != nil {
		return err
	}
	if err := a.tellEpoch(); err != nil {
		return err
	}
	if err := a.vouch(); err != nil {
		return err
	}
	if a.call.push.device.State != identity.DeviceActive {
		a.svc.orderWipe(a.call, a.reply)
		return nil
	}
	if err := a.barred(); err != nil {
		return err
	}
	if err := a.grants(); err != nil || a.call.nonce != syncv1.NonceState_NONCE_STATE_UNSPECIFIED {
		return err
	}
	if err := a.barriers(); err != nil {
		return err
	}
	if err := a.rules(); err != nil {
		return err
	}
	return a.page()
}

// answering builds the reading half of a reply from one snapshot.
type answering struct {
	svc   *Service
	r     store.Reader
	call  *call
	reply *syncv1.ExchangeResponse
	// began is when the reading began, piece the turn in which it is done.
	began time.Time
	piece *turns.Piece
	// schema is the one in force in the snapshot.
	schema *schema.Schema
	// keep lists views that the new cursor names and the store must know.
	keep []identity.View
	// looks are the sealed fields that the page shows.
	looks accessledger.Looks
	// pageRecords is how many records the page has, pageBytes how long they are.
	pageRecords, pageBytes int
}

func (a *answering) grants() error {
	device := a.call.push.device
	current, err := a.svc.caches.grants(a.r, device.UserID)
	same := current.Version == a.call.body.GetStatus().GetGrantVersion() && !a.call.push.elsewhere(a.r.Head().Epoch)
	if err != nil || same && a.call.push.lent == 0 {
		return err
	}
	from, until := a.call.push.received, a.call.push.lent
	if until == 0 {
		length, err := a.svc.caches.lease(a.r)
		if err != nil {
			return err
		}
		until = from + length
	}
	a.reply.Grants = a.svc.signedGrants(device.UserID, current, from, until)
	return nil
}

func wireGrants(v identity.GrantVersion) *syncv1.Grants {
	out := &syncv1.Grants{Version: v.Version}
	for _, g := range v.Grants {
		m := &syncv1.Grant{Role: g.Role, UntilMs: int64(g.Until)}
		if !g.Territory.IsZero() {
			m.TerritoryId = g.Territory[:]
		}
		for _, id := range g.Records {
			m.RecordIds = append(m.RecordIds, slices.Clone(id[:]))
		}
		out.Grants = append(out.Grants, m)
	}
	return out
}

func (a *answering) page() error {
	device := a.call.push.device
	tree, err := a.svc.caches.treeOf(a.r)
	if err != nil {
		return err
	}
	view, err := a.svc.caches.view(a.r, tree, device, 0)
	if err != nil {
		return err
	}
	c := cutting{svc: a.svc, r: a.r, schema: a.schema, device: device, from: a.call.from, valid: a.call.valid, view: view, maxByte: a.call.pageBytesMax(), pushed: a.call.push.result.outcomes, piece: a.piece}
	if at := wireCoordinate(a.call.body.GetStatus().GetCheckpoint()); at.Epoch == a.call.from.at.Epoch {
		c.base = min(at.Seq, a.call.from.at.Seq)
	}
	if c.behind, err = a.behind(); err != nil {
		return err
	}
	c.behind = c.behind || a.call.push.sealed
	if err := a.compareDigests(&c); err != nil {
		return err
	}
	if err := c.cut(); err != nil {
		return err
	}
	a.keep, a.looks, a.pageRecords, a.pageBytes = append(c.keep, view), c.looks, c.builder.Records(), c.builder.Bytes()
	a.reply.Page, a.reply.CaughtUp, a.reply.View = c.builder.Encoded(), c.caughtUp, c.viewSent
	a.reply.Cursor = c.next.seal(a.svc.secrets.CursorKey(c.world.History.Epoch), device.Incarnation)
	a.reply.Position = &syncv1.Coordinate{Epoch: uint32(c.next.at.Epoch), Seq: uint64(c.next.at.Seq)}
	a.reply.Tag = c.next.tag[:]
	return nil
}

// pageBytesMax bounds the page that answers a call.
func (c *call) pageBytesMax() int {
	most := wire.PageBytesMax
	if c.push.carried {
		most = wire.PushPageBytesMax
	}
	if n := c.body.GetPageBytesMax(); n > 0 && int(n) < most {
		most = int(n)
	}
	return most
}

// behind reports that the log holds changes of this incarnation whose outcomes the
// phone does not have by this answer: its database was put back, is a copy of one that
// went on, or sends the changes behind those of this batch only now. What they made
// cannot be left to the phone to fold in.
func (a *answering) behind() (bool, error) {
	status := a.call.body.GetStatus()
	if status == nil || status.Acknowledged == nil {
		return false, nil
	}
	progress := &storedv1.Progress{}
	incarnation := a.call.push.device.Incarnation
	_, err := read(a.r, bucketProgress, incarnation[:], progress)
	told := max(status.GetAcknowledged(), a.call.body.GetAbsent().GetTo())
	if answered := a.call.push.result.outcomes; len(answered.GetResults()) > 0 {
		told = max(told, answered.GetFirstDeviceSeq()+uint64(len(answered.GetResults()))-1)
	}
	return progress.GetMark() > told, err
}

// storeAnswered makes durable what must be before the reply leaves: the
// expansions that its cursor names, and one entry of the access ledger where the
// page shows sealed fields. A page that shows none, to a phone whose view is
// known, writes nothing.
func (s *Service) storeAnswered(ctx context.Context, a *answering) error {
	fresh := slices.DeleteFunc(a.keep, func(v identity.View) bool {
		_, ok := s.seen.Load(v.Version())
		return ok
	})
	if len(fresh) == 0 && a.looks.Empty() {
		return nil
	}
	err := s.inGroup(ctx, func(k *work) error {
		for _, v := range fresh {
			if _, err := identity.PutView(k.w, v); err != nil {
				return err
			}
		}
		if !a.looks.Empty() {
			k.note(synced(a.call.push.device, &a.looks))
		}
		return nil
	})
	if err == nil {
		for _, v := range fresh {
			s.seen.Store(v.Version(), true)
		}
	}
	return err
}

// compareDigests finds the keys whose digest at the phone's checkpoint is not
// the server's. A key that moved on since the checkpoint says nothing, and so
// does a checkpoint of another epoch.
func (a *answering) compareDigests(c *cutting) error {
	status := a.call.body.GetStatus()
	if len(status.GetDigests()) == 0 || a.call.body.GetBatch().GetSchemaVersion() > a.schema.Engine.Version ||
		wireCoordinate(status.GetCheckpoint()).Epoch != a.r.Head().Epoch {
		return nil
	}
	at := syncengine.Seq(status.GetCheckpoint().GetSeq())
	theirs := map[digestKey]uint64{}
	keys := map[syncengine.ScopeKey]bool{}
	for _, d := range status.GetDigests() {
		key := syncengine.ScopeKey(d.GetKey())
		theirs[digestKey{key, d.GetClass()}] = d.GetSum()
		keys[key] = true
	}
	for key := range keys {
		ours, settled, err := a.digestsOf(c.view, key, at)
		if err != nil || !settled {
			if err != nil {
				return err
			}
			continue
		}
		differs := false
		for class, sum := range ours {
			if theirs[digestKey{key, class}] != sum {
				differs = true
				a.reply.DigestMismatches = append(a.reply.DigestMismatches, &syncv1.KeyDigest{Key: []byte(key), Class: class, Sum: sum})
			}
		}
		if differs {
			c.refill = append(c.refill, key)
		}
	}
	return nil
}

// digestsOf sums what a key holds in the classes its roles may read; settled
// is false when the key changed after at.
func (a *answering) digestsOf(view identity.View, key syncengine.ScopeKey, at syncengine.Seq) (map[uint32]uint64, bool, error) {
	newer, err := a.r.Scope(nil, key, at, 1)
	if err != nil || len(newer) > 0 {
		return nil, false, err
	}
	out := map[uint32]uint64{}
	roles := schema.RolesOf(view.Roles(key)...)
	for _, kind := range a.schema.Kinds {
		classes := a.schema.Access.ReadClasses(kind.Number, roles)
		for class := syncengine.Class(0); class < syncengine.ClassMax; class++ {
			if !classes.Has(class) || !summed(key) {
				continue
			}
			n := digestClass(kind.Number, class)
			if out[n], err = digestOf(a.r, digestKey{key, n}); err != nil {
				return nil, false, err
			}
		}
	}
	return out, true, a.withoutRecused(key, out)
}

// withoutRecused takes out of a key's sums what the phone's user is recused from.
func (a *answering) withoutRecused(key syncengine.ScopeKey, sums map[uint32]uint64) error {
	recused, err := a.recusedRecords()
	if err != nil {
		return err
	}
	for _, id := range recused {
		rec, err := a.svc.Record(a.r, id)
		if err != nil {
			return err
		}
		if rec == nil || !rec.InKey(key) {
			continue
		}
		kind, known := a.schema.Kind(rec.Kind)
		if !known {
			continue
		}
		for class, sum := range kind.Engine.Digest(rec) {
			n := digestClass(rec.Kind, syncengine.Class(class))
			if _, counted := sums[n]; counted {
				sums[n] -= sum
			}
		}
	}
	return nil
}

// recusedRecords lists what the phone's user is recused from: a handful of cases with what follows them.
func (a *answering) recusedRecords() ([]syncengine.ID, error) {
	return presentIn(a.r, syncengine.RecusalKey(a.call.push.device.UserID))
}
