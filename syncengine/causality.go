package syncengine

import "slices"

// covers reports whether v is in w's causal past.
func (w World) covers(by, v *Write) bool {
	if w.Lineage.InPast(by.Dot, v.Dot) {
		return true
	}
	for _, b := range by.Bases {
		if w.reaches(b, v) {
			return true
		}
	}
	return false
}

// reaches reports whether v stands at or below base in the log.
func (w World) reaches(base Coordinate, v *Write) bool {
	for _, c := range v.Coordinates {
		if w.History.Reaches(base, c) {
			return true
		}
	}
	return false
}

// reading gives the causal identity of a write in the cells of another field:
// what its author could not read there is not in its past.
func (w *Write) reading(field FieldNumber) *Write {
	if !slices.Contains(w.Unread, field) {
		return w
	}
	blind := *w
	blind.Bases = nil
	return &blind
}
