package metrics

import "slices"

// LagMinutesMax is the longest lag that is told apart, some 30 years: a phone's clock that shows an earlier time is broken.
const LagMinutesMax = 16_000_000

// LagOf gives the whole minutes from when something took place to when it reached the server, both in milliseconds. A
// phone whose clock ran ahead has sent it at once.
func LagOf(occurred, received int64) uint32 {
	const minuteMillis = 60_000
	return uint32(min(max(0, (received-occurred)/minuteMillis), LagMinutesMax))
}

// Lags gathers lags of one place.
type Lags struct{ minutes []uint32 }

// Add notes the lag of a call that tells one.
func (l *Lags) Add(c *Call) {
	if c.Lag != LagNone {
		l.minutes = append(l.minutes, c.Lag)
	}
}

// Join takes in the lags of another place.
func (l *Lags) Join(o *Lags) { l.minutes = append(l.minutes, o.minutes...) }

// Percentile gives the lag that so many percent of all do not exceed, by the nearest rank, with how many there are.
func (l *Lags) Percentile(percent int) Sum {
	n := len(l.minutes)
	if n == 0 {
		return Sum{}
	}
	slices.Sort(l.minutes)
	rank := (percent*n + hundred - 1) / hundred
	return Sum{Num: int64(l.minutes[max(rank, 1)-1]), Den: int64(n)}
}
