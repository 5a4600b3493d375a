package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

const (
	// groupJobsMax bounds the batches that share a commit: beyond it the gain of
	// sharing an fsync is small and the wait of the first one grows.
	groupJobsMax = 128
	// groupChangesMax bounds the changes of a group, for the same reason.
	groupChangesMax = 10_000
	// faultsMax bounds how many changes of one batch may be set aside because the
	// engine failed on them; above it the batch as a whole is refused.
	faultsMax = 100
	// contactEvery is how old a stored contact may grow, in milliseconds, while a
	// phone with nothing new keeps calling: a minute is what an operator's list shows.
	contactEvery syncengine.UnixMilli = 60_000
)

// job is one piece of work that waits for its group.
type job struct {
	ctx context.Context
	run func(*work) error
	// push is set for a phone's batch, whose faults are blamed on single changes.
	push *push
	// alone asks for a transaction of its own, because run writes identity directly.
	alone bool
	// lifts has the transaction go by this software's newest schema.
	lifts bool
	size  int
	// err is set by whoever runs the group, before done is closed.
	err  error
	done chan struct{}
	// end is what the job came to, for whoever waited for it.
	end error
}

// inGroup runs f inside the next group's transaction and waits until it is durable.
func (s *Service) inGroup(ctx context.Context, f func(*work) error) error {
	return s.submit(&job{ctx: ctx, run: f, size: 1})
}

// Update runs f in a transaction of its own, for changes of identity: users,
// grants, devices, tokens.
func (s *Service) Update(ctx context.Context, f func(store.Writer) error) error {
	return s.UpdateAndWrite(ctx, syncengine.ID{}, func(w store.Writer) ([]ServerChange, error) { return nil, f(w) })
}

// Put runs f in a transaction of its own, for documents of other rooms that are nothing of identity and change no record.
func (s *Service) Put(ctx context.Context, f func(store.Writer) error) error {
	return s.submit(&job{ctx: ctx, alone: true, size: 1, run: func(k *work) error { return f(k.w) }})
}

// UpdateAndWrite is Update for a change of identity that records tell phones of:
// the changes that f gives are made by the user named, as Write makes them, in
// the same transaction, so that neither stands without the other.
func (s *Service) UpdateAndWrite(ctx context.Context, by syncengine.ID, f func(store.Writer) ([]ServerChange, error)) error {
	return s.submit(&job{ctx: ctx, alone: true, size: 1, run: func(k *work) error {
		// What the writes need of their author is read, and cached, as it stood before f.
		k.rankOf(by)
		changes, err := f(k.w)
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			if _, err := k.writeAll(by, changes); err != nil {
				return err
			}
		}
		return raiseRevision(k.w)
	}})
}

func (s *Service) submit(j *job) error {
	s.submitAll([]*job{j})
	return j.end
}

// submitAll hands jobs to the group and waits for each; a nil one is passed over.
func (s *Service) submitAll(jobs []*job) {
	jobs = slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return j == nil })
	if s.inline {
		s.commitHere(jobs)
		return
	}
	for _, j := range jobs {
		j.end = s.hand(j)
	}
	for _, j := range jobs {
		if j.end == nil {
			j.end = s.await(j)
		}
	}
}

// commitHere commits jobs as one group on this goroutine.
func (s *Service) commitHere(jobs []*job) {
	s.turn.Lock()
	defer s.turn.Unlock()
	select {
	case <-s.stopped:
		for _, j := range jobs {
			j.end = ErrClosed
		}
		return
	default:
	}
	for _, j := range jobs {
		j.done = make(chan struct{})
	}
	if len(jobs) > 0 {
		s.commit(jobs)
	}
	for _, j := range jobs {
		j.end = j.err
	}
}

// hand gives a job to the loop.
func (s *Service) hand(j *job) error {
	j.done = make(chan struct{})
	select {
	case s.jobs <- j:
		return nil
	case <-j.ctx.Done():
		return j.ctx.Err()
	case <-s.stopped:
		return ErrClosed
	}
}

// await waits until the loop is done with a job.
func (s *Service) await(j *job) error {
	select {
	case <-j.done:
		return j.err
	case <-s.stopped:
		select {
		case <-j.done:
			return j.err
		default:
			return ErrClosed
		}
	}
}

// submitPush hands a phone's batch to the group, if there is anything to decide or note.
func (s *Service) submitPush(ctx context.Context, c *call) error {
	j := s.pushJob(ctx, c)
	if j == nil {
		return nil
	}
	if len(c.push.changes) > 0 {
		s.uploads.begin()
		defer s.uploads.end()
	}
	s.submitAll([]*job{j})
	return s.pushed(c, j)
}

// pushed notes what is stored of the phone's contact, once it is.
func (s *Service) pushed(c *call, j *job) error {
	if j.end == nil {
		s.contacts.stored(c.push.device.Incarnation, c.contact)
	}
	return j.end
}

// pushJob makes the job of a phone's batch; nil when there is nothing to decide or note.
func (s *Service) pushJob(ctx context.Context, c *call) *job {
	p := &c.push
	c.contact = s.contactOf(p)
	contact := &c.contact
	s.checkpoints.note(p.device.Incarnation, c.contact)
	if s.quiet(c) {
		return nil
	}
	return &job{ctx: ctx, push: p, size: 1 + len(p.changes), run: func(k *work) error {
		if err := k.push(p); err != nil {
			return err
		}
		*contact = s.contactOf(p)
		if p.result.outcomes != nil {
			contact.Pending -= min(contact.Pending, uint64(len(p.result.outcomes.GetResults())))
		}
		if contact.Pending == 0 {
			contact.OldestPending = 0
		}
		if contact.AppVersion == "" {
			standing, err := identity.GetContact(k.w, p.device.Incarnation)
			if err != nil {
				return err
			}
			contact.AppVersion = standing.AppVersion
		}
		return identity.PutContact(k.w, p.device.Incarnation, *contact)
	}}
}

func (s *Service) contactOf(p *push) identity.Contact {
	status := p.body.GetStatus()
	c := identity.Contact{
		LastContact: p.received, Pending: status.GetOutboxCount(), AppVersion: status.GetAppVersion(),
		OldestPending: syncengine.UnixMilli(status.GetOutboxOldestMs()),
		Checkpoint:    wireCoordinate(status.GetCheckpoint()),
	}
	if seq := p.body.GetBarrierSeq(); seq > 0 {
		epoch := cmp.Or(p.body.GetBarrierEpoch(), p.body.GetEpoch())
		c.Erased = syncengine.Coordinate{Epoch: syncengine.Epoch(epoch), Seq: syncengine.Seq(seq)}
	}
	return c
}

func wireCoordinate(m *syncv1.Coordinate) syncengine.Coordinate {
	return syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetEpoch()), Seq: syncengine.Seq(m.GetSeq())}
}

// contacts remembers what is stored of each device's last contact.
type contacts struct {
	// mu guards last.
	mu   sync.Mutex
	last map[syncengine.ID]identity.Contact
}

// due reports that a contact says something new, or that the stored one is old.
func (c *contacts) due(incarnation syncengine.ID, now identity.Contact) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, ok := c.last[incarnation]
	return !ok || overdue(last, now)
}

// quiet reports a call of which there is nothing to decide or note.
func (s *Service) quiet(c *call) bool {
	return !c.decides() && c.push.lent == 0 && !c.push.elsewhere(s.epoch()) && !s.contactDue(c)
}

// decides reports a call that brings something to decide.
func (c *call) decides() bool {
	return len(c.push.changes)+len(c.body.GetPast()) > 0 || c.body.GetAbsent() != nil
}

// contactDue reports that a contact is to be stored. Where other servers hear from phones too, what is stored counts besides.
func (s *Service) contactDue(c *call) bool {
	now := s.contactOf(&c.push)
	return s.contacts.due(c.push.device.Incarnation, now) || s.shared && overdue(c.stored, now)
}

// overdue reports that a contact says something new, or that the last one is old.
func overdue(last, now identity.Contact) bool {
	return now.Erased != last.Erased || now.Pending != last.Pending || now.AppVersion != "" && now.AppVersion != last.AppVersion ||
		now.LastContact-last.LastContact >= contactEvery
}

func (c *contacts) stored(incarnation syncengine.ID, now identity.Contact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[syncengine.ID]identity.Contact{}
	}
	c.last[incarnation] = now
}

// loop is the group commit: it gathers what waits and commits it together.
func (s *Service) loop(ctx context.Context) {
	defer close(s.stopped)
	var held *job
	for {
		first := held
		held = nil
		if first == nil {
			select {
			case first = <-s.jobs:
			case <-ctx.Done():
				return
			}
		}
		var group []*job
		group, held = s.gather(first)
		s.commit(group)
	}
}

// gather takes what waits already; held is a job that needs a group of its own.
func (s *Service) gather(first *job) (group []*job, held *job) {
	group = []*job{first}
	size := first.size
	for !first.alone && len(group) < groupJobsMax && size < groupChangesMax {
		select {
		case j := <-s.jobs:
			if j.alone {
				return group, j
			}
			group = append(group, j)
			size += j.size
		default:
			return group, nil
		}
	}
	return group, nil
}

// errAnew ends a transaction in which something was written of a batch that failed: nothing of it stays, and the
// group is decided once more without writing ahead.
var errAnew = errors.New("a batch failed behind what was written of it")

// commit runs a group in one transaction and tells each job what came of it.
func (s *Service) commit(group []*job) {
	began := s.clock()
	k, head, err := s.transact(group, s.writesAhead(group))
	if errors.Is(err, errAnew) {
		k, head, err = s.transact(group, false)
	}
	if err == nil {
		s.places.committed(k, head)
		s.caches.committed(k.turn)
		s.saw(head)
	}
	s.groupEnded(group, k, began, err)
	for _, j := range group {
		if err != nil && j.err == nil {
			j.err = err
		}
		close(j.done)
	}
	if err == nil && len(k.entries) > 0 {
		s.hint(head.Seq)
	}
}

// writesAhead reports a group of one long batch. Others are not written before the whole group is judged: one batch of
// several that fails is taken back without the rest.
func (s *Service) writesAhead(group []*job) bool {
	return len(group) == 1 && group[0].push != nil && len(group[0].push.changes) > 2*s.run
}

// transact decides a group and writes it.
func (s *Service) transact(group []*job, ahead bool) (k *work, head store.Head, err error) {
	remembered := s.witness.head()
	err = s.ledgering(s.askGroup(group), func(w store.Writer) (err error) {
		// The permit is for judging, and goes back before the commit waits for the disk.
		piece, err := s.turns.Take(context.Background(), turns.Judge)
		if err != nil {
			return err
		}
		defer piece.Give()
		if err := s.face(w, remembered); err != nil {
			return err
		}
		if k, err = newWork(s, w, sizeOf(group), group[0].lifts); err != nil {
			return err
		}
		defer k.store.end()
		if err := k.askFurther(group); err != nil {
			return err
		}
		// Where each change has to be looked up in the store, there is nothing to be done beside its writing.
		k.ahead = ahead && !k.awaiting && !k.erasures
		for _, j := range group {
			j.err = nil
			if j.err = j.ctx.Err(); j.err == nil {
				s.attempt(k, j)
			}
			if j.err != nil && k.store.begun {
				return errAnew
			}
			if j.alone && j.err != nil {
				return j.err
			}
			if err := piece.Rest(); err != nil {
				return err
			}
		}
		head, err = k.flush()
		k.judged = s.clock()
		return err
	})
	return k, head, err
}

// sizeOf counts the changes of a group.
func sizeOf(group []*job) (changes int) {
	for _, j := range group {
		changes += j.size
	}
	return changes
}

// update turns a panic of the store or the flush into an error: the transaction
// is rolled back and every phone of the group calls again.
func (s *Service) update(ask store.Questions, f func(store.Writer) error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			s.log.Error("group rolled back", "fault", fault)
			err = fmt.Errorf("%w: %v", ErrFault, fault)
		}
	}()
	err = s.store.Update(store.Asking(context.Background(), ask), f)
	if errors.Is(err, store.ErrWentBack) {
		return s.wentBack(err)
	}
	return err
}

// attempt runs one job. When the engine fails on a change, that change alone is
// set aside in quarantine and the rest goes on.
func (s *Service) attempt(k *work, j *job) {
	for range faultsMax {
		var fault any
		fault, j.err = k.attempt(func() error { return j.run(k) })
		if fault == nil {
			return
		}
		j.err = fmt.Errorf("%w: %v", ErrFault, fault)
		if j.push == nil || j.push.current == 0 {
			s.log.Error("job failed", "fault", fault)
			return
		}
		if j.push.faulty == nil {
			j.push.faulty = map[syncengine.DeviceSeq]bool{}
		}
		if j.push.faulty[j.push.current] {
			return
		}
		s.log.Error("change set aside", "incarnation", j.push.device.Incarnation, "device_seq", j.push.current, "fault", fault)
		j.push.faulty[j.push.current] = true
		if k.store.begun {
			return
		}
	}
}

func unknownDevice(err error) error {
	if errors.Is(err, identity.ErrDeviceUnknown) {
		return fmt.Errorf("%w: enrol it with a join code", ErrUnknownDevice)
	}
	return err
}
