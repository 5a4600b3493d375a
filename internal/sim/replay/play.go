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

	"golang.org/x/sync/errgroup"

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
