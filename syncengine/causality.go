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
	return slices.ContainsFunc(by.Veiled, func(b VeiledBase) bool { return w.reaches(b.Base, v) })
}

// Saw reports whether the author of a change had seen a write: it stands at or below the
// change's base, or is the author's own earlier one. A create's base counts here, though
// a create covers nothing.
func (w World) Saw(base Coordinate, dot Dot, v *Write) bool {
	return w.Lineage.InPast(dot, v.Dot) || w.reaches(base, v)
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

// reading gives the causal identity of a write in the cells of another field: what
// its author could not read there is not in its past, nor is what those could not
// read whose bases it took over.
func (w *Write) reading(field FieldNumber) *Write {
	if slices.Contains(w.Unread, field) {
		blind := *w
		blind.Bases, blind.Veiled = nil, nil
		return &blind
	}
	veils := func(b VeiledBase) bool { return slices.Contains(b.Unread, field) }
	if !slices.ContainsFunc(w.Veiled, veils) {
		return w
	}
	partly := *w
	partly.Veiled = slices.DeleteFunc(slices.Clone(w.Veiled), veils)
	return &partly
}
