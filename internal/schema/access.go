package schema

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	"onedoor/syncengine"
)

// Role is the number of a role.
type Role = recordv1.Role

// Relation is the number of a relation of a user to a record.
type Relation = recordv1.Relation

// relationMax bounds relation numbers.
const relationMax = 16

// roleMax bounds role numbers, so that sets of roles fit a word.
const roleMax = 63

// Roles is a set of roles.
type Roles uint64

// RolesOf makes a set from role numbers; numbers this software does not know grant nothing.
func RolesOf(numbers ...uint32) (r Roles) {
	for _, n := range numbers {
		if n <= roleMax {
			r |= 1 << n
		}
	}
	return r
}

func roleSet(roles []recordv1.Role) (r Roles) {
	for _, role := range roles {
		assert(role > 0 && role <= roleMax, "role %d", role)
		r |= 1 << uint(role)
	}
	return r
}

// Classes is a set of visibility classes.
type Classes uint32

// Has reports whether the set holds a class.
func (c Classes) Has(class syncengine.Class) bool { return c&(1<<class) != 0 }

// Access answers who may read and write what, from the options beside the fields.
type Access struct {
	kindRead, kindWrite   map[syncengine.KindNumber]Roles
	classRead, classWrite [syncengine.ClassMax]Roles
	rank                  [roleMax + 1]syncengine.Rank
	sealed                Classes
	// through holds, for each relation, the roles that count through it.
	through     [relationMax]Roles
	fingerprint uint32
}

func newAccess(s *Schema) *Access {
	a := &Access{kindRead: map[syncengine.KindNumber]Roles{}, kindWrite: map[syncengine.KindNumber]Roles{}}
	for _, k := range s.Kinds {
		rules := proto.GetExtension(k.Message.Options(), recordv1.E_KindRules).(*recordv1.KindRules)
		a.kindRead[k.Number], a.kindWrite[k.Number] = roleSet(rules.GetRead()), roleSet(rules.GetWrite())
	}
	eachValue(recordv1.VisibilityClass(0).Descriptor(), func(v protoreflect.EnumValueDescriptor) {
		if rules, _ := proto.GetExtension(v.Options(), recordv1.E_Class).(*recordv1.ClassRules); rules != nil {
			a.classRead[v.Number()], a.classWrite[v.Number()] = roleSet(rules.GetRead()), roleSet(rules.GetWrite())
			if rules.GetSealed() {
				a.sealed |= 1 << v.Number()
			}
		}
	})
	eachValue(recordv1.Role(0).Descriptor(), func(v protoreflect.EnumValueDescriptor) {
		a.rank[v.Number()] = syncengine.Rank(proto.GetExtension(v.Options(), recordv1.E_Rank).(int32))
		rules, _ := proto.GetExtension(v.Options(), recordv1.E_Through).(*recordv1.RelationRules)
		for _, relation := range rules.GetRelations() {
			assert(relation > 0 && relation < relationMax, "relation %d", relation)
			a.through[relation] |= roleSet([]recordv1.Role{recordv1.Role(v.Number())})
		}
	})
	a.fingerprint = a.readFingerprint(s)
	return a
}

func eachValue(e protoreflect.EnumDescriptor, f func(protoreflect.EnumValueDescriptor)) {
	for i := 0; i < e.Values().Len(); i++ {
		f(e.Values().Get(i))
	}
}

// ReadClasses gives the classes of a kind's fields that any of the roles may
// read; empty when none of them may read the kind.
func (a *Access) ReadClasses(kind syncengine.KindNumber, roles Roles) Classes {
	return a.classes(roles&a.kindRead[kind], &a.classRead)
}

// WriteClasses gives the classes of a kind's fields that any of the roles may write.
func (a *Access) WriteClasses(kind syncengine.KindNumber, roles Roles) Classes {
	return a.classes(roles&a.kindWrite[kind], &a.classWrite)
}

func (a *Access) classes(roles Roles, table *[syncengine.ClassMax]Roles) (c Classes) {
	if roles == 0 {
		return 0
	}
	for class, allowed := range table {
		if allowed&roles != 0 {
			c |= 1 << class
		}
	}
	return c
}

// Sealed gives the classes whose values the server keeps sealed and whose every
// reading stands in the access ledger.
func (a *Access) Sealed() Classes { return a.sealed }

// Fingerprint names the read rules by their content: 4 bytes of SHA-256 over the
// roles that read each kind and class.
func (a *Access) Fingerprint() uint32 { return a.fingerprint }

func (a *Access) readFingerprint(s *Schema) uint32 {
	text := []byte("onedoor read rules 1")
	for _, k := range s.Kinds {
		text = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(text, uint32(k.Number)), uint64(a.kindRead[k.Number]))
		for _, f := range k.Fields {
			text = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(text, uint32(f.Engine.Number)), uint32(f.Engine.Class))
		}
	}
	for _, roles := range a.classRead {
		text = binary.BigEndian.AppendUint64(text, uint64(roles))
	}
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint32(sum[:4])
}

// Counts reports whether a role reads and writes anything through a relation.
func (a *Access) Counts(role uint32, through Relation) bool {
	return through > 0 && through < relationMax && a.through[through]&RolesOf(role) != 0
}

// RankOf gives the rank of a role for the ranked policy.
func (a *Access) RankOf(role uint32) syncengine.Rank {
	if role > roleMax {
		return 0
	}
	return a.rank[role]
}

// Readers lists the roles that may read a class of a kind, ascending.
func (a *Access) Readers(kind syncengine.KindNumber, class syncengine.Class) []Role {
	var out []Role
	for r := Role(1); r <= roleMax; r++ {
		if set := RolesOf(uint32(r)); a.ReadClasses(kind, set).Has(class) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}
