package calendar

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"onedoor/domain"
)

const (
	daySeconds    = 24 * 60 * 60
	minuteSeconds = 60
	// zoneSeconds is +08:00, in force without summer time since 1991.
	zoneSeconds = 8 * 60 * 60
	// daysWalkedMax bounds a count: a term and its pauses, each of them ten years, and the days of rest among them.
	daysWalkedMax = 6 * TermDaysMax
)

// second is a second at +08:00 since midnight of 1 January 1970 there.
type second int64

func secondOf(t domain.UnixMilli) second {
	s := int64(t) / 1000
	if int64(t)%1000 < 0 {
		s--
	}
	return second(s + zoneSeconds)
}

// minuteOf gives the second at which the time's minute began: phone and server count whole minutes.
func minuteOf(t domain.UnixMilli) second {
	s := secondOf(t)
	return s - (s%minuteSeconds+minuteSeconds)%minuteSeconds
}

func (s second) time() domain.UnixMilli { return domain.UnixMilli((int64(s) - zoneSeconds) * 1000) }

func midnightOf(day domain.Days) second { return second(int64(day) * daySeconds) }

// A Pause is a time in which the clock of a case stands still (中止计时).
type Pause struct {
	// From is when it began; its minute is the first that is not counted.
	From domain.UnixMilli
	// Limit is when it ends by itself.
	Limit domain.UnixMilli
	// Resumed is when somebody ended it before its limit; 0 when nobody did.
	Resumed domain.UnixMilli
}

// end gives the minute from which time is counted again.
func (p Pause) end() second {
	if p.Resumed != 0 && p.Resumed < p.Limit {
		return minuteOf(p.Resumed)
	}
	return minuteOf(p.Limit)
}

// A Timing is all that decides a deadline.
type Timing struct {
	// Start is when the term begins.
	Start domain.UnixMilli
	// Term is how long it is.
	Term Term
	// ExtraDays are the days by which it was extended, in days as the term counts them.
	ExtraDays int
	// Pauses are the times in which the clock stood still, in any order.
	Pauses []Pause
	// Stopped is when the thing was done and the clock stopped; 0 while it runs.
	Stopped domain.UnixMilli
}

// A Deadline is by when something is to be done.
type Deadline struct {
	// At is the last minute in time, its first millisecond.
	At domain.UnixMilli
	// Missing lists years that the count touched and whose official days are not known: then it is provisional.
	Missing []int
}

// Provisional reports that official days are missing, so that the deadline may change with their notice.
func (d Deadline) Provisional() bool { return len(d.Missing) > 0 }

// Late reports that at now the deadline's minute is over.
func (d Deadline) Late(now domain.UnixMilli) bool { return minuteOf(now) > minuteOf(d.At) }

// Deadline counts when a term ends. Its error is [ErrTerm], for a term that is none or too long.
func (c Calendar) Deadline(t Timing) (Deadline, error) {
	w, err := c.walk(t)
	if err != nil {
		return Deadline{}, err
	}
	return Deadline{At: (w.end - minuteSeconds).time(), Missing: slices.Sorted(maps.Keys(w.missing))}, nil
}

// walk is a count of the time of one term.
type walk struct {
	calendar Calendar
	unit     Unit
	pauses   []stretch
	// begin is the first second that counts, budget how many count in all, end the first that is too late.
	begin, end second
	budget     int64
	missing    map[int]bool
}

// stretch is a time from its first second to before its last.
type stretch struct{ from, to second }

func (c Calendar) walk(t Timing) (*walk, error) {
	if err := t.Term.check(); err != nil || t.Term.None() {
		return nil, cmp.Or(err, fmt.Errorf("%w: there is none", ErrTerm))
	}
	if t.ExtraDays < 0 || t.ExtraDays > TermDaysMax {
		return nil, fmt.Errorf("%w: an extension of %d days must lie between 0 and %d", ErrTerm, t.ExtraDays, TermDaysMax)
	}
	w := &walk{calendar: c, unit: t.Term.Unit, pauses: merged(t.Pauses), missing: map[int]bool{}}
	tomorrow := midnightOf(t.Start.ShanghaiDay() + 1)
	w.begin = tomorrow
	w.budget = int64(t.Term.Days+t.ExtraDays) * daySeconds
	if w.unit == SameDay {
		w.begin = minuteOf(t.Start)
		w.budget += int64(tomorrow - w.begin)
	}
	return w, w.find()
}

// find walks day by day until the term's time is counted, and sets end.
func (w *walk) find() error {
	left := w.budget
	day := w.begin.day()
	for range daysWalkedMax {
		free := w.free(w.begin, midnightOf(day), midnightOf(day+1))
		if counted := total(free); counted < left {
			left -= counted
			day++
			continue
		}
		w.end = after(free, left)
		w.roll()
		return nil
	}
	return fmt.Errorf("%w: it does not end within %d days", ErrTerm, daysWalkedMax)
}

// roll moves the end of a term that rolls behind the next working day when it falls on a day of rest.
func (w *walk) roll() {
	if w.unit != RolledDays {
		return
	}
	counted := w.end
	for range daysWalkedMax {
		day := (w.end - 1).day()
		if w.worked(day) {
			break
		}
		w.end = midnightOf(day + 2)
	}
	w.budget += int64(w.end - counted)
}

// free gives the time between two seconds of one day that counts, none of it before begin.
func (w *walk) free(begin, from, to second) []stretch {
	if w.unit == WorkingDays && !w.worked(from.day()) {
		return nil
	}
	from = max(from, begin)
	var out []stretch
	for _, p := range w.pauses {
		if p.from > from && p.from < to {
			out = append(out, stretch{from, p.from})
		}
		if p.from < to {
			from = max(from, p.to)
		}
	}
	if from < to {
		out = append(out, stretch{from, to})
	}
	return out
}

// counted gives the seconds that count from begin to before now.
func (w *walk) counted(now second) int64 {
	var sum int64
	for day := w.begin.day(); midnightOf(day) < now; day++ {
		sum += total(w.free(w.begin, midnightOf(day), min(midnightOf(day+1), now)))
	}
	return sum
}

func (w *walk) worked(day domain.Days) bool {
	worked, known := w.calendar.Working(day)
	if !known {
		w.missing[Date(day).Year()] = true
	}
	return worked
}

func (s second) day() domain.Days { return s.time().ShanghaiDay() }

func total(free []stretch) (sum int64) {
	for _, s := range free {
		sum += int64(s.to - s.from)
	}
	return sum
}

// after gives the second at which so many of the free seconds are over.
func after(free []stretch, count int64) second {
	for _, s := range free {
		if length := int64(s.to - s.from); length < count {
			count -= length
			continue
		}
		return s.from + second(count)
	}
	panic("a count ends within the time that is free")
}

// merged gives the pauses in order, those that touch as one, and leaves out what ends before it begins.
func merged(pauses []Pause) []stretch {
	var out []stretch
	for _, p := range pauses {
		if s := (stretch{minuteOf(p.From), p.end()}); s.from < s.to {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var joined []stretch
	for _, s := range out {
		if last := len(joined) - 1; last >= 0 && s.from <= joined[last].to {
			joined[last].to = max(joined[last].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}
