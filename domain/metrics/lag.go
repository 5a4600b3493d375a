package metrics

import "slices"

const (
	// LagNone marks a call that tells no lag: one of a visit whose lag another call tells.
	LagNone = 1<<32 - 1
	// LagMinutesMax is the longest lag that is told apart, some 30 years: a phone's clock that shows an earlier time is broken.
	LagMinutesMax = 16_000_000
	// lagsShort is below how many minutes lags are counted by the minute: most phones come back within three days.
	lagsShort = 3 * 24 * 60
)

// LagOf gives the whole minutes from when something took place to when it reached the server, both in milliseconds. A
// phone whose clock ran ahead has sent it at once.
func LagOf(occurred, received int64) uint32 {
	const minuteMillis = 60_000
	return uint32(min(max(0, (received-occurred)/minuteMillis), LagMinutesMax))
}

// Lags gathers lags of one place. Its zero value holds none.
type Lags struct {
	// short counts the lags of each minute below lagsShort; nil for none. long are the others.
	short []uint32
	long  []uint32
	n     int
}

// Add notes a lag; [LagNone] is none.
func (l *Lags) Add(minutes uint32) {
	if minutes == LagNone {
		return
	}
	l.n++
	if minutes >= lagsShort {
		l.long = append(l.long, minutes)
		return
	}
	if l.short == nil {
		l.short = make([]uint32, lagsShort)
	}
	l.short[minutes]++
}

// Join takes in the lags of another place.
func (l *Lags) Join(o *Lags) {
	l.n += o.n
	l.long = append(l.long, o.long...)
	if l.short == nil && o.short != nil {
		l.short = slices.Clone(o.short)
		return
	}
	for minutes, n := range o.short {
		l.short[minutes] += n
	}
}

// Percentile gives the lag that so many percent of all do not exceed, by the nearest rank, with how many there are.
func (l *Lags) Percentile(percent int) Sum {
	if l.n == 0 {
		return Sum{}
	}
	rank := max((percent*l.n+hundred-1)/hundred, 1)
	for minutes, n := range l.short {
		if rank -= int(n); rank <= 0 {
			return Sum{Num: int64(minutes), Den: int64(l.n)}
		}
	}
	slices.Sort(l.long)
	return Sum{Num: int64(l.long[rank-1]), Den: int64(l.n)}
}
