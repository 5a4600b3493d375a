package domain

// Relation says how a user stands to a record; the numbers are those of onedoor.record.v1.Relation. Which relations
// count for which role stands in the proto options.
type Relation int32

// The relations.
const (
	// RelationTerritory: the record lies in a granted territory.
	RelationTerritory Relation = iota + 1
	// RelationNamedRecord: a door or case granted by name or assigned, with what follows it.
	RelationNamedRecord
	// RelationNamedUser: the record, or the case it follows, names the user.
	RelationNamedUser
	// RelationDepartment: the case was routed to the user's department.
	RelationDepartment
	// RelationEscalated: the case was escalated to the district.
	RelationEscalated
	// RelationAuthor: the user's own device wrote it about something not known yet.
	RelationAuthor
	// RelationRealm: every phone of the realm reads it.
	RelationRealm
	// RelationBreakGlass: a door outside the area, looked up online with a reason, for minutes.
	RelationBreakGlass
)

// relationFacts stand in the order of the relations, RelationTerritory first.
var relationFacts = [...]struct{ zh, en string }{
	{"辖区内", "in a granted territory"},
	{"指定的房屋或案件", "a door or case granted by name or assigned, and what follows it"},
	{"点名的人", "named in it, or in the case it follows: mediator, participant, whom a task is for"},
	{"转到本部门的案件", "a case routed to the own department, and what follows it"},
	{"提级到区的案件", "a case escalated to the district"},
	{"本机所写", "written on the own device about something not known yet"},
	{"全区共享", "shared by the whole realm: territories and colleagues"},
	{"应急查询", "looked up outside the area, online, with a reason, for minutes"},
}

// Relations lists all relations in the order of their numbers.
func Relations() []Relation {
	all := make([]Relation, len(relationFacts))
	for i := range all {
		all[i] = Relation(i + 1)
	}
	return all
}

// LabelZH names the relation in Chinese.
func (r Relation) LabelZH() string { return relationFacts[r-1].zh }

// LabelEN names the relation in English.
func (r Relation) LabelEN() string { return relationFacts[r-1].en }
