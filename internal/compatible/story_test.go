package compatible_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/server"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// story is the day that a set tells: every kind of record, every policy's
// conflict, a quarantine of each fate, a move, a restore that phones heal, and a
// phone that is left with work it has not sent; and an erasure.
type story struct {
	*realm
	ann, bai, chen     *phone
	door, other, visit string
	// last is the file of the newest backup.
	last string
}

func tell(t *testing.T) *story {
	s := &story{realm: found(t)}
	s.ann = s.enrolled(s.user("安", recordv1.Role_ROLE_GRID_WORKER, gridA), 10)
	s.bai = s.enrolled(s.user("白", recordv1.Role_ROLE_POLICE_OFFICER, community), 60)
	s.chen = s.enrolled(s.user("陈", recordv1.Role_ROLE_HELPER, gridA), 110)
	for _, chapter := range []func(){s.morning, s.clashes, s.setAside, s.move, s.erase, s.restoreFromBackup, s.leave} {
		chapter()
		s.now = s.now.Add(time.Hour)
	}
	return s
}

// later turns the clock between two edits.
func (s *story) later() { s.now = s.now.Add(time.Minute) }

func (s *story) everybodySyncs() {
	s.t.Helper()
	for range 2 {
		for _, p := range []*phone{s.ann, s.bai, s.chen} {
			s.later()
			p.sync()
		}
	}
}

// morning makes a record of each kind that a worker makes.
func (s *story) morning() {
	s.everybodySyncs()
	s.door = s.ann.add("premises", `{"address":"民主路3号2栋401","territory":"`+gridA+`","kind_of_premises":"RENTAL_UNIT","rooms":3,
		"contact":{"name":"和某","phone":"0888 000 0000"},"building":"2","stair":"1","floor":"4","door":"401","use":"LIVING","external_ref":"R 4155"}`)
	s.other = s.ann.add("premises", `{"address":"民主路5号","territory":"`+gridA+`"}`)
	s.later()
	s.visit = s.ann.add("visit", `{"premises_ids":["%s"],"purpose":"JOINT","outcome":"SEEN","note":"窗台有积水 & \"漏\"","checklist":{"electric":"POOR","gas":"GOOD"},
		"contributions":{"%s":"看过了"}}`, s.door, s.userNamed("安"))
	s.ann.add("hazard", `{"premises_id":"%s","code":"FIRE_EQ","severity_found":"SERIOUS","note":"灭火器过期","visit_id":"%s"}`, s.door, s.visit)
	dispute := s.ann.add("dispute", `{"title":"楼上漏水","territory":"`+gridA+`","category":"NEIGHBOUR","source":"WALK_IN","description":"三楼渗水。","premises_id":"%s",
		"parties":{"甲方":{"organisation":true},"乙方":{}},"party_contacts":{"甲方":{"name":"杨某","phone":"0888 000 0001"}}}`, s.door)
	s.everybodySyncs()
	s.later()
	s.bai.add("case_event", `{"case_id":"%s","what":"FOLLOW_UP","text":"甲方表示已修复"}`, dispute)
	s.bai.add("task", `{"what":"复查灭火器","for_user":"%s","premises_id":"%s","due":"2026-07-15T18:00:00+08:00"}`, s.userNamed("安"), s.door)
	s.ann.add("attachment", `{"owner_id":"%s","sha256":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","size_bytes":3,"media_type":"image/jpeg"}`, s.visit)
	s.everybodySyncs()
}

// clashes has people write without knowing of each other: a value against a
// value, a set, a map, a deletion against an edit, and what was covered unseen.
func (s *story) clashes() {
	s.ann.edit(s.visit, `{"note":"安写的","checklist":{"gas":"POOR","water":"GOOD"}}`)
	s.bai.edit(s.visit, `{"note":"白写的","checklist":{"gas":null}}`)
	s.later()
	s.ann.edit(s.visit, `{"premises_ids":{"add":["%s"]}}`, s.other)
	s.bai.edit(s.door, `{"rooms":4,"police_note":"二道门常锁"}`)
	s.ann.edit(s.door, `{"rooms":null}`)
	spoilt := s.chen.add("visit", `{"premises_ids":["%s"],"note":"写错了"}`, s.door)
	s.everybodySyncs()
	s.ann.must(s.ann.DeleteRecord(spoilt))
	s.chen.edit(spoilt, `{"note":"没有写错"}`)
	s.everybodySyncs()
	s.acknowledgeOne()
	s.everybodySyncs()
}

// acknowledgeOne closes one of the conflicts that ann may close.
func (s *story) acknowledgeOne() {
	open, err := s.ann.Conflicts()
	s.must(err)
	for _, c := range open {
		if s.ann.Acknowledge(c.ID) == nil {
			return
		}
	}
	s.t.Fatal("ann can close no conflict")
}

// setAside has ann work outside of her grid: one change waits, one is released, one rejected.
func (s *story) setAside() {
	for _, address := range []string{"放行路1号", "驳回路1号", "等待路1号"} {
		s.later()
		s.ann.add("premises", `{"address":"%s","territory":"`+gridB+`"}`, address)
	}
	s.everybodySyncs()
	var waiting []syncengine.Seq
	s.must(s.service.View(s.t.Context(), func(r store.Reader) error {
		return s.service.ListQuarantine(r, 0, func(q exchange.Quarantined) bool { waiting = append(waiting, q.Seq); return true })
	}))
	if len(waiting) != 3 {
		s.t.Fatalf("%d changes wait", len(waiting))
	}
	by := s.userNamed("白")
	s.must(s.service.Release(s.t.Context(), waiting[0], by, "确在其职责内"))
	s.must(s.service.Reject(s.t.Context(), waiting[1], by, "地址不存在"))
	s.everybodySyncs()
}

// move has the server take a door to the neighbours' grid, with what depends on it.
func (s *story) move() {
	id, err := wire.ParseID(s.other)
	s.must(err)
	grid := s.territory(gridB)
	_, err = s.service.Write(s.t.Context(), s.userNamed("白"), []exchange.ServerChange{
		{RecordID: id, Kind: syncengine.KindNumber(recordv1.Kind_KIND_PREMISES), Fields: &recordv1.Premises{Territory: grid[:]}},
	})
	s.must(err)
	s.everybodySyncs()
}

// erase has the privacy desk destroy a note that ann wrote, which her phone hears of;
// one that she wrote on it unsent is sent as erased.
func (s *story) erase() {
	visit := s.ann.add("visit", `{"premises_ids":["%s"],"outcome":"SEEN","note":"住户要求删除的话"}`, s.door)
	s.everybodySyncs()
	s.ann.edit(visit, `{"note":"还没有发出的话","outcome":"REFUSED"}`)
	id, err := wire.ParseID(visit)
	s.must(err)
	_, err = s.service.Erase(s.t.Context(), s.userNamed("白"), "应本人请求", []exchange.Erasing{{RecordID: id, Cells: []syncengine.Cells{{Field: noteField}}}})
	s.must(err)
	s.must(s.service.Scrub(s.t.Context()))
	s.everybodySyncs()
}

// noteField is the note of a visit.
const noteField = 5

// restoreFromBackup puts the realm back to a backup and has the phones heal it.
// Meanwhile a phone was lost and revoked, which the side ledger knows.
func (s *story) restoreFromBackup() {
	backup := s.backup()
	lost := s.enrolled(s.userNamed("陈"), 160)
	s.must(s.service.Update(s.t.Context(), func(w store.Writer) error { return identity.RevokeDevice(w, lost.incarnation()) }))
	s.ann.edit(s.door, `{"headcount":5}`)
	s.bai.edit(s.visit, `{"note":"白又写"}`)
	s.everybodySyncs()
	s.close()
	result, err := server.Restore(s.t.Context(), server.RestoreOptions{
		From: backup, Dir: s.dir, Replace: realmCode, Ledger: []string{s.side}, Now: s.clock, Random: s.random,
	})
	s.must(err)
	if result.Replayed == 0 {
		s.t.Fatal("the ledger had nothing that the backup lacked")
	}
	s.open()
	s.everybodySyncs()
	s.last = s.backup()
}

// backup makes a backup of the running realm.
func (s *story) backup() string {
	s.t.Helper()
	out := filepath.Join(s.t.TempDir(), backupFile)
	_, err := server.Backup(s.t.Context(), server.BackupOptions{Dir: s.dir, Out: out, Now: s.clock})
	s.must(err)
	return out
}

// leave has ann write once more, unsent, and begin a form, while her colleague changes what she has not seen.
func (s *story) leave() {
	s.ann.edit(s.visit, `{"note":"还没有发出"}`)
	s.later()
	s.ann.add("visit", `{"premises_ids":["%s"],"note":"离线新建"}`, s.door)
	_, err := s.ann.SaveDraft(&client.Draft{Kind: "hazard", Text: `{"code":"GAS"}`})
	s.must(err)
	s.bai.edit(s.door, `{"name":"四合院"}`)
	s.bai.sync()
}

// kept picks of what ann's phone and the realm told each other the messages that
// a set keeps: the enrolment, and of all exchanges those that differ in form.
func (s *story) kept() (out []message) {
	seen := map[string]bool{}
	for _, m := range s.ann.line.messages {
		if form := m.name + formOf(m); !seen[form] {
			seen[form] = true
			out = append(out, m)
		}
	}
	return slices.Clip(out)
}

// formOf tells which parts a message has.
func formOf(m message) (form string) {
	part := func(name string, there bool) {
		if there {
			form += " " + name
		}
	}
	switch m := m.body.(type) {
	case *syncv1.ExchangeRequest:
		body := bodyOf(m)
		part("batch", len(body.GetBatch().GetChanges()) > 0)
		part("again", slices.ContainsFunc(body.GetBatch().GetChanges(), func(c *syncv1.BatchChange) bool { return c.GetFirst() != nil }))
		part("cursor", len(body.GetCursor()) > 0)
		part("receipt", body.GetReceipt() != nil)
		part("digests", len(body.GetStatus().GetDigests()) > 0)
		part("erased", slices.ContainsFunc(body.GetBatch().GetChanges(), func(c *syncv1.BatchChange) bool { return c.GetErased() != nil }))
		part("past", len(body.GetPast()) > 0)
		part("barriers", len(body.GetBarriers()) > 0)
		part("forks", len(body.GetForks()) > 0)
		part("grants", body.GetGrants() != nil)
	case *syncv1.ExchangeResponse:
		part("outcomes", m.GetOutcomes() != nil)
		part("receipt", m.GetReceipt() != nil)
		part("records", len(m.GetPage().GetRecords()) > 0)
		part("gone", len(m.GetPage().GetGone()) > 0)
		part("decisions", len(m.GetPage().GetDecisions()) > 0)
		part("view", m.GetView() != nil)
		part("expected", m.GetExpected() != 0)
		part("barriers", len(m.GetBarriers()) > 0)
		part("forks", len(m.GetForks()) > 0)
		part("grants", m.GetGrants() != nil)
		part("nonce "+m.GetNonceState().String(), true)
	}
	return form
}
