package casework

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	cases "onedoor/domain/casework"
	"onedoor/internal/casebook"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/casework/docket"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// CountMax is how far the cases that fit are counted: enough to tell a desk how full its inbox is, and the same work however long
// the list.
const CountMax = 1000

// Page is a part of a list.
type Page struct {
	// Cases are those due first in front, then those without a deadline, then those that are done.
	Cases []Listed
	// Next is the place after which the next page begins; the zero place for none.
	Next docket.Place
	// Total is how many cases fit; More says that there are more than these. Both are of the first page only.
	Total int
	More  bool
}

// Listed is a case in a list.
type Listed struct {
	ID     syncengine.ID
	Kind   syncengine.KindNumber
	Fields []byte
	State  cases.State
	Clinic domain.Clinic
	// Territory is where it is; zero for none.
	Territory syncengine.ID
	Timing    *cases.Timing
	// Flags say what it lacks.
	Flags []domain.Complaint
}

// candidate is a case that fits, before its record is read.
type candidate struct {
	id     syncengine.ID
	timing *cases.Timing
	// timeline is what its timeline is flagged for.
	timeline []domain.Complaint
}

// looking is one look for cases, in one state of the realm after the other.
type looking struct {
	s    *Service
	user syncengine.ID
	// r is the state that is looked at; reach, rules and now are as of then.
	r     store.Reader
	reach *exchange.Reach
	rules cases.Rules
	now   domain.UnixMilli
	Wanted
	page Page
}

// List gives a page of the cases that fit and that the user may read.
func (s *Service) List(ctx context.Context, user syncengine.ID, w Wanted) (Page, error) {
	l := looking{s: s, user: user, Wanted: w}
	for {
		if err := l.fill(ctx); err != nil {
			return Page{}, err
		}
		if l.page.Next == (docket.Place{}) || len(l.page.Cases) == l.Limit {
			return l.page, nil
		}
		l.After, l.Skip = l.page.Next, 0 // What an index has, the reader's role may not show.
	}
}

// fill looks for as many cases as the page lacks, and reads those that it finds when others have the index again.
func (l *looking) fill(ctx context.Context) error {
	give, err := l.s.index.take(ctx)
	if err != nil {
		return err
	}
	defer give()
	return l.s.realm.View(ctx, func(r store.Reader) error {
		found, err := l.find(r)
		give()
		if err != nil {
			return err
		}
		return l.read(found)
	})
}

// find gives the cases that fit in a state of the realm. The caller holds the index.
func (l *looking) find(r store.Reader) (found []candidate, err error) {
	l.r, l.now = r, l.s.now()
	if l.rules, err = l.s.realm.Rules(r); err != nil {
		return nil, err
	}
	if l.reach, err = l.s.realm.ReachOf(r, l.user); err != nil {
		return nil, err
	}
	return l.candidates()
}

// read takes cases into the page. One that has moved behind the place where another state of the realm was left is in it already.
func (l *looking) read(found []candidate) error {
	for _, c := range found {
		if slices.ContainsFunc(l.page.Cases, func(there Listed) bool { return there.ID == c.id }) {
			continue
		}
		line, err := l.listed(c)
		if err != nil {
			return err
		}
		if line == nil {
			l.page.Total--
			continue
		}
		l.page.Cases = append(l.page.Cases, *line)
	}
	return nil
}

// candidates finds as many cases as the page lacks, and says where the next ones begin. The caller holds the index.
func (l *looking) candidates() (out []candidate, err error) {
	x := l.s.index
	if err := l.s.fileAll(l.r, l.rules); err != nil {
		return nil, err
	}
	first, fits, last := l.After == docket.Place{}, 0, docket.Place{}
	l.page.Next = docket.Place{}
	wanted := l.Limit - len(l.page.Cases)
	x.docket.Walk(l.look(), func(at docket.Place, f docket.Facet) bool {
		if l.Inbox == InboxOverdue && !l.late(at.Turn) {
			return false
		}
		if !l.mayList(at.ID, f) {
			return true
		}
		if fits++; fits <= l.Skip {
			return true
		}
		if len(out) < wanted {
			out, last = append(out, l.candidate(at.ID)), at
			return true
		}
		l.page.Next = last
		return first && fits <= CountMax
	})
	if first {
		l.page.Total, l.page.More = min(fits, max(CountMax, l.Skip+len(out))), fits > CountMax && l.page.Next != docket.Place{}
	}
	return out, nil
}

// look says where cases are looked for: under what the user holds, or among those that the user works.
func (l *looking) look() docket.Look {
	if l.Inbox == InboxMine {
		return docket.Look{Shelves: []docket.Shelf{workedBy(l.user)}, After: l.After, Takes: func(_ docket.Shelf, f docket.Facet) bool { return l.fits(f) }}
	}
	in := exchange.EveryRole
	if l.Inbox == InboxDepartment {
		in = departments
	}
	kinds := map[docket.Shelf][]syncengine.KindNumber{}
	out := docket.Look{After: l.After}
	for _, kind := range []syncengine.KindNumber{kindDispute, kindHazard} {
		if !l.takes(kind) {
			continue
		}
		for _, key := range l.reach.Roots(kind, in) {
			name := docket.Shelf(key)
			if kinds[name] == nil {
				out.Shelves = append(out.Shelves, name)
			}
			kinds[name] = append(kinds[name], kind)
		}
	}
	out.Takes = func(name docket.Shelf, f docket.Facet) bool {
		for _, kind := range kinds[name] {
			if kind == syncengine.KindNumber(f.Kind) {
				return l.fits(f)
			}
		}
		return false
	}
	return out
}

// departments is the role of those who handle what is routed to a department.
var departments = schema.RolesOf(uint32(domain.RoleDepartment))

// late reports that the deadline of a turn is over.
func (l *looking) late(t docket.Turn) bool {
	at, has := t.Deadline()
	return has && calendar.Deadline{At: domain.UnixMilli(at)}.Late(l.now)
}

// mayList reports that the user may read a case, and in the inbox of departments that it is the department's.
func (l *looking) mayList(id syncengine.ID, f docket.Facet) bool {
	keys := l.s.index.keys[id]
	return l.reach.Reads(syncengine.KindNumber(f.Kind), keys) && (l.Inbox != InboxDepartment || l.reach.Roles(keys)&departments != 0)
}

// candidate gives what the index knows of a case. One that is over has no clock and lacks nothing.
func (l *looking) candidate(id syncengine.ID) candidate {
	c, x := candidate{id: id}, l.s.index
	if d := x.disputes[id]; d != nil {
		m := casebook.Matter(domain.ID(id), d, x.eventsOf(id))
		if timing, ok := m.Timing(l.rules, l.now); ok {
			c.timing = &timing
		}
	}
	c.timeline = x.toldOf(id, l.rules)
	return c
}

// listed reads a line of a list; nil for what the user may not read. Contacts stand in no list.
func (l *looking) listed(c candidate) (*Listed, error) {
	rec, err := l.s.realm.Record(l.r, c.id)
	if err != nil || rec == nil || rec.Dead() {
		return nil, err
	}
	who, err := l.s.standingOf(l.r, l.user, rec)
	if err != nil || who.read == 0 {
		return nil, err
	}
	classes := who.read &^ l.s.realm.Schema().Access.Sealed()
	out := &Listed{ID: c.id, Kind: rec.Kind, Timing: c.timing, Territory: placeOf(rec)}
	if out.Fields, _, err = l.s.visible(rec, classes); err != nil {
		return nil, err
	}
	whole := &Case{ID: c.id, Record: rec, Dispute: &recordv1.Dispute{}}
	if rec.Kind == kindHazard {
		whole.Dispute, whole.Hazard = nil, &recordv1.Hazard{}
	}
	if err := wire.ReadShown(rec, whole.message(), nil); err != nil {
		return nil, err
	}
	out.Flags = append(l.s.lacks(rec.Kind, whole.message(), who.read), c.timeline...)
	if l.Inbox == InboxFlagged && len(out.Flags) == 0 {
		return nil, nil // What it lacks is not this user's to read.
	}
	if err := proto.Unmarshal(out.Fields, whole.message()); err != nil {
		return nil, err
	}
	out.State, out.Clinic = whole.state(), domain.Clinic(whole.Dispute.GetClinic())
	return out, nil
}
