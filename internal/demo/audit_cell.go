package demo

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// The rules of a cell, in the auditor's own words. It knows from the ledger who had seen what, and when; from the record
// files, by which order a field shows one of several values; and shares no code with the engine that it audits.

// cellWrite is one value that the script writes into one cell.
type cellWrite struct {
	// entry is its change in the ledger, position the change's place in the order of commits, seen how far its author
	// had seen when writing it.
	entry, position, seen int
	phone                 PhoneIndex
	// data is the cell as a record message has it.
	data string
	// atMs is the true time of writing, rank that of the author's role.
	atMs int64
	rank int
}

// The data of a life cell.
const (
	lifeAlive = "\x01"
	lifeDead  = "\x02"
)

// openKind says why a cell waits for a person.
type openKind string

// The kinds, as a phone names them.
const (
	openNot        openKind = ""
	openContested  openKind = "conflict"
	openKept       openKind = "kept"
	openDeleteEdit openKind = "delete_edit"
)

// verdict is what the script demands of one cell at the end of the day.
type verdict struct {
	// shown stands on every screen; stand holds it with all other values that nobody's sight covers.
	shown cellWrite
	stand []cellWrite
	// kept are values that were covered by somebody who had not been shown them.
	kept []cellWrite
}

// standing is a value while a cell is replayed, with the positions between which it was last shown: from 0 for never,
// until 0 while it is.
type standing struct {
	cellWrite
	from, until int
}

// shownAt says whether the value was the one to be seen when the log had reached a position.
func (v *standing) shownAt(position int) bool {
	return v.from != 0 && v.from <= position && (v.until == 0 || position < v.until)
}

// cellReplay replays the writes of one cell in the order in which the server commits them.
type cellReplay struct {
	ledger *Ledger
	order  func(a, b cellWrite) int
	review bool
	stand  []standing
	kept   []standing
}

// judge replays the writes of a cell.
func judge(l *Ledger, f cellField, writes []cellWrite) verdict {
	r := cellReplay{ledger: l, order: f.order, review: f.policy == recordv1.MergePolicy_MERGE_POLICY_REVIEW}
	slices.SortFunc(writes, func(a, b cellWrite) int { return cmp.Compare(a.position, b.position) })
	for _, w := range writes {
		r.take(w)
	}
	v := verdict{shown: r.stand[0].cellWrite}
	for _, s := range r.stand {
		v.stand = append(v.stand, s.cellWrite)
	}
	for _, k := range r.kept {
		v.kept = append(v.kept, k.cellWrite)
	}
	return v
}

// covers says whether the author of w had seen v.
func (r *cellReplay) covers(w, v cellWrite) bool {
	return r.ledger.Covers(Write{Entry: w.entry}, Write{Entry: v.entry})
}

// hadOnScreen says whether the author of w, which covers v, had the value of v before their eyes: in what they had
// synced, or as their own newer one on top of it.
func (r *cellReplay) hadOnScreen(w cellWrite, v *standing) bool {
	own := v.phone == w.phone && v.position > w.seen
	return own || r.ledger.Entries[w.entry].Op != OpCreate && v.shownAt(w.seen)
}

// take takes the next write in.
func (r *cellReplay) take(w cellWrite) {
	contested := slices.ContainsFunc(r.stand, func(v standing) bool { return v.data != r.stand[0].data })
	r.kept = slices.DeleteFunc(r.kept, func(k standing) bool {
		return !r.review && r.covers(w, k.cellWrite) && r.hadOnScreen(w, &k)
	})
	var stay []standing
	for i := range r.stand {
		v := r.stand[i]
		switch {
		case !r.covers(w, v.cellWrite):
			stay = append(stay, v)
		case r.review && contested || !r.hadOnScreen(w, &v):
			v.hide(w.position)
			r.kept = append(r.kept, v)
		}
	}
	r.stand = append(stay, standing{cellWrite: w})
	slices.SortFunc(r.stand, func(a, b standing) int { return r.order(a.cellWrite, b.cellWrite) })
	for i := range r.stand {
		if v := &r.stand[i]; v.data == r.stand[0].data {
			v.show(w.position)
		} else {
			v.hide(w.position)
		}
	}
}

func (v *standing) show(position int) {
	if v.from == 0 || v.until != 0 {
		v.from, v.until = position, 0
	}
}

func (v *standing) hide(position int) {
	if v.from != 0 && v.until == 0 {
		v.until = position
	}
}

// cellField is what the auditor knows of the field of a cell.
type cellField struct {
	name   string
	policy recordv1.MergePolicy
	class  recordv1.VisibilityClass
	life   bool
	// kind and enum are for the states of a kind.
	kind RecordKind
	enum protoreflect.EnumDescriptor
}

// fieldOf reads the rules that stand beside a field.
func fieldOf(kind *schema.Kind, number syncengine.FieldNumber) cellField {
	if number == syncengine.LifeField {
		return cellField{name: FieldLife, class: recordv1.VisibilityClass_VISIBILITY_CLASS_OPEN, life: true}
	}
	f, _ := kind.Field(number)
	out := cellField{
		name: f.Name, policy: f.Rules.GetMerge(), class: f.Rules.GetClass(), kind: RecordKind(kind.Name), enum: f.Desc.Enum(),
	}
	if out.class == recordv1.VisibilityClass_VISIBILITY_CLASS_UNSPECIFIED {
		out.class = recordv1.VisibilityClass_VISIBILITY_CLASS_OPEN
	}
	return out
}

// order puts the value first that is to be shown. No two writes of a cell have one time.
func (f cellField) order(a, b cellWrite) int {
	first := 0
	switch {
	case f.life:
		first = cmp.Compare(b.data, a.data) // a deletion stands against a life
	case f.policy == recordv1.MergePolicy_MERGE_POLICY_GREATEST:
		first = cmp.Compare(numberIn(b.data), numberIn(a.data))
	case f.policy == recordv1.MergePolicy_MERGE_POLICY_LEAST:
		first = cmp.Compare(numberIn(a.data), numberIn(b.data))
	case f.policy == recordv1.MergePolicy_MERGE_POLICY_RANKED:
		first = cmp.Compare(b.rank, a.rank)
	case f.policy == recordv1.MergePolicy_MERGE_POLICY_STATES:
		first = cmp.Compare(f.precedence(b), f.precedence(a))
	case f.policy == recordv1.MergePolicy_MERGE_POLICY_FIRST:
		first = cmp.Compare(a.atMs, b.atMs)
	}
	return cmp.Or(first, cmp.Compare(b.atMs, a.atMs))
}

// precedence gives the place of a state among concurrent ones.
func (f cellField) precedence(w cellWrite) int {
	name := string(f.enum.Values().ByNumber(protoreflect.EnumNumber(numberIn(w.data))).Name())
	return slices.IndexFunc(precedence[f.kind], func(s Symbol) bool { return name == stateName(f.enum, s) })
}

// ranks order the roles under the ranked policy.
var ranks = map[Role]int{RoleHelper: 1, RoleGridWorker: 2, RoleCommunityStaff: 3, RolePoliceOfficer: 4}

// numberIn reads the number of a cell that holds one.
func numberIn(data string) int64 {
	_, _, n := protowire.ConsumeTag([]byte(data))
	v, _ := protowire.ConsumeVarint([]byte(data[max(n, 0):]))
	return int64(v)
}

// beside gives the values that must be found beside the shown one, each once.
func (v *verdict) beside() []string { return distinct(v.stand, v.shown.data) }

// keptBeside gives the values that must be kept, each once.
func (v *verdict) keptBeside() []string { return distinct(v.kept, "") }

// distinct gives the values of writes but one, sorted, each once.
func distinct(writes []cellWrite, but string) []string {
	var out []string
	for _, w := range writes {
		if w.data != but {
			out = append(out, w.data)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// open says why the cell waits for a person; deletion is the one that its record is shown with, nil for none.
func (v *verdict) open(l *Ledger, f cellField, deletion *cellWrite) openKind {
	unseen := func(w cellWrite) bool {
		return w.entry != deletion.entry && !l.Covers(Write{Entry: deletion.entry}, Write{Entry: w.entry})
	}
	switch {
	case !f.life && deletion != nil && slices.ContainsFunc(v.stand, unseen):
		return openDeleteEdit
	case byItself(f.name):
		return openNot
	case len(v.beside()) > 0:
		return openContested
	case len(v.kept) > 0:
		return openKept
	}
	return openNot
}
