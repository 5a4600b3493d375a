package report

import (
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// rewound runs f on the projection as it stood at an entry, and brings it back. The caller has taken its turn and has followed.
func (s *Service) rewound(r store.Reader, at syncengine.Seq, f func(Watermark) error) error {
	here := s.projection.at
	if at == 0 || at == here.Seq {
		return f(here)
	}
	ids, err := touchedSince(r, at)
	if err != nil {
		return err
	}
	fold := &folding{p: s.projection, r: r, log: s.realm}
	kept := s.projection
	s.projection = nil // Left so where the way back is not found.
	for _, id := range ids {
		if err := fold.takeAt(id, at); err != nil {
			return err
		}
	}
	mark := Watermark{Epoch: here.Epoch, Seq: at}
	if _, mark.Committed, err = s.realm.CommitOf(r, at); err != nil {
		return err
	}
	if mark.Tag, _, err = s.realm.TagAt(r, at); err != nil {
		return err
	}
	byNow, err := s.layBefore(r, kept, mark.Committed)
	if err != nil {
		return err
	}
	s.projection = kept
	err = f(mark)
	s.projection = nil
	byNow()
	for _, id := range ids {
		if err := fold.takeAt(id, here.Seq); err != nil {
			return err
		}
	}
	s.projection = kept
	return err
}

// layBefore has a projection count by the rules that were in force at a time, and gives what brings back those of now.
func (s *Service) layBefore(r store.Reader, p *projection, at syncengine.UnixMilli) (back func(), err error) {
	tables, err := exchange.TablesBefore(r, at)
	if err != nil {
		return nil, err
	}
	version := numbersOf(tables)
	if version == p.rulesVersion {
		return func() {}, nil
	}
	rules, book, now := p.rules, p.book, p.rulesVersion
	then, bookThen := exchange.RulesOf(tables)
	p.setRules(then, bookThen, version)
	return func() { p.setRules(rules, book, now) }, nil
}

// touchedSince lists the records that entries after one changed.
func touchedSince(r store.Reader, at syncengine.Seq) ([]syncengine.ID, error) {
	seen := map[syncengine.ID]bool{}
	var out []syncengine.ID
	err := r.Entries(at, func(e store.Entry) bool {
		if changes(e.Type) && counted(e.Kind) && !seen[e.RecordID] {
			seen[e.RecordID] = true
			out = append(out, e.RecordID)
		}
		return true
	})
	return out, err
}

// takeAt takes a record in as it stood at an entry.
func (f *folding) takeAt(id syncengine.ID, at syncengine.Seq) error {
	now, err := f.log.RecordAt(f.r, id, f.r.Head().Seq)
	if err != nil || now == nil {
		return err
	}
	then, err := f.log.RecordAt(f.r, id, at)
	if err != nil {
		return err
	}
	if then == nil {
		then = &syncengine.Record{ID: id, Kind: now.Kind}
		f.p.drop(then, doorsEver(now))
		return nil
	}
	return f.take(then, now, false)
}

// drop takes a record out.
func (p *projection) drop(rec *syncengine.Record, ever []syncengine.ID) {
	switch rec.Kind {
	case kindPremises:
		p.forgetDoor(rec.ID)
	case kindVisit:
		p.dropVisit(rec.ID, ever)
	case kindHazard:
		p.setHazard(rec.ID, nil, noStamps)
	case kindDispute:
		p.setDispute(rec.ID, nil, noStamps)
	case kindCaseEvent:
		p.setEvent(rec.ID, nil)
	}
}
