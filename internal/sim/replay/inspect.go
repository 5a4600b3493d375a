package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"onedoor/syncengine"
)

// audit reads the server and all phones and compares them with the plan.
func (p *player) audit(ctx context.Context) error {
	g, err := p.office.ground(ctx)
	if err != nil {
		return err
	}
	parts := p.part(g)
	a := newAuditor()
	a.strays(parts.strays)
	var mu sync.Mutex // guards a
	err = p.each(ctx, "audit", func(_ context.Context, t *troupe) error {
		seen, err := t.observe(g, parts.wards[t])
		if err != nil {
			return err
		}
		found := newAuditor()
		found.ward(t.plan, seen)
		mu.Lock()
		defer mu.Unlock()
		a.take(&found.found, t.plan.Ward.Text)
		return nil
	})
	p.audited = a.found
	return err
}

// take adds what was found in a ward.
func (a *auditor) take(f *Findings, ward string) {
	a.found.Lost += f.Lost
	a.found.Duplicated += f.Duplicated
	a.found.Conflicts += f.Conflicts
	a.found.Converged = a.found.Converged && f.Converged
	for _, problem := range f.Problems {
		a.problem("ward %s: %s", ward, problem)
	}
}

// parts are the server's records by the ward whose plan names them.
type parts struct {
	wards  map[*troupe][]syncengine.ID
	strays map[RecordKey][]seenRecord
}

// part finds the ward of every record by its key.
func (p *player) part(g *ground) parts {
	owner := map[RecordKey]*troupe{}
	for _, t := range p.wards {
		for i := range t.plan.Register {
			owner[t.plan.Register[i].Key] = t
		}
		for s := range t.plan.Sessions {
			for _, c := range t.plan.Sessions[s].Commits {
				for i := range c.Changes {
					owner[c.Changes[i].Key] = t
				}
			}
		}
	}
	out := parts{wards: map[*troupe][]syncengine.ID{}, strays: map[RecordKey][]seenRecord{}}
	for id, key := range g.keys {
		if t, ok := owner[key]; ok {
			out.wards[t] = append(out.wards[t], id)
		} else {
			out.strays[key] = append(out.strays[key], seenRecord{id: id, key: key})
		}
	}
	return out
}

// observe reads one ward: its records on the server, and all that its phones have.
func (t *troupe) observe(g *ground, records []syncengine.ID) (*observed, error) {
	people := map[syncengine.ID]PhoneIndex{}
	for i, m := range t.members {
		people[m.user] = PhoneIndex(i)
	}
	slices.SortFunc(records, func(a, b syncengine.ID) int { return cmp.Compare(string(a[:]), string(b[:])) })
	out := &observed{}
	for _, id := range records {
		r, err := g.seen(id, people)
		if err != nil {
			return nil, err
		}
		out.server = append(out.server, r)
	}
	for i, m := range t.members {
		phone, err := observePhone(m.Phone, g.namer(people))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.plan.Team[i].Name, err)
		}
		out.phones = append(out.phones, phone)
	}
	return out, nil
}

// observePhone reads one phone.
func observePhone(p Phone, name namer) (seenPhone, error) {
	out := seenPhone{shown: map[syncengine.ID]string{}, open: map[place]int{}}
	err := p.Records(func(id syncengine.ID, m proto.Message) error {
		out.shown[id] = encoded(m)
		return nil
	})
	if err != nil {
		return out, err
	}
	cells, err := p.Open()
	if err != nil {
		return out, err
	}
	for _, c := range cells {
		out.open[place{c.Record, cell{c.Field, nameOfKey(c.Key, name)}}] = len(c.Others)
	}
	out.digest, err = p.Digest()
	return out, err
}
