package model

import (
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Model is the auditor's own picture of a realm.
type Model struct {
	schema     *schema.Schema
	stampAhead syncengine.UnixMilli
	places     places
	people     people
	phones     map[PhoneID]*phone
	// copies are files of phones that were put aside.
	copies map[string]*phone

	// log holds the entries as the server committed them; entry n stands at n-1.
	log     []store.Entry
	head    store.Head
	history syncengine.History
	// backups hold the log as it was when each was made.
	backups map[string]backup
	calls   []call
	act     *Act

	healed bool
	counts counts
	found  []Violation
}

// backup is what a copy of the server's files holds.
type backup struct {
	head store.Head
	log  []store.Entry
}

// call is one arrival of a request.
type call struct {
	body *syncv1.ExchangeBody
	at   syncengine.UnixMilli
}

// New makes a model of an empty realm.
func New(o Options) *Model {
	m := &Model{
		schema: o.Schema, stampAhead: o.StampAhead, history: syncengine.History{Epoch: 1},
		places: places{parent: map[syncengine.ID]syncengine.ID{}},
		people: people{users: map[syncengine.ID]*user{}, revoked: map[syncengine.ID]bool{}},
		phones: map[PhoneID]*phone{}, copies: map[string]*phone{}, backups: map[string]backup{},
	}
	if m.schema == nil {
		m.schema = schema.Load()
	}
	if m.stampAhead == 0 {
		m.stampAhead = syncengine.StampAheadMax
	}
	return m
}

func (m *Model) arrived(body *syncv1.ExchangeBody, at syncengine.UnixMilli) CallID {
	m.calls = append(m.calls, call{body, at})
	return CallID(len(m.calls) - 1)
}

func (m *Model) acted(error) { m.act = nil }

func (m *Model) committed(head store.Head, entries []store.Entry) {
	f := m.at(0, syncengine.ID{})
	for _, e := range entries {
		f.want(e.Seq == syncengine.Seq(len(m.log)+1), I5, "seq %d follows seq %d", e.Seq, len(m.log))
		m.log = append(m.log, e)
	}
	f.want(head.Seq == syncengine.Seq(len(m.log)), I5, "the head says %d, the log ends at %d", head.Seq, len(m.log))
	m.head = head
}

// answered wants caught_up to be said at the log's end only.
func (m *Model) answered(_ CallID, reply *syncv1.ExchangeResponse, err error) {
	if err != nil || !reply.GetCaughtUp() {
		return
	}
	at := coordinate(reply.GetPosition())
	m.at(0, syncengine.ID{}).want(at.Seq == m.head.Seq && at.Epoch == m.head.Epoch, I6,
		"caught up at %s, the log's end is %d/%d", at, m.head.Epoch, m.head.Seq)
}

func (m *Model) backedUp(name string, head store.Head) {
	m.backups[name] = backup{head, slices.Clone(m.log)}
}

func (m *Model) wentBack(name string, _ bool) {
	b := m.backups[name]
	m.log, m.head = slices.Clone(b.log), b.head
}

func (m *Model) epochBegan(h syncengine.History) { m.history, m.head.Epoch = h, h.Epoch }

func (m *Model) heal() { m.healed = true }

// checkServer compares the log with what the world told.
func (m *Model) checkServer(r store.Reader) {
	f := m.at(0, syncengine.ID{})
	f.want(r.Head().Seq == m.head.Seq, I5, "the store's head is %d, commits told of %d", r.Head().Seq, m.head.Seq)
}

// checkPhone wants the phone to say of itself what the world saw it do.
func (m *Model) checkPhone(p PhoneID, s Screen) {
	ph, f := m.phones[p], m.at(p, syncengine.ID{})
	status, err := s.Status()
	if !f.want(err == nil, I8, "status: %v", err) {
		return
	}
	at := syncengine.Coordinate{Epoch: syncengine.Epoch(status.Epoch), Seq: syncengine.Seq(status.Seq)}
	f.want(at == ph.checkpoint, I6, "the checkpoint is %s, the last reply it took with caught_up stands at %s", at, ph.checkpoint)
}

// checkFiles has nothing to look for while no purge has been predicted.
func (m *Model) checkFiles(PhoneID, []byte) {}

func (m *Model) atRest(r store.Reader, phones map[PhoneID]Screen) {
	m.checkServer(r)
	for _, p := range m.phoneIDs() {
		if s, ok := phones[p]; ok {
			m.checkPhone(p, s)
		}
	}
}
