package model

import (
	"slices"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/syncengine"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// What the auditor knows of seals, recusals and of roles that no territory counts for. The key letters are spelled
// again: t territory, o door or case, u user, p device, d department, e district, s seal, x recusal.

// sealed marks a record that is under a seal.
const sealed syncengine.ScopeKey = "s"

// byTerritory reports that a territory gives a role anything: a department's handler has what was routed to it, the
// district what was escalated, who advises what names them.
func byTerritory(role identity.Role) bool {
	switch recordv1.Role(role) {
	case recordv1.Role_ROLE_DEPARTMENT, recordv1.Role_ROLE_DISTRICT, recordv1.Role_ROLE_AUDITOR, recordv1.Role_ROLE_OPERATOR,
		recordv1.Role_ROLE_PSYCHOLOGIST, recordv1.Role_ROLE_LAWYER:
		return false
	}
	return true
}

// Department tells where a user works whom cases are routed to.
func (m *Model) Department(user syncengine.ID, name string) { m.people.of(user).department = name }

// routed gives the roles over the key of a department, or of what was escalated.
func routed(r *rights, key syncengine.ScopeKey) schema.Roles {
	switch role := recordv1.Role(r.role); {
	case role == recordv1.Role_ROLE_DEPARTMENT && r.department != "" && key == syncengine.DepartmentKey(r.department),
		role == recordv1.Role_ROLE_DISTRICT && key == "e":
		return schema.RolesOf(r.role)
	}
	return 0
}

// yes reads an encoded bool or number, tag included: the last byte of a small varint.
func yes(c *cell) int { return int(c.set[0].data[len(c.set[0].data)-1]) }

// ownMarks gives what a record's own fields say beside where it lies: whether it is sealed, who is recused, whether it
// stands before the district.
func ownMarks(rec *record) (seal bool, marks []syncengine.ScopeKey) {
	for _, c := range rec.cells {
		f, ok := rec.kind.Field(c.key.Field)
		if !ok || len(c.set) == 0 || c.set[0].cleared {
			continue
		}
		switch f.Engine.Scope {
		case syncengine.ScopeSeal:
			seal = seal || yes(c) != 0
		case syncengine.ScopeEscalation:
			if want := int(f.Rules.GetScopeValue()); want == 0 || yes(c) == want {
				marks = append(marks, "e")
			}
		case syncengine.ScopeRecusal:
			for _, id := range idsIn(c.set[0].data) {
				marks = append(marks, syncengine.ScopeKey("x"+string(id[:])))
			}
		case syncengine.ScopeDepartment:
			marks = append(marks, syncengine.DepartmentKey(string(valueOf(c.set[0].data))))
		}
	}
	return seal, marks
}

// underSeal reports that a record is sealed or follows one that is.
func (m *Model) underSeal(rec *record) bool {
	own, _ := ownMarks(rec)
	return own || slices.ContainsFunc(parentsOf(rec), func(id syncengine.ID) bool {
		parent := m.now.record(id)
		return parent != nil && slices.Contains(parent.keys(), sealed)
	})
}

// sealedKeys predicts where a record under a seal stands: with those it names, under its own key, and where what is
// sealed above it stands. Recusals hold from wherever they come.
func (m *Model) sealedKeys(rec *record) []syncengine.ScopeKey {
	_, marks := ownMarks(rec)
	keys := append([]syncengine.ScopeKey{sealed}, onlyRecusals(marks)...)
	for _, c := range rec.cells {
		f, ok := rec.kind.Field(c.key.Field)
		if !ok || len(c.set) == 0 || c.set[0].cleared || f.Engine.Scope != syncengine.ScopeUser {
			continue
		}
		for _, id := range idsIn(c.set[0].data) {
			keys = append(keys, syncengine.UserKey(id))
		}
	}
	keys = append(keys, m.fromSealed(rec)...)
	if rec.kind.Engine.Anchor {
		keys = append(keys, syncengine.RecordKey(rec.id))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (m *Model) fromSealed(rec *record) (keys []syncengine.ScopeKey) {
	for _, id := range parentsOf(rec) {
		parent := m.now.record(id)
		switch {
		case parent == nil:
		case slices.Contains(parent.keys(), sealed):
			keys = append(append(keys, syncengine.RecordKey(id)), parent.keys()...)
		default:
			keys = append(keys, onlyRecusals(parent.keys())...)
		}
	}
	return keys
}

func onlyRecusals(keys []syncengine.ScopeKey) (out []syncengine.ScopeKey) {
	for _, k := range keys {
		if k[0] == 'x' {
			out = append(out, k)
		}
	}
	return out
}

// recusedBy reports that any of a record's stays that count keeps it from a user.
func recusedBy(r *rights, rec *record, counts func(stay) bool) bool {
	return slices.ContainsFunc(rec.stays, func(s stay) bool {
		return counts(s) && s.key[0] == 'x' && s.key.ID() == r.user
	})
}

// grounds are the keys on whose right a new record is made: of what it follows, and its own place while that is not
// all known; under a seal only what is sealed above it. A seal of its own hides what nobody has seen yet.
func (m *Model) grounds(rec *record) *record {
	var keys []syncengine.ScopeKey
	follows, known, seal := 0, 0, false
	for _, id := range parentsOf(rec) {
		follows++
		keys = append(keys, syncengine.RecordKey(id))
		if parent := m.now.record(id); parent != nil {
			known++
			keys = append(keys, parent.keys()...)
			seal = seal || slices.Contains(parent.keys(), sealed)
		}
	}
	switch {
	case seal:
		keys = m.fromSealed(rec)
	case follows == 0 || known < follows:
		keys = append(keys, ownSight(rec, territoryOf(rec))...)
	}
	out := &record{id: rec.id, kind: rec.kind}
	out.moveTo(keys, 1)
	return out
}

func territoryOf(rec *record) (territory syncengine.ID) {
	for _, c := range rec.cells {
		f, ok := rec.kind.Field(c.key.Field)
		if ok && f.Engine.Scope == syncengine.ScopeTerritory && len(c.set) > 0 && !c.set[0].cleared {
			for _, id := range idsIn(c.set[0].data) {
				territory = id
			}
		}
	}
	return territory
}

// lateNow reports work that the grants in force now do not allow any more, or not where the record is now.
func (m *Model) lateNow(then *rights, rec *record) bool {
	current := m.rightsOf(then.user, then.incarnation, 0)
	return m.overNow(&current, rec) == 0 || m.overNow(then, rec) == 0
}

// rolesAbove gives the roles over the ground on which a new record is made.
func (m *Model) rolesAbove(view *rights, rec *record) (roles schema.Roles, late bool) {
	ground := m.grounds(rec)
	roles = m.overNow(view, ground)
	return roles, roles != 0 && m.lateNow(view, ground)
}
