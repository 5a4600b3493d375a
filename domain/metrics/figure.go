package metrics

// Adding takes what a unit gives to one part of a figure.
type Adding func(Class, Sum)

// Unit says how a figure's value is read.
type Unit string

// The units.
const (
	// Count: the numerator alone.
	Count Unit = "count"
	// Share: numerator over denominator, at most 1.
	Share Unit = "share"
	// PerHundred: the numerator for every hundred of the denominator.
	PerHundred Unit = "per_hundred"
	// Minutes: the numerator, in minutes; the denominator says of how many.
	Minutes Unit = "minutes"
	// Mixed: each part has a unit of its own, which its name tells.
	Mixed Unit = "mixed"
)

// hundred is what PerHundred counts by.
const hundred = 100

// Value gives a sum's value in the unit; false where a denominator is 0, which people read as "—".
func (u Unit) Value(s Sum) (value float64, ok bool) {
	switch u {
	case Count, Minutes:
		return float64(s.Num), u == Count || s.Den > 0
	case PerHundred:
		return hundred * float64(s.Num) / float64(max(s.Den, 1)), s.Den > 0
	}
	return float64(s.Num) / float64(max(s.Den, 1)), s.Den > 0
}

// Topic says what a figure is about. Figures of one topic share counts, so what is hidden in one is hidden in all.
type Topic string

// The topics.
const (
	TopicDoors    Topic = "doors"
	TopicHazards  Topic = "hazards"
	TopicDisputes Topic = "disputes"
	TopicSync     Topic = "sync"
)

// Figure is one figure that a district pulls.
type Figure struct {
	// Name is the figure's name on the command line and in files; it never changes.
	Name string
	// ZH and EN are its names for people.
	ZH, EN string
	Topic  Topic
	Unit   Unit
	Split  Split
	// NumZH and DenZH head the columns, NumEN and DenEN in English; those of the denominator are empty for a count.
	NumZH, NumEN, DenZH, DenEN string
	// Formula says what is counted over what.
	Formula string
	// Source says where the figure comes from.
	Source string

	door    func(*Door, Period, Adding)
	hazard  func(*Hazard, Period, Adding)
	dispute func(*Dispute, Period, Adding)
}

// Counts reports which units count in the figure.
func (f *Figure) Counts() (doors, hazards, disputes bool) {
	return f.door != nil, f.hazard != nil, f.dispute != nil
}

// OfDoor adds what a door gives to the figure in a period.
func (f *Figure) OfDoor(d *Door, p Period, add Adding) {
	if f.door != nil {
		f.door(d, p, add)
	}
}

// OfHazard adds what a hazard gives.
func (f *Figure) OfHazard(h *Hazard, p Period, add Adding) {
	if f.hazard != nil {
		f.hazard(h, p, add)
	}
}

// OfDispute adds what a dispute gives.
func (f *Figure) OfDispute(d *Dispute, p Period, add Adding) {
	if f.dispute != nil {
		f.dispute(d, p, add)
	}
}

// Find gives the figure of a name.
func Find(name string) (*Figure, bool) {
	for i := range figures {
		if figures[i].Name == name {
			return &figures[i], true
		}
	}
	return nil, false
}

// Figures lists all figures in the order in which people read them.
func Figures() []*Figure {
	out := make([]*Figure, len(figures))
	for i := range figures {
		out[i] = &figures[i]
	}
	return out
}

// Bounds gives the least and the greatest value of a sum of which as many units of the numerator and of the denominator may still
// move: come, go, or be counted otherwise. Where nothing is in the denominator yet there is no value, and any may come. ok is
// false for a unit of which nothing can be said.
func (u Unit) Bounds(s Sum, num, den int64) (low, high float64, ok bool) {
	switch u {
	case Count:
		return float64(max(0, s.Num-num)), float64(s.Num + num), true
	case Share:
		if s.Den == 0 {
			return 0, 1, num > 0
		}
		// A unit taken off the numerator, or put into it, moves a share further than one that comes or goes beside it.
		return float64(max(0, s.Num-num)) / float64(s.Den), min(1, float64(s.Num+num)/float64(s.Den)), true
	case PerHundred:
		if s.Den == 0 && den == 0 {
			return 0, 0, false
		}
		return hundred * float64(max(0, s.Num-num)) / float64(s.Den+den), hundred * float64(s.Num+num) / float64(max(1, s.Den-den)), true
	}
	return 0, 0, false
}
