package schema_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/docpage"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// update writes docs/access.md anew; `make generate` sets it.
var update = flag.Bool("update", false, "write docs/access.md from the proto options")

const accessPage = "../../docs/access.md"

func TestAccessPage_SaysWhatTheProtoOptionsSay(t *testing.T) {
	want := renderAccess(schema.Load())
	docpage.Whole(t, accessPage, want, *update)
}

// renderAccess writes the page from the table that the server filters by.
func renderAccess(s *schema.Schema) string {
	var b strings.Builder
	b.WriteString(`# Who reads and writes what

Made from the options beside the fields in ` + "`proto/onedoor/record/v1`" + ` by ` + "`make generate`" + `; a test keeps it so. The server decides
by this very table on every path: pages, conflicts, kept values, outcomes, explain, quarantine.

Three questions are asked of every read and write, and all three must be answered with yes:
1. **Relation**: how does the user stand to the record, and does that count for the user's role? A grant names a territory, with all
   below it, or doors and cases one by one. A visit, a hazard and a dispute are where their door is.
2. **Kind**: may the role read (r) or write (w) records of the kind?
3. **Field**: may that role read or write the field's class? What a role may not read never reaches its devices, not as a value
   that lost either.

Two marks of a case take away, for the case and for everything that follows it (events, tasks, attachments), on every path, from the
next sync on; what a phone held by then is purged:
- **sealed** (封存): only being named counts, as mediator, as participant, as whom a task of it is for, or by a grant that names the
  case. Territory, door, department and escalation do not. A rule proposes it for families and minors; a person seals.
- **recused** (回避): whoever is named there holds nothing, whatever else names or grants them.

The author of a quarantined change is told its state and the reason of the decision, whatever the relation to the record, and gets
nothing else of the record by it. Operator and auditor see ids, kinds, places in the log and codes of everything, and no value.

## Relations

`)
	matrix(&b, "relation", relationRows(s))
	b.WriteString("\n")
	b.WriteString("## Kinds\n\n")
	matrix(&b, "kind", kindRows(s))
	b.WriteString("\n## Classes of fields\n\n")
	matrix(&b, "class", classRows(s))
	for _, k := range s.Kinds {
		fmt.Fprintf(&b, "\n## %s\n\n| field | class | merged by | tells of a person | destroyed with |\n|---|---|---|---|---|\n", k.Name)
		for _, f := range k.Fields {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.Name, className(f.Engine.Class), mergedBy(f),
				short(f.Rules.GetPerson(), "PERSON_DATA_"), short(f.Rules.GetRetention(), "RETENTION_CLASS_"))
		}
	}
	return b.String()
}

// accessRow is one line of a matrix: what each role may do.
type accessRow struct {
	name        string
	read, write func(schema.Role) bool
}

func matrix(b *strings.Builder, what string, rows []accessRow) {
	head, line := "| "+what, "|---"
	for _, r := range domain.Roles() {
		head, line = head+" | "+r.LabelEN()+" "+r.LabelZH(), line+"|:-:"
	}
	fmt.Fprintf(b, "%s |\n%s|\n", head, line)
	for _, row := range rows {
		fmt.Fprintf(b, "| %s", row.name)
		for _, r := range domain.Roles() {
			cell := ""
			if row.read(schema.Role(r)) {
				cell = "r"
			}
			if row.write(schema.Role(r)) {
				cell += "w"
			}
			fmt.Fprintf(b, " | %s", cell)
		}
		b.WriteString(" |\n")
	}
}

// relationRows tell through which relations a role has anything.
func relationRows(s *schema.Schema) (rows []accessRow) {
	for _, relation := range domain.Relations() {
		counts := func(r schema.Role) bool { return s.Access.Counts(uint32(r), schema.Relation(relation)) }
		writes := func(r schema.Role) bool { return counts(r) && writesThrough(s, r, relation) }
		rows = append(rows, accessRow{relation.LabelEN() + " " + relation.LabelZH(), counts, writes})
	}
	return rows
}

// writesThrough reports a role that writes at all, through a relation that is not for reading only.
func writesThrough(s *schema.Schema, r schema.Role, relation domain.Relation) bool {
	if relation == domain.RelationRealm || relation == domain.RelationBreakGlass {
		return false
	}
	return slices.ContainsFunc(s.Kinds, func(k *schema.Kind) bool { return s.Access.WriteClasses(k.Number, schema.RolesOf(uint32(r))) != 0 })
}

func kindRows(s *schema.Schema) (rows []accessRow) {
	for _, k := range s.Kinds {
		rows = append(rows, accessRow{k.Name,
			func(r schema.Role) bool { return s.Access.ReadClasses(k.Number, schema.RolesOf(uint32(r))) != 0 },
			func(r schema.Role) bool { return s.Access.WriteClasses(k.Number, schema.RolesOf(uint32(r))) != 0 },
		})
	}
	return rows
}

// classRows asks for each class over all kinds that a role has to do with.
func classRows(s *schema.Schema) (rows []accessRow) {
	for n := range recordv1.VisibilityClass_name {
		class := syncengine.Class(n)
		any := func(of func(syncengine.KindNumber, schema.Roles) schema.Classes) func(schema.Role) bool {
			return func(r schema.Role) bool {
				return slices.ContainsFunc(s.Kinds, func(k *schema.Kind) bool { return of(k.Number, schema.RolesOf(uint32(r))).Has(class) })
			}
		}
		if n != 0 {
			rows = append(rows, accessRow{className(class), any(s.Access.ReadClasses), any(s.Access.WriteClasses)})
		}
	}
	slices.SortFunc(rows, func(a, b accessRow) int { return strings.Compare(a.name, b.name) })
	return rows
}

func className(c syncengine.Class) string {
	return short(recordv1.VisibilityClass(c), "VISIBILITY_CLASS_")
}

// mergedBy names the policy, and the shape where each element is merged by itself.
func mergedBy(f *schema.Field) string {
	name := short(f.Rules.GetMerge(), "MERGE_POLICY_")
	if name == "" {
		name = "latest"
	}
	switch f.Engine.Shape {
	case syncengine.Set:
		return "set: a concurrent add beats a remove"
	case syncengine.Map:
		return "map: each key by " + name
	}
	if f.Engine.SelfFilled {
		return name + ", fills itself in"
	}
	return name
}

// short is an enum value's name without its prefix; empty for none.
func short(v fmt.Stringer, prefix string) string {
	name := strings.ToLower(strings.TrimPrefix(v.String(), prefix))
	if name == "unspecified" {
		return ""
	}
	return strings.ReplaceAll(name, "_", " ")
}
