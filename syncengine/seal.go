package syncengine

import (
	"crypto/sha256"
	"slices"
)

// DepartmentKey is the key of what is routed to a department, by its name.
func DepartmentKey(name string) ScopeKey { return DepartmentKeyOf(DepartmentID(name)) }

// DepartmentKeyOf is the key of a department by what stands for its name.
func DepartmentKeyOf(id ID) ScopeKey { return prefixed(departmentPrefix, id) }

// DepartmentID stands for a department's name in a scope key: 16 bytes of SHA-256.
func DepartmentID(name string) (id ID) {
	sum := sha256.Sum256([]byte("onedoor department 1" + name))
	copy(id[:], sum[:])
	return id
}

// RecusalKey marks what does not reach a user, whatever else the user holds. Nobody
// holds it.
func RecusalKey(user ID) ScopeKey { return prefixed(recusalPrefix, user) }

// IsRecusal reports the key that keeps a record from a user, and whom.
func (k ScopeKey) IsRecusal() (user ID, ok bool) {
	if len(k) != 17 || k[0] != recusalPrefix {
		return ID{}, false
	}
	return k.ID(), true
}

// IsSealed reports that a record in these keys is sealed or follows one that is.
func IsSealed(keys []ScopeKey) bool { return slices.Contains(keys, SealKey) }

// placeSealed computes the keys of a record that is sealed, or that follows one
// that is: those of the users it names, its own, and what a sealed record it
// follows stands in. Territories, doors, departments and the district do not
// count, nor does what else it follows. Recusals count always.
func placeSealed(kind *Kind, rec *Record, parentKeys func(ID) ([]ScopeKey, bool)) []ScopeKey {
	keys := []ScopeKey{SealKey}
	for _, f := range kind.ScopeFields {
		if f.Holds != nil {
			continue
		}
		for _, id := range shownIDs(f, rec) {
			switch f.Scope {
			case ScopeUser, ScopeRecusal:
				keys = append(keys, keyFor(f.Scope, id))
			case ScopeParent:
				keys = append(keys, throughSeal(id, parentKeys)...)
			}
		}
	}
	return withOwn(kind, rec, keys)
}

// throughSeal gives what a record takes of one that it follows, when it is sealed:
// all of a sealed one, the recusals of any other.
func throughSeal(parent ID, parentKeys func(ID) ([]ScopeKey, bool)) []ScopeKey {
	inherited, _ := parentKeys(parent)
	if IsSealed(inherited) {
		return append([]ScopeKey{RecordKey(parent)}, inherited...)
	}
	return slices.DeleteFunc(slices.Clone(inherited), func(k ScopeKey) bool {
		_, recusal := k.IsRecusal()
		return !recusal
	})
}

// Grounds are the keys on whose right a new record is made: those of what it
// follows, and its own place while it follows nothing known. That a record names
// somebody, or is routed somewhere, gives nobody the right to make it; that what
// it follows does, does. Of what is sealed only the seal's own count.
func Grounds(kind *Kind, rec *Record, parentKeys func(ID) ([]ScopeKey, bool)) (keys []ScopeKey) {
	var territory ID
	parents, unknown, sealed := 0, 0, []ScopeKey(nil)
	for _, f := range kind.ScopeFields {
		if f.Scope != ScopeTerritory && f.Scope != ScopeParent {
			continue
		}
		for _, id := range shownIDs(f, rec) {
			if f.Scope == ScopeTerritory {
				territory = id
				continue
			}
			parents++
			inherited, ok := parentKeys(id)
			if !ok {
				unknown++
			}
			if IsSealed(inherited) {
				sealed = append(sealed, SealKey)
			}
			keys = append(append(keys, RecordKey(id)), inherited...)
			sealed = append(sealed, throughSeal(id, parentKeys)...)
		}
	}
	switch {
	case IsSealed(sealed):
		return sealed
	case parents == 0 || unknown > 0:
		keys = append(keys, ownPlaces(rec, territory)...)
	}
	return keys
}

// PlacedPlainly reports keys of a new record that its grounds are among: nothing
// that it names itself gave it one.
func PlacedPlainly(keys []ScopeKey) bool {
	return !slices.ContainsFunc(keys, func(k ScopeKey) bool {
		switch k[0] {
		case territoryPrefix, recordPrefix, devicePrefix:
			return false
		}
		return true
	})
}
