package rentsafe

import "maps"

// Standing is what stands at one time of the replay: buildings and inspections
// by key. It only grows, since a row that is gone deletes nothing.
type Standing struct {
	buildings   map[RSN]Building
	inspections map[Key]Inspection
}

// Standing returns what stands before the first day. It is the caller's own.
func (f *Feed) Standing() *Standing {
	s := &Standing{buildings: make(map[RSN]Building, len(f.Buildings)), inspections: make(map[Key]Inspection, len(f.Inspections))}
	for _, building := range f.Buildings {
		s.buildings[building.RSN] = building
	}
	for _, inspection := range f.Inspections {
		s.inspections[inspection.Key] = inspection
	}
	return s
}

// Building returns the building that stands under a key.
func (s *Standing) Building(rsn RSN) (Building, bool) {
	building, ok := s.buildings[rsn]
	return building, ok
}

// Inspection returns the inspection that stands under a key.
func (s *Standing) Inspection(key Key) (Inspection, bool) {
	inspection, ok := s.inspections[key]
	return inspection, ok
}

// Change is a row that stands otherwise than before.
type Change struct {
	// Before stands until the day.
	Before Inspection
	// After stands from the day on.
	After Inspection
}

// Changes are what a day file does to what stands, each list sorted by key.
type Changes struct {
	// Buildings are new and known from an inspection of the day alone.
	Buildings []Building
	// New are inspections under a key that is new.
	New []Inspection
	// Changed are inspections that say something else than what stands.
	Changed []Change
	// Same counts inspections that say what stands and so change nothing.
	Same int
}

// Diff compares a day with what stands. It changes neither.
func Diff(standing *Standing, day Day) Changes {
	changes := Changes{Buildings: standing.unregistered(day.Inspections)}
	for _, inspection := range day.Inspections {
		before, ok := standing.inspections[inspection.Key]
		switch {
		case !ok:
			changes.New = append(changes.New, inspection)
		case before.SameContent(inspection):
			changes.Same++
		default:
			changes.Changed = append(changes.Changed, Change{Before: before, After: inspection})
		}
	}
	return changes
}

// Apply makes the changes of a day stand.
func (s *Standing) Apply(changes Changes) {
	for _, building := range changes.Buildings {
		s.buildings[building.RSN] = building
	}
	for _, inspection := range changes.New {
		s.inspections[inspection.Key] = inspection
	}
	for _, change := range changes.Changed {
		s.inspections[change.After.Key] = change.After
	}
}

// unregistered lists the inspected buildings that do not stand yet, as the
// latest of their inspections describes them. The inspections are sorted by key
// and so is the result.
func (s *Standing) unregistered(inspections []Inspection) []Building {
	var buildings []Building
	for _, inspection := range inspections {
		if _, ok := s.buildings[inspection.Key.RSN]; ok {
			continue
		}
		building := inspection.Building
		building.FromInspection = true
		if last := len(buildings) - 1; last >= 0 && buildings[last].RSN == building.RSN {
			buildings[last] = building
			continue
		}
		buildings = append(buildings, building)
	}
	return buildings
}

// Totals walks the feed to its end and counts what it brings.
func (f *Feed) Totals() Totals {
	type hazard struct {
		key  Key
		item string
	}
	hazards := map[hazard]bool{}
	note := func(inspection Inspection) {
		for _, item := range inspection.Hazards() {
			hazards[hazard{inspection.Key, item.Name}] = true
		}
	}
	standing := f.Standing()
	for inspection := range maps.Values(standing.inspections) {
		note(inspection)
	}
	for _, day := range f.Days {
		for _, inspection := range day.Inspections {
			note(inspection)
		}
		standing.Apply(Diff(standing, day))
	}
	return Totals{Doors: len(standing.buildings), Visits: len(standing.inspections), Hazards: len(hazards)}
}
