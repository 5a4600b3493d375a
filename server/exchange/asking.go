package exchange

import (
	"bytes"
	"slices"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What a group and a call are about to ask of the store is announced, for a store on another machine, which answers many
// questions in one trip. Nothing depends on it: what is not announced is read when it is asked for. Where a store has no
// trips to spare, nothing is announced.

// askShared announces what every group and every answer asks.
func askShared(q *store.Questions) {
	q.Document(bucketRevision, historyKey)
	q.Document(bucketHistory, historyKey)
	identity.AskShape(q)
}

// askGroup announces what is known beforehand of what deciding a group asks.
func (s *Service) askGroup(group []*job) (q store.Questions) {
	if !s.gathers {
		return q
	}
	askShared(&q)
	if s.shared {
		q.Document(bucketOpened, historyKey)
	}
	for _, bucket := range []string{bucketAwaiting, bucketBarrier, bucketVoid} {
		q.Beginning(bucket, nil, nil)
	}
	g := groupAsking{svc: s, q: &q, commits: map[syncengine.Seq]bool{}}
	for _, j := range group {
		if j.push != nil {
			g.push(j.push)
		}
	}
	return q
}

// groupAsking gathers what the pushes of a group ask.
type groupAsking struct {
	svc     *Service
	q       *store.Questions
	commits map[syncengine.Seq]bool
	cells   []syncengine.CellWrite
}

func (g *groupAsking) push(p *push) {
	id := p.device.Incarnation
	g.q.Document(bucketProgress, id[:])
	identity.AskContact(g.q, id)
	identity.AskBranch(g.q, id)
	g.svc.askUser(g.q, p.device.UserID)
	for i := range p.changes {
		if c := p.changes[i].change; c != nil {
			_ = unharmed(func() error { g.change(c); return nil })
		}
	}
}

// unharmed runs f. A change that the engine panics on is judged and set aside in its turn, and announces no more until then.
func unharmed(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = nil
		}
	}()
	return f()
}

// change announces the record, those that it is to follow, when its base was committed, and of a new record what follows it.
func (g *groupAsking) change(c *wire.Change) {
	g.q.Records = append(g.q.Records, c.RecordID)
	if c.Create {
		g.q.Bare = append(g.q.Bare, syncengine.RecordKey(c.RecordID))
	}
	if at := c.Base; at.Seq > 0 && at.Epoch == g.svc.epoch() && !g.commits[at.Seq] {
		g.commits[at.Seq] = true
		g.q.Beginning(bucketCommit, seqKey(at.Seq), nil)
	}
	kind, known := g.svc.schema.Kind(c.Kind)
	if !known || !follows(kind) {
		return
	}
	cells, err := wire.AppendCells(g.cells[:0], kind, c.Create, c.Patch)
	if err != nil {
		return // It is judged as it is, in its turn.
	}
	g.cells = cells
	for _, id := range parentsWritten(kind, cells) {
		if _, known := g.svc.places.keys[id]; !known {
			g.q.Records = append(g.q.Records, id)
		}
	}
}

// parentsWritten lists the records that some cells name as what their record is about.
func parentsWritten(kind *schema.Kind, cells []syncengine.CellWrite) (out []syncengine.ID) {
	for _, w := range cells {
		f, ok := kind.Field(w.Key.Field)
		if ok && f.Engine.Scope == syncengine.ScopeParent && f.Engine.IDs != nil && !w.Cleared {
			out = append(out, f.Engine.IDs(w.Data)...)
		}
	}
	return out
}

// askUser announces a user and their grants, unless they are remembered.
func (s *Service) askUser(q *store.Questions, user syncengine.ID) {
	if !s.caches.remembersUser(user) {
		identity.AskUser(q, user)
	}
}

// askFurther announces what a realm asks of every change in which something waits for records, was erased, or has void doors.
func (k *work) askFurther(group []*job) error {
	if !k.svc.gathers || !k.awaiting && !k.erasures && !k.voids {
		return nil
	}
	var q store.Questions
	for _, j := range group {
		if j.push == nil {
			continue
		}
		for i := range j.push.changes {
			if c := j.push.changes[i].change; c != nil {
				if err := unharmed(func() error { return k.askOf(&q, c) }); err != nil {
					return err
				}
			}
		}
	}
	return store.Gather(k.w, q)
}

func (k *work) askOf(q *store.Questions, c *wire.Change) error {
	id := c.RecordID
	if k.awaiting {
		q.Beginning(bucketAwaiting, id[:], numberedKey(id, 1<<64-1))
	}
	if k.erasures {
		q.Beginning(bucketBarrier, id[:], afterID(id))
	}
	kind, known := k.kind(c.Kind)
	if !k.voids || !known {
		return nil
	}
	doors, err := k.doorsOf(kind, c)
	for _, door := range append(doors, id) {
		q.Document(bucketVoid, bytes.Clone(door[:]))
	}
	return err
}

// doorsOf lists what a change's record is about, by the change and as it stands.
func (k *work) doorsOf(kind *schema.Kind, c *wire.Change) (out []syncengine.ID, err error) {
	if !follows(kind) {
		return nil, nil
	}
	if cells, err := wire.Cells(kind, c.Create, c.Patch); err == nil {
		out = parentsWritten(kind, cells)
	}
	rec, err := k.record(c.RecordID)
	if err != nil || rec == nil || rec.Kind != kind.Number {
		return out, err
	}
	return slices.Concat(out, parentsIn(kind, rec)), nil
}

// askReplayed announces the entries of a run of changes from one on: whoever sends it again asks for all of them.
func (k *work) askReplayed(from, last syncengine.Seq) error {
	if !k.svc.gathers || last > k.w.Head().Seq {
		return nil
	}
	return store.Gather(k.w, store.Questions{Entries: []store.Stretch{{From: from, To: last}}})
}
