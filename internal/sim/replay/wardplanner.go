package replay

import (
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/rentsafe"
)

// Chances of the scene, each 1 in so many.
const (
	// oneJointIn: two of the team do a visit together, and both write it.
	oneJointIn = 40
	// oneAwayIn: a phone is out of reach in the evening and syncs a day later.
	oneAwayIn = 6
)

// wardPlanner plans the work of one ward, session by session. It follows its own
// ledger to know what each phone shows when it writes.
type wardPlanner struct {
	plan   *WardPlan
	rng    *rand.Rand
	ledger *ledger
	// unregistered are the doors that somebody of the team has yet to make.
	unregistered map[rentsafe.RSN]rentsafe.Building
	// feed is the newest entry that wrote what the feed says, by visit: whoever
	// writes the next one has seen it, so that the feed's own edits never collide.
	feed map[RecordKey]*entry
	// visits and hazards are those made so far, for meetings to choose from.
	visits, hazards []RecordKey
	// noted are the hazards on which two notes met.
	noted []RecordKey
	// marked are the items with a mark of each visit, in the checklist's order.
	marked map[RecordKey][]rentsafe.Item

	// session is the one being planned, now the time of its newest commit and gap
	// what lies between two.
	session  Session
	now, gap domain.UnixMilli
	// meeting is set while two phones are made to touch one record.
	meeting bool
}

func newWardPlanner(ward Ward, team []Seat, seed uint64) *wardPlanner {
	return &wardPlanner{
		plan:         &WardPlan{Ward: ward, Team: team},
		rng:          wardSeed(seed, ward.Text),
		unregistered: map[rentsafe.RSN]rentsafe.Building{},
		feed:         map[RecordKey]*entry{},
		marked:       map[RecordKey][]rentsafe.Item{},
	}
}

// door takes in a building: the register's are imported, others wait for their
// first inspection.
func (w *wardPlanner) door(b rentsafe.Building) {
	if b.FromInspection {
		w.unregistered[b.RSN] = b
		return
	}
	w.plan.Register = append(w.plan.Register, w.doorChange(b))
}

func (w *wardPlanner) doorChange(b rentsafe.Building) Change {
	return Change{Key: doorKey(b.RSN), Create: true, Message: doorOf(b), Territory: w.plan.Ward.Grid}
}

// begin opens a session in which at most so many commits are made.
func (w *wardPlanner) begin(date Date, commitsMax int) {
	w.session = Session{}
	w.now = date + workBegins
	w.gap = max(1, (workEnds-workBegins)/domain.UnixMilli(commitsMax+1))
}

// end closes a session: some phones sync, in any order; all of them on the last
// one. On a day without work only those do that have something left to hand in.
func (w *wardPlanner) end(last bool) {
	for _, p := range w.rng.Perm(len(w.plan.Team)) {
		phone := PhoneIndex(p)
		idle := len(w.session.Commits) == 0 && len(w.ledger.phones[phone].pending) == 0
		if last || !idle && w.rng.IntN(oneAwayIn) > 0 {
			w.session.Syncs = append(w.session.Syncs, phone)
			w.ledger.sync(phone)
		}
	}
	w.plan.Sessions = append(w.plan.Sessions, w.session)
}

// commit adds what a phone writes next.
func (w *wardPlanner) commit(phone PhoneIndex, changes ...Change) {
	w.now += w.gap
	c := Commit{Phone: phone, At: w.now, Changes: changes, Generated: w.meeting}
	w.session.Commits = append(w.session.Commits, c)
	w.ledger.commit(&c)
}

// newest gives the newest entry of a record.
func (w *wardPlanner) newest(key RecordKey) *entry {
	entries := w.ledger.records[key]
	return entries[len(entries)-1]
}

// firstSession plans a part of the inspections that stand before the first day.
func (w *wardPlanner) firstSession(date Date, part []rentsafe.Inspection, meet bool) {
	meetings := 0
	if meet {
		meetings = w.meetings(len(part)/meetEvery + 1)
	}
	w.begin(date, 2*len(part)+2*meetings)
	for range meetings {
		w.meet()
	}
	for _, i := range part {
		w.visit(i)
	}
	w.end(false)
}

// daySession plans the work of a day file.
func (w *wardPlanner) daySession(date Date, added []rentsafe.Inspection, changed []rentsafe.Change, last bool) {
	meetings := w.meetings(w.rng.IntN(2))
	w.begin(date, 2*len(added)+4*len(changed)+2*meetings)
	for _, c := range changed {
		w.revisit(c)
	}
	for range meetings {
		w.meet()
	}
	for _, i := range added {
		w.visit(i)
	}
	w.end(last)
}

// visit plans an inspection that is new.
func (w *wardPlanner) visit(i rentsafe.Inspection) {
	key := visitKey(i.Key)
	phone, changes := w.visitor(i)
	partner, joint := w.companion(phone, i)
	visit := w.visitChange(i, joint)
	changes = append(changes, visit)
	for _, item := range i.Hazards() {
		changes = append(changes, w.hazardChange(i, item.Name))
	}
	w.commit(phone, changes...)
	w.feed[key] = w.newest(key)
	w.visits, w.marked[key] = append(w.visits, key), i.Items
	if joint {
		w.joinIn(partner, visit)
	}
}

// visitor chooses who makes a visit. A door that nobody has registered is made
// with it, by somebody who may.
func (w *wardPlanner) visitor(i rentsafe.Inspection) (PhoneIndex, []Change) {
	if b, ok := w.unregistered[i.Key.RSN]; ok {
		delete(w.unregistered, i.Key.RSN)
		return workerPhone, []Change{w.doorChange(b)}
	}
	phone := w.someone(func(p PhoneIndex) bool { return w.ledger.knows(p, doorKey(i.Key.RSN)) })
	return phone, nil
}

// someone draws one of the phones that fit; at least one does.
func (w *wardPlanner) someone(fits func(PhoneIndex) bool) PhoneIndex {
	for _, phone := range w.rng.Perm(len(w.plan.Team)) {
		if fits(PhoneIndex(phone)) {
			return PhoneIndex(phone)
		}
	}
	assert(false, "ward %q: no phone fits", w.plan.Ward.Text)
	return 0
}

// companion draws whether a second phone writes the visit too.
func (w *wardPlanner) companion(phone PhoneIndex, i rentsafe.Inspection) (PhoneIndex, bool) {
	if w.rng.IntN(oneJointIn) > 0 {
		return 0, false
	}
	for _, other := range w.rng.Perm(len(w.plan.Team)) {
		if partner := PhoneIndex(other); partner != phone && w.ledger.knows(partner, doorKey(i.Key.RSN)) {
			return partner, true
		}
	}
	return 0, false
}

func (w *wardPlanner) visitChange(i rentsafe.Inspection, joint bool) Change {
	m := visitOf(i, w.now)
	c := Change{
		Key: visitKey(i.Key), Create: true, Message: m,
		Refs: []Ref{{Field: "premises_ids", Target: doorKey(i.Key.RSN)}},
	}
	if joint {
		m.Purpose = recordv1.VisitPurpose_VISIT_PURPOSE_JOINT.Enum()
		c.Contribution = w.remark("")
	}
	return c
}

// joinIn lets the partner make the same visit under the id that the first phone
// showed, with the same findings and words of their own.
func (w *wardPlanner) joinIn(partner PhoneIndex, visit Change) {
	visit.Message = proto.Clone(visit.Message)
	visit.Contribution = w.remark(visit.Contribution)
	w.commit(partner, visit)
}

func (w *wardPlanner) hazardChange(i rentsafe.Inspection, item string) Change {
	key := hazardKey(i.Key, item)
	w.hazards = append(w.hazards, key)
	return Change{
		Key: key, Create: true, Message: hazardOf(i, item, w.now),
		Refs: []Ref{{"premises_id", doorKey(i.Key.RSN)}, {"visit_id", visitKey(i.Key)}},
	}
}

// revisit plans a row that says something else than what stands. Before it is
// written, somebody of the team may touch the same visit.
func (w *wardPlanner) revisit(c rentsafe.Change) {
	key := visitKey(c.After.Key)
	author := w.someone(func(p PhoneIndex) bool { return w.ledger.sees(p, w.feed[key]) })
	patch := revision(c.Before, c.After, w.now)
	if patch != nil {
		w.collide(author, key, patch)
	}
	var changes []Change
	if patch != nil {
		changes = append(changes, Change{Key: key, Message: patch})
	}
	changes = append(changes, w.hazardSteps(author, c)...)
	if len(changes) > 0 {
		w.commit(author, changes...)
		if patch != nil {
			w.feed[key] = w.newest(key)
		}
	}
	w.marked[key] = c.After.Items
	w.recount(c)
}

// hazardSteps makes the hazards of items that turned worst and closes those of
// items that did not stay so.
func (w *wardPlanner) hazardSteps(author PhoneIndex, c rentsafe.Change) []Change {
	was, is := marks(c.Before), marks(c.After)
	var out []Change
	for _, item := range rentsafe.Checklist() {
		worst := is[item.Name] == rentsafe.ScoreWorst
		if worst == (was[item.Name] == rentsafe.ScoreWorst) {
			continue
		}
		key := hazardKey(c.After.Key, item.Name)
		if !slices.Contains(w.hazards, key) {
			out = append(out, w.hazardChange(c.After, item.Name))
		} else if state, ok := step(stateOf(w.ledger.screen(author, key, cell{fieldState, ""})), worst); ok {
			out = append(out, Change{Key: key, Message: &recordv1.Hazard{State: state.Enum()}})
		}
	}
	return out
}

// recount lets the worker correct the rooms of a door that an inspection counted
// otherwise.
func (w *wardPlanner) recount(c rentsafe.Change) {
	rooms := roomsOf(c.After.Building)
	if rooms == nil || c.After.Building.Units == c.Before.Building.Units {
		return
	}
	w.commit(workerPhone, Change{Key: doorKey(c.After.Key.RSN), Message: &recordv1.Premises{Rooms: rooms}})
}
