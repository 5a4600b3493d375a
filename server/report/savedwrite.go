package report

import (
	"bufio"
	"encoding/binary"
	"io"

	"google.golang.org/protobuf/proto"

	"onedoor/domain"
	"onedoor/syncengine"
)

// savedFormat is raised when what is written here, or what it means, changes.
const savedFormat = 1

// saving writes a projection down. Numbers are varints, ids 16 bytes; doors, territories and crews are named by their places in
// the lists that come first. What is read from rules and timelines is not written: it is read anew.
type saving struct {
	w *bufio.Writer
	p *projection
	// numberOf gives a door's place in the list.
	numberOf map[*door]uint64
	b        [binary.MaxVarintLen64]byte
	err      error
}

// save writes the projection.
func (p *projection) save(w io.Writer) error {
	s := &saving{w: bufio.NewWriterSize(w, 64<<10), p: p, numberOf: make(map[*door]uint64, len(p.doors))}
	s.numbers(savedFormat, uint64(p.at.Epoch), uint64(p.at.Seq), uint64(p.at.Committed), uint64(p.widest))
	s.bytes(p.at.Tag[:])
	s.ids(p.grounds)
	s.numbers(uint64(len(p.crews)))
	for _, crew := range p.crews {
		s.people(crew)
	}
	s.doors()
	s.cases()
	s.devices()
	if s.err != nil {
		return s.err
	}
	return s.w.Flush()
}

func (s *saving) doors() {
	s.numbers(uint64(len(s.p.doors)))
	for i, d := range s.p.doors {
		s.numberOf[d] = uint64(i)
		s.door(d)
	}
	s.numbers(uint64(len(s.p.patrols)))
	for _, d := range s.p.patrols {
		s.door(d)
	}
	s.numbers(uint64(len(s.p.checks)))
	for id, c := range s.p.checks {
		s.id(id)
		s.id(syncengine.ID(c.of))
		s.numbers(uint64(c.day), uint64(c.result))
		s.people(c.doors)
		s.people(c.crew)
	}
	s.numbers(uint64(len(s.p.checked)))
	for number, of := range s.p.checked {
		s.numbers(number, uint64(of.checks), uint64(len(of.doors)))
		for _, d := range of.doors {
			s.numbers(s.numberOf[d])
		}
	}
}

func (s *saving) door(d *door) {
	s.id(d.id)
	s.id(d.into)
	s.numbers(uint64(one(d.known)), uint64(one(d.Officer)), uint64(d.Class), uint64(d.grade), uint64(d.ground), uint64(d.Registered), uint64(d.Ended), uint64(len(d.Calls)))
	last := uint64(0)
	for i, c := range d.Calls {
		t := &d.tails[i]
		s.numbers(uint64(c.Day)-last, uint64(c.Outcome), uint64(t.crew), uint64(t.lag+1)) // No lag is 0: it is the most usual one.
		s.bytes(binary.LittleEndian.AppendUint64(s.b[:0], t.visit))
		last = uint64(c.Day)
	}
}

func (s *saving) cases() {
	s.numbers(uint64(len(s.p.hazards.units)))
	for i, h := range s.p.hazards.units {
		s.id(s.p.hazards.ids[i])
		s.numbers(s.numberOf[h.door], uint64(h.stamps.Created), uint64(h.stamps.State))
		s.record(h.record)
	}
	s.numbers(uint64(len(s.p.disputes.units)))
	for i, d := range s.p.disputes.units {
		s.id(s.p.disputes.ids[i])
		about := uint64(0) // About no door.
		if d.door != nil {
			about = 1 + s.numberOf[d.door]
		}
		s.numbers(about, uint64(d.ground), uint64(d.stamps.Created), uint64(d.stamps.State))
		s.record(d.record)
	}
	s.numbers(uint64(len(s.p.caseOf)))
	for id, of := range s.p.caseOf {
		s.id(id)
		s.id(of)
		s.record(s.p.events[of][id])
	}
}

func (s *saving) devices() {
	s.numbers(uint64(len(s.p.devices)))
	for id, days := range s.p.devices {
		s.id(id)
		s.numbers(uint64(len(days)))
		for day, of := range days {
			s.numbers(uint64(day), uint64(of.changes), uint64(of.suspect), uint64(of.bytes))
		}
	}
}

func (s *saving) numbers(list ...uint64) {
	for _, n := range list {
		s.bytes(s.b[:binary.PutUvarint(s.b[:], n)])
	}
}

func (s *saving) bytes(b []byte) {
	if s.err == nil {
		_, s.err = s.w.Write(b)
	}
}

func (s *saving) id(id syncengine.ID) { s.bytes(id[:]) }

func (s *saving) ids(list []syncengine.ID) {
	s.numbers(uint64(len(list)))
	for _, id := range list {
		s.id(id)
	}
}

func (s *saving) people(list []domain.ID) {
	s.numbers(uint64(len(list)))
	for _, id := range list {
		s.bytes(id[:])
	}
}

func (s *saving) record(m proto.Message) {
	b, err := proto.Marshal(m)
	if s.err == nil {
		s.err = err
	}
	s.numbers(uint64(len(b)))
	s.bytes(b)
}
