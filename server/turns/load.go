package turns

import (
	"math"
	"time"
)

const (
	// loadOver is over how long a load is a mean: longer than the pauses between the calls of a busy realm, and short enough
	// for one whose rush is over to be quiet again in a moment.
	loadOver = time.Second
	// companyFor is for how long somebody who was heard of keeps a processor free for the next call: a few times the pause
	// between two calls of a realm in which ten people work.
	companyFor = 2 * time.Second
)

// load is how many processors a realm kept busy lately.
type load struct {
	// mean is as of at.
	mean float64
	at   time.Time
	// short and long are when a short call and a fill were last heard of.
	short, long time.Time
}

// now gives the load at a time.
func (l *load) now(at time.Time) float64 {
	return l.mean * math.Exp(-at.Sub(l.at).Seconds()/loadOver.Seconds())
}

// add counts a piece that ended.
func (l *load) add(at time.Time, took time.Duration) {
	l.mean, l.at = l.now(at)+took.Seconds()/loadOver.Seconds(), at
}

// hear notes that a call of a class was heard of.
func (l *load) hear(c Class, at time.Time) {
	if c == Fill {
		l.long = at
	} else {
		l.short = at
	}
}

// heard reports that the realm has been heard of lately.
func (l *load) heard(at time.Time) bool {
	return at.Sub(l.short) < companyFor || at.Sub(l.long) < companyFor
}
