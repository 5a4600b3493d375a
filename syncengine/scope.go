package syncengine

import (
	"cmp"
	"slices"
)

// ScopeKey is what a grant gives and a page is cut by: one letter for the kind
// of thing and the 16 bytes of its id. It is text so that it can key a map.
type ScopeKey string

const (
	territoryPrefix  = 't'
	recordPrefix     = 'o'
	userPrefix       = 'u'
	devicePrefix     = 'p'
	departmentPrefix = 'd'
	recusalPrefix    = 'x'
	// RealmKey holds what every phone of the realm reads: territories, colleagues.
	RealmKey ScopeKey = "r"
	// EscalatedKey holds what stands before the district.
	EscalatedKey ScopeKey = "e"
	// SealKey marks what is sealed and what follows it. Nobody holds it.
	SealKey ScopeKey = "s"
)

// TerritoryKey is the key of one territory, without those below it.
func TerritoryKey(id ID) ScopeKey { return prefixed(territoryPrefix, id) }

// RecordKey is the key of a door or case and all that follows it.
func RecordKey(id ID) ScopeKey { return prefixed(recordPrefix, id) }

// UserKey is the key of what concerns one user.
func UserKey(id ID) ScopeKey { return prefixed(userPrefix, id) }

// DeviceKey is the key of one incarnation: what it wrote about doors that are
// not known yet, and decisions about its quarantined changes.
func DeviceKey(id ID) ScopeKey { return prefixed(devicePrefix, id) }

func prefixed(p byte, id ID) ScopeKey {
	var b [1 + len(id)]byte
	b[0] = p
	copy(b[1:], id[:])
	return ScopeKey(b[:])
}

// IsTerritory reports a territory's key; only these have incremental digests.
func (k ScopeKey) IsTerritory() bool { return len(k) == 17 && k[0] == territoryPrefix }

// IsDepartment reports a department's key.
func (k ScopeKey) IsDepartment() bool { return len(k) == 17 && k[0] == departmentPrefix }

// IsUser reports the key of what concerns a user.
func (k ScopeKey) IsUser() bool { return len(k) == 17 && k[0] == userPrefix }

// IsRecord reports the key of a record and all that follows it.
func (k ScopeKey) IsRecord(id ID) bool {
	return len(k) == 17 && k[0] == recordPrefix && string(k[1:]) == string(id[:])
}

// ID gives the id inside the key.
func (k ScopeKey) ID() ID {
	var id ID
	if len(k) == 17 {
		copy(id[:], k[1:])
	}
	return id
}

// Place computes the scope keys of a record: those of the records it follows;
// its own territory, or else its author's device, while one of them is not
// known; the users, departments and the district that it is for; and its own key
// when others follow it. What is sealed, or follows something sealed, is placed
// by placeSealed.
func Place(kind *Kind, rec *Record, parentKeys func(ID) ([]ScopeKey, bool)) []ScopeKey {
	if kind.RealmWide {
		return []ScopeKey{RealmKey}
	}
	keys := make([]ScopeKey, 0, 4)
	var territory ID
	parents, unknown, sealed := 0, 0, false
	for _, f := range kind.ScopeFields {
		if f.Holds != nil {
			sealed = sealed || f.Scope == ScopeSeal && holds(f, rec)
			if f.Scope == ScopeEscalation && holds(f, rec) {
				keys = append(keys, EscalatedKey)
			}
			continue
		}
		for _, id := range shownIDs(f, rec) {
			switch f.Scope {
			case ScopeTerritory:
				territory = id
			case ScopeParent:
				parents++
				inherited, ok := parentKeys(id)
				if !ok {
					unknown++
				}
				sealed = sealed || IsSealed(inherited)
				keys = append(append(keys, RecordKey(id)), inherited...)
			default:
				keys = append(keys, keyFor(f.Scope, id))
			}
		}
	}
	if sealed {
		return placeSealed(kind, rec, parentKeys)
	}
	if parents == 0 || unknown > 0 {
		keys = append(keys, ownPlaces(rec, territory)...)
	}
	return withOwn(kind, rec, keys)
}

// keyFor is the key of what a scope field names.
func keyFor(role ScopeRole, id ID) ScopeKey {
	switch role {
	case ScopeRecusal:
		return RecusalKey(id)
	case ScopeDepartment:
		return DepartmentKeyOf(id)
	}
	return UserKey(id)
}

func withOwn(kind *Kind, rec *Record, keys []ScopeKey) []ScopeKey {
	if kind.Anchor {
		keys = append(keys, RecordKey(rec.ID))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// holds reports that a field's shown value says yes.
func holds(f *Field, rec *Record) bool {
	cell, ok := rec.Find(CellKey{Field: f.Number})
	if !ok {
		return false
	}
	v := cell.Shown()
	return !v.Cleared && f.Holds(v.Data)
}

// ownPlaces are the keys of a record that follows nothing known. Of a record
// that several phones made at one door, every author keeps a sight.
func ownPlaces(rec *Record, territory ID) []ScopeKey {
	if !territory.IsZero() {
		return []ScopeKey{TerritoryKey(territory)}
	}
	life, _ := rec.Find(CellKey{Field: LifeField})
	keys := make([]ScopeKey, 0, len(life.Values))
	for _, v := range life.Values {
		keys = append(keys, DeviceKey(v.Write.Dot.Incarnation))
	}
	return keys
}

func shownIDs(f *Field, rec *Record) []ID {
	var out []ID
	cells := rec.Field(f.Number)
	for i := range cells {
		switch v := cells[i].Shown(); {
		case v.Cleared:
		case out == nil:
			out = f.IDs(v.Data)
		default:
			out = append(out, f.IDs(v.Data)...)
		}
	}
	return out
}

// CurrentKeys lists the keys a record is in, sorted.
func (r *Record) CurrentKeys() []ScopeKey {
	out := make([]ScopeKey, 0, len(r.Keys))
	for _, s := range r.Keys {
		if s.Left == 0 {
			out = append(out, s.Key)
		}
	}
	slices.Sort(out)
	return out
}

// InKey reports whether the record is in key now.
func (r *Record) InKey(key ScopeKey) bool {
	return slices.ContainsFunc(r.Keys, func(s ScopeSpan) bool { return s.Key == key && s.Left == 0 })
}

// KeysAt lists the keys the record was in when the log had reached seq.
func (r *Record) KeysAt(seq Seq) []ScopeKey {
	var out []ScopeKey
	for _, s := range r.Keys {
		if s.Entered <= seq && (s.Left == 0 || seq < s.Left) {
			out = append(out, s.Key)
		}
	}
	return out
}

// Move puts the record into exactly keys as of seq and returns the stays that
// ended. Stays that go on keep their start.
func (r *Record) Move(keys []ScopeKey, at Seq) (left []ScopeSpan) {
	spans := make([]ScopeSpan, 0, len(r.Keys)+len(keys))
	for _, s := range r.Keys {
		if s.Left == 0 && !slices.Contains(keys, s.Key) {
			s.Left = at
			left = append(left, s)
		}
		spans = append(spans, s)
	}
	for _, k := range keys {
		if !slices.ContainsFunc(spans, func(s ScopeSpan) bool { return s.Key == k && s.Left == 0 }) {
			spans = append(spans, ScopeSpan{Key: k, Entered: at})
		}
	}
	slices.SortStableFunc(spans, func(a, b ScopeSpan) int { return cmp.Compare(a.Key, b.Key) })
	r.Keys = spans
	return left
}
