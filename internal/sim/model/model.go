package model

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// PhoneID names an installation, what one worker holds in the hand. It stays
// the same while the incarnation of its database changes, as after a fork.
type PhoneID int

// CallID names one arrival of a request at the server.
type CallID int

// Violation is something that the protocol forbids and that happened.
type Violation struct {
	Invariant Invariant
	// Phone is where it was seen; 0 for the server.
	Phone PhoneID
	// Record is zero where no single record is concerned.
	Record syncengine.ID
	Text   string
}

// Options are what a model is told at the beginning.
type Options struct {
	// Schema is what the server merges by; this software's own when nil.
	Schema *schema.Schema
	// StampAhead is how far a stamp may lie after its receipt; a minute when 0.
	StampAhead syncengine.UnixMilli
}

// The world calls the methods below in the order in which things happen. Every
// message handed over belongs to the model from then on: hand over a copy of
// what is changed later.

// Territory tells of a territory; parent is zero for the root.
func (m *Model) Territory(id, parent syncengine.ID) { m.territory.add(id, parent) }

// User tells of a user with their own role, and of a later change of it.
func (m *Model) User(id syncengine.ID, role identity.Role) { m.people.user(id, role) }

// Granted tells that a version of grants is in force for a user from now on.
// Versions are told once each, in order, and again after a restore of the server
// for what then stands in the store.
func (m *Model) Granted(user syncengine.ID, v identity.GrantVersion) { m.people.grant(user, v) }

// Enrolled tells that a phone took its first identity, with the grants and the lease
// that the answer named.
func (m *Model) Enrolled(p PhoneID, incarnation, user syncengine.ID, grants *syncv1.Grants) {
	m.enrol(p, incarnation, user, grants)
}

// Revoked tells that the trust in an incarnation has ended. A restore does not
// undo it.
func (m *Model) Revoked(incarnation syncengine.ID) { m.people.revoke(incarnation) }

// ServerSchema tells that the server runs with another schema from now on.
func (m *Model) ServerSchema(s *schema.Schema) { m.serverSchema(s) }

// PhoneSchema tells that a phone runs with another schema from now on; it begins
// with this software's own.
func (m *Model) PhoneSchema(p PhoneID, s *schema.Schema) { m.phones[p].schema = s }

// Poisoned tells of a record by whose id the server's engine fails when it places
// what names it; zero for none any more.
func (m *Model) Poisoned(id syncengine.ID) { m.poison = id }

// Row is one change as a phone's local commit made it: the exact bytes.
type Row struct {
	DeviceSeq  syncengine.DeviceSeq
	Body, Salt []byte
}

// Asked is one edit as the script asked for it. The phone may add cells that it
// fills in by itself; those asked for must all be in the rows.
type Asked struct {
	Record   syncengine.ID
	Kind     syncengine.KindNumber
	Create   bool
	Cells    []syncengine.CellWrite
	Resolves []syncengine.ConflictID
}

// Wrote tells of one durable local commit: its rows in device order and what the
// script asked for. It must be told before a request that carries the rows
// arrives, and before the phone takes another reply.
func (m *Model) Wrote(p PhoneID, rows []Row, asked []Asked) { m.wrote(p, rows, asked) }

// Took tells that a phone durably took a reply in: the one to its request call.
// What the phone truly has seen follows from this alone. It is true where the phone has
// caught up with it: a page that it had to leave aside does not count.
func (m *Model) Took(p PhoneID, call CallID, reply *syncv1.ExchangeResponse) (caughtUp bool) {
	before := len(m.phones[p].stood)
	m.took(p, call, reply)
	return len(m.phones[p].stood) > before
}

// Saved tells that a phone's files were copied aside under a name.
func (m *Model) Saved(p PhoneID, name string) { m.saved(p, name) }

// PutBack tells that a phone now runs on files that were copied aside: its own,
// older ones, or those of another phone, which makes p a clone. What p wrote
// since and no server has is lost by name.
func (m *Model) PutBack(p PhoneID, name string) { m.putBack(p, name) }

// Lost tells that a phone is gone for good: what it did not sync is gone with it,
// by name, and nothing is expected of it any more.
func (m *Model) Lost(p PhoneID) { m.lost(p) }

// Arrived tells that a request reached the server at its time, also when it is a
// copy or late. It is told before the commit that it leads to.
func (m *Model) Arrived(body *syncv1.ExchangeBody, at syncengine.UnixMilli) CallID {
	return m.arrived(body, at)
}

// Act is something done at the server itself. Exactly one of its fields beside By is set.
type Act struct {
	// By is the user who asked; zero for the server itself.
	By syncengine.ID
	// Release and Reject decide on the quarantined change at a seq.
	Release, Reject syncengine.Seq
	// Writes are an import, an assignment, a move of doors.
	Writes []exchange.ServerChange
	// Erase names records of which cells are erased.
	Erase []syncengine.ID
	// Import is a file of doors; what it writes the model works out.
	Import *Import
	plan   *imported
}

// Acting tells what is about to be done at the server; Acted tells how it ended.
// The commit that it leads to is told between the two.
func (m *Model) Acting(a Act) { m.act = &a }

// Acted ends what Acting began.
func (m *Model) Acted(err error) { m.acted(err) }

// Committed tells of one commit of the server: the head after it and the log
// entries it added, in order. Calls whose batches shared it are answered after it.
func (m *Model) Committed(head store.Head, entries []store.Entry) { m.committed(head, entries) }

// Answered tells what the server answered to a call: a reply, or an error. The
// world may lose the reply afterwards.
func (m *Model) Answered(call CallID, reply *syncv1.ExchangeResponse, err error) {
	m.answered(call, reply, err)
}

// BackedUp tells that a verified backup of the server stands under a name.
func (m *Model) BackedUp(name string, head store.Head) { m.backedUp(name, head) }

// WentBack tells that the server's store is again what a backup holds. With
// declared false nobody has told the server: it must notice before it serves one
// wrong page.
func (m *Model) WentBack(name string, declared bool) { m.wentBack(name, declared) }

// EpochBegan tells that the server began a new epoch; h is its history from then on.
func (m *Model) EpochBegan(h syncengine.History) { m.epochBegan(h) }

// Screen is what a check reads of a phone; *client.Replica is one.
type Screen interface {
	Status() (*client.Status, error)
	Self() *client.Self
	List(client.Query) ([]*client.Record, error)
	Why(syncengine.ID) ([]*client.Reason, error)
	Conflicts() ([]*client.Conflict, error)
	Quarantined() ([]*client.Quarantined, error)
}

// CheckStep gives what was found wrong since it was last called. It is called
// after every step and costs nothing by itself: being told is being checked.
func (m *Model) CheckStep() []Violation {
	found := m.found
	m.found = nil
	return found
}

// CheckServer compares everything the server stores with the prediction:
// records, scope rows, digests, conflicts, quarantine, chains and marks.
func (m *Model) CheckServer(r store.Reader) []Violation {
	m.checkServer(r)
	return m.CheckStep()
}

// CheckPhone compares everything a phone shows with the prediction, at any moment.
func (m *Model) CheckPhone(p PhoneID, s Screen) []Violation {
	m.checkPhone(p, s)
	return m.CheckStep()
}

// CheckFiles looks for values that a phone must not hold any more, after a purge,
// in the decrypted bytes of its files.
func (m *Model) CheckFiles(p PhoneID, plain []byte) []Violation {
	m.checkFiles(p, plain)
	return m.CheckStep()
}

// CheckServerFiles looks for values that the server must keep sealed, in the bytes
// of its files.
func (m *Model) CheckServerFiles(raw []byte) []Violation {
	m.checkServerFiles(raw)
	return m.CheckStep()
}

// Healed tells that faults have stopped: from now on each exchange of a phone
// counts as one round of draining its outbox, until AtRest.
func (m *Model) Healed() { m.heal() }

// AtRest checks what holds when faults have stopped, every outbox has drained and
// every phone has caught up: the server, every phone, and that nothing is missing.
func (m *Model) AtRest(r store.Reader, phones map[PhoneID]Screen) []Violation {
	m.atRest(r, phones)
	return m.CheckStep()
}

// Checks gives how often each invariant was checked, by its name.
func (m *Model) Checks() map[string]int { return m.counts.byName() }
