package replay

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/syncengine"
)

// troupe is a ward's team with its phones. It belongs to one goroutine at a time.
type troupe struct {
	plan    *WardPlan
	users   []syncengine.ID
	members []*member
	// ids are what became of the keys of the plan.
	ids     map[RecordKey]syncengine.ID
	changes int
	traffic Traffic
}

// member is a person with a phone.
type member struct {
	Phone
	user syncengine.ID
	// time is true time as far as this phone is concerned.
	time clock
}

// gather puts a ward's team together and enrols its phones.
func (p *player) gather(ctx context.Context, t *troupe) error {
	if err := p.office.team(ctx, t.plan.Ward, t.users); err != nil {
		return err
	}
	for i, seat := range t.plan.Team {
		m := &member{user: t.users[i]}
		t.members = append(t.members, m)
		if err := p.equip(ctx, t, m, seat); err != nil {
			return fmt.Errorf("%s: %w", seat.Name, err)
		}
	}
	return t.learnDoors()
}

// equip gives a member an enrolled phone that has synced.
func (p *player) equip(ctx context.Context, t *troupe, m *member, seat Seat) error {
	name := string(seat.Area) + "-" + seat.Role.String()
	chance := source(p.o.Seed, name)
	key := make([]byte, 32)
	if _, err := io.ReadFull(chance, key); err != nil {
		return err
	}
	m.time.set(domain.UnixMilli(p.clock.now().UnixMilli()))
	code, err := p.office.joinCode(ctx, m.user)
	if err != nil {
		return err
	}
	m.Phone, err = p.o.Open(PhoneOptions{
		Dir: filepath.Join(p.o.Dir, "phones", name), Key: key, Name: seat.Name, Random: chance,
		Now: func() time.Time { return m.time.now().Add(seat.ClockAhead) },
	})
	if err != nil {
		return err
	}
	if err := m.Enrol(ctx, p.office.address(), code); err != nil {
		return err
	}
	return p.sync(ctx, t, m)
}

// sync lets a phone sync at the server's time.
func (p *player) sync(ctx context.Context, t *troupe, m *member) error {
	m.time.set(domain.UnixMilli(p.clock.now().UnixMilli()))
	traffic, err := m.Sync(ctx)
	t.traffic.add(traffic)
	return err
}

// learnDoors finds the ids of the register's doors on a phone of the team.
func (t *troupe) learnDoors() error {
	err := t.members[workerPhone].Records(func(id syncengine.ID, m proto.Message) error {
		if door, ok := m.(*recordv1.Premises); ok {
			t.ids[RecordKey{recordv1.Kind_KIND_PREMISES, door.GetExternalRef()}] = id
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, door := range t.plan.Register {
		if _, ok := t.ids[door.Key]; !ok {
			return fmt.Errorf("%s is not on the phone after the first sync", door.Key)
		}
	}
	return nil
}

// write makes the commits of a session.
func (p *player) write(t *troupe, s *Session) error {
	for i := range s.Commits {
		c := &s.Commits[i]
		m := t.members[c.Phone]
		m.time.set(c.At)
		err := m.Group(func(a Author) error {
			for k := range c.Changes {
				if err := t.change(a, m, &c.Changes[k], p.places); err != nil {
					return fmt.Errorf("%s: %w", c.Changes[k].Key, err)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", t.plan.Team[c.Phone].Name, err)
		}
		t.changes += len(c.Changes)
	}
	return nil
}

// change writes one change of the plan on a phone.
func (t *troupe) change(a Author, m *member, c *Change, places map[domain.Code]syncengine.ID) error {
	message := t.message(c, m, places)
	id, known := t.ids[c.Key]
	switch {
	case c.Create && known:
		return a.AddWithID(id, message)
	case c.Create:
		id, err := a.Add(message)
		t.ids[c.Key] = id
		return err
	}
	assert(known, "%s is edited before it is made", c.Key)
	return a.Edit(id, message)
}

// message fills in what the plan could only name.
func (t *troupe) message(c *Change, m *member, places map[domain.Code]syncengine.ID) proto.Message {
	message := proto.Clone(c.Message)
	for _, r := range c.Refs {
		id, known := t.ids[r.Target]
		assert(known, "%s names %s before it is made", c.Key, r.Target)
		refer(message, r.Field, id)
	}
	if c.Territory != "" {
		id := places[c.Territory]
		message.(*recordv1.Premises).Territory = id[:]
	}
	if c.Contribution != "" {
		message.(*recordv1.Visit).Contributions = map[string]string{m.user.String(): c.Contribution}
	}
	return message
}

// refer writes the id of another record into a field.
func refer(m proto.Message, field string, id syncengine.ID) {
	switch m := m.(type) {
	case *recordv1.Visit:
		m.PremisesIds = append(m.PremisesIds, id[:])
	case *recordv1.Hazard:
		if field == "visit_id" {
			m.VisitId = id[:]
		} else {
			m.PremisesId = id[:]
		}
	}
}
