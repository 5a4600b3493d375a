package model

import (
	"crypto/sha256"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Model is the auditor's own picture of a realm.
type Model struct {
	schema     *schema.Schema
	newest     *schema.Schema
	stampAhead syncengine.UnixMilli
	territory  tree
	people     people
	// opener opens what phones have sealed.
	opener Opener

	phones map[PhoneID]*phone
	// copies are files of phones that were put aside.
	copies map[string]*phone
	// rows are all changes that any phone ever made, by the digest of their bytes.
	rows map[[sha256.Size]byte]*row
	// forks tell of the incarnations that branched off others.
	forks map[syncengine.ID]forked
	// changes are rows and server's writes under the name by which the log knows them.
	changes map[syncengine.Dot]*change

	// branches are all histories that the log ever had; now is the one that grows.
	branches []*branch
	now      *branch
	backups  map[string]*branch
	// secret tells that the store went back and nobody has told the server.
	secret bool
	// restoring tells that a restore has put the store back and begins an epoch next.
	restoring bool
	// used are the numbers of epochs that histories ever had, twice those that two had.
	used, twice map[syncengine.Epoch]bool

	calls []*call
	// cursors tell where each cursor that was handed out stands, tags the same of each
	// place's tag, nonces which were used.
	cursors map[string]place
	tags    map[string]place
	nonces  map[string]bool
	// strangers are incarnations that the server, set back, does not know any more.
	strangers map[syncengine.ID]bool
	act       *Act
	// poison is a record that the server's engine cannot stand.
	poison syncengine.ID
	// leases are those that calls under a name have brought, heard or not.
	leases map[syncengine.ID][]lent
	// voidings are the tasks by which somebody was told of a void door, in whatever history.
	voidings map[voiding]syncengine.ID
	// secrets are words that stand in one record only.
	secrets map[syncengine.ID][]string
	// step is what the commit in hand has done so far.
	step step
	// dirty are records changed since the server was last compared.
	dirty map[syncengine.ID]bool

	healed bool
	counts counts
	found  []Violation
}

// serverSchema has every record be of the kind as the server's software knows it now.
func (m *Model) serverSchema(s *schema.Schema) {
	m.schema = s
	for _, states := range m.now.records {
		for _, rec := range states {
			if kind, ok := s.Kind(rec.kind.Number); ok {
				rec.kind = kind
			}
		}
	}
}

// forked says where an incarnation branched off another.
type forked struct {
	parent syncengine.ID
	last   syncengine.DeviceSeq
	chain  [32]byte
}

// mark gives how far an incarnation is decided. A copy that came back to a
// restored server begins where it branched off.
func (m *Model) mark(incarnation syncengine.ID) mark {
	if at, ok := m.now.marks[incarnation]; ok {
		return at
	}
	if f, ok := m.forks[incarnation]; ok {
		return mark{f.last, f.chain}
	}
	return mark{}
}

// New makes a model of an empty realm.
func New(o Options) *Model {
	m := &Model{
		schema: o.Schema, newest: schema.Load(), stampAhead: o.StampAhead,
		territory: tree{parent: map[syncengine.ID]syncengine.ID{}},
		people:    people{users: map[syncengine.ID]*user{}, revoked: map[syncengine.ID]bool{}},
		phones:    map[PhoneID]*phone{}, copies: map[string]*phone{}, rows: map[[sha256.Size]byte]*row{},
		forks: map[syncengine.ID]forked{}, changes: map[syncengine.Dot]*change{},
		backups: map[string]*branch{}, cursors: map[string]place{}, tags: map[string]place{}, nonces: map[string]bool{},
		strangers: map[syncengine.ID]bool{}, used: map[syncengine.Epoch]bool{1: true}, twice: map[syncengine.Epoch]bool{},
		leases: map[syncengine.ID][]lent{}, voidings: map[voiding]syncengine.ID{}, dirty: map[syncengine.ID]bool{},
	}
	if m.schema == nil {
		m.schema = m.newest
	}
	if m.stampAhead == 0 {
		m.stampAhead = syncengine.StampAheadMax
	}
	m.now = newBranch()
	m.branches = []*branch{m.now}
	return m
}
