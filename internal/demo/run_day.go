package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	client "onedoor/client-sdk"
	"onedoor/syncengine"
)

// playing carries a script out. Each phone takes its own steps one after another; the syncs of all phones keep the
// script's order, since what a phone gets to see depends on who was at the server before. Local work waits for nobody,
// so phones work beside each other as people do, and every run gives the same day.
type playing struct {
	day   *Day
	realm *realm
	names *directory
	phone []*handset
	// first says for each record of the day which step begins it; other steps that create it join it.
	first map[Ref]StepIndex
	turns *turns
	book  *recordBook
	done  func(int)
}

// newPlaying prepares a day.
func newPlaying(day *Day, r *realm, names *directory, phones []*handset, book *recordBook, done func(int)) *playing {
	p := &playing{
		day: day, realm: r, names: names, phone: phones, first: map[Ref]StepIndex{}, turns: newTurns(), book: book, done: done,
	}
	for i := range day.Steps {
		for _, c := range day.Steps[i].Changes {
			if _, begun := p.first[c.Ref]; c.Op == OpCreate && !begun {
				p.first[c.Ref] = StepIndex(i)
			}
		}
	}
	return p
}

// play plays the day to its end, or to the first step that cannot be played.
func (p *playing) play(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		p.turns.stop()
		p.book.stop()
	})()
	var phones sync.WaitGroup
	for i := range p.phone {
		phones.Go(func() { // ends with the day, or when cancel has stopped those that wait
			if err := p.playPhone(ctx, PhoneIndex(i)); err != nil {
				cancel(err)
			}
		})
	}
	phones.Wait()
	return context.Cause(ctx)
}

// playPhone plays the steps of one phone.
func (p *playing) playPhone(ctx context.Context, index PhoneIndex) error {
	turn := 0
	for i := range p.day.Steps {
		step := &p.day.Steps[i]
		if step.Kind == StepSync {
			turn++
		}
		if step.Phone != index {
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := p.step(ctx, StepIndex(i), step, turn); err != nil {
			if errors.Is(err, errStopped) {
				return nil
			}
			return fmt.Errorf("step %d, %.200s: %w", i, step, err)
		}
		p.done(1)
	}
	return nil
}

// step plays one step; turn counts the syncs of all phones up to it.
func (p *playing) step(ctx context.Context, index StepIndex, step *Step, turn int) error {
	h := p.phone[step.Phone]
	switch step.Kind {
	case StepOnline, StepOffline:
		h.line.SetOnline(step.Kind == StepOnline)
		return nil
	case StepSync:
		return p.turns.take(turn, func() error {
			h.setTime(step.At)
			p.realm.clock.set(step.At)
			return h.sync(ctx, step.Fault)
		})
	case StepRestart:
		return h.kill()
	}
	h.setTime(step.At)
	return p.work(h, index, step)
}

// work writes the changes of a step as one group. What it creates is known to others when it is durable.
func (p *playing) work(h *handset, index StepIndex, step *Step) error {
	w := &working{playing: p, index: index, made: map[Ref]syncengine.ID{}}
	w.names = directory{territories: p.names.territories, users: p.names.users, record: w.record}
	err := h.replica.Group(func(g *client.Group) error {
		for i := range step.Changes {
			if err := w.change(g, &step.Changes[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrScript, err)
	}
	for ref, id := range w.made {
		p.book.enter(ref, id)
	}
	return nil
}

// working is one group in the making.
type working struct {
	*playing
	index StepIndex
	names directory
	// made are the records that the group creates.
	made map[Ref]syncengine.ID
}

// record finds a record's id: one of this group, or one of the book.
func (w *working) record(ref Ref) (syncengine.ID, error) {
	if id, ok := w.made[ref]; ok {
		return id, nil
	}
	return w.book.id(ref)
}

func (w *working) change(g *client.Group, c *Change) error {
	m, err := w.names.message(c)
	if err != nil {
		return err
	}
	if c.Op == OpCreate && w.first[c.Ref] == w.index {
		w.made[c.Ref], err = g.Add(m)
		return err
	}
	id, err := w.record(c.Ref)
	if err != nil {
		return err
	}
	switch c.Op {
	case OpCreate:
		return g.AddWithID(id, m)
	case OpDelete:
		g.Delete(id)
		return nil
	}
	return g.Edit(id, m)
}

// errStopped is what those who wait get when somebody else has ended the day.
var errStopped = errors.New("the day was ended")

// turns lets syncs happen one after another, in the script's order.
type turns struct {
	// mu guards the fields below.
	mu      sync.Mutex
	changed *sync.Cond
	// taken counts the turns that are over.
	taken   int
	stopped bool
}

func newTurns() *turns {
	t := &turns{}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// take waits for a turn, counted from 1, and has it.
func (t *turns) take(turn int, f func() error) error {
	t.mu.Lock()
	for t.taken < turn-1 && !t.stopped {
		t.changed.Wait()
	}
	stopped := t.stopped
	t.mu.Unlock()
	if stopped {
		return errStopped
	}
	err := f()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken++
	t.changed.Broadcast()
	return err
}

// stop ends the waiting.
func (t *turns) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.changed.Broadcast()
}

// recordBook knows the ids of the script's records. Whoever asks for one that is still being made waits for it, as
// colleagues at one door wait for the first phone to show its code.
type recordBook struct {
	// mu guards the fields below.
	mu      sync.Mutex
	changed *sync.Cond
	ids     map[Ref]syncengine.ID
	stopped bool
}

// newRecordBook begins with the doors of the register.
func newRecordBook(doors []syncengine.ID) *recordBook {
	b := &recordBook{ids: map[Ref]syncengine.ID{}}
	b.changed = sync.NewCond(&b.mu)
	for i, id := range doors {
		b.ids[door(PremisesIndex(i))] = id
	}
	return b
}

func (b *recordBook) enter(ref Ref, id syncengine.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ids[ref] = id
	b.changed.Broadcast()
}

// id gives a record's id.
func (b *recordBook) id(ref Ref) (syncengine.ID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.stopped {
		if id, ok := b.ids[ref]; ok {
			return id, nil
		}
		b.changed.Wait()
	}
	return syncengine.ID{}, errStopped
}

// all gives everything in the book.
func (b *recordBook) all() map[Ref]syncengine.ID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.ids)
}

func (b *recordBook) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.changed.Broadcast()
}
