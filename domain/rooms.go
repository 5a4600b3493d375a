package domain

// VisitDoorsMax is how many doors one visit names: the option max_count of premises_ids says the same to the sync rules.
const VisitDoorsMax = 500

// Room is a door of a building that is visited with others of it.
type Room struct {
	// ID is its id, Key where it is.
	ID  ID
	Key DoorKey
}

// SameBuilding reports that two keys name one building, as people write it.
func (k DoorKey) SameBuilding(o DoorKey) bool {
	a, b := k.Normal(), o.Normal()
	return a.Building != "" && a.Compound == b.Compound && a.Building == b.Building
}

// OnStair reports that a door is on a stair, as people write it; the empty stair is any.
func (k DoorKey) OnStair(stair string) bool {
	return stair == "" || k.Normal().Stair == DoorKey{Stair: stair}.Normal().Stair
}

// RoomsNamed gives the rooms that a name may mean: 302 by its door, 2-302 and 2单元302 by stair and door where several stairs
// have a 302, in the words and numbers that people use.
func RoomsNamed(rooms []Room, name string) []ID {
	asked := DoorKey{Door: name}.Normal().Door
	var out []ID
	for _, room := range rooms {
		k := room.Key.Normal()
		byStair := k.Stair != "" && (asked == NormalText(k.Stair+"-"+k.Door) || asked == NormalText(k.Stair+"单元"+k.Door))
		if k.Door != "" && (asked == k.Door || byStair) {
			out = append(out, room.ID)
		}
	}
	return out
}
