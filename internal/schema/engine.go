package schema

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	"onedoor/syncengine"
)

// engineField translates a field's options into what the engine knows of it.
func engineField(d protoreflect.FieldDescriptor, rules *recordv1.FieldRules) *syncengine.Field {
	f := &syncengine.Field{
		Number: syncengine.FieldNumber(d.Number()),
		Policy: policyOf(rules.GetMerge()),
		Class:  classOf(rules.GetClass()),
		Scope:  syncengine.ScopeRole(rules.GetScope()),

		SelfFilled: rules.GetSelfFilled(),
	}
	assert(!f.SelfFilled || rules.GetFill() != recordv1.Fill_FILL_UNSPECIFIED, "%s: what fills itself in needs something to be filled with", d.FullName())
	switch {
	case d.IsMap():
		f.Shape = syncengine.Map
	case rules.GetSet():
		assert(d.IsList() && (d.Kind() == protoreflect.BytesKind || d.Kind() == protoreflect.StringKind),
			"%s: set needs repeated bytes or strings", d.FullName())
		f.Shape = syncengine.Set
	}
	switch f.Policy {
	case syncengine.Greatest, syncengine.Least, syncengine.States:
		assert(!d.IsList() && (isVarint(d)), "%s: policy needs a number", d.FullName())
		f.Number64 = VarintOf
	}
	if f.Policy == syncengine.States {
		assert(d.Kind() == protoreflect.EnumKind, "%s: states need an enum", d.FullName())
		f.States = stateTable(d.Enum())
	}
	scopeField(f, d, rules)
	f.Spared = f.Scope != syncengine.NoScope || counts(d, rules)
	return f
}

// scopeField gives a field that places its record what reads the ids, or the yes, behind its values.
func scopeField(f *syncengine.Field, d protoreflect.FieldDescriptor, rules *recordv1.FieldRules) {
	switch f.Scope {
	case syncengine.NoScope:
	case syncengine.ScopeSeal, syncengine.ScopeEscalation:
		assert(isVarint(d) && !d.IsList(), "%s: a seal or an escalation is one number", d.FullName())
		f.Holds = func(data []byte) bool {
			n := VarintOf(data)
			return n != 0 && (rules.GetScopeValue() == 0 || n == int64(rules.GetScopeValue()))
		}
	case syncengine.ScopeDepartment:
		assert(d.Kind() == protoreflect.StringKind, "%s: departments are named", d.FullName())
		f.IDs = departmentsOf
	default:
		assert(d.Kind() == protoreflect.BytesKind, "%s: a scope field holds ids", d.FullName())
		f.IDs = idsOf
	}
}

// counts reports a field that says how many, which or when, and nothing in words:
// figures stay what they are when a record is erased.
func counts(d protoreflect.FieldDescriptor, rules *recordv1.FieldRules) bool {
	if d.IsMap() {
		d = d.MapValue()
	}
	switch d.Kind() {
	case protoreflect.StringKind, protoreflect.MessageKind:
		return false
	case protoreflect.BytesKind:
		return rules.GetRefers() != recordv1.Refers_REFERS_UNSPECIFIED
	}
	return true
}

func policyOf(p recordv1.MergePolicy) syncengine.PolicyKind {
	switch p {
	case recordv1.MergePolicy_MERGE_POLICY_GREATEST:
		return syncengine.Greatest
	case recordv1.MergePolicy_MERGE_POLICY_LEAST:
		return syncengine.Least
	case recordv1.MergePolicy_MERGE_POLICY_RANKED:
		return syncengine.Ranked
	case recordv1.MergePolicy_MERGE_POLICY_FIRST:
		return syncengine.First
	case recordv1.MergePolicy_MERGE_POLICY_STATES:
		return syncengine.States
	case recordv1.MergePolicy_MERGE_POLICY_REVIEW:
		return syncengine.Review
	}
	return syncengine.Latest
}

func classOf(c recordv1.VisibilityClass) syncengine.Class {
	if c == recordv1.VisibilityClass_VISIBILITY_CLASS_UNSPECIFIED {
		c = recordv1.VisibilityClass_VISIBILITY_CLASS_OPEN
	}
	assert(c < syncengine.ClassMax, "visibility class %d", c)
	return syncengine.Class(c)
}

func isVarint(d protoreflect.FieldDescriptor) bool {
	switch d.Kind() {
	case protoreflect.EnumKind, protoreflect.BoolKind, protoreflect.Int32Kind, protoreflect.Int64Kind,
		protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		return true
	}
	return false
}

// VarintOf reads the number of an encoded singular varint field, tag included.
func VarintOf(data []byte) int64 {
	_, _, n := protowire.ConsumeTag(data)
	if n < 0 {
		return 0
	}
	v, m := protowire.ConsumeVarint(data[n:])
	if m < 0 {
		return 0
	}
	return int64(v)
}

// idsOf reads the 16-byte ids of an encoded bytes field, tags included.
func idsOf(data []byte) (out []syncengine.ID) {
	eachBytes(data, func(b []byte) {
		if id, ok := syncengine.IDFromBytes(b); ok {
			out = append(out, id)
		}
	})
	return out
}

// departmentsOf reads the names of departments of an encoded text field, tags included.
func departmentsOf(data []byte) (out []syncengine.ID) {
	eachBytes(data, func(b []byte) { out = append(out, syncengine.DepartmentID(string(b))) })
	return out
}

// eachBytes calls f for each value of an encoded bytes or text field, until one cannot be read.
func eachBytes(data []byte, f func([]byte)) {
	for len(data) > 0 {
		_, typ, n := protowire.ConsumeTag(data)
		if n < 0 || typ != protowire.BytesType {
			return
		}
		b, m := protowire.ConsumeBytes(data[n:])
		if m < 0 {
			return
		}
		f(b)
		data = data[n+m:]
	}
}

func stateTable(e protoreflect.EnumDescriptor) *syncengine.StateTable {
	t := &syncengine.StateTable{Precedence: map[int32]int32{}, From: map[int32][]int32{}}
	for i := 0; i < e.Values().Len(); i++ {
		v := e.Values().Get(i)
		rules, _ := proto.GetExtension(v.Options(), recordv1.E_State).(*recordv1.StateRules)
		if rules == nil {
			continue
		}
		n := int32(v.Number())
		t.Precedence[n] = rules.GetPrecedence()
		t.From[n] = rules.GetFrom()
	}
	return t
}
