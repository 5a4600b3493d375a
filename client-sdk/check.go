package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/outbox"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/domain"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// checkForm turns what the protocol's form refuses into a sentence for the author.
func checkForm(kind *schema.Kind, p *syncv1.Patch, err error) error {
	var invalid *wire.InvalidError
	var group *outbox.GroupError
	switch {
	case errors.As(err, &group):
		return refuse("", "edit.too_large", "一次保存的内容太多，请分几次保存。", group.Error())
	case !errors.As(err, &invalid) && !errors.Is(err, wire.ErrMalformed):
		return err
	case invalid == nil:
		return refuse("", "edit.malformed", "内容格式不对，请检查后再保存。", err.Error())
	}
	if complaints := lengthComplaints(kind, p); len(complaints) > 0 {
		return &Refusal{Complaints: complaints}
	}
	return refuse(invalid.Field, "edit.invalid", fmt.Sprintf("“%s”不符合要求，请检查后再保存。", invalid.Field), invalid.Error())
}

// lengthComplaints says in both languages which texts are too long, and by how much.
func lengthComplaints(kind *schema.Kind, p *syncv1.Patch) (out []Complaint) {
	// A patch that cannot be cut has no text to complain of.
	_ = pagerecord.Split(kind, p.GetFields(), func(key syncengine.CellKey, data []byte) {
		f, known := kind.Field(key.Field)
		if !known {
			return
		}
		most := int(f.Rules.GetMaxLength())
		if most == 0 {
			most = schema.TextCharsDefault
		}
		for _, text := range kind.CellTexts(f, data) {
			out = append(out, domain.CheckLength(f.Name, text, most)...)
		}
	})
	return out
}

// checkRole refuses what the user's roles may not write, before it is made.
// Where the record lies is not asked: the server decides about scope.
func (r *Replica) checkRole(s *state, kind *schema.Kind, create bool, keys []syncengine.ScopeKey, cells []syncengine.CellWrite) error {
	roles := s.rights.all
	if !create {
		roles = s.rights.liveOver(keys, s.time(r.now()))
	}
	writable := r.schema.Access.WriteClasses(kind.Number, roles)
	if kind.ServerOnly || writable == 0 {
		return refuse("", "role.kind", fmt.Sprintf("您的角色不能填写“%s”。", kind.Name),
			fmt.Sprintf("your role may not write %s records", kind.Name))
	}
	for _, w := range cells {
		f, known := kind.Field(w.Key.Field)
		if !known {
			continue
		}
		if !writable.Has(f.Engine.Class) {
			return refuse(f.Name, "role.field", fmt.Sprintf("您的角色不能填写“%s”。", f.Name),
				fmt.Sprintf("your role may not write %s of %s records", f.Name, kind.Name))
		}
		if !create && f.Engine.Scope == syncengine.ScopeTerritory {
			return refuse(f.Name, "record.moved_by_server", "记录所在的网格由管理员调整，手机上不能修改。",
				"records are moved between territories by the operator: leave "+f.Name+" out")
		}
	}
	return nil
}

// checkResolves refuses to close what the user may not read and write.
func (r *Replica) checkResolves(s *state, kind *schema.Kind, rec *pagerecord.Record, keys []syncengine.ScopeKey, resolves []syncengine.ConflictID) error {
	if len(resolves) == 0 {
		return nil
	}
	roles := s.rights.liveOver(keys, s.time(r.now()))
	may := r.schema.Access.WriteClasses(kind.Number, roles) & r.schema.Access.ReadClasses(kind.Number, roles)
	for i := range rec.Cells {
		c := &rec.Cells[i]
		class, known := kind.Engine.Class(c.Key.Field)
		if known && !may.Has(class) && slices.Contains(resolves, rec.ConflictID(c)) {
			return refuse("", "role.resolve", "您的角色不能处理这个冲突。", "your role may not settle this conflict")
		}
	}
	return nil
}

// checkSteps refuses a step between states that is not declared.
func checkSteps(kind *schema.Kind, made []outbox.Made, before *pagerecord.Record) error {
	for i := range made {
		if wire.CheckSteps(kind, &made[i].Change, made[i].Cells) {
			continue
		}
		for _, w := range made[i].Cells {
			if f, known := kind.Field(w.Key.Field); known && f.Engine.Policy == syncengine.States {
				return stepRefused(f, before, w)
			}
		}
	}
	return nil
}

func stepRefused(f *schema.Field, before *pagerecord.Record, w syncengine.CellWrite) error {
	from, to := stateName(f, stateShown(f, before)), "none"
	if !w.Cleared {
		to = stateName(f, int32(f.Engine.Number64(w.Data)))
	}
	return refuse(f.Name, "state.step", fmt.Sprintf("状态不能从%s直接改为%s。", from, to),
		fmt.Sprintf("%s cannot go from %s to %s", f.Name, from, to))
}

func stateName(f *schema.Field, n int32) string {
	if n == 0 {
		return "NEW"
	}
	return recordjson.EnumName(f.Desc.Enum(), n)
}

// stateShown gives the state a record is shown in; 0 for none.
func stateShown(f *schema.Field, rec *pagerecord.Record) int32 {
	cell, ok := rec.Find(syncengine.CellKey{Field: f.Engine.Number})
	if !ok || cell.Shown.Cleared {
		return 0
	}
	return int32(f.Engine.Number64(cell.Shown.Data))
}

// stepsFrom names, for each state that a patch writes, the one it comes from.
func stepsFrom(kind *schema.Kind, p *syncv1.Patch, before *pagerecord.Record) {
	p.From = nil
	for _, f := range kind.Fields {
		if f.Engine.Policy == syncengine.States && writes(p, f) {
			p.From = append(p.From, &syncv1.StateFrom{Field: uint32(f.Engine.Number), State: stateShown(f, before)})
		}
	}
}

func writes(p *syncv1.Patch, f *schema.Field) bool {
	found := slices.Contains(p.GetCleared(), uint32(f.Engine.Number))
	// A patch that cannot be cut is refused when it is made.
	_ = pagerecord.Split(f.Kind, p.GetFields(), func(key syncengine.CellKey, _ []byte) {
		found = found || key.Field == f.Engine.Number
	})
	return found
}

// checkCounts refuses more elements or keys of one field than one edit may write.
func checkCounts(kind *schema.Kind, cells []syncengine.CellWrite) error {
	f, n := wire.CountOver(kind, cells)
	if f == nil {
		return nil
	}
	most := f.Rules.GetMaxCount()
	return refuse(f.Name, "field.too_many", fmt.Sprintf("“%s”一次最多填%d项，现在有%d项，请分几次保存。", f.Name, most, n),
		fmt.Sprintf("%s takes %d at a time and has %d: save it in parts", f.Name, most, n))
}

// checkComplete refuses a create without the least its kind needs.
func checkComplete(kind *schema.Kind, cells []syncengine.CellWrite) error {
	has := func(n syncengine.FieldNumber) bool {
		return slices.ContainsFunc(cells, func(w syncengine.CellWrite) bool { return w.Key.Field == n && !w.Cleared })
	}
	if kind.Complete(has) {
		return nil
	}
	var missing []Complaint
	for _, f := range kind.Fields {
		if f.Rules.GetRequired() && !has(f.Engine.Number) {
			missing = append(missing, Complaint{
				Field: f.Name, Rule: "record.required", ZH: fmt.Sprintf("请填写“%s”。", f.Name), EN: "give " + f.Name,
			})
		}
	}
	if len(missing) == 0 {
		return refuse("", "record.required_any", "请至少填写一项："+strings.Join(kind.RequireAny, "、")+"。", "give one of "+strings.Join(kind.RequireAny, ", "))
	}
	return &Refusal{Complaints: missing}
}

// checkRules asks the rules of the field about the record as its author would see it.
func checkRules(kind *schema.Kind, create bool, after *pagerecord.Record, cells []syncengine.CellWrite) error {
	fields, err := ruleFields(kind, after.Fields())
	if err != nil {
		return err
	}
	e := domain.Edit{
		Kind: domain.Kind(kind.Number), Create: create, After: fields,
		Written: kind.WrittenFields(cells), FreeTexts: kind.FreeTexts(cells),
	}
	if complaints := e.Check(); len(complaints) > 0 {
		return &Refusal{Complaints: complaints}
	}
	return nil
}
