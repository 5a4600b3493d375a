package domain

// mergesMax bounds how many merges one after another are followed; a person makes one, or two by mistake.
const mergesMax = 100

// Standing gives the door that stands for a door after merges: into names for each merged door the one that it was merged
// into. Edits that come late to a merged door belong to the one that stands. A door that is merged into itself by a ring of
// merges, which two people can make at once, stands for nobody and gives the zero id, until one merge is taken back.
func Standing(door ID, into map[ID]ID) ID {
	for range mergesMax {
		next, merged := into[door]
		if !merged {
			return door
		}
		door = next
	}
	return ID{}
}

// AddCalls counts the calls at a merged door for the door that stands for it.
func (d *PlanDoor) AddCalls(merged *PlanDoor) {
	d.LastSeen = max(d.LastSeen, merged.LastSeen)
	if merged.LastTry > d.LastTry {
		d.LastTry, d.LastOutcome = merged.LastTry, merged.LastOutcome
	}
}
