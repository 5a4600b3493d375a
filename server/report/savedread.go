package report

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/internal/recordunits"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// reading reads what saving wrote. After the first error all that it reads is nothing.
type reading struct {
	r   *bufio.Reader
	p   *projection
	err error
}

// readProjection reads a projection that was saved, without rules.
func readProjection(from io.Reader) (*projection, error) {
	r := &reading{r: bufio.NewReaderSize(from, 64<<10), p: newProjection()}
	if format := r.number(); r.err == nil && format != savedFormat {
		return nil, fmt.Errorf("%w: of format %d", errSaved, format)
	}
	r.p.at = Watermark{Epoch: syncengine.Epoch(r.number()), Seq: syncengine.Seq(r.number()), Committed: syncengine.UnixMilli(r.number())}
	r.p.widest = int(r.number())
	r.bytes(r.p.at.Tag[:])
	r.each("grounds", func() { r.p.groundAt(r.id()) })
	r.each("crews", func() { r.p.crew(r.people()) })
	r.doors()
	r.cases()
	r.devices()
	if r.err != nil {
		return nil, r.err
	}
	if _, err := r.r.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows its end: %w", errSaved, err)
	}
	return r.p, nil
}

// errSaved: a saved count does not hold together.
var errSaved = fmt.Errorf("%w: a saved count of reports", store.ErrDamaged)

func (r *reading) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errSaved, fmt.Sprintf(format, args...))
	}
}

func (r *reading) doors() {
	r.each("doors", func() {
		d := r.door()
		if r.p.doorOf[d.id] != nil {
			r.fail("door %s stands in it twice", d.id)
		}
		r.p.doors, r.p.doorOf[d.id] = append(r.p.doors, d), d
		if !d.into.IsZero() {
			r.p.merged[d.id] = d
		}
	})
	r.each("patrols", func() {
		d := r.door()
		r.p.patrols[d.id] = d
	})
	r.each("checks", func() {
		id := r.id()
		c := &check{of: domain.ID(r.id()), day: r.day(), result: metrics.CheckResult(r.number())}
		c.doors, c.crew = r.people(), r.people()
		r.p.checks[id] = c
	})
	r.each("checked visits", func() {
		number := r.number()
		of := &checked{checks: int(r.number())}
		r.each("doors", func() {
			if d := r.doorAt(r.number()); d != nil {
				of.doors = append(of.doors, d)
			}
		})
		r.p.checked[number] = of
	})
}

func (r *reading) door() *door {
	d := &door{id: r.id(), into: r.id(), known: r.number() == 1}
	d.Officer, d.Class, d.grade, d.ground = r.number() == 1, domain.CadenceClass(r.number()), domain.Grade(r.number()), r.ground()
	d.Registered, d.Ended = r.day(), r.day()
	day, n := uint64(0), r.number()
	d.Calls, d.tails = make([]metrics.Call, 0, min(n, roomMax)), make([]tail, 0, min(n, roomMax))
	r.times(n, "calls", func() {
		day += r.number()
		c := metrics.NewCall(domain.Days(day), domain.Outcome(r.number()))
		t := tail{crew: uint32(r.number()), lag: uint32(r.number()) - 1}
		var visit [8]byte
		r.bytes(visit[:])
		t.visit = binary.LittleEndian.Uint64(visit[:])
		if day > 1<<16-1 || int(t.crew) >= len(r.p.crews) {
			r.fail("a call on day %d by crew %d", day, t.crew)
		}
		d.Calls, d.tails = append(d.Calls, c), append(d.tails, t)
	})
	return d
}

func (r *reading) cases() {
	r.each("hazards", func() {
		id, at := r.id(), r.doorAt(r.number())
		stamps, m := r.stamps(), &recordv1.Hazard{}
		if r.record(m); at != nil {
			premises := at.id
			m.PremisesId = premises[:]
			r.p.setHazard(id, m, stamps)
		}
	})
	r.each("disputes", func() {
		id, about, ground := r.id(), r.number(), r.ground()
		stamps, m := r.stamps(), &recordv1.Dispute{}
		r.record(m)
		if r.err != nil {
			return
		}
		territory := r.p.grounds[ground]
		m.Territory = territory[:]
		if about > 0 {
			if at := r.doorAt(about - 1); at != nil {
				premises := at.id
				m.PremisesId = premises[:]
			}
		}
		r.p.setDispute(id, m, stamps)
	})
	r.each("events", func() {
		id, of := r.id(), r.id()
		m := &recordv1.CaseEvent{CaseId: of[:]}
		r.record(m)
		r.p.setEvent(id, m)
	})
}

func (r *reading) devices() {
	r.each("devices", func() {
		days := map[domain.Days]*sent{}
		r.p.devices[r.id()] = days
		r.each("days", func() {
			days[r.day()] = &sent{changes: int64(r.number()), suspect: int64(r.number()), bytes: int64(r.number())}
		})
	})
}

// roomMax bounds the room that is made for a door's calls before they are read: one a week for twenty years.
const roomMax = 1 << 10

// each reads a list.
func (r *reading) each(what string, f func()) { r.times(r.number(), what, f) }

func (r *reading) times(n uint64, what string, f func()) {
	for i := uint64(0); i < n && r.err == nil; i++ {
		f()
	}
	if r.err != nil && n > 0 {
		r.err = fmt.Errorf("%s: %w", what, r.err)
	}
}

func (r *reading) number() uint64 {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r.r)
	if err != nil {
		r.fail("it ends within a number: %v", err)
	}
	return n
}

func (r *reading) bytes(b []byte) {
	if r.err != nil {
		return
	}
	if _, err := io.ReadFull(r.r, b); err != nil {
		r.fail("it ends within %d bytes: %v", len(b), err)
	}
}

func (r *reading) id() (id syncengine.ID) {
	r.bytes(id[:])
	return id
}

func (r *reading) day() domain.Days { return domain.Days(r.number()) }

func (r *reading) stamps() recordunits.Stamps {
	return recordunits.Stamps{Created: domain.UnixMilli(r.number()), State: domain.UnixMilli(r.number())}
}

func (r *reading) ground() ground {
	n := r.number()
	if n >= uint64(len(r.p.grounds)) {
		r.fail("territory %d of %d", n, len(r.p.grounds))
		return 0
	}
	return ground(n)
}

func (r *reading) doorAt(n uint64) *door {
	if n >= uint64(len(r.p.doors)) {
		r.fail("door %d of %d", n, len(r.p.doors))
		return nil
	}
	return r.p.doors[n]
}

func (r *reading) people() (out []domain.ID) {
	r.each("people", func() { out = append(out, domain.ID(r.id())) })
	return out
}

// recordBytesMax bounds a record as it is kept: some dozens of numbers and ids.
const recordBytesMax = 1 << 12

func (r *reading) record(m proto.Message) {
	n := r.number()
	if n > recordBytesMax {
		r.fail("a record of %d bytes", n)
		return
	}
	b := make([]byte, n)
	if r.bytes(b); r.err == nil {
		if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(b, m); err != nil {
			r.fail("a record: %v", err)
		}
	}
}
