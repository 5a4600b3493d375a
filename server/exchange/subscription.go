package exchange

import (
	"context"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Subscription is a system outside of the realm that is sent what a user of the realm may read: the same page as a phone
// of that user would be sent, less what the subscription leaves out.
type Subscription struct {
	// ID names the subscription; its cursors are good for it alone.
	ID   syncengine.ID
	User syncengine.ID
	// Kinds are those that are sent; nil for all.
	Kinds []syncengine.KindNumber
	// Sealed sends sealed fields too, where the user may read them.
	Sealed bool
	// Recipient is told in the access ledger as the place of every delivery, Purpose as its reason.
	Recipient, Purpose string
}

// Pulled is a page for a subscription.
type Pulled struct {
	Page *syncv1.Page
	// Cursor is where the next page goes on.
	Cursor []byte
	// Restart says that the page begins from the start, as the first one does and one after the user's rights or the log's
	// history changed: what the receiver holds and is not sent again until CaughtUp is no longer its own.
	Restart  bool
	CaughtUp bool
	// Told is the place in the log up to which this page and those before it tell everything.
	Told syncengine.Coordinate
}

// Pull cuts the page behind a cursor. An empty cursor, one of another subscription and one from before a change of the
// user's rights begin from the start. What the page shows stands in the access ledger before Pull returns.
func (s *Service) Pull(ctx context.Context, sub Subscription, from []byte, bytesMax int) (out Pulled, err error) {
	if err := s.endGrants(ctx, sub.User); err != nil {
		return out, err
	}
	c := cutting{svc: s, device: identity.Device{Incarnation: sub.ID, UserID: sub.User}, maxByte: wire.PageBytesMax, kinds: sub.Kinds}
	if bytesMax > 0 {
		c.maxByte = min(c.maxByte, bytesMax)
	}
	err = s.store.View(ctx, func(r store.Reader) (err error) {
		c.r = r
		if c.schema, err = s.schemaIn(r); err != nil {
			return err
		}
		if !sub.Sealed {
			c.withheld = c.schema.Access.Sealed()
		}
		if err = s.standsAt(&c, from); err != nil {
			return err
		}
		return c.cut()
	})
	if err != nil {
		return out, err
	}
	out = Pulled{
		Page: c.builder.Page(), Restart: !c.valid, CaughtUp: c.caughtUp,
		Cursor: c.next.seal(s.secrets.CursorKey(c.world.History.Epoch), sub.ID),
	}
	out.Told = c.next.at
	if c.next.filling {
		out.Told.Seq = c.next.fill
	}
	return out, s.storePulled(ctx, sub, &c)
}

// standsAt finds the place that a cursor names. One that was cut by other rights is no place: a receiver outside knows of
// no keys that it could drop. Nor is one of an epoch before: how far the receiver of posted pages was told stands in the store
// and went back with it, so that it may have been told of what a restore has lost, and it compares numbers that the log gives again.
func (s *Service) standsAt(c *cutting, cursor []byte) error {
	tree, err := s.caches.treeOf(c.r)
	if err != nil {
		return err
	}
	if c.view, err = s.caches.view(c.r, tree, c.device, 0); err != nil {
		return err
	}
	history, err := readHistory(c.r)
	if err != nil {
		return err
	}
	from, ok := openCursor(cursor, s.secrets.CursorKey, c.device.Incarnation)
	if !ok || from.at.Epoch != history.Epoch || from.view != c.view.Version() || from.rules != c.schema.Access.Fingerprint() {
		return nil
	}
	if from.at.Seq > c.r.Head().Seq {
		return nil
	}
	c.from, c.base = from, from.at.Seq
	c.valid, err = hasTag(c.r, from.at.Seq, from.tag)
	return err
}

// storePulled makes durable what must be before a page leaves: the expansions that its cursor names, and who was sent what.
func (s *Service) storePulled(ctx context.Context, sub Subscription, c *cutting) error {
	fresh := slices.DeleteFunc(append(c.keep, c.view), func(v identity.View) bool {
		_, ok := s.seen.Load(v.Version())
		return ok
	})
	sent := c.sent()
	if len(fresh) == 0 && len(sent) == 0 {
		return nil
	}
	err := s.inGroup(ctx, func(k *work) error {
		for _, v := range fresh {
			if _, err := identity.PutView(k.w, v); err != nil {
				return err
			}
		}
		if len(sent) > 0 {
			k.note(accessledger.Entry{Action: accessledger.Feed, Actor: accessledger.Actor{User: sub.User}, Records: sent, Place: sub.Recipient, Reason: sub.Purpose})
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

// sent names the records of the page: those of which sealed fields are shown with these, the others without.
func (c *cutting) sent() []accessledger.Touched {
	out := c.looks.Records()
	named := map[syncengine.ID]bool{}
	for _, t := range out {
		for _, id := range t.IDs {
			named[id] = true
		}
	}
	rest := map[syncengine.KindNumber][]syncengine.ID{}
	for _, rec := range c.builder.Page().GetRecords() {
		if id, ok := syncengine.IDFromBytes(rec.GetId()); ok && !named[id] {
			kind := syncengine.KindNumber(rec.GetKind())
			rest[kind] = append(rest[kind], id)
		}
	}
	for _, kind := range c.schema.Kinds {
		out = append(out, accessledger.About(kind.Number, rest[kind.Number]...)...)
	}
	return out
}
