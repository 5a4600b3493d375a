package syncengine_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"onedoor/syncengine"
)

// policies are all that a field may have.
var policies = []syncengine.PolicyKind{
	syncengine.Latest, syncengine.Greatest, syncengine.Least, syncengine.Ranked,
	syncengine.First, syncengine.States, syncengine.Review,
}

// story is a random history as data, so that it can be played again with one
// thing changed.
type story struct {
	policy syncengine.PolicyKind
	steps  []step
}

// step is something that happens at one phone; what is impossible at its time does nothing.
type step struct {
	phone   int
	what    string
	cells   []syncengine.CellWrite
	resolve bool
	stamp   syncengine.UnixMilli
	suspect bool
}

// The steps of a story. Each list goes on from the one before.
var (
	ordinary = []string{"edit", "edit", "life", "create", "push", "push", "pull"}
	unruly   = append(slices.Clone(ordinary), "hold back", "release", "copy")
)

const storyPhones = 4

// stories draws histories of at most some length, about one or two cells: so
// few, and values of so few letters, that people meet.
func stories(whats []string, most int) *rapid.Generator[story] {
	addresses := []syncengine.CellKey{testedKey, testedKey, contactKey, {Field: fieldSet, Key: "x"}, {Field: fieldMap, Key: "x"}}
	return rapid.Custom(func(t *rapid.T) story {
		about := rapid.SliceOfN(rapid.SampledFrom(addresses), 1, 2).Draw(t, "about")
		slices.SortFunc(about, syncengine.CellKey.Compare)
		return story{
			policy: rapid.SampledFrom(policies).Draw(t, "policy"),
			steps:  rapid.SliceOfN(steps(whats, slices.Compact(about)), most/2, most).Draw(t, "steps"),
		}
	})
}

func steps(whats []string, about []syncengine.CellKey) *rapid.Generator[step] {
	return rapid.Custom(func(t *rapid.T) step {
		s := step{
			phone:   rapid.IntRange(0, storyPhones-1).Draw(t, "phone"),
			what:    rapid.SampledFrom(whats).Draw(t, "what"),
			stamp:   syncengine.UnixMilli(rapid.IntRange(1, 6).Draw(t, "stamp")),
			suspect: rapid.IntRange(0, 4).Draw(t, "suspect") == 0,
			resolve: rapid.IntRange(0, 3).Draw(t, "resolve") == 0,
		}
		switch s.what {
		case "edit", "create":
			s.cells = cellWrites(t, about)
		case "life":
			s.cells = []syncengine.CellWrite{syncengine.LifeWrite(rapid.Bool().Draw(t, "dead"))}
		}
		return s
	})
}

// cellWrites draws what an edit writes.
func cellWrites(t *rapid.T, about []syncengine.CellKey) (out []syncengine.CellWrite) {
	for _, key := range about {
		value := rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "value")
		if key.Field == fieldSet && value != "" {
			value = key.Key
		}
		out = append(out, syncengine.CellWrite{Key: key, Data: []byte(value), Cleared: value == ""})
	}
	return out
}

// play begins with a record that the second phone has made and all but the last
// know, and plays a story. after, if any, runs after each step.
func (s story) play(after func(*realm)) *realm {
	r := newRealm(s.policy)
	for i := range storyPhones {
		r.addPhone(fmt.Sprint("phone", i)).rank = syncengine.Rank([]int{1, 2, 2, 4}[i])
	}
	r.phones[0].blind = []syncengine.FieldNumber{fieldContact}
	r.phones[1].create(syncengine.CellWrite{Key: testedKey, Data: []byte("a")}).stamp = 3
	r.phones[1].pushAll()
	for _, p := range r.phones[:storyPhones-1] {
		p.pull()
	}
	for _, st := range s.steps {
		st.take(r, r.phones[st.phone])
		if after != nil {
			after(r)
		}
	}
	return r
}

func (s step) take(r *realm, p *phone) {
	outbox := p.outbox()
	switch s.what {
	case "edit", "life":
		if p.base.record != nil || len(p.own) > 0 {
			for _, c := range p.change(s.cells...) {
				s.dress(c)
			}
		}
	case "create":
		if len(p.own) == 0 {
			s.dress(p.create(s.cells...))
		}
	case "push":
		if len(outbox) > 0 {
			p.push()
		}
	case "pull":
		p.pull()
	case "hold back":
		if len(outbox) > 0 && !outbox[0].create {
			outbox[0].holdBack = true
			p.push()
		}
	case "release":
		if i := slices.IndexFunc(p.own, func(c *change) bool { return c.state == quarantined }); i >= 0 {
			r.release(p.own[i])
		}
	case "copy":
		if len(outbox) == 0 && len(r.phones) == storyPhones {
			c := r.copyPhone(p, p.name+"'")
			s.cells = []syncengine.CellWrite{{Key: testedKey, Data: []byte("c")}}
			for _, c := range c.change(s.cells...) {
				s.dress(c)
			}
			c.pushAll()
		}
	}
}

// dress gives a change its stamp; the device's clock runs as it likes.
func (s step) dress(c *change) {
	c.stamp, c.suspect = s.stamp, s.suspect
	if s.resolve {
		c.resolves = []syncengine.CellKey{c.cells[0].Key}
	}
}
