package demo

// Field names the script writes, lower_snake as in the record files. A runner sets them by name. What a phone fills into
// a new record by itself (times, author, first state) the script writes too, so that nothing is written unseen.
const (
	FieldAddress        = "address"
	FieldTerritory      = "territory"
	FieldParent         = "parent_id"
	FieldKindOfPremises = "kind_of_premises"
	FieldRental         = "rental_kind"
	FieldRooms          = "rooms"
	FieldHeadcount      = "headcount"
	FieldLeaseFiled     = "lease_filed"
	FieldGrade          = "grade"
	FieldContact        = "contact"
	FieldStatus         = "status"
	FieldCompound       = "compound"
	FieldBuilding       = "building"
	FieldDoor           = "door"

	FieldPremisesIDs   = "premises_ids"
	FieldPurpose       = "purpose"
	FieldOutcome       = "outcome"
	FieldNote          = "note"
	FieldContributions = "contributions"
	FieldChecklist     = "checklist"
	FieldOccurredAt    = "occurred_at"

	FieldPremisesID    = "premises_id"
	FieldCode          = "code"
	FieldSeverityFound = "severity_found"
	FieldSeverityRuled = "severity_ruled"
	FieldDisposal      = "disposal"
	FieldDeadline      = "deadline"
	FieldFoundAt       = "found_at"
	FieldState         = "state"
	FieldVisitID       = "visit_id"
	FieldRegisteredBy  = "registered_by"

	FieldTitle       = "title"
	FieldCategory    = "category"
	FieldSource      = "source"
	FieldDescription = "description"
	FieldScale       = "scale"
	FieldParties     = "parties"
	FieldContacts    = "party_contacts"
	FieldClinic      = "clinic"
	FieldRisk        = "risk"
	FieldPolice      = "police_reported_at"
	FieldMediator    = "mediator"
	FieldAcceptedAt  = "accepted_at"
	FieldRegistered  = "registered_at"
	FieldResult      = "result"
	FieldForm        = "agreement_form"
	FieldAgreement   = "agreement_text"
	FieldEffective   = "agreement_effective_on"
	FieldRemedies    = "remedies_notified_at"
	FieldCallBack    = "call_back_at"

	FieldCaseID = "case_id"
	FieldWhat   = "what"
	FieldWhen   = "at"
	FieldActor  = "actor"
	FieldText   = "text"
)

// States of a hazard.
const (
	HazardFound      Symbol = "FOUND"
	HazardNotified   Symbol = "NOTIFIED"
	HazardRectified  Symbol = "RECTIFIED"
	HazardHandedOver Symbol = "HANDED_OVER"
	HazardRechecked  Symbol = "RECHECKED"
	HazardClosed     Symbol = "CLOSED"
)

// States of a dispute that the day reaches.
const (
	DisputeRegistered Symbol = "REGISTERED"
	DisputeAccepted   Symbol = "ACCEPTED"
	DisputeTriaged    Symbol = "TRIAGED"
	DisputeAssigned   Symbol = "ASSIGNED"
	DisputeHandling   Symbol = "HANDLING"
	DisputeAgreed     Symbol = "AGREED"
	DisputeFailed     Symbol = "FAILED"
	DisputeClosed     Symbol = "CLOSED"
)

// precedence orders the states of each kind among concurrent steps: of two that stand, the later one here is shown.
var precedence = map[RecordKind][]Symbol{
	RecordHazard: {HazardFound, HazardNotified, HazardRectified, HazardHandedOver, HazardRechecked, HazardClosed},
	RecordDispute: {
		DisputeRegistered, DisputeAccepted, DisputeTriaged, DisputeAssigned, DisputeHandling, DisputeFailed, DisputeAgreed,
		DisputeClosed,
	},
}

// moves are the steps of states the script takes, a part of those the field allows. Where a state has two, two phones
// can take different ones.
var moves = map[RecordKind]map[Symbol][]Symbol{
	RecordHazard: {
		HazardFound:      {HazardNotified, HazardHandedOver},
		HazardNotified:   {HazardRectified, HazardHandedOver},
		HazardRectified:  {HazardRechecked},
		HazardHandedOver: {HazardClosed},
	},
	RecordDispute: {
		DisputeRegistered: {DisputeAccepted, DisputeClosed},
		DisputeAccepted:   {DisputeTriaged},
		DisputeTriaged:    {DisputeAssigned},
		DisputeAssigned:   {DisputeHandling},
		DisputeHandling:   {DisputeAgreed, DisputeFailed},
	},
}

// Moves returns the steps of states that the script may take from a state of a kind.
func Moves(kind RecordKind, from Symbol) []Symbol { return moves[kind][from] }

// shownState returns the state a phone shows for a record, or "" if it knows none.
func shownState(ledger *Ledger, phone PhoneIndex, ref Ref) Symbol {
	shown, rank := Symbol(""), -1
	for _, w := range ledger.VisibleTo(phone, Cell{Ref: ref, Field: FieldState}) {
		to := w.Value.(Move).To
		for r, state := range precedence[ref.Kind] {
			if state == to && r > rank {
				shown, rank = to, r
			}
		}
	}
	return shown
}
