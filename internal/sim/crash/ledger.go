package crash

import (
	"slices"
	"sync"
)

// standing is what is known of a marker.
type standing int

const (
	// asked: the phone was asked to write it and died before it said anything, so that it may be there or not.
	asked standing = iota
	// refused: the phone said that it was not written.
	refused
	// durable: the phone said that it is written.
	durable
	// acknowledged: a phone holds the server's word for it.
	acknowledged
)

// ledger is what phones have said of every marker. It never forgets, so that each audit asks for everything again.
type ledger struct {
	mu sync.Mutex // guards the fields below
	// markers is in what standing each marker is; groups are those that stand or fall together.
	markers map[string]standing
	groups  [][]string
	// visits are the markers that the screen shows until the end.
	visits map[string]bool
}

// ask notes edits that a phone is asked for.
func (l *ledger) ask(edits []edit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.markers == nil {
		l.markers, l.visits = make(map[string]standing), make(map[string]bool)
	}
	for _, e := range edits {
		for _, m := range e.Markers {
			l.markers[m] = asked
			l.visits[m] = e.Kind != editChange
		}
		if len(e.Markers) > 1 {
			l.groups = append(l.groups, e.Markers)
		}
	}
}

// say notes what a phone said of an edit.
func (l *ledger) say(e edited) {
	l.mu.Lock()
	defer l.mu.Unlock()
	to := durable
	if e.Refused != "" {
		to = refused
	}
	for _, m := range e.Markers {
		l.markers[m] = to
	}
}

// acknowledge notes markers for which a phone holds the server's word.
func (l *ledger) acknowledge(markers []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range markers {
		l.markers[m] = acknowledged
	}
}

// count counts the markers in a standing.
func (l *ledger) count(in standing) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.markers {
		if s == in {
			n++
		}
	}
	return n
}

// all gives the markers in order, with a copy of their standings.
func (l *ledger) all() (markers []string, standings map[string]standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	standings = make(map[string]standing, len(l.markers))
	for m, s := range l.markers {
		markers = append(markers, m)
		standings[m] = s
	}
	slices.Sort(markers)
	return markers, standings
}
