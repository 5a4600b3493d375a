package exchange

import (
	"container/heap"
	"errors"
	"fmt"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

// cutting cuts one page for one phone out of one snapshot.
type cutting struct {
	svc    *Service
	r      store.Reader
	device identity.Device
	// from is where the phone stands; valid tells that it is a place of this log.
	from  cursor
	valid bool
	view  identity.View
	// refill names keys whose digests differ.
	refill  []syncengine.ScopeKey
	maxByte int
	// pushed is what the batch of this call came to.
	pushed *syncv1.Outcomes
	// base is the seq of the checkpoint that the phone's records stand at.
	base syncengine.Seq

	world   syncengine.World
	builder *wire.PageBuilder
	next    cursor
	// caughtUp tells that every key reached the head of the snapshot.
	caughtUp bool
	// keep lists views that the next cursor names.
	keep []identity.View
	// plain and held are room to read one record after the other in.
	plain wire.PlainRecord
	held  [][]byte
	// moving tells that the phone's keys change in this pull: what it drops with a key
	// may stand under another one by its own change, so nothing of its own is left out.
	moving bool
	// behind tells that the log has changes of the phone's own of which it has no outcome.
	behind bool
	// goesOn tells that the phone holds the keys of now, or is being filled with them.
	goesOn bool
	// viewSent is what the phone is told when its keys differ.
	viewSent *syncv1.View
	// schema is the one in force in the snapshot.
	schema *schema.Schema
	// looks are the sealed fields that the page shows.
	looks accessledger.Looks
	// piece is the turn in which it is cut; it rests between rows.
	piece *turns.Piece
	// kinds are those that are sent, nil for all; withheld are classes that are not, whoever may read them.
	kinds    []syncengine.KindNumber
	withheld schema.Classes
}

// cut builds the page. Keys the phone already stood on come first, in seq order
// from its position; then the keys that are being filled.
func (c *cutting) cut() error {
	if err := c.begin(); err != nil {
		return err
	}
	standing, added, err := c.split()
	if err != nil {
		return err
	}
	c.announce(standing, added)
	head := c.r.Head().Seq
	at, done, err := head, true, error(nil)
	if !c.ownSince(head) {
		at, done, err = c.rows(standing, c.from.at.Seq, head, true)
	}
	if err != nil {
		return err
	}
	c.next.at = syncengine.Coordinate{Epoch: c.world.History.Epoch, Seq: at}
	if c.next.filling {
		if done {
			c.next.fill, done, err = c.rows(added, c.next.fill, head, false)
		}
		if err != nil {
			return err
		}
		if done {
			c.next.filling = false
		}
	}
	c.caughtUp = done
	tag, _, err := tagAt(c.r, c.next.at.Seq)
	c.next.tag = tag
	return err
}

// begin decides whether the phone's position can be gone on from.
func (c *cutting) begin() error {
	history, err := readHistory(c.r)
	if err != nil {
		return err
	}
	lineage, err := identity.Lineage(c.r)
	if err != nil {
		return err
	}
	c.world = syncengine.World{History: history, Lineage: lineage}
	c.builder = wire.NewPageBuilder(c.world, c.userOf)
	c.builder.Watch(c.schema.Access.Sealed(), c.looks.Add)
	if !c.valid {
		c.from = cursor{}
	}
	c.next = cursor{view: c.view.Version(), rules: c.schema.Access.Fingerprint()}
	c.goesOn = c.valid && c.from.view == c.next.view && c.from.rules == c.next.rules && len(c.refill) == 0
	return nil
}

// split divides the phone's keys into those it stands on and those to fill.
func (c *cutting) split() (standing, added []syncengine.ScopeKey, err error) {
	before, err := c.stoodOn()
	if err != nil {
		return nil, nil, err
	}
	for _, k := range c.view {
		if slices.Equal(before.Roles(k.Key), k.Roles) && !slices.Contains(c.refill, k.Key) {
			standing = append(standing, k.Key)
		} else {
			added = append(added, k.Key)
		}
	}
	return standing, added, nil
}

// stoodOn gives the keys that the phone's position is exact for. A store that was
// put back may not know the view that a cursor names: then every key is filled from
// the start, and the phone is told so.
func (c *cutting) stoodOn() (identity.View, error) {
	base := c.from.view
	switch {
	case !c.valid || c.from.rules != c.next.rules:
		return nil, nil
	case c.from.filling:
		base = c.from.before
	case base == c.next.view:
		return c.view, nil
	}
	if base == (identity.ViewVersion{}) {
		return nil, nil
	}
	before, err := identity.GetView(c.r, base)
	if errors.Is(err, identity.ErrViewUnknown) {
		c.goesOn = false
		return nil, nil
	}
	return before, err
}

// announce sets up the next cursor and, when the phone's keys differ from its
// cursor's, tells it which keys it now holds and which are filled.
func (c *cutting) announce(standing, added []syncengine.ScopeKey) {
	c.moving = !c.goesOn || c.from.filling
	if c.moving {
		c.next.filling = true
		c.next.before = c.standingView(standing)
		if c.goesOn {
			c.next.fill = c.from.fill
		}
	}
	if c.goesOn {
		return
	}
	c.viewSent = &syncv1.View{Version: c.next.view[:]}
	for _, k := range c.view {
		c.viewSent.Keys = append(c.viewSent.Keys, &syncv1.KeyView{Key: []byte(k.Key), Roles: k.Roles, UntilMs: k.UntilMs()})
	}
	for _, k := range added {
		c.viewSent.Filled = append(c.viewSent.Filled, []byte(k))
	}
}

// standingView names the keys that were not added, by the content of their view.
// The service stores it before the cursor that names it can come back.
func (c *cutting) standingView(standing []syncengine.ScopeKey) identity.ViewVersion {
	if len(standing) == 0 {
		return identity.ViewVersion{}
	}
	var v identity.View
	for _, key := range standing {
		v = append(v, identity.KeyRoles{Key: key, Roles: c.view.Roles(key)})
	}
	c.keep = append(c.keep, v)
	return v.Version()
}

// rows adds what the keys' rows above after tell, in seq order, until the head
// or the page's end, and returns how far it came.
func (c *cutting) rows(keys []syncengine.ScopeKey, after, head syncengine.Seq, increment bool) (at syncengine.Seq, done bool, err error) {
	m, err := newRowMerge(c.r, keys, after, c.maxByte-c.builder.Bytes())
	if err != nil {
		return after, false, err
	}
	for m.Len() > 0 {
		// A page ends between seqs: a decision and its record share one.
		if c.builder.Bytes() >= c.maxByte && m.scans[0].row().Seq > after {
			return after, false, nil
		}
		if err := c.piece.Rest(); err != nil {
			return after, false, err
		}
		rows, err := m.next()
		if err != nil {
			return after, false, err
		}
		if err := c.entry(rows, increment); err != nil {
			return after, false, err
		}
		after = rows[0].Seq
	}
	return head, true, nil
}

// entry adds what the rows of one seq tell about one record.
func (c *cutting) entry(rows []store.ScopeRow, increment bool) error {
	var present, left bool
	for _, row := range rows {
		switch row.Type {
		case store.RowDecision:
			d, err := decisionOf(c.r, row.Seq)
			if err != nil {
				return err
			}
			c.builder.Decide(d)
		case store.RowPresent:
			present = true
		case store.RowLeft:
			var err error
			if left, err = c.tells(row, left, increment); err != nil {
				return err
			}
		}
	}
	if !present && !left {
		return nil
	}
	return c.record(rows[0].RecordID, present, left, increment)
}

// tells reports that a stay which ended is told. A fill replaces what the phone
// held, so there only a stay counts that the fill has shown already, or that one of
// the user's own changes began: the phone may be about to fold that change in.
func (c *cutting) tells(row store.ScopeRow, left, increment bool) (bool, error) {
	if left || increment || row.Entered <= c.next.fill {
		return true, nil
	}
	e, ok, err := c.r.Entry(row.Entered)
	return ok && c.userOf(e.Incarnation) == c.device.UserID, err
}

// record adds a record as it stands, or that it has left: also where it stands under
// another key of the phone, over which its user's roles do not read it.
func (c *cutting) record(id syncengine.ID, present, left, increment bool) error {
	row, ok, err := store.Lend(c.r, id) // What the builder has written of it is its own.
	if err != nil || !ok || c.kinds != nil && !slices.Contains(c.kinds, row.Kind) {
		return err
	}
	plain, err := c.plain.Scan(row.Body)
	if err != nil {
		return fmt.Errorf("stored record %s: %w", id, err)
	}
	if present && increment && !c.moving && !c.behind && c.ownOnly() && !c.recused(c.plain.Keys) {
		return nil
	}
	kind, known := c.schema.Kind(row.Kind)
	if plain && present && !left && known && !c.recused(c.plain.Keys) {
		if roles := c.heldOf(&c.plain); roles != 0 {
			if classes := c.reads(row.Kind, roles); classes != 0 {
				c.builder.AddPlain(kind, row.ID, row.Seq, &c.plain, c.held, classes)
			}
		}
		return nil
	}
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return err
	}
	roles, held := rolesIn(c.view, rec)
	var classes schema.Classes
	if known {
		classes = c.reads(rec.Kind, roles)
	}
	switch {
	case classes == 0:
		if left || c.withdrawn(rec) {
			c.builder.Gone(id)
		}
	case present:
		c.builder.Add(kind, rec, held, classes)
	}
	return nil
}

// reads gives the classes of a kind that are sent to who holds roles over a record.
func (c *cutting) reads(kind syncengine.KindNumber, roles schema.Roles) schema.Classes {
	return c.schema.Access.ReadClasses(kind, roles) &^ c.withheld
}

// recused reports that the phone's user is kept from a record in these keys.
func (c *cutting) recused(keys [][]byte) bool {
	return slices.ContainsFunc(keys, func(k []byte) bool { return c.view.Recused(syncengine.ScopeKey(k)) })
}

// withdrawn reports a record that the phone may hold and that its user is recused
// from since: the recusal is younger than the checkpoint that its records stand at.
// Whoever was never shown anything is told nothing.
func (c *cutting) withdrawn(rec *syncengine.Record) bool {
	if c.base == 0 && c.from.at.Seq == 0 {
		return false
	}
	return slices.ContainsFunc(rec.Keys, func(s syncengine.ScopeSpan) bool {
		return s.Left == 0 && s.Entered > c.base && c.view.Recused(s.Key)
	})
}

// ownSince reports that the log above the phone's position is this very push,
// applied to the last change: there is nothing to look for. What the push moved
// to a newer row stood at its old one when the phone came by there.
func (c *cutting) ownSince(head syncengine.Seq) bool {
	results := c.pushed.GetResults()
	first := c.from.at.Seq + 1
	if !c.valid || c.moving || c.behind || len(results) == 0 || head+1 != first+syncengine.Seq(len(results)) {
		return false
	}
	for i, o := range results {
		if o.GetCode() != syncv1.OutcomeCode_OUTCOME_CODE_APPLIED || syncengine.Seq(o.GetSeq()) != first+syncengine.Seq(i) {
			return false
		}
	}
	return true
}

// ownOnly reports a record whose entries above the phone's position are all its
// own and applied: the outcomes said it all.
func (c *cutting) ownOnly() bool {
	return c.plain.Tail == c.device.Incarnation && c.plain.TailSince <= c.base
}

// heldOf notes which of a plain record's keys the phone holds, and gives the roles over them.
func (c *cutting) heldOf(p *wire.PlainRecord) (roles schema.Roles) {
	c.held = c.held[:0]
	for _, key := range p.Keys {
		if r := c.view.RolesIn(key); r != nil {
			roles |= schema.RolesOf(r...)
			c.held = append(c.held, key)
		}
	}
	return roles
}

func (c *cutting) userOf(incarnation syncengine.ID) syncengine.ID {
	return c.svc.UserOf(c.r, incarnation)
}

// rowMerge reads the rows of many keys in (seq, record) order.
type rowMerge struct {
	r     store.Reader
	most  int
	scans []*keyScan
	out   []store.ScopeRow
	// announces tells that the store wants to know beforehand what it will be asked; named are records of which it does.
	announces bool
	named     map[syncengine.ID]bool
}

// keyScan is the reading position in one key.
type keyScan struct {
	key  syncengine.ScopeKey
	rows []store.ScopeRow
	at   int
	// chunk is how many rows are read at a time.
	chunk int
	// more tells that the key may have rows behind these.
	more bool
}

// Rows read at a time: many for a few keys, few for many, and no more than the
// page has room for records of the usual size. A key that has more is read in
// growing chunks.
const (
	scanChunkFew     = 512
	scanChunkMany    = 32
	scanKeysFew      = 8
	recordBytesUsual = 256
)

// chunksFor gives how many rows of each of some keys are read first, and at most, where a page has room for so many bytes.
func chunksFor(keys, room int) (first, most int) {
	most = max(scanChunkMany, min(scanChunkFew, room/recordBytesUsual))
	if keys > scanKeysFew {
		return scanChunkMany, most
	}
	return most, most
}

// askRows announces the first rows of some keys.
func askRows(q *store.Questions, keys []syncengine.ScopeKey, after syncengine.Seq, room int) {
	chunk, _ := chunksFor(len(keys), room)
	for _, key := range keys {
		q.Rows = append(q.Rows, store.RowsOf{Key: key, After: after, Limit: chunk})
	}
}

// newRowMerge begins at the rows above after; room is what the page has left, in bytes.
func newRowMerge(r store.Reader, keys []syncengine.ScopeKey, after syncengine.Seq, room int) (*rowMerge, error) {
	first, most := chunksFor(len(keys), room)
	m := &rowMerge{r: r, most: most, announces: store.Gathering(r) != nil, named: map[syncengine.ID]bool{}}
	if m.announces {
		var q store.Questions
		askRows(&q, keys, after, room)
		if err := store.Gather(r, q); err != nil {
			return nil, err
		}
	}
	for _, key := range keys {
		s := &keyScan{key: key, chunk: first}
		if err := m.read(s, after); err != nil {
			return nil, err
		}
		if len(s.rows) > 0 {
			m.scans = append(m.scans, s)
		}
	}
	heap.Init(m)
	return m, m.announce(m.scans...)
}

func (m *rowMerge) read(s *keyScan, after syncengine.Seq) (err error) {
	s.at = 0
	s.rows, err = m.r.Scope(s.rows[:0], s.key, after, s.chunk)
	s.more = len(s.rows) == s.chunk
	s.chunk = min(2*s.chunk, m.most)
	return err
}

// announce announces the records of rows that were read.
func (m *rowMerge) announce(scans ...*keyScan) error {
	if !m.announces {
		return nil
	}
	var q store.Questions
	for _, s := range scans {
		for i := range s.rows {
			if id := s.rows[i].RecordID; s.rows[i].Type != store.RowDecision && !m.named[id] {
				m.named[id] = true
				q.Records = append(q.Records, id)
			}
		}
	}
	return store.Gather(m.r, q)
}

// readOn reads on after the last row of a chunk, whose seq may have a second row.
func (m *rowMerge) readOn(s *keyScan, last store.ScopeRow) error {
	if !s.more {
		s.rows = s.rows[:0]
		return nil
	}
	if err := m.read(s, last.Seq-1); err != nil {
		return err
	}
	if err := m.announce(s); err != nil {
		return err
	}
	s.rows = slices.DeleteFunc(s.rows, func(r store.ScopeRow) bool {
		return r.Seq == last.Seq && slices.Compare(r.RecordID[:], last.RecordID[:]) <= 0
	})
	return nil
}

// next gives all rows of the least (seq, record).
func (m *rowMerge) next() ([]store.ScopeRow, error) {
	m.out = m.out[:0]
	first := m.scans[0].row()
	for m.Len() > 0 {
		s := m.scans[0]
		row := s.row()
		if row.Seq != first.Seq || row.RecordID != first.RecordID {
			break
		}
		m.out = append(m.out, row)
		s.at++
		if s.at == len(s.rows) {
			if err := m.readOn(s, row); err != nil {
				return nil, err
			}
		}
		if len(s.rows) == 0 {
			heap.Pop(m)
		} else {
			heap.Fix(m, 0)
		}
	}
	return m.out, nil
}

func (s *keyScan) row() store.ScopeRow { return s.rows[s.at] }

// Len, Less, Swap, Push and Pop make the heap of scans.
func (m *rowMerge) Len() int { return len(m.scans) }

// Less orders scans by their next row.
func (m *rowMerge) Less(i, j int) bool {
	a, b := m.scans[i].row(), m.scans[j].row()
	if a.Seq != b.Seq {
		return a.Seq < b.Seq
	}
	return slices.Compare(a.RecordID[:], b.RecordID[:]) < 0
}

// Swap exchanges two scans.
func (m *rowMerge) Swap(i, j int) { m.scans[i], m.scans[j] = m.scans[j], m.scans[i] }

// Push adds a scan.
func (m *rowMerge) Push(x any) { m.scans = append(m.scans, x.(*keyScan)) }

// Pop removes the last scan.
func (m *rowMerge) Pop() any {
	s := m.scans[len(m.scans)-1]
	m.scans = m.scans[:len(m.scans)-1]
	return s
}
