package demo

import "time"

// cause is what a dispute is about: its words and its category.
type cause struct {
	words    string
	category Symbol
}

var causes = []cause{
	{"租客与房东押金纠纷", "RENTAL"}, {"提前退租租金结算纠纷", "RENTAL"}, {"合租室友水电费分摊纠纷", "RENTAL"}, {"转租未告知引发纠纷", "RENTAL"},
	{"楼上漏水损坏吊顶纠纷", "NEIGHBOUR"}, {"夜间噪音扰邻纠纷", "NEIGHBOUR"}, {"楼道堆物占用纠纷", "NEIGHBOUR"}, {"宠物伤人赔偿纠纷", "DAMAGES"},
	{"物业费拖欠纠纷", "PROPERTY"}, {"停车位占用纠纷", "PROPERTY"}, {"电梯维修费用纠纷", "PROPERTY"}, {"装修工钱拖欠纠纷", "WAGES"},
	{"客栈订房退款纠纷", "TOURISM"}, {"网购商品退货纠纷", "ECOMMERCE"}, {"餐馆油烟扰民纠纷", "POLLUTION"}, {"摊位转让合同纠纷", "CONTRACT"},
	{"电动车剐蹭赔偿纠纷", "TRAFFIC"}, {"理发卡余额退还纠纷", "CONSUMER"}, {"家中老人赡养分担纠纷", "FAMILY"}, {"宅基地界墙纠纷", "HOUSE_PLOT"},
}

var disputeScales = []weighted[Symbol]{{90, "INDIVIDUAL"}, {10, "GROUP"}}

var deskSources = []weighted[Symbol]{{60, "WALK_IN"}, {20, "APPLICATION"}, {10, "POLICE"}, {5, "PETITIONS"}, {5, "COURT"}}

var fieldSources = []weighted[Symbol]{{60, "GRID_PATROL"}, {40, "RESIDENT_REPORT"}}

var clinics = []weighted[Symbol]{{55, "GENERAL"}, {30, "SPECIALIST"}, {5, "SPECIAL"}, {10, "COMMUNITY"}}

// partyAliases are the two sides of a dispute of the script.
var partyAliases = [...]string{"甲方", "乙方"}

// registerDispute registers a dispute about a door: of the phone's round, or at a desk of any team of the day. Both
// sides have agreed to mediation, without which there would be none.
func (w *dayWriter) registerDispute(c *carrier, at time.Time) []Change {
	i, sources := w.disputedDoor(c)
	why := oneOf(w.rng, causes)
	record := &madeRecord{ref: w.number(RecordDispute), territory: w.street.Premises[i].Territory, author: c.index, door: i}
	fields := []Field{
		field(FieldTitle, Text(w.hereOf(i)+why.words)), field(FieldTerritory, record.territory),
		field(FieldPremisesID, door(i)), field(FieldCategory, why.category), field(FieldSource, pick(w.rng, sources)),
		field(FieldDescription, Text(w.notes.deal(w.hereOf(i)))), field(FieldScale, pick(w.rng, disputeScales)),
		field(FieldState, Move{To: DisputeRegistered}), field(FieldRegistered, Moment(at)), field(FieldRegisteredBy, c.id),
	}
	for _, alias := range partyAliases {
		fields = append(fields, Field{Name: FieldParties, Key: alias, Value: Party{Consent: "AGREED"}})
	}
	if chance(w.rng, 60) {
		fields = append(fields, Field{Name: FieldContacts, Key: partyAliases[0], Value: w.newContact()})
	}
	w.keep(record)
	return []Change{{Op: OpCreate, Ref: record.ref, Fields: fields}}
}

// disputedDoor draws the door a dispute is about, with the ways such a dispute comes in.
func (w *dayWriter) disputedDoor(c *carrier) (PremisesIndex, []weighted[Symbol]) {
	if len(c.doors) > 0 {
		return oneOf(w.rng, c.doors), fieldSources
	}
	for {
		if walker := oneOf(w.rng, w.phones); len(walker.doors) > 0 {
			return oneOf(w.rng, walker.doors), deskSources
		}
	}
}

// deskMoves are the states each desk takes a dispute on from.
var deskMoves = map[Role][]Symbol{
	RoleReception:  {DisputeRegistered},
	RoleDispatcher: {DisputeAccepted, DisputeTriaged},
	RoleMediator:   {DisputeAssigned, DisputeHandling},
}

// moveDispute takes a dispute of the desk one step on.
func (w *dayWriter) moveDispute(c *carrier, at time.Time) []Change {
	mine := func(r *madeRecord) bool {
		from := shownState(w.ledger, c.index, r.ref)
		for _, state := range deskMoves[c.user.Role] {
			if state == from {
				return true
			}
		}
		return false
	}
	r := w.known(RecordDispute, mine, c)
	if r == nil {
		return nil
	}
	from := shownState(w.ledger, c.index, r.ref)
	to := Moves(RecordDispute, from)[0]
	if to == DisputeAgreed && chance(w.rng, 20) {
		to = DisputeFailed
	}
	return edit(r.ref, w.disputeStep(from, to, r, at)...)
}

// disputeStep returns a step of a dispute's state with the facts the step asks for.
func (w *dayWriter) disputeStep(from, to Symbol, r *madeRecord, at time.Time) []Field {
	fields := []Field{field(FieldState, Move{From: from, To: to})}
	switch to {
	case DisputeAccepted:
		return append(fields, field(FieldAcceptedAt, Moment(at)))
	case DisputeTriaged:
		return append(fields, w.triage(at)...)
	case DisputeAssigned:
		return append(fields, field(FieldMediator, w.mediator()))
	case DisputeAgreed:
		return append(append(fields, w.agreement(r)...), field(FieldEffective, Moment(at)))
	case DisputeFailed:
		return append(fields, field(FieldResult, Symbol("FAILURE")), field(FieldRemedies, Moment(at)))
	case DisputeClosed:
		fields = append(fields, field(FieldClinic, Symbol("GENERAL")), field(FieldCallBack, Moment(at)))
		return append(append(fields, w.agreement(r)...), field(FieldEffective, Moment(at)))
	default:
		return fields
	}
}

// clinicRounds is how often the day's first triages go through all clinics: once, and once more, since two desks may
// send one dispute to two.
const clinicRounds = 2

// triage sends a dispute to a clinic: the day's first ones to each in turn, so that every day shows all four, the others
// as a centre's year has them. What goes to the special clinic is of high risk, and the police were told.
func (w *dayWriter) triage(at time.Time) []Field {
	clinic := pick(w.rng, clinics)
	if w.triaged < clinicRounds*len(clinics) {
		clinic = clinics[w.triaged%len(clinics)].choice
	}
	w.triaged++
	fields := []Field{field(FieldClinic, clinic)}
	if clinic == "SPECIAL" {
		fields = append(fields, field(FieldRisk, Symbol("HIGH")), field(FieldPolice, Moment(at)))
	}
	return fields
}

// agreement returns what an oral agreement leaves in the case.
func (w *dayWriter) agreement(r *madeRecord) []Field {
	return []Field{
		field(FieldResult, Symbol("SUCCESS")), field(FieldForm, Symbol("ORAL")),
		field(FieldAgreement, Text(w.notes.deal(w.hereOf(r.door)))),
	}
}

// mediator returns the mediator who has a phone on the day.
func (w *dayWriter) mediator() UserIndex {
	for _, c := range w.phones {
		if c.user.Role == RoleMediator {
			return c.id
		}
	}
	return NoUser
}

// amendDispute writes a fuller description.
func (w *dayWriter) amendDispute(c *carrier, _ time.Time) []Change {
	r := w.known(RecordDispute, nil, c)
	if r == nil {
		return nil
	}
	return edit(r.ref, field(FieldDescription, Text(w.notes.deal(w.hereOf(r.door)))))
}

// deskEvents are what each desk adds to a case's timeline.
var deskEvents = map[Role]Symbol{RoleReception: "FOLLOW_UP", RoleDispatcher: "NOTED", RoleMediator: "MEDIATED"}

// caseEvent adds an entry to a dispute's timeline.
func (w *dayWriter) caseEvent(c *carrier, at time.Time) []Change {
	r := w.known(RecordDispute, nil, c)
	if r == nil {
		return nil
	}
	return []Change{{Op: OpCreate, Ref: w.number(RecordCaseEvent), Fields: []Field{
		field(FieldCaseID, r.ref), field(FieldWhat, deskEvents[c.user.Role]), field(FieldWhen, Moment(at)),
		field(FieldActor, c.id), field(FieldText, Text(w.notes.deal(w.hereOf(r.door)))),
	}}}
}
