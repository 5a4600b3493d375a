package sim

import (
	"maps"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Systems outside that read a feed: one keeps its cursor itself, of the other the realm keeps how far it was told, so that a
// restore puts that back too. Both take what they are told as docs/feeds.md asks them to, and nothing more.

// feedBucket is where the realm keeps how far the second one was told.
const feedBucket = "sim.feed"

// pagesMost is how many pages a reader asks for at a time, as long as there are any.
const pagesMost = 6

// reader is a system outside.
type reader struct {
	model.Feed
	name string
	// kept tells that the realm keeps its cursor; else it has it itself.
	kept   bool
	cursor []byte
	held   map[syncengine.ID]model.FeedHeld
	// stale is what it has to forget unless it is told again before it has caught up.
	stale map[syncengine.ID]bool
	// newest are the numbers under which it was told of records since the last restart.
	newest map[syncengine.ID]syncengine.Seq
}

// connect makes the systems outside, in a weather that has them.
func (w *world) connect() {
	if w.weather.often[Fed] == 0 {
		return
	}
	d := diceFor(w.c.Seed, "feeds", 0)
	for i, name := range []string{"hotline", "platform"} {
		r := &reader{name: name, kept: i == 1, held: map[syncengine.ID]model.FeedHeld{}}
		r.Feed = model.Feed{ID: syncengine.ID{0: 0xfe, 15: byte(i + 1)}, User: pick(d, w.staff.users).id, Sealed: d.oneIn(3)}
		w.readers = append(w.readers, r)
	}
}

// feed has one of the systems read on.
func (w *world) feed(d dice) {
	if w.server.down {
		return
	}
	r := pick(d, w.readers)
	w.strike(Fed)
	bytesMost := pick(d, []int{1, 400, 0})
	for range 1 + d.IntN(pagesMost) {
		if !w.readOn(r, bytesMost) {
			return
		}
	}
}

// readOn has a system read one page. It reports whether there is more.
func (w *world) readOn(r *reader, bytesMost int) (more bool) {
	s := w.server
	pulled, err := s.service.Pull(s.ctx, exchange.Subscription{ID: r.ID, User: r.User, Sealed: r.Sealed, Recipient: r.name, Purpose: "协同"}, w.cursorOf(r), bytesMost)
	s.feelPower()
	if err != nil {
		w.trace.tell(w.now, r.name, "reads its feed%s", failing(err))
		return false
	}
	page := clone(pulled.Page)
	w.trace.tell(w.now, r.name, "is told %d records, %d gone, restart %v, caught up %v, up to %d/%d", len(page.GetRecords()), len(page.GetGone()),
		pulled.Restart, pulled.CaughtUp, pulled.Told.Epoch, pulled.Told.Seq)
	w.note(w.model.FeedTold(r.Feed, page))
	r.take(page, pulled.Restart)
	if pulled.CaughtUp {
		for id := range r.stale {
			delete(r.held, id)
		}
		r.stale = nil
		w.note(w.model.FeedCaughtUp(r.Feed, r.held))
	}
	return w.keepCursor(r, pulled.Cursor) && !pulled.CaughtUp && !s.down
}

// take does as docs/feeds.md asks.
func (r *reader) take(page *syncv1.Page, restart bool) {
	if restart {
		r.stale, r.newest = map[syncengine.ID]bool{}, map[syncengine.ID]syncengine.Seq{}
		for id := range maps.Keys(r.held) {
			r.stale[id] = true
		}
	}
	for _, rec := range page.GetRecords() {
		id, seq := syncengine.ID(rec.GetId()), syncengine.Seq(rec.GetSeq())
		if seq < r.newest[id] {
			continue
		}
		r.newest[id] = seq
		delete(r.stale, id)
		delete(r.held, id)
		if !rec.GetDead() {
			r.held[id] = model.FeedHeld{Seq: seq, Fields: string(rec.GetFields())}
		}
	}
	for _, gone := range page.GetGone() {
		delete(r.held, syncengine.ID(gone))
		delete(r.stale, syncengine.ID(gone))
	}
}

// cursorOf gives where a system's feed stands.
func (w *world) cursorOf(r *reader) (cursor []byte) {
	if !r.kept {
		return r.cursor
	}
	w.server.view(func(tx store.Reader) (err error) {
		cursor, _, err = tx.Document(feedBucket, r.ID[:])
		return err
	})
	return cursor
}

// keepCursor keeps where a system's feed goes on. Where the realm cannot, the page is told once more.
func (w *world) keepCursor(r *reader, cursor []byte) bool {
	if !r.kept {
		r.cursor = cursor
		return true
	}
	err := w.server.service.Put(w.server.ctx, func(tx store.Writer) error { return tx.PutDocument(feedBucket, r.ID[:], cursor) })
	w.server.feelPower()
	return err == nil
}

// feedsRest has every system read to the end.
func (w *world) feedsRest() {
	for _, r := range w.readers {
		for w.readOn(r, 0) && !w.over() {
			continue
		}
	}
}
