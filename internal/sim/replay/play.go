package replay

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/syncengine"
)

// wardsAtOnce is how many wards play beside each other: more than there are
// processors, so that phones share the server's commits while others write.
const wardsAtOnce = 8

// Options say where and how a plan is played.
type Options struct {
	// Dir is an empty folder for the server's and the phones' files.
	Dir string
	// Seed draws keys and ids.
	Seed uint64
	// Open makes the phones; [OpenReplica] when nil.
	Open OpenPhone
	// Progress is told what is under way and how much of it is done; it may be
	// nil and is called from several goroutines.
	Progress func(stage string, done, total int)
}

// Played is what came of a plan.
type Played struct {
	Findings
	// Phones and Changes count what took part.
	Phones, Changes int
	// Traffic is that of all phones.
	Traffic Traffic
}

// Play carries out a plan on a real server and real phones, and audits the result.
func Play(ctx context.Context, plan *Plan, o Options) (played *Played, err error) {
	p := &player{plan: plan, o: o, clock: &clock{}}
	if p.o.Open == nil {
		p.o.Open = OpenReplica
	}
	p.clock.set(p.evening(0) - dayMillis)
	defer func() { err = errors.Join(err, p.close()) }()
	for _, step := range []func(context.Context) error{p.open, p.work, p.settle, p.audit} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p.result(), nil
}

// player is a plan under way.
type player struct {
	plan   *Plan
	o      Options
	clock  *clock
	office *office
	wards  []*troupe
	places map[domain.Code]syncengine.ID
	// audited is the result of the last step.
	audited Findings
}

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

// evening is when phones sync in a session.
func (p *player) evening(session int) domain.UnixMilli { return p.plan.Sessions[session] + eveningAt }

// progress tells how far a stage is.
func (p *player) progress(stage string, done, total int) {
	if p.o.Progress != nil {
		p.o.Progress(stage, done, total)
	}
}

// open makes the realm, the people, the doors of the register and the phones,
// which then sync for the first time.
func (p *player) open(ctx context.Context) (err error) {
	p.office, err = openOffice(ctx, filepath.Join(p.o.Dir, "realm"), p.plan, p.clock.now, source(p.o.Seed, "realm"))
	if err != nil {
		return err
	}
	if err := p.office.importRegister(ctx, p.plan); err != nil {
		return err
	}
	if p.places, err = p.office.places(ctx); err != nil {
		return err
	}
	users, err := p.office.hire(ctx, p.plan)
	if err != nil {
		return err
	}
	for i, w := range p.plan.Wards {
		p.wards = append(p.wards, &troupe{plan: w, users: users[i], ids: map[RecordKey]syncengine.ID{}})
	}
	return p.each(ctx, "phones", p.gather)
}

// source is chance that depends on the seed and a name.
func source(seed uint64, name string) io.Reader {
	return rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%016x %s", seed, name)))
}

// each runs a step for every ward, several at once.
func (p *player) each(ctx context.Context, stage string, step func(context.Context, *troupe) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(wardsAtOnce)
	var done atomic.Int64
	for _, t := range p.wards {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := step(ctx, t)
			p.progress(stage, int(done.Add(1)), len(p.wards))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", t.plan.Ward.Name, stage, err)
			}
			return nil
		})
	}
	return group.Wait()
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

// work plays the sessions: all write while nobody is in reach, then they sync.
func (p *player) work(ctx context.Context) error {
	for s := range p.plan.Sessions {
		stage := fmt.Sprintf("day %d of %d", s+1, len(p.plan.Sessions))
		err := p.each(ctx, stage, func(_ context.Context, t *troupe) error { return p.write(t, &t.plan.Sessions[s]) })
		if err != nil {
			return err
		}
		p.clock.set(p.evening(s))
		err = p.each(ctx, stage+", sync", func(ctx context.Context, t *troupe) error {
			for _, phone := range t.plan.Sessions[s].Syncs {
				if err := p.sync(ctx, t, t.members[phone]); err != nil {
					return fmt.Errorf("%s: %w", t.plan.Team[phone].Name, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
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

// settle lets every phone sync twice: hand in what is left, then hear of what the
// others handed in.
func (p *player) settle(ctx context.Context) error {
	p.clock.set(p.evening(len(p.plan.Sessions)-1) + 60*60_000)
	return p.each(ctx, "last sync", func(ctx context.Context, t *troupe) error {
		for range 2 {
			for i, m := range t.members {
				if err := p.sync(ctx, t, m); err != nil {
					return fmt.Errorf("%s: %w", t.plan.Team[i].Name, err)
				}
			}
		}
		return nil
	})
}

// close closes phones and server, in that order, and keeps all errors.
func (p *player) close() error {
	var errs []error
	for _, t := range p.wards {
		for _, m := range t.members {
			if m.Phone != nil {
				errs = append(errs, m.Close())
			}
		}
	}
	if p.office != nil {
		errs = append(errs, p.office.close())
	}
	return errors.Join(errs...)
}

// result gathers what is told of a replay.
func (p *player) result() *Played {
	out := &Played{Findings: p.audited}
	for _, t := range p.wards {
		out.Phones += len(t.members)
		out.Changes += t.changes
		out.Traffic.add(t.traffic)
	}
	return out
}

// Replay plays a plan in a folder of its own, which it removes.
func Replay(ctx context.Context, plan *Plan, o Options) (played *Played, err error) {
	if o.Dir, err = os.MkdirTemp("", "onedoor-replay-"); err != nil {
		return nil, fmt.Errorf("make a folder for the replay: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	return Play(ctx, plan, o)
}
