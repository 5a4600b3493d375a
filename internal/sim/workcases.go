package sim

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
	"onedoor/syncengine"
)

// findHazards makes a visit and the hazards found on it, in one commit.
func (p *phone) findHazards(d dice) {
	door, ok := p.seen(d, "premises")
	if !ok {
		return
	}
	visit := p.made("visit")
	edits := []edit{{id: visit, message: &recordv1.Visit{PremisesIds: [][]byte{door[:]}, Note: word(d)}, create: true}}
	for range 1 + d.IntN(2) {
		edits = append(edits, edit{id: p.made("hazard"), create: true, message: &recordv1.Hazard{
			PremisesId: door[:], VisitId: visit[:], Code: some[recordv1.HazardCode](d, 12), SeverityFound: some[recordv1.Severity](d, 3),
		}})
	}
	p.do(fmt.Sprintf("finds %d hazards at %s", len(edits)-1, p.w.known.of(door)), edits...)
}

func (p *phone) editHazard(d dice) {
	id, ok := p.seen(d, "hazard")
	if !ok {
		return
	}
	m := &recordv1.Hazard{}
	switch d.IntN(6) {
	case 0, 1:
		m.State = some[recordv1.HazardState](d, 7)
	case 2:
		m.SeverityFound = some[recordv1.Severity](d, 3)
	case 3:
		m.SeverityRuled = some[recordv1.Severity](d, 3)
	case 4:
		m.Note = word(d)
	default:
		m.Deadline = proto.Int64(int64(p.w.now) + d.Int64N(30*dayMs))
	}
	p.do("edits "+p.w.known.of(id), edit{id: id, message: m})
}

func (p *phone) addDispute(d dice) {
	grid := p.grid(d)
	m := &recordv1.Dispute{
		Title: word(d), Territory: grid.id[:], Parties: map[string]*recordv1.Party{pick(d, sides): {Organisation: proto.Bool(d.oneIn(2))}},
	}
	if door, ok := p.seen(d, "premises"); ok && d.oneIn(2) {
		m.PremisesId = door[:]
	}
	id := p.made("dispute")
	p.do(fmt.Sprintf("registers %s in %s", p.w.known.of(id), grid.code), edit{id: id, message: m, create: true})
}

func (p *phone) editDispute(d dice) {
	id, ok := p.seen(d, "dispute")
	if !ok {
		return
	}
	m := &recordv1.Dispute{}
	e := edit{id: id, message: m}
	// Few people, so that one adds somebody while another takes the same person out.
	someone := p.w.staff.users[d.IntN(min(2, len(p.w.staff.users)))]
	switch d.IntN(11) {
	case 0, 1:
		m.State = some[recordv1.DisputeState](d, 14)
		p.stepNeeds(d, m)
	case 2, 3:
		m.Result = some[recordv1.CaseResult](d, 3)
	case 4:
		m.AgreementText = word(d)
	case 5:
		m.Parties = map[string]*recordv1.Party{pick(d, sides): {Consent: some[recordv1.PartyConsent](d, 2)}}
	case 6:
		e.field, e.elements = "parties", []string{pick(d, sides)}
	case 7:
		m.Participants = [][]byte{someone.id[:]}
	case 8:
		e.field, e.elements = "participants", []string{string(someone.id[:])}
	case 9:
		m.Mediator = someone.id[:]
	default:
		m.Risk = some[recordv1.CaseRisk](d, 3)
	}
	p.do("edits "+p.w.known.of(id), e)
}

// stepNeeds writes beside most steps what they need, so that few are refused; a party that another phone adds or takes out
// meanwhile makes the server see a case without the consent of each.
func (p *phone) stepNeeds(d dice, m *recordv1.Dispute) {
	if d.oneIn(4) {
		return
	}
	consent := recordv1.PartyConsent_PARTY_CONSENT_AGREED
	if m.GetState() == recordv1.DisputeState_DISPUTE_STATE_REFUSED {
		consent = recordv1.PartyConsent_PARTY_CONSENT_REFUSED
	}
	m.Parties = map[string]*recordv1.Party{}
	for _, side := range sides {
		m.Parties[side] = &recordv1.Party{Consent: consent.Enum()}
	}
	m.Clinic, m.Result = some[recordv1.Clinic](d, 4), some[recordv1.CaseResult](d, 3)
	m.AgreementForm = some[recordv1.AgreementForm](d, 2)
	now := proto.Int64(int64(p.w.now))
	m.RemediesNotifiedAt, m.PoliceReportedAt, m.CallBackAt, m.AgreementEffectiveOn = now, now, now, now
}

// sides are the parties of a dispute.
var sides = []string{"甲方", "乙方", "丙方"}

func (p *phone) addTask(d dice) {
	m := &recordv1.Task{What: word(d)}
	if someone := pick(d, p.w.staff.users); d.oneIn(2) {
		m.ForUser = someone.id[:]
	}
	if door, ok := p.seen(d, "premises"); ok && (m.ForUser == nil || d.oneIn(2)) {
		m.PremisesId = door[:]
	}
	id := p.made("task")
	p.do("makes "+p.w.known.of(id), edit{id: id, message: m, create: true})
}

func (p *phone) editTask(d dice) {
	if id, ok := p.seen(d, "task"); ok {
		p.do("edits "+p.w.known.of(id), edit{id: id, message: &recordv1.Task{State: some[recordv1.TaskState](d, 5), Why: word(d)}})
	}
}

func (p *phone) addEvent(d dice) {
	dispute, ok := p.seen(d, "dispute")
	if !ok {
		return
	}
	m := &recordv1.CaseEvent{CaseId: dispute[:], What: some[recordv1.CaseEventKind](d, 21), Text: word(d)}
	switch m.GetWhat() {
	case recordv1.CaseEventKind_CASE_EVENT_KIND_PAUSED:
		m.Until = proto.Int64(int64(p.w.now) + d.Int64N(30*dayMs))
	case recordv1.CaseEventKind_CASE_EVENT_KIND_EXTENDED:
		m.Days = proto.Uint32(1 + uint32(d.IntN(10)))
	}
	id := p.made("case_event")
	p.do(fmt.Sprintf("notes %s of %s", p.w.known.of(id), p.w.known.of(dispute)), edit{id: id, message: m, create: true})
}

// removable are the kinds of records that are deleted and brought back.
var removable = []string{"visit", "hazard", "task", "premises"}

func (p *phone) remove(d dice) {
	if id, ok := p.seen(d, pick(d, removable)); ok {
		p.do("deletes "+p.w.known.of(id), edit{id: id, life: syncv1.Life_LIFE_DEAD})
	}
}

// revive brings a deleted record back.
func (p *phone) revive(d dice) {
	list, err := p.replica.List(client.Query{Kind: pick(d, removable), Deleted: true})
	if !p.w.must(err, "list what "+p.name+" shows") {
		return
	}
	for _, rec := range list {
		if rec.Deleted {
			p.commit("brings back "+p.w.known.of(rec.ID), []model.Asked{{Record: rec.ID}}, func() error { return p.replica.Undelete(rec.ID) })
			return
		}
	}
}

// settleConflict restores or acknowledges one of the conflicts that the phone lists.
func (p *phone) settleConflict(d dice) {
	open, err := p.replica.Conflicts()
	if !p.w.must(err, "list the conflicts of "+p.name) || len(open) == 0 {
		return
	}
	c := pick(d, open)
	record, err := parseID(c.RecordID)
	p.w.must(err, "read a conflict's record")
	asked := []model.Asked{{Record: record, Resolves: []syncengine.ConflictID{conflictID(c.ID)}}}
	if n := len(c.Others); n > 0 && d.oneIn(2) {
		choice := 1 + d.IntN(n)
		p.commit(fmt.Sprintf("restores value %d of %s.%s", choice, p.w.known.of(record), p.w.known.named(c.Field)), asked, func() error {
			return p.replica.Restore(c.ID, choice)
		})
		return
	}
	p.commit(fmt.Sprintf("acknowledges %s of %s.%s", c.Kind, p.w.known.of(record), p.w.known.named(c.Field)), asked, func() error {
		return p.replica.Acknowledge(c.ID)
	})
}
