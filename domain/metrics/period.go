package metrics

import "onedoor/domain"

// NoDay stands for a day that is not told.
const NoDay domain.Days = 0

// Days between which a day counts as told: before 2000 no register of doors was kept on paper that is still counted, and
// a clock that shows a day after 2100 is broken. A record outside of them counts in no period.
const (
	earliestDay domain.Days = 10_957
	latestDay   domain.Days = 47_846
)

// DayOf gives the day of a time in Asia/Shanghai; [NoDay] for no time and for one that no sound clock shows.
func DayOf(t domain.UnixMilli) domain.Days {
	if day := t.ShanghaiDay(); day >= earliestDay && day <= latestDay {
		return day
	}
	return NoDay
}

// Period is a run of days in Asia/Shanghai.
type Period struct {
	// From and To are its first and last day.
	From, To domain.Days
	// Known is the day up to which the log tells: what falls due after it is not due yet.
	Known domain.Days
}

// holds reports that a day lies in the period.
func (p Period) holds(day domain.Days) bool { return day != NoDay && day >= p.From && day <= p.To }

// due reports that a date lies in the period and has come.
func (p Period) due(day domain.Days) bool { return p.holds(day) && day <= p.Known }

// End is the last day of the period that has come.
func (p Period) End() domain.Days { return min(p.To, p.Known) }

// Sum is a numerator over a denominator. A count has a numerator alone.
type Sum struct{ Num, Den int64 }

// Add adds another sum.
func (s *Sum) Add(o Sum) { s.Num, s.Den = s.Num+o.Num, s.Den+o.Den }

// Minus takes a sum away.
func (s Sum) Minus(o Sum) Sum { return Sum{s.Num - o.Num, s.Den - o.Den} }

// share is 1 in the denominator and, where yes, 1 in the numerator.
func share(yes bool) Sum {
	if yes {
		return Sum{1, 1}
	}
	return Sum{0, 1}
}

// turn is something that is to be done again and again.
type turn struct {
	// start is when the first one began, every after how many days the next one is due, grace how many days later it
	// still counts as done.
	start, every, grace domain.Days
	// done gives the days on which it was done, ascending; false after the last.
	done func(i int) (domain.Days, bool)
}

// each calls f for every turn that was due up to a day, and tells whether it was done from the day after the last time up
// to the due day with its grace. What was not done by then is due again after another turn.
func (t turn) each(until domain.Days, f func(due domain.Days, done bool)) {
	if t.every < 1 || t.start == NoDay {
		return
	}
	last, i := t.start, 0
	for due := last + t.every; due <= until; due = last + t.every {
		next, ok := t.latest(&i, last, due)
		f(due, ok)
		last = due
		if ok {
			last = next
		}
	}
}

// latest gives the last time after one day up to another, or else the first within the grace.
func (t turn) latest(i *int, after, due domain.Days) (at domain.Days, ok bool) {
	for {
		day, more := t.done(*i)
		if !more || day > due && (ok || day > due+t.grace) {
			return at, ok
		}
		*i++
		if day > after {
			at, ok = day, true
		}
		if day > due {
			return at, ok
		}
	}
}
