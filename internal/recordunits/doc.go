// Package recordunits reads records as the units that figures count: doors, the calls of visits, hazards and disputes
// with what their timelines tell. Phone and server count with it.
//
// It decides from its arguments alone: a record's shown values, the stamps of a few of them, and the events of a case. It
// never reads a text, a contact or a clock, and it knows no territory and no other record: whoever holds the units joins a
// hazard to its door and a check to the visit that it checks.
//
// Read visit.go first, then door.go, hazard.go and dispute.go.
package recordunits
