package sim

import (
	"google.golang.org/protobuf/encoding/protowire"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What is sealed stands nowhere in the open on the server's disk, and whoever is shown it is in the access ledger.

// searchServer has the auditor search all that the server's files hold, where it has files.
func (w *world) searchServer() {
	if w.server.disk == nil {
		return
	}
	var raw []byte
	for _, content := range w.server.disk.Snapshot(dataFolder) {
		raw = append(raw, content...)
	}
	w.note(w.model.CheckServerFiles(raw))
}

// looksBack is among how many of the newest entries the one of a reply is looked for: more than a group of calls makes.
const looksBack = 64

// checkLooks wants an entry of the access ledger that names every record whose sealed fields a reply shows to a phone.
func (s *server) checkLooks(incarnation []byte, reply *syncv1.ExchangeResponse) {
	var shown []syncengine.ID
	for _, rec := range reply.GetPage().GetRecords() {
		if showsSealed(rec) {
			shown = append(shown, syncengine.ID(rec.GetId()))
		}
	}
	if len(shown) == 0 || s.down {
		return
	}
	noted := map[syncengine.ID]bool{}
	s.view(func(r store.Reader) error {
		head, _, err := accessledger.Head(r)
		if err != nil {
			return err
		}
		filter := accessledger.Filter{
			Device: syncengine.ID(incarnation), Actions: []accessledger.Action{accessledger.Sync}, After: head - min(head, looksBack),
		}
		return accessledger.Walk(r, filter, func(e accessledger.Entry) bool {
			for _, t := range e.Records {
				for _, id := range t.IDs {
					noted[id] = true
				}
			}
			return true
		})
	})
	for _, id := range shown {
		if !noted[id] {
			s.w.broken(model.I10, nil, "record %s: a sealed field went to a phone and no entry of the access ledger tells of it", id)
		}
	}
}

// showsSealed reports a record of a page that tells anything of a sealed field.
func showsSealed(rec *syncv1.PageRecord) bool {
	kind, ok := schema.Load().Kind(syncengine.KindNumber(rec.GetKind()))
	if !ok {
		return false
	}
	sealed := func(n uint32) bool {
		class, ok := kind.Engine.Class(syncengine.FieldNumber(n))
		return ok && schema.Load().Access.Sealed().Has(class)
	}
	for _, c := range rec.GetCells() {
		if sealed(c.GetField()) {
			return true
		}
	}
	for b := rec.GetFields(); len(b) > 0; {
		n, _, size := protowire.ConsumeField(b)
		if size < 0 {
			return false
		}
		if sealed(uint32(n)) {
			return true
		}
		b = b[size:]
	}
	return false
}
