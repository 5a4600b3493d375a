package exchange_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// A small world is three phones that know one door. At each of its turns a phone
// makes a change and calls. Its test walks every order of the turns and every
// place at which something goes wrong with a call: I1 by enumeration. SMALL_WORLDS
// set to "all" has it walk more turns, and two faults together.

const smallPhones = 3

// allSmallWorlds asks for the walks that take minutes.
func allSmallWorlds() bool { return os.Getenv("SMALL_WORLDS") == "all" }

// smallFault is what happens to one call of a small world.
type smallFault struct {
	name string
	// meet makes the call of a turn and gives the reply that the phone gets, nil for none.
	meet func(*smallWorld, *phone, *syncv1.ExchangeRequest) *syncv1.ExchangeResponse
}

var smallFaults = []smallFault{
	{"no fault", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse { return w.call(r) }},
	{"request lost", func(*smallWorld, *phone, *syncv1.ExchangeRequest) *syncv1.ExchangeResponse { return nil }},
	{"reply lost", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		w.call(r)
		return nil
	}},
	{"request repeated, first reply taken", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		resp := w.call(r)
		w.call(r)
		return resp
	}},
	{"request repeated, second reply taken", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		w.call(r)
		return w.call(r)
	}},
	{"two copies in one group", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		return w.together(r, r)[0]
	}},
	{"two copies in one group, second reply taken", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		return w.together(r, r)[1]
	}},
	{"request copied, the copy late", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		w.late = append(w.late, r)
		return w.call(r)
	}},
	{"request delayed beyond the next", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		w.late = append(w.late, r)
		return nil
	}},
	{"server restarted before its reply", func(w *smallWorld, _ *phone, r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
		w.call(r)
		w.restart()
		return nil
	}},
}

// smallWorld is one play of a small world.
type smallWorld struct {
	*world
	memory *memstore.Store
	phones []*phone
	door   syncengine.ID
	// late holds requests that reach the server after everything else.
	late []*syncv1.ExchangeRequest
	// outcomes holds what each change was answered the first time, by phone and device_seq.
	outcomes map[string]*syncv1.Outcome
	// calls counts calls.
	calls int
}

// newSmallWorld makes the state that every play begins with.
func newSmallWorld(t testing.TB) *smallWorld {
	memory := memstore.New()
	w := &smallWorld{world: newWorldOn(t, memory, nil), memory: memory}
	for _, role := range []recordv1.Role{recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_POLICE_OFFICER, recordv1.Role_ROLE_GRID_WORKER} {
		w.phones = append(w.phones, w.phone(w.user(role, w.gridA)))
	}
	w.door = w.phones[0].create(kindPremises, door(w.gridA, "福慧路1号"))
	for _, p := range w.phones {
		p.sync()
	}
	return w
}

// copy gives a world of its own in the same state, with a fresh nonce at every phone.
func (w *smallWorld) copy() *smallWorld {
	memory := w.memory.Copy()
	inner := *w.world
	inner.store, inner.random = memory, rand.NewChaCha8([32]byte{2})
	c := &smallWorld{world: &inner, memory: memory, door: w.door, outcomes: map[string]*syncv1.Outcome{}}
	c.serve()
	for _, p := range w.phones {
		twin := *p
		twin.w, twin.have, twin.gone = c.world, maps.Clone(p.have), maps.Clone(p.gone)
		c.phones = append(c.phones, &twin)
		twin.take(c.call(twin.request()))
	}
	return c
}

func (w *smallWorld) serve() {
	var err error
	w.service, err = exchange.Open(w.ctx, w.store, exchange.Options{
		Secrets: w.secrets, Random: w.random, Now: func() time.Time { return w.now }, Inline: true, RunChanges: 1,
	})
	w.must(err)
}

func (w *smallWorld) restart() {
	w.must(w.service.Close())
	w.serve()
}

func (w *smallWorld) call(r *syncv1.ExchangeRequest) *syncv1.ExchangeResponse {
	return w.together(r)[0]
}

// together makes calls that share a commit and checks what is answered: a change
// that was answered before is answered the same.
func (w *smallWorld) together(reqs ...*syncv1.ExchangeRequest) (out []*syncv1.ExchangeResponse) {
	for i, answer := range w.service.ExchangeTogether(w.ctx, reqs) {
		w.must(answer.Err)
		w.calls++
		body := &syncv1.ExchangeBody{}
		w.must(proto.Unmarshal(reqs[i].GetBody(), body))
		first := answer.Reply.GetOutcomes().GetFirstDeviceSeq()
		for n, outcome := range answer.Reply.GetOutcomes().GetResults() {
			dot := fmt.Sprintf("%x/%d", body.GetIncarnation(), first+uint64(n))
			if before := w.outcomes[dot]; before != nil && !proto.Equal(before, outcome) {
				w.t.Fatalf("I1: change %s was answered %v, then %v", dot, before, outcome)
			}
			w.outcomes[dot] = outcome
		}
		out = append(out, answer.Reply)
	}
	return out
}

// turn has a phone make the change that a letter stands for, and call.
func (w *smallWorld) turn(p *phone, letter byte, fault smallFault) {
	w.edit(p, letter)
	if resp := fault.meet(w, p, p.request()); resp != nil {
		p.take(resp)
	}
}

// edit makes the change of a letter: a number of rooms, none, the end of the
// door, another door, or an edit of a door that nobody knows.
func (w *smallWorld) edit(p *phone, letter byte) {
	change := &wire.Change{RecordID: w.door, Kind: kindPremises, Base: p.base()}
	switch letter {
	case 'x':
		change.Patch = &syncv1.Patch{Cleared: []uint32{uint32((&recordv1.Premises{}).ProtoReflect().Descriptor().Fields().ByName("rooms").Number())}}
		p.change(change, nil)
	case 'd':
		change.Patch = &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}
		p.change(change, nil)
	case 'n':
		p.create(kindPremises, door(w.gridA, "福慧路2号"))
	case 'u':
		change.RecordID = syncengine.ID{9}
		p.change(change, &recordv1.Premises{Rooms: proto.Uint32(1)})
	default:
		p.change(change, &recordv1.Premises{Rooms: proto.Uint32(uint32(letter))})
	}
}

// finish lets what is late arrive, once before and once after the phones have
// sent what they still have.
func (w *smallWorld) finish() {
	for _, r := range w.late {
		w.call(r)
	}
	for _, p := range w.phones {
		for p.mark < len(p.changes) {
			p.take(w.call(p.request()))
		}
	}
	for _, r := range w.late {
		w.call(r)
	}
	w.must(w.service.Close())
	w.verify()
}

// accepted lists the phones' entries of the log: who, which change, on which base.
func (w *smallWorld) accepted() (out []store.Entry) {
	w.must(w.store.View(w.ctx, func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool {
			if e.DeviceSeq > 0 {
				out = append(out, e)
			}
			return true
		})
	}))
	return out
}

// history is the acceptance order with its bases, as a name.
func history(entries []store.Entry) string {
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "%x %d %x\n", e.Incarnation[14:], e.DeviceSeq, e.Body)
	}
	return b.String()
}

// state is everything that the realm says of its records: log, records, conflicts, quarantine, digests.
func (w *smallWorld) state() string {
	var b bytes.Buffer
	w.must(w.store.View(w.ctx, func(r store.Reader) error {
		if err := r.Entries(0, func(e store.Entry) bool { fmt.Fprintf(&b, "%+v\n", e); return true }); err != nil {
			return err
		}
		if err := r.Records(func(rec store.Record) bool { fmt.Fprintf(&b, "%+v\n", rec); return true }); err != nil {
			return err
		}
		for _, bucket := range []string{"conflict", "quarantine", "awaiting", "digest"} {
			if err := r.Documents(bucket, nil, nil, func(d store.Document) bool { fmt.Fprintf(&b, "%s %x %x\n", bucket, d.Key, d.Value); return true }); err != nil {
				return err
			}
		}
		return nil
	}))
	return b.String()
}

// reference brings the changes of a log to a server one by one, in that log's
// order, each in a call of its own that nothing happens to.
func (w *smallWorld) reference(entries []store.Entry, made []*phone) string {
	for _, p := range w.phones {
		for _, other := range made {
			if other.incarnation == p.incarnation {
				p.changes = other.changes
			}
		}
	}
	for _, e := range entries {
		for _, p := range w.phones {
			if p.incarnation != e.Incarnation || int(e.DeviceSeq) <= p.mark {
				continue
			}
			all := p.changes
			p.changes = all[:e.DeviceSeq]
			p.take(w.call(p.request()))
			p.changes = all
		}
	}
	w.must(w.service.Close())
	w.verify()
	return w.state()
}
